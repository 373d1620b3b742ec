/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that PID 1, the log writer and readers share, and the one thing that is hard about it:
 * the writer may be killed at any instruction, and yet no line is lost, and none is there twice.
 *
 *	header | one struct ring for each unit, and the supervisor's | inbox | data of the rings
 *
 * A ring's data are records: struct record, then the text. Positions count bytes from the ring's
 * beginning and wrap at 32 bits; a position's place is its remainder by the size. Records lie
 * between `tail` and the state's `head`; behind the head lies the text of the line that is still
 * incomplete, where its record will have it.
 *
 * Bytes come from a unit's pipe into the inbox, one for all rings, which is all zero before
 * read(2). Then they are made into records, and one store commits these together with how far the
 * inbox has been used: of a ring's two states one counts, and `turn` says which. A writer that was
 * killed before the commit has done nothing: the next one finds the bytes in the inbox, which ends
 * at its last byte that is not zero, and does the same again. (NUL bytes become blanks; those that
 * were the last of an inbox may be lost with the writer.)
 *
 * There is one writer; readers map the memory read-only, and see by `tail` and `turn` that what
 * they have just copied was overwritten meanwhile.
 */
#ifndef INIT_LOG_RING_H
#define INIT_LOG_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/plan.h"

enum ring_limits {
	RINGS_MAGIC = 0x63727267, /* "crrg" */
	RINGS_VERSION = 1,
	RING_TEXT_MAX = 2048, /* of a record; longer lines are cut. Small rings: a quarter */
	INBOX_SIZE = 16384,   /* what is read of one pipe at once */
	RING_FLUSH_MS = 500,  /* a line without an end is shown after so long */
};

/* Where those who pass lines on have come to: one for each bit of enum log_sink. */
enum ring_sink { SINK_KERNEL, SINK_SYSLOG, SINK_FILE, RING_SINKS };

enum rings_phase {
	RINGS_LIVE,
	RINGS_ENDED,	/* the writer has ended in good order */
	RINGS_REPLACED, /* another plan has other rings: ask for them */
};

struct rings {
	uint32_t magic, version;
	uint32_t count;			 /* of rings; the last one is the supervisor's own */
	uint32_t ring_size;		 /* sizeof(struct ring) */
	uint64_t size;			 /* of it all */
	uint32_t inbox;			 /* offset */
	uint32_t phase;			 /* enum rings_phase */
	uint32_t wakes;			 /* futex(2): counts up when there is something new */
	uint32_t inbox_ring, inbox_turn; /* whose bytes the inbox has; counts up for each read(2) */
	uint32_t reserved;
};

/* How the line before the place where the next record will be has ended. */
enum ring_continues {
	RING_WHOLE,
	RING_CUT,   /* it was too long for one record */
	RING_SHOWN, /* it had no end for some time, and perhaps never will */
};

/* What is exchanged as a whole. */
struct ring_state {
	uint64_t sequence;   /* of the next record, from 1 */
	uint64_t open_time;  /* when the incomplete line began */
	uint64_t rate_start; /* when the present interval of the rate limit began */
	uint32_t head;
	uint32_t open;	     /* bytes of the incomplete line */
	uint32_t inbox_turn; /* of the inbox with this turn ... */
	uint32_t inbox_done; /* ... so many bytes have been used */
	uint32_t rate_count; /* records in this interval */
	uint32_t suppressed; /* lines left out in this interval */
	uint8_t level;	     /* of the line that goes on */
	uint8_t continues;   /* enum ring_continues */
	uint8_t dropping;    /* the line that comes is left out */
	uint8_t reserved[5];
};

struct ring_place {
	uint32_t position;
	uint32_t sequence; /* the record expected there (low 32 bits); 0: any */
};

struct ring {
	char name[PLAN_NAME_MAX + 1]; /* of the unit; "": the supervisor's */
	uint64_t data;		      /* offset */
	uint32_t size;		      /* a power of two */
	uint32_t sinks;		      /* bits of enum log_sink, as the plan has them */
	uint32_t tail;		      /* the oldest record */
	uint32_t turn;		      /* states[turn & 1] counts */
	struct ring_state states[2];
	struct ring_place places[RING_SINKS];
	uint32_t file_error; /* errno of the last attempt to write the file */
	uint32_t file_said;  /* the error that a line has told of */
};

enum record_flags {
	RECORD_PARTIAL = 1,   /* the line goes on in the next record */
	RECORD_CONTINUES = 2, /* begins in the middle of a line */
	RECORD_PREFIX = 4,    /* the text begins with "<N>", which gave the level */
	RECORD_NOTE = 8,      /* not the unit's: about its log */
};

enum { LEVEL_ERROR = 3, LEVEL_WARNING = 4, LEVEL_INFO = 6 }; /* as syslog(3) has them */

struct record {
	uint64_t time;	   /* CLOCK_BOOTTIME, nanoseconds */
	uint32_t sequence; /* low 32 bits */
	uint16_t size;
	uint8_t level;
	uint8_t flags; /* enum record_flags */
};

/* A ring as a reader has it: what must not change under him is copied and has been checked. */
struct ring_view {
	const struct ring *ring;
	const unsigned char *data;
	uint32_t size;
};

/* ---- rings.c: the memory as a whole ---- */

/*
 * Map and check: magic, version, and that all lies within the memory. *size is for munmap(2). NULL:
 * error recorded.
 */
struct rings *rings_map(int fd, bool writable, size_t *size);

static inline struct ring *rings_at(const struct rings *rings, uint32_t index)
{
	return (struct ring *)(rings + 1) + index;
}

static inline struct ring_view rings_view(const struct rings *rings, uint32_t index)
{
	const struct ring *ring = rings_at(rings, index);

	return (struct ring_view){ ring, (const unsigned char *)rings + ring->data, ring->size };
}

/* Is this memory, mapped, made for that plan? */
bool rings_fit(const struct rings *rings, const struct plan *plan);

/* Whoever sleeps on rings->wakes is to look again. */
void rings_wake(struct rings *rings);

/* ---- ring.c: the writer's side ---- */

/* One ring at work: `state` is a copy, which counts as soon as it is committed. */
struct ring_writer {
	struct ring *ring;
	unsigned char *data;
	struct ring_view view;	    /* of the same */
	const struct plan_log *log; /* for its rate */
	uint64_t now;		    /* CLOCK_BOOTTIME, nanoseconds */
	struct ring_state state;
};

struct ring_writer ring_begin(struct rings *rings, uint32_t index, const struct plan_log *log,
			      uint64_t now);
void ring_commit(struct ring_writer *writer);

/*
 * Make records of the inbox's `size` bytes, as far as this has not been done, and commit. `turn` is
 * the inbox's.
 */
void ring_feed(struct ring_writer *writer, const unsigned char *bytes, uint32_t size,
	       uint32_t turn);

/*
 * Do what is due by now: show an incomplete line, say how many were left out. Commits if anything
 * was. When there will be something to do again (nanoseconds; UINT64_MAX: not by time).
 */
uint64_t ring_tick(struct ring_writer *writer);

/* A line about the log itself; false while a line is incomplete: try again later. Commits. */
bool ring_note(struct ring_writer *writer, uint8_t level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Empty the ring if what is in it makes no sense. */
void ring_mend(struct ring *ring, const unsigned char *data);

/* Behind the last record; for the writer, whose states do not change while it looks. */
static inline uint32_t ring_head(const struct ring *ring)
{
	return ring->states[ring->turn & 1].head;
}

/* ---- take.c: reading, by the writer for its sinks, and by others ---- */

/* The state that counts now. */
struct ring_state ring_state(const struct ring *ring);

/*
 * Copy the record at the place, or the oldest if that is gone, and go on to the next one. 1:
 * *record and `text` (its size is record->size), *lost (may be NULL) records before it were
 * overwritten; 0: there is none before `end`.
 */
int ring_take(const struct ring_view *view, struct ring_place *place, uint32_t end,
	      struct record *record, char *text, uint32_t *lost);

/*
 * What PID 1 says in its own ring begins with "cruet: ", because the kernel log gets it too: so
 * many bytes are not to be shown where the name stands anyway.
 */
size_t record_skip(const struct ring *ring, const char *text, size_t size);

/* Bytes around the ring's end; `size` is at most the ring's. */
void ring_copy(const struct ring_view *view, uint32_t position, void *to, size_t size);

#endif
