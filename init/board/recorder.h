/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flight recorder: why the device last rebooted, and what failed last. A file of fixed size on
 * the data partition: two slots, each a checksummed record with a sequence number, written
 * alternately in place with O_DSYNC; a cut of power leaves the other one. Each record holds the
 * whole state (the present boot, the last ends of boots, the last failures, each a small ring), so
 * nothing grows. Written only on events, always in a child (recorder_* of this header): a disk may
 * be slow.
 */
#ifndef INIT_BOARD_RECORDER_H
#define INIT_BOARD_RECORDER_H

#include <stdint.h>
#include <sys/types.h>

enum end_reason {
	END_UNKNOWN,  /* no record of an end, no trace: power was cut, or a hard reset */
	END_PLANNED,  /* somebody asked: `text` says who and what */
	END_LADDER,   /* a unit's last step: `text` names it */
	END_WATCHDOG, /* the reason was recorded before the bite, or the hardware says so */
	END_PANIC,    /* pstore has the kernel's last words; `text`: their first line */
	END_INIT,     /* PID 1 itself failed */
	END_POWER,    /* the watchdog's status says power fault or thermal */
};

enum {
	RECORDER_TEXT = 104,
	RECORDER_BOOTS = 8,
	RECORDER_FAILURES = 16,
	RECORDER_SLOT = 4096,
	RECORDER_SLOTS = 2,
};

struct recorder_boot {
	uint64_t number;     /* counts boots of this device */
	uint8_t id[16];	     /* /proc/sys/kernel/random/boot_id */
	uint64_t began;	     /* CLOCK_REALTIME seconds, 0: not known */
	uint64_t up_seconds; /* how long it ran; 0: not known */
	uint32_t end;	     /* enum end_reason */
	uint32_t ended;	     /* 0: it runs, or ended without a word */
	char text[RECORDER_TEXT];
};

struct recorder_failure {
	uint64_t boot_number, up_ms;
	char unit[64];
	uint32_t cause; /* enum unit_cause */
	int32_t exit_status;
};

/* What the file holds; little-endian on disk. */
struct recorder_state {
	uint64_t sequence;
	struct recorder_boot boots[RECORDER_BOOTS];	     /* [0]: the present one */
	struct recorder_failure failures[RECORDER_FAILURES]; /* [0]: the latest */
};

/*
 * The better of the two slots; every text in it ends. -ENOENT, not recorded: no file, or nothing
 * valid in it; else 0, or a negative errno recorded.
 */
int recorder_read(const char *path, struct recorder_state *state);

/*
 * At boot of the machine (not under another init: it takes pstore's entries away), once the file
 * system is there: shifts the boots; if the last one has no recorded end,
 * finds it out (pstore, the watchdog's boot status); makes the file. Idempotent within one boot id.
 * 0, or a negative errno recorded; so do the others.
 */
int recorder_boot(const char *path, uint32_t watchdog_boot_status);

/* This boot ends, for this reason, after so many milliseconds. The last word counts. */
int recorder_end(const char *path, enum end_reason reason, const char *text, uint64_t up_ms);

/* A unit has failed; the number of this boot is filled in. */
int recorder_failure(const char *path, const struct recorder_failure *failure);

const char *end_reason_name(uint32_t reason); /* "watchdog" */

#endif
