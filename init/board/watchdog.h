/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hardware watchdog (Documentation/watchdog/watchdog-api.rst). Opened first, kept for ever:
 * over switch-root and re-exec, through the shutdown, until the machine resets. The caller decides
 * whether the device is well; here is only how to feed.
 */
#ifndef INIT_BOARD_WATCHDOG_H
#define INIT_BOARD_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

/* Fixed-width: it outlives the program at re-exec. */
struct watchdog {
	int32_t fd;	      /* -1: none */
	uint32_t timeout_ms;  /* what the driver really does, not what was asked for */
	uint32_t every_ms;    /* between two feedings: min(timeout / 3, 5 s) */
	uint32_t boot_status; /* WDIOC_GETBOOTSTATUS of this boot, read once */
	uint32_t pretimeout_s;
	uint32_t starving; /* not fed any more: the reason is on record */
	uint64_t feed_at;  /* monotonic milliseconds */
};

/*
 * Open `device` (NULL: /dev/watchdog) and feed it at once. -ENOENT when there is none (yet: its
 * module may come with the coldplug; ask again); another negative errno recorded.
 */
int watchdog_open(struct watchdog *watchdog, const char *device);

/* Timeout and pretimeout in seconds (0: leave it), as far as the driver lets; says what came of it.
 * 0 or errno recorded. */
int watchdog_set(struct watchdog *watchdog, uint32_t timeout_s, uint32_t pretimeout_s);

/* Feed it now; never blocks for long, one ioctl(2). */
void watchdog_feed(struct watchdog *watchdog, uint64_t now);

#endif
