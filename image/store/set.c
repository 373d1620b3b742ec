/* SPDX-License-Identifier: Apache-2.0 */
/* A set of digests: open addressing, a digest's first bytes being as good a hash as any. */
#include <string.h>

#include "image/store/internal.h"
#include "lib/error.h"

enum { FIRST_CAPACITY = 64 };

static struct digest **find(struct digest **slots, size_t capacity, const struct digest *digest)
{
	uint32_t hash;
	size_t at;

	memcpy(&hash, digest->bytes, sizeof(hash));
	for (at = hash % capacity; slots[at]; at = (at + 1) % capacity)
		if (digest_equal(slots[at], digest))
			break;
	return &slots[at];
}

static int grow(struct digest_set *set)
{
	size_t capacity = set->capacity ? set->capacity * 2 : FIRST_CAPACITY;
	struct digest **slots = arena_array(set->arena, capacity, sizeof(struct digest *));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->capacity; i++)
		if (set->slots[i])
			*find(slots, capacity, set->slots[i]) = set->slots[i];
	set->slots = slots;
	set->capacity = capacity;
	return 0;
}

int digest_set_add(struct digest_set *set, const struct digest *digest)
{
	struct digest **slot;

	if (set->count >= set->capacity / 2 && grow(set) < 0)
		return -ENOMEM;
	slot = find(set->slots, set->capacity, digest);
	if (*slot)
		return 1;
	*slot = arena_alloc(set->arena, sizeof(**slot));
	if (!*slot)
		return -ENOMEM;
	**slot = *digest;
	set->count++;
	return 0;
}

bool digest_set_has(const struct digest_set *set, const struct digest *digest)
{
	return set->capacity && *find(set->slots, set->capacity, digest);
}
