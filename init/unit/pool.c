/* SPDX-License-Identifier: Apache-2.0 */
/* The block as it grows: see read.h. */
#include <string.h>

#include "init/unit/read.h"
#include "lib/arena.h"
#include "lib/error.h"

enum { POOL_FIRST = 4096 };

/* Memory of `room` things of `size` bytes with room for `more` beyond `count`; the old one's
 * content goes along. False: there is none, and the pool has failed. */
static bool make_room(struct pool *pool, void **memory, size_t size, size_t count, size_t more,
		      size_t *room)
{
	size_t larger = *room ? *room : POOL_FIRST;
	void *copy;

	if (pool->failed)
		return false;
	if (more <= *room - count)
		return true;
	while (larger - count < more && larger <= PLAN_MAX_SIZE)
		larger *= 2;
	if (larger > PLAN_MAX_SIZE)
		fail_as(ERROR_CONFIG, 0, "more than a plan can hold");
	copy = larger > PLAN_MAX_SIZE ? NULL : arena_array(pool->arena, larger, size);
	if (!copy) {
		pool->failed = true;
		return false;
	}
	if (count)
		memcpy(copy, *memory, count * size);
	*memory = copy;
	*room = larger;
	return true;
}

uint32_t pool_text(struct pool *pool, const char *text, size_t size)
{
	void *memory = pool->texts;
	const size_t at = pool->text_size;

	if (!make_room(pool, &memory, 1, at, size + 1, &pool->text_room))
		return 0;
	pool->texts = memory;
	memcpy(pool->texts + at, text, size); /* the memory is zero: so ends the text */
	pool->text_size += size + 1;
	return (uint32_t)at + 1;
}

size_t pool_words(struct pool *pool, size_t words)
{
	void *memory = pool->words;
	const size_t at = pool->word_count;

	if (!make_room(pool, &memory, sizeof(uint32_t), at, words, &pool->word_room))
		return 0;
	pool->words = memory;
	pool->word_count += words;
	return at;
}

struct plan_list pool_list(struct pool *pool, const void *words, size_t count)
{
	const size_t at = count ? pool_words(pool, count) : 0;

	if (at)
		memcpy(pool->words + at, words, count * sizeof(uint32_t));
	return (struct plan_list){ (uint32_t)(at * sizeof(uint32_t)), at ? (uint32_t)count : 0 };
}
