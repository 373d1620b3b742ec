/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc(3) for a program of one thread that lives for milliseconds: classes of sizes, a list of
 * freed blocks for each, and mappings for what is large. In a static musl binary it takes the
 * place of the C library's, which is ten times as large and makes more system calls.
 */
#ifndef LIB_SMALL_MALLOC_H
#define LIB_SMALL_MALLOC_H

#include <stddef.h>

/* As malloc(3), calloc(3), realloc(3) and free(3); memory is aligned to 16 bytes. */
void *small_malloc(size_t size);
void *small_calloc(size_t count, size_t size);
void *small_realloc(void *memory, size_t size);
void small_free(void *memory);

#endif
