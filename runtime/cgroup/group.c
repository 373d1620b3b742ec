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

struct group *group_v1(struct cgroup *cgroup, const char *controller)
{
	for (size_t i = 0; IS_ENABLED(CONFIG_CGROUP_V1) && i < cgroup->count; i++) {
		struct group *group = &cgroup->groups[i];

		if (!group_is_v2(group) && word_in(group->controllers, ',', controller))
			return group;
	}
	return NULL;
}

struct group *group_v2(struct cgroup *cgroup)
{
	for (size_t i = 0; IS_ENABLED(CONFIG_CGROUP_V2) && i < cgroup->count; i++) {
		if (group_is_v2(&cgroup->groups[i]))
			return &cgroup->groups[i];
	}
	return NULL;
}

int group_open(struct group *group)
{
	if (group->dir < 0) {
		group->dir = open(group->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (group->dir < 0)
			return -errno;
	}
	return group->dir;
}

int group_write(struct group *group, const char *file, const char *value)
{
	int dir = group_open(group);

	return dir < 0 ? dir : file_write(dir, file, value, strlen(value));
}

ssize_t group_read(struct group *group, const char *file, char *buffer, size_t size)
{
	int dir = group_open(group);
	ssize_t length = dir < 0 ? dir : file_read_small(dir, file, buffer, size);

	if (length > 0 && buffer[length - 1] == '\n')
		buffer[--length] = '\0';
	return length;
}

/* What clients read of every container (podman stats, metrics of containerd), where it is to be had. */
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

bool group_has_usual(const char *list, bool all)
{
	size_t count = 0;

	for (size_t i = 0; i < USUAL_COUNT; i++)
		count += word_in(list, ' ', usual_controllers[i]);
	return all ? count == USUAL_COUNT : count > 0;
}

const char *group_v2_offer(struct arena *arena, const char *mount)
{
	char path[PATH_MAX + sizeof("/cgroup.controllers")], text[GROUP_FILE_SIZE];

	if (snprintf(path, sizeof(path), "%s/cgroup.controllers", mount) >= (int)sizeof(path) ||
	    file_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		text[0] = '\0';
	return arena_strdup(arena, text);
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
	if (cgroup->enabled && word_in(cgroup->enabled, ' ', controller))
		return true;
	return group_v2_available(cgroup) && word_in(cgroup->available, ' ', controller);
}
