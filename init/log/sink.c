/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on their way to the kernel log and the syslog socket: see sink.h. */
#include "init/log/sink.h"

#include <stdio.h>

#include "lib/config.h"

enum { BURST = 8 }; /* lines of one ring before the next one has its turn */

struct sink_line sink_lost(const char *unit, struct record *record, uint32_t lost, char text[64])
{
	const int length = snprintf(text, 64, "%u line%s lost on the way here", (unsigned int)lost,
				    lost == 1 ? "" : "s");

	record->size = (uint16_t)length;
	record->level = LEVEL_WARNING;
	record->flags = RECORD_NOTE;
	return (struct sink_line){ unit, record, text };
}

static int send_line(struct writer *writer, enum ring_sink sink, const struct sink_line *line)
{
	if (IS_ENABLED(CONFIG_INIT_LOG_KERNEL) && sink == SINK_KERNEL)
		return kernel_send(writer, line);
	return IS_ENABLED(CONFIG_INIT_LOG_SYSLOG) ? syslog_send(writer, line) : 0;
}

/* A terminal or a log viewer at the other end must not be driven by them. */
static void make_harmless(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			text[i] = '?';
}

/* First what is missing, then the line. */
static int send_record(struct writer *writer, enum ring_sink sink, struct ring *ring,
		       const struct sink_line *line, uint32_t lost)
{
	struct record record = *line->record;
	struct sink_line note;
	char text[64];

	if (lost) {
		note = sink_lost(line->unit, &record, lost, text);
		if (send_line(writer, sink, &note) < 0)
			return -1;
		ring->places[sink].sequence = line->record->sequence;
	}
	return send_line(writer, sink, line);
}

/* What PID 1 itself has to say of some weight, it has told the kernel already. */
static bool is_known(const struct writer *writer, enum ring_sink sink, uint32_t index,
		     const struct record *record)
{
	return sink == SINK_KERNEL && index + 1 == writer->rings->count &&
	       (record->flags & RECORD_PREFIX) && record->level < LEVEL_INFO;
}

/* 1: there is more; 0: all is sent; -1: the sink takes no more. */
static int forward_ring(struct writer *writer, enum ring_sink sink, uint32_t index)
{
	struct ring *ring = rings_at(writer->rings, index);
	const struct ring_view view = rings_view(writer->rings, index);
	const uint32_t head = ring_head(ring);
	struct record record;
	char text[RING_TEXT_MAX];
	uint32_t lost;

	for (int i = 0; i < BURST; i++) {
		struct ring_place place = ring->places[sink];
		struct sink_line line = { sink_unit(writer->rings, index), &record, text };

		if (!ring_take(&view, &place, head, &record, text, &lost))
			return 0;
		line.text += record_skip(ring, text, record.size);
		record.size -= (uint16_t)(line.text - text);
		make_harmless((char *)line.text, record.size);
		if (!is_known(writer, sink, index, &record) &&
		    send_record(writer, sink, ring, &line, lost) < 0)
			return -1;
		ring->places[sink] = place;
	}
	return 1;
}

static uint64_t forward(struct writer *writer, enum ring_sink sink)
{
	const uint32_t count = writer->rings->count;
	bool more = false;

	if (writer->hold[sink] > writer->now)
		return writer->hold[sink];
	writer->hold[sink] = 0;
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t index = (writer->next[sink] + i) % count;
		const struct ring *ring = rings_at(writer->rings, index);
		int result;

		if (!(ring->sinks & 1u << sink) || ring->places[sink].position == ring_head(ring))
			continue;
		result = forward_ring(writer, sink, index);
		if (result < 0) {
			writer->next[sink] = (index + 1) % count;
			return writer->hold[sink];
		}
		more |= result > 0;
	}
	return more ? writer->now : UINT64_MAX;
}

uint64_t sinks_forward(struct writer *writer)
{
	uint64_t due = UINT64_MAX, syslog = UINT64_MAX;

	if (IS_ENABLED(CONFIG_INIT_LOG_KERNEL) && writer->kernel.fd >= 0)
		due = forward(writer, SINK_KERNEL);
	if (IS_ENABLED(CONFIG_INIT_LOG_SYSLOG) && (writer->sinks & LOG_TO_SYSLOG))
		syslog = forward(writer, SINK_SYSLOG);
	return due < syslog ? due : syslog;
}
