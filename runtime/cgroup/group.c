/* SPDX-License-Identifier: Apache-2.0 */
/* Groups, and the control files in them: small things that all of this room need. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "runtime/cgroup/internal.h"

ssize_t host_read(const char *path, char *buffer, size_t size)
{
	return file_read_small(AT_FDCWD, path, buffer, size);
}

bool word_in(const char *list, char separator, const char *word)
{
	const size_t length = strlen(word);

	while (*list) {
		const char *end = list;

		while (*end && *end != separator && *end != '\n')
			end++;
		if ((size_t)(end - list) == length && memcmp(list, word, length) == 0)
			return true;
		list = *end ? end + 1 : end;
	}
	return false;
}

const char *line_after(const char *text, const char *start)
{
	const size_t length = strlen(start);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, start, length) == 0)
			return line + length;
	}
	return NULL;
}

bool has_dotdot(const char *path)
{
	for (const char *at = path; *at; at += strcspn(at, "/"), at += strspn(at, "/")) {
		if (at[0] == '.' && at[1] == '.' && (at[2] == '/' || at[2] == '\0'))
			return true;
	}
	return false;
}

struct group *group_v1(const struct cgroup *cgroup, const char *controller)
{
	for (size_t i = 0; IS_ENABLED(CONFIG_CGROUP_V1) && i < cgroup->count; i++) {
		struct group *group = &cgroup->groups[i];

		if (!group_is_v2(group) && word_in(group->controllers, ',', controller))
			return group;
	}
	return NULL;
}

struct group *group_v2(const struct cgroup *cgroup)
{
	for (size_t i = 0; IS_ENABLED(CONFIG_CGROUP_V2) && i < cgroup->count; i++) {
		if (group_is_v2(&cgroup->groups[i]))
			return &cgroup->groups[i];
	}
	return NULL;
}

struct cgroup *group_none(struct arena *arena)
{
	struct cgroup *cgroup = arena_alloc(arena, sizeof(*cgroup));

	if (cgroup) {
		cgroup->arena = arena;
		cgroup->groups = arena_array(arena, GROUP_MAX, sizeof(cgroup->groups[0]));
	}
	return cgroup && cgroup->groups ? cgroup : NULL;
}

char *group_path(const struct group *group, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s", group->path);
	return path;
}

int group_open(struct group *group)
{
	if (group->dir < 0) {
		group->dir = openat(AT_FDCWD, group->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (group->dir < 0)
			return -errno;
	}
	return group->dir;
}

void group_close(struct group *group)
{
	if (group->dir >= 0)
		close_fd(&group->dir);
	group->dir = GROUP_CLOSED;
}

/* The name of a file for openat(2) and the like: below group->dir if that is open, else as a whole.
 */
static const char *name_of(const struct group *group, const char *file, char path[GROUP_PATH_SIZE])
{
	if (group->dir >= 0)
		return file;
	snprintf(path, GROUP_PATH_SIZE, "%s/%s", group->path, file);
	return path;
}

int group_open_file(struct group *group, const char *file, int flags)
{
	char path[GROUP_PATH_SIZE];
	int fd = openat(group->dir, name_of(group, file, path), flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int group_write(struct group *group, const char *file, const char *value)
{
	char path[GROUP_PATH_SIZE];

	return file_write(group->dir, name_of(group, file, path), value, strlen(value));
}

ssize_t group_read(struct group *group, const char *file, char *buffer, size_t size)
{
	char path[GROUP_PATH_SIZE];
	ssize_t length = file_read_small(group->dir, name_of(group, file, path), buffer, size);

	if (length > 0 && buffer[length - 1] == '\n')
		buffer[--length] = '\0';
	return length;
}

/*
 * What clients read of every container (podman stats, metrics of containerd), where it is to be
 * had.
 */
static const char *const usual_controllers[] = { "cpu", "cpuset", "io", "memory", "pids" };

enum { USUAL_COUNT = sizeof(usual_controllers) / sizeof(usual_controllers[0]) };

bool group_is_usual(const char *controller)
{
	for (size_t i = 0; i < USUAL_COUNT; i++) {
		if (strcmp(controller, usual_controllers[i]) == 0)
			return true;
	}
	return false;
}

bool group_has_usual(const char *list)
{
	for (size_t i = 0; i < USUAL_COUNT; i++) {
		if (word_in(list, ' ', usual_controllers[i]))
			return true;
	}
	return false;
}

bool group_lacks_usual(struct cgroup *cgroup)
{
	for (size_t i = 0; i < USUAL_COUNT; i++) {
		const char *name = usual_controllers[i];

		/* What is on v1 cannot be here. */
		if (group_v1(cgroup, strcmp(name, "io") == 0 ? "blkio" : name))
			continue;
		if (!group_v2_enabled(cgroup) || !word_in(cgroup->enabled, ' ', name))
			return true;
	}
	return false;
}

const char *group_v2_offer(struct arena *arena, const char *mount)
{
	char path[GROUP_PATH_SIZE], text[GROUP_FILE_SIZE];

	if (snprintf(path, sizeof(path), "%s/cgroup.controllers", mount) >= (int)sizeof(path) ||
	    host_read(path, text, sizeof(text)) < 0)
		text[0] = '\0';
	return arena_strdup(arena, text);
}

const char *group_v2_enabled(struct cgroup *cgroup)
{
	const struct group *group = group_v2(cgroup);
	char path[GROUP_PATH_SIZE], text[GROUP_FILE_SIZE];

	if (cgroup->enabled || !group)
		return cgroup->enabled;
	snprintf(path, sizeof(path), "%.*s/cgroup.subtree_control",
		 (int)(strrchr(group->path, '/') - group->path), group->path);
	/* With more than one folder to be made the parent is not there yet. */
	if (group->own > 1 || host_read(path, text, sizeof(text)) < 0)
		text[0] = '\0';
	cgroup->enabled = arena_strdup(cgroup->arena, text);
	return cgroup->enabled;
}

const char *group_v2_available(struct cgroup *cgroup)
{
	const struct group *group = group_v2(cgroup);
	char mount[PATH_MAX];

	if (!cgroup->available && group) {
		memcpy(mount, group->path, group->mount_length);
		mount[group->mount_length] = '\0';
		cgroup->available = group_v2_offer(cgroup->arena, mount);
	}
	return cgroup->available;
}

bool group_v2_has(struct cgroup *cgroup, const char *controller)
{
	if (!group_v2(cgroup))
		return false;
	if (group_v2_enabled(cgroup) && word_in(cgroup->enabled, ' ', controller))
		return true;
	return group_v2_available(cgroup) && word_in(cgroup->available, ' ', controller);
}
