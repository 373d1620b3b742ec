/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set of paths that one layer made, as 64-bit hashes: 16 bytes of memory a path, and from 64
 * Ki paths on in a file without name that is mapped, so that the kernel can write it out. Two paths
 * with one hash (once in 2^24 layers of a million files) would keep a file that a whiteout of
 * the same layer names.
 */
#ifndef IMAGE_UNPACK_MADE_H
#define IMAGE_UNPACK_MADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct made {
	int folder; /* where the file goes */
	uint64_t *slots;
	size_t capacity, count;
};

/* The hash of "folder/name", never 0; folder "" : of name. */
uint64_t made_hash(const char *folder, const char *name);
/* 1: it was there. -errno recorded. */
int made_add(struct made *made, uint64_t hash);
bool made_has(const struct made *made, uint64_t hash);
void made_free(struct made *made);

/* A file without a name in that folder, for reading and writing. -errno recorded. */
int scratch_file(int folder);

#endif
