/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's conditions: see condition.h. Each look is a handful of system calls on files of the
 * kernel, into small buffers on the stack.
 */
#include "init/host/condition.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "init/board/clock_set.h"
#include "init/paths.h"
#include "lib/error.h"
#include "lib/fd.h"

enum {
	DRAIN_MAX = 64,	     /* messages at once; more of them wake us again */
	CLOCK_AGAIN_S = 10,  /* between two looks at a clock that is not set, */
	CLOCK_SET_S = 86400, /* and at one that is */
	FILE_MAX = 1 << 20,  /* of a file of the kernel */
};

/* ---- what tells about changes ---- */

enum condition_source condition_source(uint32_t kind)
{
	switch (kind) {
	case CONDITION_INTERFACE:
		return CONDITION_BY_LINK;
	case CONDITION_MOUNT:
		return CONDITION_BY_MOUNT;
	case CONDITION_FLAG:
		return CONDITION_BY_FLAG;
	case CONDITION_CLOCK:
		return CONDITION_BY_CLOCK;
	default:
		return CONDITION_SOURCES;
	}
}

static int open_link(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		close_fd(&fd);
	return fd;
}

static int open_flags(void)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 && inotify_add_watch(fd, INIT_FLAGS,
					 IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO) < 0)
		close_fd(&fd);
	return fd;
}

/*
 * Whoever sets the clock wakes us (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). Slewing it until it
 * is right tells nobody: so an unset clock is looked at now and then.
 */
static int arm_clock(int fd)
{
	const time_t wait = clock_is_set() ? CLOCK_SET_S : CLOCK_AGAIN_S;
	struct itimerspec at = { .it_interval.tv_sec = wait };

	clock_gettime(CLOCK_REALTIME, &at.it_value);
	at.it_value.tv_sec += wait;
	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL);
}

static int open_clock(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0 && arm_clock(fd) < 0)
		close_fd(&fd);
	return fd;
}

static int open_source(enum condition_source source)
{
	switch (source) {
	case CONDITION_BY_LINK:
		return open_link();
	case CONDITION_BY_MOUNT:
		return open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	case CONDITION_BY_FLAG:
		return open_flags();
	default:
		return open_clock();
	}
}

int conditions_open(struct conditions *conditions, const struct plan *plan)
{
	for (int i = 0; i < CONDITION_SOURCES; i++) {
		conditions->fds[i] = -1;
		conditions->events[i] = i == CONDITION_BY_MOUNT ? EPOLLPRI : EPOLLIN;
	}
	for (uint32_t i = 0; i < plan->condition_count; i++) {
		const enum condition_source source = condition_source(plan->conditions[i].kind);
		int result;

		if (source == CONDITION_SOURCES || conditions->fds[source] >= 0)
			continue;
		conditions->fds[source] = open_source(source);
		if (conditions->fds[source] >= 0)
			continue;
		result = fail(errno, "condition %s: nothing tells about it",
			      plan->conditions[i].text ? plan_text(plan, plan->conditions[i].text) :
							 "clock");
		conditions_close(conditions);
		return result;
	}
	return 0;
}

void conditions_close(struct conditions *conditions)
{
	for (int i = 0; i < CONDITION_SOURCES; i++)
		close_fd(&conditions->fds[i]);
}

void conditions_drain(struct conditions *conditions, enum condition_source source)
{
	const int fd = conditions->fds[source];
	char buffer[512]; /* one inotify event at least, of any name */

	/*
	 * What is said does not matter, nor what was lost: all conditions of the source are looked
	 * at afterwards. The mounts' descriptor is drained by being polled.
	 */
	if (source == CONDITION_BY_MOUNT)
		return;
	for (int i = 0; i < DRAIN_MAX; i++)
		if (read(fd, buffer, sizeof(buffer)) < 0 && errno != ENOBUFS && errno != ECANCELED)
			break;
	if (source == CONDITION_BY_CLOCK)
		arm_clock(fd);
}

/* ---- what is so now ---- */

/*
 * Is `text` one of the words of a file of the kernel? They end with NUL (the device tree's lists of
 * strings, of which a single string is one) or with a blank or newline (the command line).
 */
static bool is_in_file(const char *path, bool by_nul, const char *text)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t at = 0;
	bool same = true;
	char buffer[256];
	ssize_t size;

	for (ssize_t all = 0; all < FILE_MAX; all += size) {
		size = read(fd, buffer, sizeof(buffer));
		if (size <= 0)
			break;
		for (ssize_t i = 0; i < size; i++) {
			const char byte = buffer[i];

			if (by_nul ? byte != '\0' : byte != ' ' && byte != '\n') {
				same = same && text[at] == byte;
				at += same;
				continue;
			}
			if (same && at > 0 && !text[at])
				return true;
			same = true;
			at = 0;
		}
	}
	return same && at > 0 && !text[at];
}

/* IFF_RUNNING is the operational state, which needs the carrier: netdevice(7). */
static bool is_running(const char *interface)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_flags = 0 };

	if (fd < 0 || strlen(interface) >= sizeof(request.ifr_name))
		return false;
	memcpy(request.ifr_name, interface, strlen(interface) + 1);
	return ioctl(fd, SIOCGIFFLAGS, &request) == 0 &&
	       (request.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
}

/* Compares a mount point with its escaped form in mountinfo, byte by byte. */
struct mount_match {
	const char *target;
	size_t at;
	unsigned int field, octal; /* octal: digits of an escape that are still to come */
	unsigned char value;
	bool same;
};

static void match_byte(struct mount_match *match, unsigned char byte)
{
	if (byte == '\\') { /* blanks, newline and this as three octal digits: proc(5) */
		match->octal = 3;
		match->value = 0;
		return;
	}
	if (match->octal > 0) {
		match->value = (unsigned char)(match->value * 8 + byte - '0');
		if (--match->octal > 0)
			return;
		byte = match->value;
	}
	match->same = match->same && (unsigned char)match->target[match->at] == byte;
	match->at += match->same;
}

/* True at the end of the fifth field, if it is the target. */
static bool match_line(struct mount_match *match, char byte)
{
	enum { MOUNT_POINT = 4 };

	if (byte == '\n') {
		match->field = 0;
	} else if (byte == ' ') {
		if (match->field++ == MOUNT_POINT)
			return match->same && !match->target[match->at];
		match->at = 0;
		match->same = true;
	} else if (match->field == MOUNT_POINT) {
		match_byte(match, (unsigned char)byte);
	}
	return false;
}

/* The kernel's list is read, not the path looked up: that would wait for a server or disk that does
 * not answer. */
static bool is_mounted(const char *target)
{
	auto_fd int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct mount_match match = { .target = target };
	char buffer[1024];
	ssize_t size;

	for (ssize_t all = 0; all < FILE_MAX; all += size) {
		size = read(fd, buffer, sizeof(buffer));
		if (size <= 0)
			return false;
		for (ssize_t i = 0; i < size; i++)
			if (match_line(&match, buffer[i]))
				return true;
	}
	return false;
}

static bool is_flag(const char *name)
{
	char path[sizeof(INIT_FLAGS) + PLAN_NAME_MAX + 1];

	snprintf(path, sizeof(path), INIT_FLAGS "/%s", name);
	return access(path, F_OK) == 0;
}

bool condition_holds(const struct plan *plan, uint32_t index)
{
	const struct plan_condition *condition = &plan->conditions[index];
	const char *text = condition->text ? plan_text(plan, condition->text) : "";

	switch ((enum condition_kind)condition->kind) {
	case CONDITION_PATH:
		return access(text, F_OK) == 0;
	case CONDITION_CMDLINE:
		return is_in_file("/proc/cmdline", false, text);
	case CONDITION_MODEL:
		return is_in_file("/proc/device-tree/model", true, text) ||
		       is_in_file("/proc/device-tree/compatible", true, text);
	case CONDITION_INTERFACE:
		return is_running(text);
	case CONDITION_MOUNT:
		return is_mounted(text);
	case CONDITION_CLOCK:
		return clock_is_set();
	case CONDITION_FLAG:
		return is_flag(text);
	case CONDITION_BOARD:
		break;
	}
	return false;
}
