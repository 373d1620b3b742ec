/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices that are there when nobody listened yet: each is looked at in /sys/devices as if the
 * kernel had just told of it, and those that a new driver brings with it are heard of on a socket.
 * Bounded memory, whatever the machine has. Runs in children of PID 1.
 */
#ifndef INIT_BOARD_COLDPLUG_H
#define INIT_BOARD_COLDPLUG_H

#include <stdint.h>

#include "init/board/module.h"

enum { COLDPLUG_SEEN = 1024 };

struct coldplug {
	struct modules *modules;
	int socket;		      /* -1: nobody listens */
	uint64_t seen[COLDPLUG_SEEN]; /* hashes of modaliases whose modules have been loaded */
};

/* Begin to listen; before the walk, or what happens in between is missed. */
void coldplug_begin(struct coldplug *coldplug, struct modules *modules);
void coldplug_end(struct coldplug *coldplug);

/* Nodes and modules of all devices, and of those that appear by it. Failures are printed. */
void coldplug_walk(struct coldplug *coldplug);

/* Serve devices that appear within so many milliseconds; returns once one has. */
void coldplug_wait(struct coldplug *coldplug, unsigned int milliseconds);

#endif
