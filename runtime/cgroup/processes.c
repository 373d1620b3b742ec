/* SPDX-License-Identifier: Apache-2.0 */
/* The processes in groups and the groups below. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "runtime/cgroup/internal.h"

enum { DEPTH_MAX = 256 };

/* ---- one group ---- */

/*
 * Calls `each` for the numbers in a buffer, one a line; what is left of an unfinished line is moved
 * to its start.
 */
static int each_number(char *buffer, size_t *size, int (*each)(pid_t, void *), void *context)
{
	char *line = buffer, *end;

	while ((end = memchr(line, '\n', *size - (size_t)(line - buffer)))) {
		pid_t pid = atoi(line);

		line = end + 1;
		/* 0: a process that our pid namespace does not show. */
		if (pid > 0) {
			int result = each(pid, context);

			if (result < 0)
				return result;
		}
	}
	*size -= (size_t)(line - buffer);
	memmove(buffer, line, *size);
	return 0;
}

int group_walk_one(int dir, int (*each)(pid_t, void *), void *context)
{
	auto_fd int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char buffer[GROUP_FILE_SIZE];
	size_t used = 0;
	int result = 0;

	if (fd < 0)
		return -errno;
	while (result == 0) {
		ssize_t size = read(fd, buffer + used, sizeof(buffer) - used);

		if (size == 0)
			return 0;
		/* A threaded group: its processes are listed by the domain above. */
		if (size < 0)
			return errno == EOPNOTSUPP ? 0 : -errno;
		used += (size_t)size;
		result = each_number(buffer, &used, each, context);
	}
	return result;
}

/* ---- groups below ---- */

int group_each_below(int dir, int (*each)(int dir, const char *name, void *context), void *context)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
	DIR *folder = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!folder) {
		result = -errno;
		close_fd(&copy);
		return result;
	}
	while (result == 0 && (entry = readdir(folder))) {
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			result = each(dir, entry->d_name, context);
	}
	closedir(folder);
	return result;
}

struct walk {
	int (*each)(pid_t pid, void *context);
	void *context;
	unsigned int depth;
};

static int walk_below(int dir, const char *name, void *context)
{
	struct walk *walk = context;
	auto_fd int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (below < 0)
		return errno == ENOENT ? 0 : -errno;
	if (walk->depth == DEPTH_MAX)
		return -ELOOP;
	walk->depth++;
	result = group_walk_one(below, walk->each, walk->context);
	if (result == 0)
		result = group_each_below(below, walk_below, walk);
	walk->depth--;
	return result == -ENOENT || result == -ENODEV ? 0 : result; /* it went away meanwhile */
}

int group_walk(int dir, int (*each)(pid_t pid, void *context), void *context)
{
	struct walk walk = { .each = each, .context = context };
	int result = group_walk_one(dir, each, context);

	return result < 0 ? result : group_each_below(dir, walk_below, &walk);
}

/* ---- what is asked for ---- */

static int stop_at_first(pid_t pid, void *context)
{
	(void)pid;
	(void)context;
	return -ECANCELED;
}

int group_populated(struct group *group)
{
	int dir = group_open(group), result;

	if (dir < 0)
		return dir;
	result = group_walk(dir, stop_at_first, NULL);
	return result == -ECANCELED ? 1 : result;
}

struct pid_list {
	struct arena *arena;
	pid_t *pids;
	size_t count, capacity;
};

static int add_pid(pid_t pid, void *context)
{
	struct pid_list *list = context;

	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 32;
		pid_t *more = arena_array(list->arena, capacity, sizeof(*more));

		if (!more)
			return -ENOMEM;
		if (list->count)
			memcpy(more, list->pids, list->count * sizeof(*more));
		list->pids = more;
		list->capacity = capacity;
	}
	list->pids[list->count++] = pid;
	return 0;
}

ssize_t cgroup_processes(struct arena *arena, const struct cgroup *cgroup, pid_t **pids)
{
	/* Every process is in each hierarchy; the v2 one is listed first if there is one. */
	const struct group *group = group_v2(cgroup);
	struct pid_list list = { .arena = arena };
	struct group copy;
	int result;

	if (!group && cgroup->count > 0)
		group = &cgroup->groups[0];
	*pids = NULL;
	if (!group)
		return 0;
	copy = *group;
	result = group_open(&copy);
	if (result >= 0)
		result = group_walk(result, add_pid, &list);
	if (group->dir < 0)
		group_close(&copy);
	if (result == -ENOENT || result == -ENODEV)
		return 0;
	if (result < 0)
		return fail(-result, "list the processes of cgroup %s", group->path);
	*pids = list.pids;
	return (ssize_t)list.count;
}

static uint64_t count_of(struct group *group, const char *file)
{
	char text[GROUP_FILE_SIZE];
	const char *digit = NULL;
	uint64_t count = 0;

	if (group_read(group, file, text, sizeof(text)) > 0)
		digit = line_after(text, "oom_kill ");
	for (; digit && *digit >= '0' && *digit <= '9'; digit++)
		count = count * 10 + (unsigned int)(*digit - '0');
	return count;
}

uint64_t cgroup_oom_kills(const struct cgroup *cgroup)
{
	const struct group *v1 = group_v1(cgroup, "memory");
	const struct group *group = v1 ? v1 : group_v2(cgroup);
	struct group copy;

	if (!group)
		return 0;
	copy = *group;
	return count_of(&copy, v1 ? "memory.oom_control" : "memory.events");
}
