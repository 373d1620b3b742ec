/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's groups will be: everything that can be decided before the first side effect.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/cgroup/internal.h"
#include "runtime/cgroup/limits.h"

static const char property[] = "linux.cgroupsPath";

/*
 * The path of the configuration, clean, with a leading "/". The kernel cuts lines at a newline
 * and so do we with our record at a tab: no control characters.
 */
static int clean_path(const char *cgroups_path, const char *id, char clean[PATH_MAX])
{
	const char *path = cgroups_path && cgroups_path[0] ? cgroups_path : id;
	char rooted[PATH_MAX];

	for (const char *at = path; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return fail_property(property, "has a control character");
	}
	if (strlen(path) + 2 > sizeof(rooted))
		return fail_property(property, "is too long");
	snprintf(rooted, sizeof(rooted), "/%s", path);
	if (path_clean(rooted, clean, PATH_MAX) < 0)
		return fail_property(property, "is too long");
	if (strcmp(clean, "/") == 0)
		return fail_property(property, "%s is the root of the hierarchy", path);
	return 0;
}

/*
 * Below which group a relative path begins: our own. On v2 a group with processes in it cannot give
 * controllers to groups below (cgroup-v2.rst, "No Internal Process Constraint"), so where there
 * are any it is the one above ours.
 */
static size_t base_length(struct cgroup *cgroup, const struct found_group *found)
{
	const char *slash = strrchr(found->own, '/');

	if (!found->v2 || !slash)
		return strlen(found->own);
	cgroup->available = group_v2_offer(cgroup->arena, found->mount);
	if (cgroup->available && !group_has_usual(cgroup->available))
		return strlen(found->own);
	return (size_t)(slash - found->own);
}

/* Is there such a folder? 1, 0, or -errno. */
static int folder_exists(const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	return S_ISDIR(status.st_mode) ? 1 : -ENOTDIR;
}

/* How many of the last components of a group that is not there are missing: at least its own. */
static int count_missing(struct group *group, size_t base)
{
	char path[PATH_MAX];

	group_path(group, path);
	for (group->own = 1;; group->own++) {
		char *slash = strrchr(path, '/');
		int exists;

		*slash = '\0';
		if ((size_t)(slash - path) <= base)
			return 0;
		exists = folder_exists(path);
		if (exists < 0)
			return fail(-exists, "look at cgroup %s", path);
		if (exists)
			return 0;
	}
}

/* A group that is there already may be used if nobody else does. */
static int check_existing(struct group *group)
{
	int populated = group_populated(group), frozen;

	if (populated < 0)
		return fail(-populated, "read the processes of cgroup %s", group->path);
	if (populated)
		return fail_as(ERROR_STATE, EBUSY,
			       "%s: cgroup %s is not empty: another container may be using it",
			       property, group->path);
	frozen = group_is_frozen(group);
	if (frozen > 0)
		return fail_as(ERROR_STATE, EBUSY, "%s: cgroup %s is frozen", property,
			       group->path);
	return 0;
}

static int plan_group(struct cgroup *cgroup, const struct found_group *found, size_t base,
		      const char *path, bool guess)
{
	struct group *group = &cgroup->groups[cgroup->count];
	const char *mount = strcmp(found->mount, "/") == 0 ? "" : found->mount;
	char *full;
	int exists;

	*group = (struct group){
		.controllers = found->controllers,
		.mount_length = strlen(mount),
		.own = 1,
		.v2 = found->v2,
		.dir = GROUP_CLOSED,
		.procs = -1,
	};
	full = arena_printf(cgroup->arena, "%s%.*s%s", mount, (int)base, found->own, path);
	if (!full)
		return -ENOMEM;
	if (strlen(full) >= PATH_MAX)
		return fail_property(property, "is too long");
	group->path = full;
	cgroup->count++;
	exists = folder_exists(full);
	if (exists < 0)
		return fail(-exists, "look at cgroup %s", full);
	group->exists = exists;
	if (guess)
		return 0;
	return exists ? check_existing(group) : count_missing(group, group->mount_length + base);
}

/*
 * May we make groups here? Where not (a read-only mount in a container, an unprivileged user) the
 * hierarchy is left out: limits that need it are refused for its lack.
 */
static bool is_writable(const struct found_group *found, size_t base, bool ask)
{
	char path[PATH_MAX];
	size_t mount = strlen(found->mount);

	if (found->readonly)
		return false;
	if (!ask || mount + base >= sizeof(path))
		return true;
	memcpy(path, found->mount, mount);
	memcpy(path + mount, found->own, base);
	path[mount + base] = '\0';
	return access(path, W_OK) == 0;
}

static int plan_groups(struct cgroup *cgroup, const char *cgroups_path, const char *id, bool guess)
{
	const bool relative = !cgroups_path || cgroups_path[0] != '/';
	const bool ask = !cgroups_path && geteuid() != 0;
	struct found found;
	char clean[PATH_MAX];
	int result = clean_path(cgroups_path, id, clean);

	if (result == 0)
		result = cgroup_find(cgroup->arena, relative, &found);
	for (size_t i = 0; result == 0 && i < found.count; i++) {
		const struct found_group *item = &found.items[i];
		const size_t base = relative ? base_length(cgroup, item) : 0;

		if (is_writable(item, base, ask))
			result = plan_group(cgroup, item, base, clean, guess);
	}
	return result;
}

struct cgroup *cgroup_plan(struct arena *arena, enum cgroup_manager manager,
			   const char *cgroups_path, const char *id,
			   const struct spec_resources *resources)
{
	struct cgroup *cgroup = group_none(arena);
	int result = 0;

	if (!cgroup)
		return NULL;
	cgroup->disabled = manager == CGROUP_MANAGER_DISABLED;
	if (!cgroup->disabled) {
		result = plan_groups(cgroup, cgroups_path, id, false);
		if (result == 0)
			result = limits_plan(cgroup, resources);
	}
	if (result == 0)
		result = group_record(cgroup);
	if (result == 0)
		return cgroup;
	cgroup_close(cgroup);
	return NULL;
}

struct cgroup *cgroup_guess(struct arena *arena, enum cgroup_manager manager,
			    const char *cgroups_path, const char *id)
{
	struct cgroup *cgroup = group_none(arena);
	int result = 0;

	if (!cgroup)
		return NULL;
	cgroup->disabled = manager == CGROUP_MANAGER_DISABLED;
	if (!cgroup->disabled)
		result = plan_groups(cgroup, cgroups_path, id, true);
	if (result == 0)
		result = group_record(cgroup);
	for (size_t i = 0; i < cgroup->count; i++)
		cgroup->groups[i].ours = true;
	return result == 0 ? cgroup : NULL;
}
