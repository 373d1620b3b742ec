/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to records, and how they come to count: see ring.h. */
#include "init/log/ring.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const uint64_t ns_per_ms = 1000000;

static uint32_t text_max(const struct ring *ring)
{
	const uint32_t quarter = ring->size / 4 - (uint32_t)sizeof(struct record);

	return quarter < RING_TEXT_MAX ? quarter : RING_TEXT_MAX;
}

/* What is written after this is not seen before what was written before it. */
static void in_order(void)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void publish(uint32_t *word, uint32_t value)
{
	in_order();
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
	in_order();
}

struct ring_writer ring_begin(struct rings *rings, uint32_t index, const struct plan_log *log,
			      uint64_t now)
{
	struct ring *ring = rings_at(rings, index);

	return (struct ring_writer){
		.ring = ring,
		.data = (unsigned char *)rings + ring->data,
		.view = rings_view(rings, index),
		.log = log,
		.now = now,
		.state = ring->states[ring->turn & 1],
	};
}

void ring_commit(struct ring_writer *writer)
{
	struct ring *ring = writer->ring;

	ring->states[(ring->turn + 1) & 1] = writer->state;
	publish(&ring->turn, ring->turn + 1);
}

/* ---- room and bytes ---- */

static void put_bytes(const struct ring_writer *writer, uint32_t position, const void *from,
		      uint32_t size)
{
	const uint32_t ring_size = writer->ring->size, at = position & (ring_size - 1);
	const uint32_t first = size < ring_size - at ? size : ring_size - at;

	memcpy(writer->data + at, from, first);
	memcpy(writer->data, (const unsigned char *)from + first, size - first);
}

/*
 * Give up the oldest records until a record of `size` bytes of text has room at the head. They are
 * committed ones: ring_feed() never leaves so much uncommitted.
 */
static void make_room(const struct ring_writer *writer, uint32_t size)
{
	struct ring *ring = writer->ring;
	const uint32_t end = writer->state.head + (uint32_t)sizeof(struct record) + size;
	uint32_t tail = ring->tail;
	struct record record;

	while ((int32_t)(end - tail - ring->size) > 0) {
		ring_copy(&writer->view, tail, &record, sizeof(record));
		tail += (uint32_t)sizeof(record) + record.size;
	}
	if (tail != ring->tail)
		publish(&ring->tail, tail);
}

/* ---- lines ---- */

/* The text is there already. */
static void add_record(struct ring_writer *writer, uint64_t time, uint32_t size, uint8_t level,
		       uint8_t flags)
{
	struct ring_state *state = &writer->state;
	const struct record record = {
		.time = time,
		.sequence = (uint32_t)state->sequence,
		.size = (uint16_t)size,
		.level = level,
		.flags = flags,
	};

	put_bytes(writer, state->head, &record, sizeof(record));
	state->head += (uint32_t)sizeof(record) + size;
	state->sequence++;
}

/* Where the incomplete line's text has its byte `at`. */
static uint32_t open_text(const struct ring_state *state, uint32_t at)
{
	return state->head + (uint32_t)sizeof(struct record) + at;
}

/* sd-daemon(3): "<N>" at the beginning of a line is its level. */
static int prefix_level(const struct ring_writer *writer)
{
	char prefix[3] = { 0 };

	if (writer->state.open >= sizeof(prefix))
		ring_copy(&writer->view, open_text(&writer->state, 0), prefix, sizeof(prefix));
	if (prefix[0] != '<' || prefix[1] < '0' || prefix[1] > '7' || prefix[2] != '>')
		return -1;
	return prefix[1] - '0';
}

/* The incomplete line becomes a record, after which it goes on as `continues` says. */
static void close_record(struct ring_writer *writer, enum ring_continues continues)
{
	struct ring_state *state = &writer->state;
	const int level = state->continues == RING_CUT ? -1 : prefix_level(writer);
	uint8_t flags = continues ? RECORD_PARTIAL : 0;

	make_room(writer, state->open);
	if (state->continues)
		flags |= RECORD_CONTINUES;
	else
		state->level = LEVEL_INFO;
	if (level >= 0) {
		state->level = (uint8_t)level;
		flags |= RECORD_PREFIX;
	}
	add_record(writer, state->open_time, state->open, state->level, flags);
	state->open = 0;
	state->continues = (uint8_t)continues;
}

/* A line that did not come from the unit; none is incomplete. */
static void put_note(struct ring_writer *writer, uint8_t level, const char *text, size_t size)
{
	make_room(writer, (uint32_t)size);
	put_bytes(writer, open_text(&writer->state, 0), text, (uint32_t)size);
	add_record(writer, writer->now, (uint32_t)size, level, RECORD_NOTE);
}

static uint64_t interval_end(const struct ring_writer *writer)
{
	return writer->state.rate_start + writer->log->rate_interval * ns_per_ms;
}

/* A new interval of the rate limit, which first says what the last one left out. */
static void begin_interval(struct ring_writer *writer)
{
	struct ring_state *state = &writer->state;
	char text[96];
	int length;

	if (state->dropping && state->suppressed == 0) {
		/* One line that does not end: go on in its middle. */
		state->dropping = 0;
		state->continues = RING_CUT;
		state->suppressed = 1;
	}
	if (state->suppressed) {
		length =
			snprintf(text, sizeof(text), "%u line%s suppressed: more than %u in %u ms",
				 (unsigned int)state->suppressed, state->suppressed == 1 ? "" : "s",
				 (unsigned int)writer->log->rate_lines,
				 (unsigned int)writer->log->rate_interval);
		put_note(writer, LEVEL_WARNING, text, (size_t)length);
	}
	state->suppressed = 0;
	state->rate_count = 0;
	state->rate_start = writer->now;
}

/* A record is about to begin: may it? */
static bool begin_record(struct ring_writer *writer)
{
	struct ring_state *state = &writer->state;

	if (writer->log->rate_lines) {
		if (writer->now >= interval_end(writer))
			begin_interval(writer);
		if (state->rate_count >= writer->log->rate_lines)
			return false;
		state->rate_count++;
	}
	state->open_time = writer->now;
	return true;
}

/* A piece of a line; NUL bytes become blanks. */
static void put_piece(struct ring_writer *writer, const unsigned char *bytes, uint32_t size)
{
	struct ring_state *state = &writer->state;
	const uint32_t most = text_max(writer->ring);

	while (size && !state->dropping) {
		uint32_t part, at;

		if (state->open == most)
			close_record(writer, RING_CUT);
		if (state->open == 0 && !begin_record(writer)) {
			state->dropping = 1;
			break;
		}
		part = size < most - state->open ? size : most - state->open;
		make_room(writer, state->open + part);
		at = open_text(state, state->open);
		put_bytes(writer, at, bytes, part);
		for (uint32_t i = 0; i < part; i++)
			if (bytes[i] == '\0')
				writer->data[(at + i) & (writer->ring->size - 1)] = ' ';
		state->open += part;
		bytes += part;
		size -= part;
	}
}

static void end_line(struct ring_writer *writer)
{
	struct ring_state *state = &writer->state;
	char last = 0;

	if (state->open)
		ring_copy(&writer->view, open_text(state, state->open - 1), &last, 1);
	if (last == '\r')
		state->open--;
	/* Of a line that was shown up to its end, only the end itself is left. */
	if (!state->dropping && (state->open || last || !state->continues)) {
		if (state->open || last || begin_record(writer))
			close_record(writer, RING_WHOLE);
		else
			state->dropping = 1;
	}
	state->suppressed += state->dropping;
	state->dropping = 0;
	state->continues = RING_WHOLE;
}

void ring_feed(struct ring_writer *writer, const unsigned char *bytes, uint32_t size, uint32_t turn)
{
	struct ring_state *state = &writer->state;

	if (state->inbox_turn != turn) {
		state->inbox_turn = turn;
		state->inbox_done = 0;
	}
	while (state->inbox_done < size) {
		const unsigned char *at = bytes + state->inbox_done;
		const unsigned char *end = memchr(at, '\n', size - state->inbox_done);
		uint32_t piece = end ? (uint32_t)(end - at) : size - state->inbox_done;

		/* Not more than one record at once, so that room is never made of what is not
		 * committed. */
		if (!state->dropping && piece > text_max(writer->ring)) {
			piece = text_max(writer->ring);
			end = NULL;
		}
		put_piece(writer, at, piece);
		if (end)
			end_line(writer);
		state->inbox_done += piece + (end != NULL);
		if (state->head - ring_head(writer->ring) > writer->ring->size / 4)
			ring_commit(writer);
	}
	ring_commit(writer);
}

/* ---- by time ---- */

uint64_t ring_tick(struct ring_writer *writer)
{
	struct ring_state *state = &writer->state;
	const uint64_t flush_at = state->open_time + RING_FLUSH_MS * ns_per_ms;
	uint64_t due = UINT64_MAX;
	bool changed = false;

	if (state->open && flush_at <= writer->now) {
		close_record(writer, RING_SHOWN);
		changed = true;
	}
	if ((state->suppressed || state->dropping) && interval_end(writer) <= writer->now &&
	    !state->open) {
		begin_interval(writer);
		changed = true;
	}
	if (changed)
		ring_commit(writer);
	if (state->open)
		return flush_at;
	if (state->suppressed || state->dropping)
		due = interval_end(writer);
	return due;
}

bool ring_note(struct ring_writer *writer, uint8_t level, const char *format, ...)
{
	char text[256];
	va_list arguments;
	int length;

	if (writer->state.open)
		return false;
	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0)
		return true;
	put_note(writer, level, text,
		 (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1);
	ring_commit(writer);
	return true;
}

static bool is_sound(const struct ring *ring, const unsigned char *data)
{
	const struct ring_view view = { ring, data, ring->size };
	const struct ring_state *state = &ring->states[ring->turn & 1];
	uint32_t sequence = 0;
	struct record record;

	if (state->head - ring->tail > ring->size || state->open > text_max(ring))
		return false;
	for (uint32_t at = ring->tail; at != state->head;) {
		if (state->head - at < sizeof(record))
			return false;
		ring_copy(&view, at, &record, sizeof(record));
		if (record.size > RING_TEXT_MAX ||
		    record.size > state->head - at - sizeof(record) ||
		    (at != ring->tail && record.sequence != sequence))
			return false;
		sequence = record.sequence + 1;
		at += (uint32_t)sizeof(record) + record.size;
	}
	return true;
}

void ring_mend(struct ring *ring, const unsigned char *data)
{
	struct ring_state *state = &ring->states[ring->turn & 1];

	if (is_sound(ring, data))
		return;
	state->open = 0;
	publish(&ring->tail, state->head);
}
