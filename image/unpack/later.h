/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What folders get when all that goes into them is there: their time, and for who is not root their
 * mode. Kept in one block of memory; what is more goes to a file without name.
 */
#ifndef IMAGE_UNPACK_LATER_H
#define IMAGE_UNPACK_LATER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct entry;

enum { LATER_BLOCK = 32 << 10 };

struct later {
	int file; /* -1: not needed yet */
	size_t used;
	off_t written;
	char block[LATER_BLOCK];
};

/* 0 or -errno recorded. `root`: where the file may go. */
int later_add(struct later *later, int root, const struct entry *entry);
/* In the order in which they were added; what is no folder any more is passed over. `mode`: set
 * the mode too. */
int later_apply(struct later *later, int root, bool mode);

#endif
