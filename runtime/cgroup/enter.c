/* SPDX-License-Identifier: Apache-2.0 */
/* Putting processes into the groups. */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/cgroup/internal.h"

static const char procs_file[] = "cgroup.procs";

bool cgroup_needs_enter(const struct cgroup *cgroup, bool cloned_into)
{
	return cgroup->count > (cloned_into && group_v2(cgroup) ? 1 : 0);
}

int cgroup_open_enter(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		struct group *group = &cgroup->groups[i];

		/* v2: as a rule nothing has to be written, and if so its folder does. */
		if (group_is_v2(group)) {
			if (group_open(group) < 0)
				return fail(errno, "open cgroup %s", group->path);
			continue;
		}
		if (group->procs >= 0)
			continue;
		group->procs = group_open_file(group, procs_file, O_WRONLY);
		if (group->procs < 0)
			return fail(-group->procs, "open %s/%s", group->path, procs_file);
	}
	return 0;
}

int cgroup_enter(struct cgroup *cgroup, pid_t pid, bool cloned_into)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", (int)pid);

	for (size_t i = 0; i < cgroup->count; i++) {
		struct group *group = &cgroup->groups[i];
		int result = 0;

		if (cloned_into && group_is_v2(group))
			continue;
		if (group->procs < 0)
			result = group_write(group, procs_file, text);
		else if (write(group->procs, text, (size_t)length) < 0)
			result = -errno;
		if (result < 0)
			return fail(-result, "put process %s into cgroup %s", pid ? text : "self",
				    group->path);
	}
	return 0;
}

/* ---- groups below ---- */

/* "cpu,memory:path" or "path": does the first part name this group? */
static bool is_named(const struct group *group, const char *controllers, size_t length)
{
	char name[256];

	for (size_t at = 0; at <= length; at++) {
		size_t end = at;

		while (end < length && controllers[end] != ',')
			end++;
		if (end - at >= sizeof(name))
			return false;
		memcpy(name, controllers + at, end - at);
		name[end - at] = '\0';
		if (group_is_v2(group) ? name[0] == '\0' : word_in(group->controllers, ',', name))
			return true;
		at = end;
	}
	return false;
}

static int go_below(struct arena *arena, struct group *group, const char *below)
{
	char *path;

	if (strcmp(below, "/") == 0)
		return 0;
	path = arena_printf(arena, "%s%s", group->path, below);
	if (!path)
		return -ENOMEM;
	group->path = path;
	if (group_open(group) < 0)
		return fail(errno, "--cgroup: cgroup %s", path);
	return 0;
}

static struct cgroup *copy(struct arena *arena, const struct cgroup *cgroup)
{
	struct cgroup *result = group_none(arena);

	if (!result)
		return NULL;
	result->record = cgroup->record;
	result->disabled = cgroup->disabled;
	result->count = cgroup->count;
	for (size_t i = 0; i < result->count; i++) {
		result->groups[i] = cgroup->groups[i];
		result->groups[i].dir = GROUP_CLOSED;
		result->groups[i].procs = -1;
		result->groups[i].ours = false;
	}
	return result;
}

struct cgroup *cgroup_sub(struct arena *arena, const struct cgroup *cgroup, const char *sub)
{
	const char *colon = strchr(sub, ':'), *path = colon ? colon + 1 : sub;
	struct cgroup *result = copy(arena, cgroup);
	char rooted[PATH_MAX], below[PATH_MAX];
	bool any = !colon;

	if (!result)
		return NULL;
	/* Whoever writes ".." means to leave: refused, not bent back. */
	if (has_dotdot(path) || strlen(path) + 2 > sizeof(rooted)) {
		fail_as(ERROR_USAGE, EINVAL, "--cgroup %s: not a path below the container's cgroup",
			sub);
		return NULL;
	}
	snprintf(rooted, sizeof(rooted), "/%s", path);
	if (path_clean(rooted, below, sizeof(below)) < 0)
		return NULL;
	for (size_t i = 0; i < result->count; i++) {
		struct group *group = &result->groups[i];

		if (colon && !is_named(group, sub, (size_t)(colon - sub)))
			continue;
		any = true;
		if (go_below(arena, group, below) < 0) {
			cgroup_close(result);
			return NULL;
		}
	}
	if (any)
		return result;
	fail_as(ERROR_USAGE, EINVAL, "--cgroup %s: no such controller", sub);
	return NULL;
}

static int stop_at(pid_t pid, void *context)
{
	return pid == *(const pid_t *)context ? -ECANCELED : 0;
}

/* Is the process in the group right below ours that `below` names? Then the group is that one. */
static int try_below(struct arena *arena, struct group *group, const char *below, pid_t pid)
{
	const char *path = group->path;

	if (go_below(arena, group, below) == 0 &&
	    group_walk_one(group->dir, stop_at, &pid) == -ECANCELED)
		return 1;
	group_close(group);
	group->path = path;
	error_clear();
	return 0;
}

/*
 * /proc/PID/cgroup shows the whole way from the root of our cgroup namespace, of which our mount
 * may be a part only: the container's group is looked for in it by name, and the process in what
 * follows.
 */
struct cgroup *cgroup_where(struct arena *arena, const struct cgroup *cgroup, pid_t pid)
{
	struct cgroup *result = copy(arena, cgroup);
	struct group *group = result ? group_v2(result) : NULL;
	const char *mine = group ? group->path + group->mount_length : NULL;
	char name[48], text[GROUP_FILE_SIZE];
	const char *line = NULL;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	if (group && host_read(name, text, sizeof(text)) > 0)
		line = line_after(text, "0::");
	if (!line)
		return result;
	text[line - text + (ptrdiff_t)strcspn(line, "\n")] = '\0';
	for (const char *at = line; !has_dotdot(line) && (at = strchr(at, '/')); at++) {
		const size_t length = strlen(mine);

		if (strncmp(at, mine, length) == 0 && at[length] == '/' &&
		    try_below(arena, group, at + length, pid))
			break;
	}
	return result;
}
