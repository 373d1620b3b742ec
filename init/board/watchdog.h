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
 * Open `device` (NULL: /dev/watchdog), which starts it, and feed it at once. -ENOENT, not recorded,
 * when there is none (yet: its module may come with the coldplug; ask again); another negative
 * errno recorded. Either way *watchdog is filled: fd is -1 when it failed. The descriptor is
 * close-on-exec: whoever executes a successor clears that.
 */
int watchdog_open(struct watchdog *watchdog, const char *device);

/*
 * The same for a descriptor that came over an execve(2); makes it close-on-exec again. -ENOTTY or
 * -EBADF recorded when it is no watchdog: then it stays as it is, whatever it may be.
 */
int watchdog_take(struct watchdog *watchdog, int fd);

/*
 * Timeout and pretimeout in seconds (0: leave it). What the driver made of it stands in *watchdog
 * and is obeyed, whatever the result: 0, or a negative errno recorded when the driver refused: the
 * hardware knows one timeout only, or no pretimeout. Neither is a reason not to use it.
 */
int watchdog_set(struct watchdog *watchdog, uint32_t timeout_s, uint32_t pretimeout_s);

/*
 * Feed it now (monotonic milliseconds): one ioctl(2) or, with drivers that have none, one write(2).
 */
void watchdog_feed(struct watchdog *watchdog, uint64_t now);

#endif
