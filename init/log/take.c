/* SPDX-License-Identifier: Apache-2.0 */
/* Reading from a ring that is written meanwhile: see ring.h. */
#include "init/log/ring.h"

#include <string.h>

enum { TRIES = 64 }; /* a writer that is faster than we are so many times is left alone */

static void in_order(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static uint32_t look(const uint32_t *word)
{
	const uint32_t value = __atomic_load_n(word, __ATOMIC_RELAXED);

	in_order();
	return value;
}

struct ring_state ring_state(const struct ring *ring)
{
	struct ring_state state;
	uint32_t turn = look(&ring->turn);

	for (int i = 0; i < TRIES; i++) {
		const uint32_t before = turn;

		state = ring->states[turn & 1];
		in_order();
		turn = look(&ring->turn);
		if (turn == before)
			break;
	}
	return state;
}

void ring_copy(const struct ring_view *view, uint32_t position, void *to, size_t size)
{
	const uint32_t at = position & (view->size - 1);
	const size_t first = size < view->size - at ? size : view->size - at;

	memcpy(to, view->data + at, first);
	memcpy((char *)to + first, view->data, size - first);
}

/* Was what lies there overwritten by now? */
static bool is_gone(const struct ring_view *view, uint32_t position)
{
	in_order();
	return (int32_t)(position - look(&view->ring->tail)) < 0;
}

int ring_take(const struct ring_view *view, struct ring_place *place, uint32_t end,
	      struct record *record, char *text, uint32_t *lost)
{
	for (int i = 0; i < TRIES; i++) {
		uint32_t at = place->position, left, prefix;

		/* The second: positions have wrapped since. */
		if (is_gone(view, at) || end - at > view->size)
			at = look(&view->ring->tail);
		left = end - at;
		if ((int32_t)left < (int32_t)sizeof(*record))
			return 0;
		ring_copy(view, at, record, sizeof(*record));
		if (is_gone(view, at))
			continue;
		if (record->size > RING_TEXT_MAX || record->size > left - sizeof(*record) ||
		    record->size > view->size)
			return 0; /* no writer leaves such a thing */
		prefix = (record->flags & RECORD_PREFIX) && record->size >= 3 ? 3 : 0;
		if (text)
			ring_copy(view, at + (uint32_t)sizeof(*record) + prefix, text,
				  record->size - prefix);
		if (is_gone(view, at))
			continue;
		if (lost)
			*lost = place->sequence ? record->sequence - place->sequence : 0;
		place->position = at + (uint32_t)sizeof(*record) + record->size;
		place->sequence = record->sequence + 1;
		record->size -= (uint16_t)prefix;
		return 1;
	}
	return 0;
}

size_t record_skip(const struct ring *ring, const char *text, size_t size)
{
	static const char name[] = "cruet: ";
	const size_t length = sizeof(name) - 1;

	return ring->name[0] == '\0' && size >= length && memcmp(text, name, length) == 0 ? length :
											    0;
}
