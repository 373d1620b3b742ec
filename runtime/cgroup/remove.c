/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing groups: as a rule they are empty and one rmdir(2) each is all. What a runtime that was
 * killed left in them (processes, frozen ones, groups below) goes first.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "runtime/cgroup/internal.h"

enum {
	REMOVE_TIMEOUT = 10000, /* ms, for all groups together */
	WAIT_MAX = 50,		/* ms, where the kernel tells us nothing */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- folders ---- */

/* The parents that were made for this group alone, as far as nobody else uses them. */
static void remove_parents(const struct group *group)
{
	char path[PATH_MAX];

	group_path(group, path);
	for (unsigned int i = 1; i < group->own; i++) {
		*strrchr(path, '/') = '\0';
		if (rmdir(path) < 0 && errno != ENOENT)
			return;
	}
}

static int remove_folder(const struct group *group)
{
	if (rmdir(group->path) == 0 || errno == ENOENT) {
		remove_parents(group);
		return 0;
	}
	/* A file system that is no cgroup says ENOTEMPTY. */
	return errno == ENOTEMPTY ? -EBUSY : -errno;
}

struct deepest {
	char name[NAME_MAX + 1];
};

static int take_name(int dir, const char *name, void *context)
{
	struct deepest *deepest = context;

	(void)dir;
	snprintf(deepest->name, sizeof(deepest->name), "%s", name);
	return 1;
}

/* A process that group_kill() did not come to, deep below, keeps its group. */
static int remove_one(int parent, const char *name, int dir)
{
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 1;
	if (errno != EBUSY)
		return -errno;
	group_kill_here(dir);
	return -EBUSY;
}

/*
 * Removes one group that has none below: follows the first child down. Holds two descriptors
 * however deep it goes. 1: removed, 0: there is none below `top`, or -errno.
 */
static int remove_deepest(int top)
{
	auto_fd int parent = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct deepest here, below;
	int result;

	if (parent < 0)
		return -errno;
	result = group_each_below(parent, take_name, &here);
	if (result <= 0)
		return result;
	for (;;) {
		auto_fd int child =
			openat(parent, here.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (child < 0)
			return errno == ENOENT ? 1 : -errno;
		result = group_each_below(child, take_name, &below);
		if (result < 0)
			return result;
		if (result == 0)
			return remove_one(parent, here.name, child);
		close_fd(&parent);
		parent = take_fd(&child);
		here = below;
	}
}

static int remove_below(struct group *group)
{
	int dir = group_open(group), result;

	if (dir < 0)
		return dir;
	do
		result = remove_deepest(dir);
	while (result > 0);
	return result;
}

/* ---- processes ---- */

static int thaw_below(int dir, const char *name, void *context)
{
	auto_fd int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (below < 0)
		return 0;
	file_write(below, "freezer.state", "THAWED", 6);
	return group_each_below(below, thaw_below, context);
}

/* A process that a v1 freezer holds does not even die. */
static void thaw_v1(struct cgroup *cgroup)
{
	struct group *freezer = group_v1(cgroup, "freezer");

	if (!freezer || group_thaw(freezer) < 0 || group_open(freezer) < 0)
		return;
	group_each_below(freezer->dir, thaw_below, NULL);
}

static int take_pid(pid_t pid, void *context)
{
	*(pid_t *)context = pid;
	return -ECANCELED;
}

/* v1 has no event: wait for the first process that is left, or a moment. */
static void wait_v1(struct group *group, int timeout_ms, int moment)
{
	pid_t pid = 0;
	struct pollfd wait = { .fd = -1, .events = POLLIN };

	if (group_open(group) >= 0)
		group_walk(group->dir, take_pid, &pid);
	if (pid > 0)
		wait.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	poll(&wait, 1, wait.fd < 0 && moment < timeout_ms ? moment : timeout_ms);
	close_fd(&wait.fd);
}

static int remove_busy(struct cgroup *cgroup, struct group *group, int64_t deadline)
{
	int result = -EBUSY;

	for (int moment = 1; result == -EBUSY && now_ms() < deadline;
	     moment = moment < WAIT_MAX ? moment * 2 : WAIT_MAX) {
		int left = (int)(deadline - now_ms());

		group_kill(group);
		if (!group_is_v2(group))
			wait_v1(group, left, moment);
		else if (group_wait_event(group, "populated 0", left) < 0 || moment > 1)
			poll(NULL, 0, moment);
		result = remove_below(group);
		if (result == 0 || result == -ENOENT || result == -ENODEV)
			result = remove_folder(group);
		if (result == -EBUSY && moment > 1)
			thaw_v1(cgroup);
	}
	return result;
}

int cgroup_remove(struct cgroup *cgroup)
{
	const int64_t deadline = now_ms() + REMOVE_TIMEOUT;
	bool thawed = false;
	int first = 0;

	for (size_t i = 0; i < cgroup->count; i++) {
		struct group *group = &cgroup->groups[i];
		int result;

		if (!group->ours)
			continue;
		result = remove_folder(group);
		if (result == -EBUSY) {
			if (!thawed)
				thaw_v1(cgroup);
			thawed = true;
			result = remove_busy(cgroup, group, deadline);
		}
		if (result == 0)
			group->ours = false;
		else if (first == 0)
			first = fail(-result, "remove cgroup %s", group->path);
		group_close(group);
	}
	return first;
}

void cgroup_remove_above(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		struct group above = cgroup->groups[i];

		above.own = 2;
		remove_parents(&above);
	}
}

void group_unmake(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		struct group *group = &cgroup->groups[i];

		group_close(group);
		if (group->ours && group->exists)
			group->ours = false;
		else if (!group->ours)
			remove_parents(group); /* as far as it came */
		else if (remove_folder(group) == 0)
			group->ours = false; /* else cgroup_remove() tries again */
	}
}
