/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hardware watchdog: see watchdog.h. Drivers differ: some know one timeout only, some round it,
 * some are fed by write(2) alone, some cannot be stopped. So everything is asked back, every
 * refusal is survived, and the descriptor is never closed: that is a reset (nowayout), or the end
 * of all protection. "V", the magic close, is never written.
 */
#include "init/board/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"

enum {
	FEED_MS = 5000,		/* at least so often: the reason to starve comes to effect soon */
	FEED_UNKNOWN_MS = 1000, /* the driver does not say when it bites */
	TIMEOUT_MAX_S = 1 << 20,
};

/* What the driver says of one number, or 0. */
static uint32_t ask(const struct watchdog *watchdog, unsigned long what)
{
	int value = 0;

	return ioctl(watchdog->fd, what, &value) == 0 && value > 0 ? (uint32_t)value : 0;
}

/* From seconds; 0: not known. */
static void set_times(struct watchdog *watchdog, uint32_t timeout_s)
{
	if (timeout_s > TIMEOUT_MAX_S)
		timeout_s = TIMEOUT_MAX_S;
	watchdog->timeout_ms = timeout_s * 1000;
	watchdog->every_ms = timeout_s ? watchdog->timeout_ms / 3 : FEED_UNKNOWN_MS;
	if (watchdog->every_ms > FEED_MS)
		watchdog->every_ms = FEED_MS;
}

/*
 * 0, or -1 with errno. Drivers without WDIOF_KEEPALIVEPING take a write(2). It goes to nothing that
 * is no watchdog, lest a wrong path in the settings costs a file its contents.
 */
static int ping(const struct watchdog *watchdog)
{
	struct watchdog_info info;

	if (!IS_ENABLED(CONFIG_INIT_WATCHDOG)) {
		errno = ENOTTY;
		return -1;
	}
	if (ioctl(watchdog->fd, WDIOC_KEEPALIVE, NULL) == 0)
		return 0;
	if (ioctl(watchdog->fd, WDIOC_GETSUPPORT, &info) < 0)
		return -1;
	return write(watchdog->fd, "", 1) == 1 ? 0 : -1;
}

void watchdog_feed(struct watchdog *watchdog, uint64_t now)
{
	/* A failure shows by itself, as a reset; there is nothing better to do than to try again.
	 */
	watchdog->feed_at = now + (ping(watchdog) == 0 ? watchdog->every_ms : FEED_UNKNOWN_MS);
}

/* The first feeding, and all that the driver knows. */
static int begin(struct watchdog *watchdog, int fd)
{
	struct timespec now;

	*watchdog = (struct watchdog){ .fd = fd };
	if (ping(watchdog) < 0) {
		watchdog->fd = -1;
		return -errno;
	}
	watchdog->boot_status = ask(watchdog, WDIOC_GETBOOTSTATUS);
	set_times(watchdog, ask(watchdog, WDIOC_GETTIMEOUT));
	clock_gettime(CLOCK_MONOTONIC, &now);
	watchdog->feed_at =
		(uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + watchdog->every_ms;
	return 0;
}

int watchdog_open(struct watchdog *watchdog, const char *device)
{
	const char *name = device ? device : "/dev/watchdog";
	auto_fd int fd = -1;
	int result;

	*watchdog = (struct watchdog){ .fd = -1 };
	if (!IS_ENABLED(CONFIG_INIT_WATCHDOG))
		return fail_as(ERROR_UNSUPPORTED, 0, "watchdog %s: CONFIG_INIT_WATCHDOG is not set",
			       name);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	/* No node, or a node without a driver. */
	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return -ENOENT;
	if (fd < 0)
		return fail(errno, "open watchdog %s", name);
	result = begin(watchdog, fd);
	if (result < 0)
		return fail(-result, "watchdog %s", name);
	(void)take_fd(&fd);
	return 0;
}

int watchdog_take(struct watchdog *watchdog, int fd)
{
	const int result = begin(watchdog, fd);

	if (result < 0)
		return fail(-result, "watchdog at descriptor %d", fd);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* 0 or -errno. */
static int set(const struct watchdog *watchdog, unsigned long what, uint32_t *seconds)
{
	int value = (int)(*seconds < TIMEOUT_MAX_S ? *seconds : TIMEOUT_MAX_S);

	if (ioctl(watchdog->fd, what, &value) < 0)
		return -errno;
	*seconds = (uint32_t)value; /* what the driver made of it */
	return 0;
}

static int set_timeout(struct watchdog *watchdog, uint32_t asked)
{
	uint32_t given = asked;
	const int result = set(watchdog, WDIOC_SETTIMEOUT, &given);
	uint32_t now = ask(watchdog, WDIOC_GETTIMEOUT);

	if (!now && result == 0)
		now = given; /* a driver that cannot be asked */
	if (now)
		set_times(watchdog, now);
	if (result == 0 || now == asked)
		return 0;
	return fail(-result, "watchdog: its timeout stays %u s instead of %u s",
		    watchdog->timeout_ms / 1000, asked);
}

int watchdog_set(struct watchdog *watchdog, uint32_t timeout_s, uint32_t pretimeout_s)
{
	uint32_t given = pretimeout_s;
	int result = 0, refused = 0;

	if (!IS_ENABLED(CONFIG_INIT_WATCHDOG))
		return 0;
	if (timeout_s)
		result = set_timeout(watchdog, timeout_s);
	if (pretimeout_s) {
		refused = set(watchdog, WDIOC_SETPRETIMEOUT, &given);
		watchdog->pretimeout_s = ask(watchdog, WDIOC_GETPRETIMEOUT);
	}
	if (refused < 0 && result < 0)
		fail_context(result, "no pretimeout (%s)", error_errno_text(-refused));
	else if (refused < 0)
		result = fail(-refused, "watchdog: pretimeout of %u s", pretimeout_s);
	watchdog->feed_at = 0; /* the times that it was reckoned by are others now */
	return result;
}
