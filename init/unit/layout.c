/* SPDX-License-Identifier: Apache-2.0 */
/* From what was read to the finished block. */
#include <string.h>

#include "init/plan_walk.h"
#include "init/unit/read.h"
#include "lib/arena.h"
#include "lib/error.h"

struct layout {
	struct plan_walk walk;
	uint32_t digest;
	const uint32_t *followers; /* the list of the unit's followers */
};

/* A text gets its place in the block. */
static int place_text(struct plan_walk *walk, char letter, const uint32_t *word)
{
	switch (letter) {
	case WORD_TEXT:
	case WORD_DESCRIPTION:
	case WORD_REQUIRED:
	case WORD_NAME:
		if (*word)
			*(uint32_t *)word += walk->words_end - 1;
	}
	return 0;
}

/* Numbers count by their bytes in one order, so that every machine gets the same. */
static void add_number(uint32_t *digest, uint32_t value)
{
	const uint8_t bytes[4] = { value & 0xff, value >> 8 & 0xff, value >> 16 & 0xff,
				   value >> 24 };

	*digest = plan_crc32(*digest, bytes, sizeof(bytes));
}

static void add_text(struct layout *layout, uint32_t offset)
{
	const char *text = offset ? (const char *)layout->walk.block + offset : "";

	layout->digest = plan_crc32(layout->digest, text, strlen(text) + 1);
}

static int add_to_digest(struct plan_walk *walk, char letter, const uint32_t *word)
{
	struct layout *layout = (struct layout *)walk;
	const struct plan_header *header = walk->block;
	const char *block = walk->block;

	switch (letter) {
	case WORD_DIGEST:
	case WORD_DESCRIPTION:
	case WORD_FOLLOWER:
		return 0;
	case WORD_TEXT:
	case WORD_REQUIRED:
	case WORD_NAME:
		add_text(layout, *word);
		return 0;
	case WORD_ABOVE: {
		const struct plan_unit *units = (const void *)(block + header->units.offset);

		add_text(layout, units[*word].name);
		return 0;
	}
	case WORD_CONDITION: {
		const struct plan_condition *conditions =
			(const void *)(block + header->conditions.offset);
		const struct plan_condition *condition = conditions + (*word & ~CONDITION_NOT);

		add_number(&layout->digest, (*word & CONDITION_NOT) | condition->kind);
		add_text(layout, condition->text);
		return 0;
	}
	case WORD_LIST:
		if (word == layout->followers)
			return 0; /* theirs to change */
		word++;		  /* the count; where it lies says nothing */
	}
	add_number(&layout->digest, *word);
	return 0;
}

static bool has_revision_volume(const char *block, const struct plan_unit *unit)
{
	const struct plan_volume *volumes = (const void *)(block + unit->volumes.offset);

	for (uint32_t i = 0; i < unit->volumes.count; i++)
		if (volumes[i].class == VOLUME_REVISION)
			return true;
	return false;
}

static void set_digests(char *block, uint32_t words_end)
{
	const struct plan_header *header = (const void *)block;
	struct plan_unit *unit = (void *)(block + header->units.offset);

	for (uint32_t i = 0; i < header->units.count; i++, unit++) {
		struct layout layout = { .walk = { .block = block,
						   .words_end = words_end,
						   .left = words_end,
						   .visit = add_to_digest },
					 .followers = &unit->followers.offset };

		plan_walk(&layout.walk, RECORD_UNIT, (const uint32_t *)unit);
		/* Its volumes are others than those of the revision before. */
		if (header->revision && has_revision_volume(block, unit))
			add_number(&layout.digest, header->revision);
		unit->digest = layout.digest;
	}
}

/* A list of the units' records in this order. */
static struct plan_list list_units(struct set *set, struct unit *const *order)
{
	const size_t words = sizeof(struct plan_unit) / sizeof(uint32_t);
	const size_t at = pool_words(&set->pool, set->unit_count * words);

	for (size_t i = 0; at && i < set->unit_count; i++)
		memcpy(set->pool.words + at + i * words, order[i]->plan, sizeof(*order[i]->plan));
	return (struct plan_list){ (uint32_t)(at * sizeof(uint32_t)), (uint32_t)set->unit_count };
}

void *unit_lay_out(struct set *set, struct unit *const *order, const char *source,
		   unsigned int target, size_t *size)
{
	struct pool *pool = &set->pool;
	const struct unit_over *over = set->over;
	struct plan_header header = {
		.magic = PLAN_MAGIC,
		.version = PLAN_VERSION,
		.flags = (set->like_mips ? PLAN_MIPS : 0) |
			 (set->image_missing ? PLAN_IMAGE_MISSING : 0) |
			 (over && over->trial ? PLAN_TRIAL : 0),
		.units = list_units(set, order),
		.conditions = pool_list(pool, set->conditions,
					set->condition_count * sizeof(struct plan_condition) /
						sizeof(uint32_t)),
		.system = pool_list(pool, &set->system, sizeof(set->system) / sizeof(uint32_t))
				  .offset,
		.source = pool_text(pool, source, strlen(source)),
		.revision = over ? over->revision : 0,
	};
	struct plan_walk walk = { .visit = place_text };
	const size_t words_end = pool->word_count * sizeof(uint32_t);
	char *block;

	/* Ends with a NUL, which ends the last text, at a word's edge. */
	*size = (words_end + pool->text_size + sizeof(uint32_t) - 1) & ~(sizeof(uint32_t) - 1);
	if (!pool->failed && *size > PLAN_MAX_SIZE) {
		fail_as(ERROR_CONFIG, 0, "more than a plan can hold");
		return NULL;
	}
	block = pool->failed ? NULL : arena_alloc(set->arena, *size);
	if (!block)
		return NULL;
	header.conditions.count = set->condition_count;
	header.size = (uint32_t)*size;
	header.words_end = walk.words_end = walk.left = (uint32_t)words_end;
	memcpy(block, pool->words, words_end);
	memcpy(block, &header, sizeof(header));
	memcpy(block + words_end, pool->texts, pool->text_size);
	walk.block = block;
	plan_walk(&walk, RECORD_HEADER, (const uint32_t *)block);
	set_digests(block, (uint32_t)words_end);
	if (target & UNIT_TARGET_OTHER_ORDER)
		plan_turn(block, *size);
	plan_seal(block, *size);
	return block;
}
