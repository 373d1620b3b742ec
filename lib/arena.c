/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas: see arena.h. Blocks come from mmap(2): a block is address space only, a page of it
 * costs memory when it is first written, and fresh pages are zero, so that nothing is cleared by
 * hand. A typical config.json fits into the first block: one system call.
 */
#include "lib/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/error.h"

enum {
	ARENA_FIRST_BLOCK = 64 << 10,
	ARENA_LARGEST_BLOCK = 1 << 20, /* below the size of a huge page */
	ARENA_PAGE = 4096,
	ARENA_LARGEST_REQUEST = 1 << 30, /* more is a mistake */
};

/* With AddressSanitizer each allocation is a heap block of its own, so that overruns are seen. */
#ifdef __has_feature
enum { ARENA_SPLIT = __has_feature(address_sanitizer) };
#elif defined(__SANITIZE_ADDRESS__)
enum { ARENA_SPLIT = true };
#else
enum { ARENA_SPLIT = false };
#endif

struct arena_block {
	_Alignas(max_align_t) struct arena_block *next;
	size_t size; /* of the whole block */
};

static struct arena_block *new_block(size_t size)
{
	void *memory;

	if (ARENA_SPLIT)
		return calloc(1, size);
	/* cppcheck-suppress invalidFunctionArg */
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	return memory;
}

/* Add a block with room for `size` bytes at any alignment. */
static bool grow(struct arena *arena, size_t size)
{
	size_t block_size = ARENA_FIRST_BLOCK;
	struct arena_block *block;

	if (arena->blocks && !ARENA_SPLIT) {
		block_size = arena->blocks->size * 2;
		if (block_size > ARENA_LARGEST_BLOCK)
			block_size = ARENA_LARGEST_BLOCK;
	}
	if (size > ARENA_LARGEST_REQUEST)
		return false;
	size += sizeof(*block);
	if (ARENA_SPLIT)
		block_size = size;
	else if (block_size < size)
		block_size = (size + ARENA_PAGE - 1) & ~(size_t)(ARENA_PAGE - 1);
	block = new_block(block_size);
	if (!block)
		return false;
	block->size = block_size;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->next = (char *)(block + 1);
	arena->left = block_size - sizeof(*block);
	return true;
}

static void *take(struct arena *arena, size_t size, size_t alignment)
{
	size_t skip = -(uintptr_t)arena->next & (alignment - 1);
	void *memory;

	if (ARENA_SPLIT || skip > arena->left || size > arena->left - skip) {
		if (!grow(arena, size)) {
			fail(ENOMEM, "allocate %zu bytes", size);
			return NULL;
		}
		skip = 0; /* the start of a block fits every type */
	}
	memory = arena->next + skip;
	arena->next += skip + size;
	arena->left -= skip + size;
	return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return take(arena, size, _Alignof(max_align_t));
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		fail(ENOMEM, "allocate %zu elements of %zu bytes", count, size);
		return NULL;
	}
	return take(arena, total, _Alignof(max_align_t));
}

char *arena_bytes(struct arena *arena, size_t size)
{
	return take(arena, size, 1);
}

char *arena_strndup(struct arena *arena, const char *string, size_t length)
{
	char *copy;

	length = strnlen(string, length);
	copy = take(arena, length + 1, 1);
	if (copy)
		memcpy(copy, string, length); /* the memory is zero: so ends the string */
	return copy;
}

char *arena_strdup(struct arena *arena, const char *string)
{
	return arena_strndup(arena, string, PTRDIFF_MAX - 1);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments, again;
	char *text = NULL;
	int length;

	va_start(arguments, format);
	va_copy(again, arguments);
	/* What is left of the block is long enough nearly always. */
	length = vsnprintf(arena->next, arena->left, format, arguments);
	if (length < 0) {
		fail(errno, "format a string");
	} else if ((size_t)length < arena->left) {
		text = take(arena, (size_t)length + 1, 1);
	} else {
		if (arena->left) /* the next one must find zeros */
			memset(arena->next, 0, arena->left);
		text = take(arena, (size_t)length + 1, 1);
		if (text)
			vsnprintf(text, (size_t)length + 1, format, again);
	}
	va_end(again);
	va_end(arguments);
	return text;
}

void arena_free(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block) {
		struct arena_block *next = block->next;

		if (ARENA_SPLIT)
			free(block);
		else
			munmap(block, block->size);
		block = next;
	}
	memset(arena, 0, sizeof(*arena));
}
