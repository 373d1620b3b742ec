/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/small_malloc.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
	STEP = 16,	      /* small classes are multiples of it, larger ones powers of two */
	SMALL_MAX = 1024,     /* payload of the largest small class */
	CLASS_MAX = 32 << 10, /* and of the largest class; more gets a mapping of its own */
	CLASSES = SMALL_MAX / STEP + 1 + 5,
	REGION = 128 << 10, /* taken from the kernel at once; only what is used costs memory */
};

/* In front of each block; keeps what follows aligned. */
struct block {
	size_t size;	    /* of the payload */
	struct block *next; /* while it is free */
};
_Static_assert(STEP % sizeof(struct block) == 0, "the payload would not be aligned");

static struct block *freed[CLASSES];
static char *region, *region_end;

static struct block *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static struct block **freed_like(size_t size)
{
	if (size <= SMALL_MAX)
		return &freed[size / STEP];
	return &freed[SMALL_MAX / STEP + __builtin_ctzl(size / SMALL_MAX)];
}

static struct block *take(size_t size)
{
	struct block **like = freed_like(size), *block = *like;

	if (block) {
		*like = block->next;
		return block;
	}
	if ((size_t)(region_end - region) < STEP + size) {
		region = (char *)map(REGION);
		region_end = region ? region + REGION : NULL;
		if (!region)
			return NULL;
	}
	block = (struct block *)(void *)region;
	region += STEP + size;
	return block;
}

static size_t round_up(size_t size)
{
	size_t power = 2 * SMALL_MAX;

	if (size <= SMALL_MAX)
		return size ? (size + STEP - 1) & -(size_t)STEP : STEP;
	if (size > CLASS_MAX)
		return size;
	while (power < size)
		power *= 2;
	return power;
}

void *small_malloc(size_t size)
{
	struct block *block;

	if (size > PTRDIFF_MAX - STEP) {
		errno = ENOMEM;
		return NULL;
	}
	size = round_up(size);
	block = size <= CLASS_MAX ? take(size) : map(STEP + size);
	if (!block)
		return NULL;
	block->size = size;
	return (char *)block + STEP;
}

void small_free(void *memory)
{
	int saved = errno;
	struct block *block, **like;

	if (!memory)
		return;
	block = (struct block *)(void *)((char *)memory - STEP);
	if (block->size > CLASS_MAX) {
		munmap(block, STEP + block->size);
		errno = saved;
		return;
	}
	like = freed_like(block->size);
	block->next = *like;
	*like = block;
}

void *small_calloc(size_t count, size_t size)
{
	size_t bytes;
	void *memory;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	memory = small_malloc(bytes);
	return memory ? memset(memory, 0, bytes) : NULL;
}

void *small_realloc(void *memory, size_t size)
{
	size_t old = memory ? ((struct block *)(void *)((char *)memory - STEP))->size : 0;
	void *result;

	if (memory && size <= old)
		return memory;
	result = small_malloc(size);
	if (result && memory) {
		memcpy(result, memory, old);
		small_free(memory);
	}
	return result;
}

#ifndef __GLIBC__
void *malloc(size_t size) __attribute__((alias("small_malloc")));
void *calloc(size_t count, size_t size) __attribute__((alias("small_calloc")));
void *realloc(void *memory, size_t size) __attribute__((alias("small_realloc")));
void free(void *memory) __attribute__((alias("small_free")));
#endif
