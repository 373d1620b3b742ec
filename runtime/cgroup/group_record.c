/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line of a state record that says where a container's groups are: "disabled", or groups
 * separated by tabs. One group: its controllers ("cpu,cpuacct", "name=systemd", "cgroup2"), the
 * length of its mount point, how many of its last components are our own, and its path.
 *
 *   cgroup2 14 1 /sys/fs/cgroup/web<TAB>cpu 18 1 /sys/fs/cgroup/cpu/web
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/str.h"
#include "runtime/cgroup/internal.h"

#define RECORD_DISABLED "disabled"
#define RECORD_V2 "cgroup2"

enum { RECORD_EXTRA = sizeof("\t" RECORD_V2 " 4294967295 4294967295 ") };

const char *cgroup_record(const struct cgroup *cgroup)
{
	return cgroup->record;
}

const char *cgroup_common_path(const struct cgroup *cgroup)
{
	const char *common = NULL;

	for (size_t i = 0; i < cgroup->count; i++) {
		const char *path = cgroup->groups[i].path + cgroup->groups[i].mount_length;

		if (common && strcmp(path, common) != 0)
			return NULL;
		common = path;
	}
	return common;
}

int group_record(struct cgroup *cgroup)
{
	size_t size = sizeof(RECORD_DISABLED), used = 0;
	char *record;

	for (size_t i = 0; i < cgroup->count; i++)
		size += strlen(cgroup->groups[i].controllers) + strlen(cgroup->groups[i].path) +
			RECORD_EXTRA;
	record = arena_bytes(cgroup->arena, size);
	if (!record)
		return -ENOMEM;
	if (cgroup->disabled)
		memcpy(record, RECORD_DISABLED, sizeof(RECORD_DISABLED));
	for (size_t i = 0; i < cgroup->count; i++) {
		const struct group *group = &cgroup->groups[i];

		used += (size_t)snprintf(record + used, size - used, "%s%s %zu %u %s",
					 i ? "\t" : "", group->v2 ? RECORD_V2 : group->controllers,
					 group->mount_length, group->own, group->path);
	}
	cgroup->record = record;
	return 0;
}

/* No path of ours has "." or ".." in it: whatever does is not what we wrote. */
static bool is_plain_path(const char *path)
{
	for (const char *at = path; at; at = strchr(at + 1, '/')) {
		size_t length = at[0] == '/' ? strcspn(at + 1, "/") : 0;

		if (length == 0 || (length == 1 && at[1] == '.') ||
		    (length == 2 && at[1] == '.' && at[2] == '.'))
			return false;
	}
	return true;
}

static unsigned int count_components(const char *path)
{
	unsigned int count = 0;

	for (; (path = strchr(path, '/')); path++)
		count++;
	return count;
}

static bool read_group(struct group *group, char *text)
{
	char *length = strchr(text, ' '), *own = length ? strchr(length + 1, ' ') : NULL;
	char *path = own ? strchr(own + 1, ' ') : NULL;
	uint32_t mount_length, own_count;

	if (!path)
		return false;
	*length++ = *own++ = *path++ = '\0';
	if (!str_uint32(length, &mount_length) || !str_uint32(own, &own_count) ||
	    !is_plain_path(path) || strlen(path) >= PATH_MAX || mount_length >= strlen(path) ||
	    path[mount_length] != '/' || own_count == 0 ||
	    own_count > count_components(path + mount_length))
		return false;
	*group = (struct group){
		.controllers = text,
		.path = path,
		.mount_length = mount_length,
		.own = own_count,
		.ours = true,
		.dir = GROUP_CLOSED,
		.procs = -1,
	};
	if (strcmp(text, RECORD_V2) == 0) {
		group->v2 = true;
		group->controllers = "";
	}
	return IS_ENABLED(CONFIG_CGROUP_V1) || group->v2;
}

struct cgroup *cgroup_from_record(struct arena *arena, const char *record)
{
	struct cgroup *cgroup = group_none(arena);
	char *text = arena_strdup(arena, record), *end;

	if (!cgroup || !text)
		return NULL;
	cgroup->record = record;
	cgroup->disabled = strcmp(record, RECORD_DISABLED) == 0;
	if (cgroup->disabled || record[0] == '\0')
		return cgroup;
	for (char *at = text; at; at = end) {
		end = strchr(at, '\t');
		if (end)
			*end++ = '\0';
		if (cgroup->count == GROUP_MAX || !read_group(&cgroup->groups[cgroup->count], at)) {
			fail_as(ERROR_STATE, EBADMSG,
				"the record of the container's cgroups: %.200s", record);
			return NULL;
		}
		cgroup->count++;
	}
	return cgroup;
}

void cgroup_close(struct cgroup *cgroup)
{
	for (size_t i = 0; cgroup && i < cgroup->count; i++) {
		group_close(&cgroup->groups[i]);
		close_fd(&cgroup->groups[i].procs);
	}
}
