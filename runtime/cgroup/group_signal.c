/* SPDX-License-Identifier: Apache-2.0 */
/* Signals to all processes of a container, also those that are just being born. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "runtime/cgroup/internal.h"

enum { ROUNDS_MAX = 100 };

static int signal_one(pid_t pid, void *context)
{
	const int *number = context;

	/* The pid was in the group a moment ago, and while the group is frozen it cannot end. */
	return kill(pid, *number) < 0 && errno != ESRCH ? -errno : 0;
}

int group_kill(struct group *group)
{
	int number = SIGKILL, result = group_open(group);

	if (result < 0)
		return result;
	if (group_is_v2(group) && group_write(group, "cgroup.kill", "1") == 0)
		return 0; /* 5.14 */
	return group_walk(group->dir, signal_one, &number);
}

void group_kill_here(int dir)
{
	int number = SIGKILL;

	group_walk_one(dir, signal_one, &number);
}

/* ---- without a freezer: until a round finds nobody new ---- */

struct round {
	const pid_t *known;
	size_t count;
	int signal, fresh;
};

static int signal_new(pid_t pid, void *context)
{
	struct round *round = context;

	for (size_t i = 0; i < round->count; i++) {
		if (round->known[i] == pid)
			return 0;
	}
	round->fresh++;
	return signal_one(pid, &round->signal);
}

static int signal_in_rounds(const struct cgroup *cgroup, struct group *group, int number)
{
	for (unsigned int i = 0; i < ROUNDS_MAX; i++) {
		auto_arena struct arena scratch = { 0 };
		struct round round = { .signal = number };
		pid_t *pids = NULL;
		ssize_t count = i == 0 ? 0 : cgroup_processes(&scratch, cgroup, &pids);
		int result;

		if (count < 0)
			return (int)count;
		round.known = pids;
		round.count = (size_t)count;
		result = group_walk(group->dir, signal_new, &round);
		if (result < 0 || round.fresh == 0)
			return result;
	}
	return 0;
}

static bool contains_self(const pid_t *pids, ssize_t count)
{
	for (ssize_t i = 0; i < count; i++) {
		if (pids[i] == getpid())
			return true;
	}
	return false;
}

/* The group whose list of processes counts: v2 if there is one, else any. */
static struct group *listing_group(struct cgroup *cgroup)
{
	struct group *group = group_v2(cgroup);

	return group || cgroup->count == 0 ? group : &cgroup->groups[0];
}

static int signal_frozen(struct cgroup *cgroup, struct group *group, int number)
{
	const bool paused = cgroup_is_frozen(cgroup) > 0;
	int result;

	if (!paused && cgroup_freeze(cgroup) < 0) {
		log_debug("signal %d to all: not frozen: %s", number, error_last()->text);
		error_clear();
		return signal_in_rounds(cgroup, group, number);
	}
	result = group_walk(group->dir, signal_one, &number);
	/*
	 * On v1 even SIGKILL waits until the process thaws; other signals wait with a paused
	 * container.
	 */
	if (!paused || number == SIGKILL) {
		int thawed = cgroup_thaw(cgroup);

		if (result == 0)
			result = thawed;
	}
	return result;
}

int cgroup_signal_all(struct cgroup *cgroup, int number)
{
	auto_arena struct arena scratch = { 0 };
	struct group *group = listing_group(cgroup), *freezer = group_freezer(cgroup);
	pid_t *pids;
	ssize_t count;
	int result;

	if (!group)
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
			       "cannot signal all processes: the container has no cgroups");
	result = group_open(group);
	if (result == -ENOENT)
		return 0;
	if (result < 0)
		return fail(-result, "open cgroup %s", group->path);
	if (number == SIGKILL && group_is_v2(group) &&
	    group_write(group, "cgroup.kill", "1") == 0) {
		if (freezer && !group_is_v2(freezer))
			group_thaw(freezer);
		return 0;
	}
	count = cgroup_processes(&scratch, cgroup, &pids);
	if (count <= 0)
		return (int)count;
	if (!freezer || contains_self(pids, count))
		result = signal_in_rounds(cgroup, group, number);
	else
		result = signal_frozen(cgroup, group, number);
	return result < 0 ?
		       fail_context(result, "signal %d to all of cgroup %s", number, group->path) :
		       0;
}
