/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pausing: cgroup.freeze of v2 (5.2) with its event in cgroup.events, or the v1 freezer
 * (kernel: cgroup-v2.rst "Core Interface Files", cgroup-v1/freezer-subsystem.rst).
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "runtime/cgroup/internal.h"

enum {
	FREEZE_TIMEOUT = 10000, /* ms */
	V1_TRIES = 1000,
	V1_REFREEZE = 25, /* after so many tries, thaw for a moment */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct group *group_freezer(const struct cgroup *cgroup)
{
	struct group *group = group_v1(cgroup, "freezer");

	return group ? group : group_v2(cgroup);
}

int group_wait_event(struct group *group, const char *line, int timeout_ms)
{
	const int64_t deadline = now_ms() + timeout_ms;
	auto_fd int fd = group_open_file(group, "cgroup.events", O_RDONLY);
	struct pollfd wait = { .fd = fd, .events = POLLPRI };
	char text[256];

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
		int64_t left = deadline - now_ms();

		if (size < 0)
			return -errno;
		text[size] = '\0';
		if (line_after(text, line))
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}

static int is_frozen_v2(struct group *group, bool above)
{
	char text[256];
	ssize_t size =
		group_read(group, above ? "cgroup.events" : "cgroup.freeze", text, sizeof(text));

	if (size == -ENOENT)
		return 0; /* before 5.2, or the group is gone */
	if (size < 0)
		return (int)size;
	return above ? line_after(text, "frozen 1") != NULL : text[0] == '1';
}

static int is_frozen_v1(struct group *group)
{
	char text[32];
	ssize_t size = group_read(group, "freezer.state", text, sizeof(text));

	/* FREEZING is on its way: to a reader it is paused. */
	return size < 0 ? (int)size : strncmp(text, "THAWED", 6) != 0;
}

int group_is_frozen(struct group *group)
{
	if (!group_is_v2(group))
		return word_in(group->controllers, ',', "freezer") ? is_frozen_v1(group) : 0;
	return is_frozen_v2(group, true);
}

int cgroup_is_frozen(const struct cgroup *cgroup)
{
	struct group *group = group_freezer(cgroup);

	if (!group)
		return 0;
	return group_is_v2(group) ? is_frozen_v2(group, false) : is_frozen_v1(group);
}

static int freeze_v1(struct group *group)
{
	/* There is no event; the kernel looks whether all are frozen when the state is read. */
	for (unsigned int try = 0; try < V1_TRIES; try++) {
		char text[32];
		int result = group_write(group, "freezer.state", "FROZEN");

		if (result < 0)
			return result;
		if (group_read(group, "freezer.state", text, sizeof(text)) > 0 &&
		    strcmp(text, "FROZEN") == 0)
			return 0;
		/* Processes that are being born can get by; let them finish. */
		if (try % V1_REFREEZE == V1_REFREEZE - 1)
			group_write(group, "freezer.state", "THAWED");
		poll(NULL, 0, try < V1_REFREEZE ? 1 : 10);
	}
	return -ETIMEDOUT;
}

static int freeze_v2(struct group *group)
{
	int result = group_write(group, "cgroup.freeze", "1");

	return result < 0 ? result : group_wait_event(group, "frozen 1", FREEZE_TIMEOUT);
}

static int no_freezer(void)
{
	return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
		       "cannot pause: there is no cgroup that can be frozen");
}

int cgroup_freeze(struct cgroup *cgroup)
{
	struct group *group = group_freezer(cgroup);
	int result;

	if (!group)
		return no_freezer();
	result = group_is_v2(group) ? freeze_v2(group) : freeze_v1(group);
	if (result == 0)
		return 0;
	if (result == -ENOENT && group_is_v2(group) && group_open(group) >= 0)
		return no_freezer();
	group_thaw(group);
	return fail(-result, "freeze cgroup %s", group->path);
}

int group_thaw(struct group *group)
{
	return group_is_v2(group) ? group_write(group, "cgroup.freeze", "0") :
				    group_write(group, "freezer.state", "THAWED");
}

int cgroup_thaw(struct cgroup *cgroup)
{
	struct group *group = group_freezer(cgroup);
	int result = group ? group_thaw(group) : -EOPNOTSUPP;

	if (!group || (result == -ENOENT && group_is_v2(group) && group_open(group) >= 0))
		return no_freezer();
	return result < 0 ? fail(-result, "thaw cgroup %s", group->path) : 0;
}
