/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of many rings in the order of their times: see read.h. */
#include "init/log/read.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/futex.h>

#include "lib/arena.h"
#include "lib/error.h"

int log_reader_open(struct log_reader *reader, struct arena *arena, int fd)
{
	reader->rings = rings_map(fd, false, &reader->size);
	if (!reader->rings)
		return error_result();
	reader->count = reader->rings->count;
	reader->cursors = arena_array(arena, reader->count, sizeof(*reader->cursors));
	if (!reader->cursors) {
		log_reader_close(reader);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < reader->count; i++) {
		struct log_cursor *cursor = &reader->cursors[i];

		cursor->view = rings_view(reader->rings, i);
		cursor->place.position = cursor->view.ring->tail;
		cursor->next_time = UINT64_MAX;
	}
	log_reader_look(reader);
	return 0;
}

void log_reader_close(struct log_reader *reader)
{
	munmap(reader->rings, reader->size);
	reader->rings = NULL;
}

bool log_reader_select(struct log_reader *reader, const char *unit)
{
	bool found = false;

	for (uint32_t i = 0; i < reader->count; i++) {
		struct log_cursor *cursor = &reader->cursors[i];

		if (unit && strcmp(cursor->view.ring->name, unit) != 0)
			continue;
		cursor->is_selected = found = true;
	}
	return found;
}

static struct log_cursor *find(const struct log_reader *reader, const char *unit)
{
	for (uint32_t i = 0; i < reader->count; i++)
		if (strcmp(reader->cursors[i].view.ring->name, unit) == 0)
			return &reader->cursors[i];
	return NULL;
}

void log_reader_resume(struct log_reader *reader, const struct log_reader *before)
{
	for (uint32_t i = 0; i < reader->count; i++) {
		struct log_cursor *cursor = &reader->cursors[i];
		const struct log_cursor *old = find(before, cursor->view.ring->name);
		const uint32_t next = (uint32_t)ring_state(cursor->view.ring).sequence;

		/* Positions outlive a change of plan. Those of another supervisor are not ours. */
		if (old && (int32_t)(next - old->place.sequence) >= 0)
			cursor->place = old->place;
	}
	log_reader_look(reader);
}

void log_reader_look(struct log_reader *reader)
{
	reader->wakes = __atomic_load_n(&reader->rings->wakes, __ATOMIC_ACQUIRE);
	for (uint32_t i = 0; i < reader->count; i++)
		reader->cursors[i].end = ring_state(reader->cursors[i].view.ring).head;
}

/* When the cursor's next line came; UINT64_MAX: there is none. */
static uint64_t next_time(struct log_cursor *cursor)
{
	struct ring_place place = cursor->place;
	struct record record;

	if (!cursor->is_selected || place.position == cursor->end)
		return UINT64_MAX;
	if (cursor->next_time == UINT64_MAX &&
	    ring_take(&cursor->view, &place, cursor->end, &record, NULL, NULL))
		cursor->next_time = record.time;
	return cursor->next_time;
}

static struct log_cursor *oldest(struct log_reader *reader)
{
	struct log_cursor *result = NULL;
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < reader->count; i++) {
		const uint64_t time = next_time(&reader->cursors[i]);

		if (time < least) {
			least = time;
			result = &reader->cursors[i];
		}
	}
	return result;
}

int log_reader_next(struct log_reader *reader, struct log_line *line)
{
	struct log_cursor *cursor = oldest(reader);
	struct record record;
	size_t skip;

	if (!cursor)
		return 0;
	cursor->next_time = UINT64_MAX;
	if (!ring_take(&cursor->view, &cursor->place, cursor->end, &record, reader->text,
		       &line->lost))
		return 0;
	reader->text[record.size] = '\0';
	skip = record_skip(cursor->view.ring, reader->text, record.size);
	line->unit = cursor->view.ring->name;
	line->time = record.time;
	line->sequence = ring_state(cursor->view.ring).sequence;
	line->sequence -= (uint32_t)line->sequence - record.sequence;
	line->level = record.level;
	line->flags = record.flags;
	line->text = reader->text + skip;
	line->size = record.size - skip;
	return 1;
}

void log_reader_since(struct log_reader *reader, uint64_t time)
{
	for (uint32_t i = 0; i < reader->count; i++) {
		struct log_cursor *cursor = &reader->cursors[i];
		struct ring_place place = cursor->place;
		struct record record;

		while (ring_take(&cursor->view, &place, cursor->end, &record, NULL, NULL) &&
		       record.time < time)
			cursor->place = place;
		cursor->next_time = UINT64_MAX;
	}
}

/* How many lines there are to be read, about: some may be overwritten meanwhile. */
static uint64_t lines_left(const struct log_reader *reader)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < reader->count; i++) {
		const struct log_cursor *cursor = &reader->cursors[i];
		struct ring_place place = cursor->place;
		struct record record;

		while (cursor->is_selected &&
		       ring_take(&cursor->view, &place, cursor->end, &record, NULL, NULL))
			count++;
	}
	return count;
}

void log_reader_last(struct log_reader *reader, uint64_t count)
{
	uint64_t left = lines_left(reader);
	struct log_line line;

	for (; left > count && log_reader_next(reader, &line) > 0; left--)
		;
}

void log_reader_wait(const struct log_reader *reader, int timeout_ms)
{
	/* As the kernel has it, whatever time_t is: two longs. */
	const long timeout[] = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };

	/* A read-only mapping will do since Linux 3.1. */
	if (syscall(SYS_futex, &reader->rings->wakes, FUTEX_WAIT, reader->wakes, timeout, NULL, 0) <
		    0 &&
	    errno != EAGAIN && errno != ETIMEDOUT && errno != EINTR)
		poll(NULL, 0, timeout_ms);
}
