/* SPDX-License-Identifier: Apache-2.0 */
/* A plan made by hand, for tests of what reads one: no check, just words and texts in a block. */
#ifndef TESTS_UNIT_PLAN_BLOCK_H
#define TESTS_UNIT_PLAN_BLOCK_H

#include <stdint.h>
#include <string.h>

#include "init/plan.h"

struct plan_block {
	struct plan_header header;
	uint32_t words[1024];
	char texts[8192];
	uint32_t words_used, texts_used;
	struct plan_unit units[8];
	struct plan_condition conditions[8];
	struct plan_system system;
	struct plan plan;
};

/* All members may be written to; what `plan` counts is set by the test. */
static inline void block_begin(struct plan_block *block)
{
	memset(block, 0, sizeof(*block));
	block->plan = (struct plan){ .header = &block->header,
				     .units = block->units,
				     .conditions = block->conditions,
				     .system = &block->system };
}

static inline uint32_t block_text(struct plan_block *block, const char *text)
{
	const size_t size = strlen(text) + 1;
	char *at = block->texts + block->texts_used;

	if (block->texts_used + size > sizeof(block->texts))
		abort();
	memcpy(at, text, size);
	block->texts_used += (uint32_t)size;
	return (uint32_t)(at - (char *)&block->header);
}

/* A list of `words` words that are `count` records. */
static inline struct plan_list block_list(struct plan_block *block, const uint32_t *from,
					  uint32_t words, uint32_t count)
{
	uint32_t *at = block->words + block->words_used;

	if (block->words_used + words > sizeof(block->words) / sizeof(*at))
		abort();
	memcpy(at, from, words * sizeof(*at));
	block->words_used += words;
	return (struct plan_list){ (uint32_t)((char *)at - (char *)&block->header), count };
}

/* A list of texts: block_texts(&block, "a", "b", NULL). */
static inline struct plan_list block_texts(struct plan_block *block, ...)
{
	uint32_t words[32], count = 0;
	const char *text;
	va_list list;

	va_start(list, block);
	while ((text = va_arg(list, const char *)) && count < 32)
		words[count++] = block_text(block, text);
	va_end(list);
	return block_list(block, words, count, count);
}

#endif
