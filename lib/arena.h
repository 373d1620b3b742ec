/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: memory that is freed all at once. What a parsed document needs lives in one and
 * goes with it. Running out is recorded as an error and gives NULL.
 */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	char *next;
	size_t left;
};

/*
 * `struct arena arena = ARENA_ON(room)`: begin in zeroed memory of the caller's (char room[] = { 0
 * }), so that what is small costs no system call.
 */
#define ARENA_ON(room) \
	{ \
		.next = (room), .left = sizeof(room) \
	}

/* Zeroed, aligned for any type; NULL (and a recorded ENOMEM) when there is none left. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));
void *arena_array(struct arena *arena, size_t count, size_t size); /* checks the product */
/* Zeroed as well, but at any address: for text. */
char *arena_bytes(struct arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));
char *arena_strdup(struct arena *arena, const char *string);
char *arena_strndup(struct arena *arena, const char *string, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void arena_free(struct arena *arena);

#define auto_arena __attribute__((cleanup(arena_free)))

#endif
