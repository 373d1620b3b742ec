/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that stand twice in an object: see json_scan.h. */
#include "lib/json_scan.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/arena.h"

enum { FEW_KEYS = 32 };

struct key {
	uint64_t hash;
	const cJSON *member;
};

/* FNV-1a. Keys made to collide cost comparisons, not more: the order below them is by text. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static int compare(const struct key *a, const struct key *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return strcmp(a->member->string, b->member->string);
}

/* Merge two sorted neighbours into `out`. */
static void merge(const struct key *left, const struct key *middle, const struct key *end,
		  struct key *out)
{
	const struct key *right = middle;

	while (left < middle && right < end)
		*out++ = compare(left, right) <= 0 ? *left++ : *right++;
	while (left < middle)
		*out++ = *left++;
	while (right < end)
		*out++ = *right++;
}

/* Merge sort: n log n whatever the keys are, and it walks the memory in order. */
static const struct key *sort(struct key *keys, struct key *spare, size_t count)
{
	for (size_t run = 1; run < count; run *= 2) {
		struct key *sorted = spare;

		for (size_t at = 0; at < count; at += 2 * run) {
			size_t middle = count - at > run ? at + run : count;
			size_t end = count - at > 2 * run ? at + 2 * run : count;

			merge(keys + at, keys + middle, keys + end, spare + at);
		}
		spare = keys;
		keys = sorted;
	}
	return keys;
}

static int find_among_many(const cJSON *object, size_t count, const cJSON **found)
{
	auto_arena struct arena arena = { 0 };
	struct key *keys = arena_array(&arena, count, 2 * sizeof(*keys));
	const struct key *sorted;
	size_t i = 0;

	if (!keys)
		return -ENOMEM;
	for (const cJSON *member = object->child; member; member = member->next)
		keys[i++] = (struct key){ hash_of(member->string), member };
	sorted = sort(keys, keys + count, count);
	for (i = 1; i < count; i++) {
		if (compare(&sorted[i - 1], &sorted[i]) == 0) {
			*found = sorted[i].member;
			break;
		}
	}
	return 0;
}

/* Is the key of `member` one of those before it? */
static bool stands_before(const cJSON *object, const cJSON *member)
{
	for (const cJSON *other = object->child; other != member; other = other->next) {
		if (strcmp(other->string, member->string) == 0)
			return true;
	}
	return false;
}

int json_find_duplicate(const cJSON *object, const cJSON **found)
{
	uint64_t seen = 0;
	size_t count = 0;

	*found = NULL;
	for (const cJSON *member = object->child; member; member = member->next) {
		/* A cheap sum of the key tells nearly always that it is new. */
		const unsigned char *key = (const unsigned char *)member->string;
		unsigned int sum = 0;
		uint64_t bit;

		for (; *key; key++)
			sum = sum * 31 + *key;
		bit = UINT64_C(1) << (sum & 63);
		if (++count > FEW_KEYS)
			break;
		if ((seen & bit) && stands_before(object, member)) {
			*found = member;
			return 0;
		}
		seen |= bit;
	}
	if (count <= FEW_KEYS)
		return 0;
	count = 0;
	for (const cJSON *member = object->child; member; member = member->next)
		count++;
	return find_among_many(object, count, found);
}
