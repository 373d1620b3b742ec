/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revisions: what a device runs, as one signed thing. A revision is an artifact in the store (an
 * OCI image manifest, artifactType REVISION_TYPE) whose config names every image by digest and
 * whose layers are the units; installed, it lies in STORE/rev/NUMBER. Which one runs is in the boot
 * state, STORE/boot/a and b: two checksummed records, written alternately and read back, the newer
 * good one counts. The committed revision is always there to boot; only a trial counts down. Number
 * 0 is what the firmware brings (/etc/cruet/units alone). The supervisor uses this interface; the
 * commands are in image/cmd/revision.c.
 */
#ifndef IMAGE_REVISION_H
#define IMAGE_REVISION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

#define REVISION_TYPE "application/vnd.cruet.revision.v1+json"
#define REVISION_UNIT_TYPE "application/vnd.cruet.unit.v1+json"

enum { REVISION_FIRMWARE = 0, REVISION_TRIES = 3 };

struct revision_state {
	uint32_t committed;  /* 0: the firmware's */
	uint32_t previous;   /* committed before it: what rollback goes back to */
	uint32_t trial;	     /* 0: none */
	uint32_t tries_left; /* boots that the trial still has */
	uint32_t failed;     /* the last trial that failed; 0: none */
	char reason[96];     /* why it did */
};

/* What the supervisor is to run. */
struct revision_choice {
	uint32_t number;      /* 0: the firmware's units alone */
	bool trial;	      /* it has to prove itself: revision_commit() or revision_fail() */
	const char *units;    /* absolute: folder of its NAME.json; NULL for 0; from the arena */
	const char **without; /* units of the firmware that it takes away; NULL-terminated */
};

/*
 * All of them: `settings` is images.json (NULL: SETTINGS_PATH), `store` goes instead of the
 * settings' (NULL: as they say). 0, or -errno recorded. A store that is not there has the
 * firmware's units and no trial.
 */

/* Both records damaged or missing: all zero, and a warning for the former. */
int revision_state(const char *settings, const char *store, struct revision_state *state);

/*
 * What to run now. boot: the machine has just started, so a trial's count goes down, on record
 * before this returns; one that has none left has failed, which is put on record, and the committed
 * one is chosen. A revision that is not whole (a unit, an image that is missing) is not chosen: a
 * trial has failed then, of the committed one `previous`, then the firmware's are taken, with a
 * warning.
 */
int revision_choose(struct arena *arena, const char *settings, const char *store, bool boot,
		    struct revision_choice *choice);

/* The trial `number` has proved itself: committed, and its anti-rollback counters are raised. */
int revision_commit(const char *settings, const char *store, uint32_t number);

/* The trial `number` has failed: no longer tried; what was committed stays. */
int revision_fail(const char *settings, const char *store, uint32_t number, const char *reason);

/*
 * The numbers of those that are installed, ascending, from the arena. Their count, or -errno
 * recorded; -ENOENT unrecorded: there is no store.
 */
ssize_t revisions_installed(struct arena *arena, const char *settings, const char *store,
			    uint32_t **numbers);

#endif
