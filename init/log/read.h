/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the rings by their read-only descriptor, as clients do: lines of some or all units in the
 * order of their times, while the writer goes on. The writer knows nothing of its readers, so that
 * none can be a burden to it: who is too slow misses lines, and is told how many.
 */
#ifndef INIT_LOG_READ_H
#define INIT_LOG_READ_H

#include "init/log/ring.h"

struct arena;

struct log_line {
	const char *unit;  /* "" : the supervisor's own */
	uint64_t time;	   /* CLOCK_BOOTTIME, nanoseconds */
	uint64_t sequence; /* of the ring, from 1 */
	uint32_t lost;	   /* lines of the ring before this one were overwritten */
	uint8_t level;	   /* as syslog(3) has them */
	uint8_t flags;	   /* enum record_flags */
	char *text;	   /* without newline; NUL-terminated, and no NUL in it */
	size_t size;
};

struct log_cursor {
	struct ring_view view;
	struct ring_place place;
	uint32_t end;	    /* as far as it is read now */
	uint64_t next_time; /* of the next line; UINT64_MAX: look */
	bool is_selected;
};

struct log_reader {
	struct rings *rings;
	size_t size;
	uint32_t count;
	uint32_t wakes; /* as it was when we looked */
	struct log_cursor *cursors;
	char text[RING_TEXT_MAX + 1];
};

/* Map and check. Cursors come from the arena. 0, or a negative errno recorded. */
int log_reader_open(struct log_reader *reader, struct arena *arena, int fd);
void log_reader_close(struct log_reader *reader);

/* Read this unit's lines ("" the supervisor's; NULL: all). False: there is none of that name. */
bool log_reader_select(struct log_reader *reader, const char *unit);

/* Go on where another reader, perhaps of another plan's rings, has come to. */
void log_reader_resume(struct log_reader *reader, const struct log_reader *before);

/* What has come by now is to be read as well. */
void log_reader_look(struct log_reader *reader);

/* 1: a line, the oldest that is not read; it is there until the next call. 0: no more. */
int log_reader_next(struct log_reader *reader, struct log_line *line);

/* Leave out lines from before `time`; leave out all but the last `count`. */
void log_reader_since(struct log_reader *reader, uint64_t time);
void log_reader_last(struct log_reader *reader, uint64_t count);

/* Sleep until something has come since the last look, at most so long. */
void log_reader_wait(const struct log_reader *reader, int timeout_ms);

#endif
