/* SPDX-License-Identifier: Apache-2.0 */
/* Memory within one mapping: see pool.h. */
#include "image/archive/pool.h"

struct pool_block {
	size_t size;
	struct pool_block *next;
};

enum { POOL_ALIGNMENT = 64 }; /* and the room before each piece, for its struct pool_block */

void *pool_alloc(struct pool *pool, size_t size)
{
	struct pool_block *block;
	size_t whole;

	for (struct pool_block **link = &pool->freed; *link; link = &(*link)->next) {
		block = *link;
		if (block->size >= size && block->size / 2 <= size) {
			*link = block->next;
			return (unsigned char *)block + POOL_ALIGNMENT;
		}
	}
	if (size > pool->left || pool->left - size < 2 * (size_t)POOL_ALIGNMENT)
		return NULL;
	whole = (size + 2 * (size_t)POOL_ALIGNMENT - 1) & ~(size_t)(POOL_ALIGNMENT - 1);
	block = (struct pool_block *)(void *)pool->next;
	block->size = whole - POOL_ALIGNMENT;
	pool->next += whole;
	pool->left -= whole;
	return (unsigned char *)block + POOL_ALIGNMENT;
}

void pool_free(struct pool *pool, void *memory)
{
	struct pool_block *block;

	if (!memory)
		return;
	block = (struct pool_block *)(void *)((unsigned char *)memory - POOL_ALIGNMENT);
	block->next = pool->freed;
	pool->freed = block;
}
