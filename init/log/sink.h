/* SPDX-License-Identifier: Apache-2.0 */
/* Passing lines on: the kernel log, a syslog socket, files. All of it within the writer. */
#ifndef INIT_LOG_SINK_H
#define INIT_LOG_SINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/log/ring.h"

/* The kernel's limit for those who write to its log, unless it is told otherwise. */
struct kernel_sink {
	int fd; /* -1: there is none */
	bool is_unlimited;
	uint32_t left;	     /* lines until `window_end` */
	uint64_t window_end; /* nanoseconds */
};

struct syslog_sink {
	int fd;		  /* -1: not connected */
	int error;	  /* errno of the last attempt, 0: it went well */
	uint32_t counter; /* sequenceId of RFC 5424, 7.3.1 */
	char host[65];
};

struct file_sink {
	uint32_t helpers;    /* children that write now */
	uint64_t due;	     /* when one is to be started */
	uint64_t started;    /* the last one */
	uint64_t not_before; /* the last one failed */
};

struct writer {
	const struct plan *plan;
	struct rings *rings;
	int rings_fd;
	const int *pipes;
	int epoll, signals;
	uint64_t now;		  /* CLOCK_BOOTTIME, nanoseconds: read once a turn */
	uint64_t due;		  /* when a ring has something to do by time */
	bool changed;		  /* readers are to be woken */
	uint32_t sinks;		  /* bits of enum log_sink that some ring has */
	uint32_t next[SINK_FILE]; /* the ring that has its turn first */
	uint64_t hold[SINK_FILE]; /* until then the sink takes nothing */
	struct kernel_sink kernel;
	struct syslog_sink syslog;
	struct file_sink file;
};

struct sink_line {
	const char *unit;
	const struct record *record;
	const char *text; /* record->size bytes; control characters are gone */
};

static const uint64_t ns_per_ms = 1000000;

static inline const struct plan_log *sink_log(const struct plan *plan, uint32_t index)
{
	return index < plan->unit_count ? &plan->units[index].log : &plan->system->log;
}

/* writer.c: to write to a ring now. */
struct ring_writer writer_ring(const struct writer *writer, uint32_t index);

static inline const char *sink_unit(const struct rings *rings, uint32_t index)
{
	return index + 1 < rings->count ? rings_at(rings, index)->name : "cruet";
}

/* The line that tells of `lost` records: fills *record, which has the time and sequence already. */
struct sink_line sink_lost(const char *unit, struct record *record, uint32_t lost, char text[64]);

/*
 * Send what is due to the kernel log and the syslog socket, a few lines of each ring. When there is
 * more to do: now or earlier: at once; UINT64_MAX: as soon as lines come.
 */
uint64_t sinks_forward(struct writer *writer);

/* kernel.c, syslog.c. send: 0, or -1: not now, writer->hold says until when. */
void kernel_open(struct kernel_sink *sink);
int kernel_send(struct writer *writer, const struct sink_line *line);
int syslog_send(struct writer *writer, const struct sink_line *line);

/*
 * file.c. Write files where it is time to, by a child: a disk may be slow or gone, and nobody else
 * must wait for it. `at_once`: all that is there. When it is to be called again.
 */
uint64_t files_tend(struct writer *writer, bool at_once);
void files_reap(struct writer *writer); /* SIGCHLD */

#endif
