/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for the decompressors within one mapping that was made beforehand: their process can make
 * no system call for more. What is freed is kept for the next that fits.
 */
#ifndef IMAGE_ARCHIVE_POOL_H
#define IMAGE_ARCHIVE_POOL_H

#include <stddef.h>

struct pool_block;

struct pool {
	unsigned char *next; /* aligned for any type */
	size_t left;
	struct pool_block *freed;
};

/* Not zeroed; NULL: there is none left. */
void *pool_alloc(struct pool *pool, size_t size);
void pool_free(struct pool *pool, void *memory);

#endif
