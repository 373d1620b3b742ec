/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conditions of the plan, looked up on the board. Nothing is allocated, and nothing waits for a
 * disk but the look at a path. Some never change (command line, device tree); the others have a
 * descriptor that tells when to look again (rtnetlink for interfaces, /proc/self/mountinfo for
 * mounts, inotify on INIT_FLAGS, a timerfd for the clock); a path is looked at once a second, and
 * only while a unit waits for it.
 *
 * An interface counts when it is up and running, that is, has its carrier. A mount is named as
 * /proc/self/mountinfo has it: the path without a symlink. For the clock see board/clock_set.h.
 */
#ifndef INIT_HOST_CONDITION_H
#define INIT_HOST_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "init/plan.h"

enum condition_source {
	CONDITION_BY_LINK,
	CONDITION_BY_MOUNT,
	CONDITION_BY_FLAG,
	CONDITION_BY_CLOCK,
	CONDITION_SOURCES
};

struct conditions {
	int fds[CONDITION_SOURCES];	    /* -1: nobody needs it */
	uint32_t events[CONDITION_SOURCES]; /* what to poll each for: EPOLLIN, or EPOLLPRI for
					       mounts */
};

/*
 * Open what this plan needs; all close-on-exec and non-blocking. The folder INIT_FLAGS is there. 0,
 * or a negative errno recorded: then nothing is open.
 */
int conditions_open(struct conditions *conditions, const struct plan *plan);
void conditions_close(struct conditions *conditions);

/* A descriptor has something: drain it (bounded). */
void conditions_drain(struct conditions *conditions, enum condition_source source);

/* Does condition `index` hold now? CONDITION_BOARD is the host's matter: false. */
bool condition_holds(const struct plan *plan, uint32_t index);

/* Which source tells about this kind; CONDITION_SOURCES: none (fixed, or to be polled:
 * CONDITION_PATH). */
enum condition_source condition_source(uint32_t kind);

#endif
