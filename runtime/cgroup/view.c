/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's view of its groups: a mount of type "cgroup" (whatever the host has) or "cgroup2"
 * (the v2 tree). v2 alone is mounted as such; for v1 it is a tmpfs with one folder for
 * each hierarchy, and links for controllers that share one.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/cgroup/internal.h"
#include "runtime/mount_call.h"

#ifndef CGROUP2_SUPER_MAGIC
#define CGROUP2_SUPER_MAGIC 0x63677270
#endif

struct view {
	unsigned long flags;
	const char *data;
	bool own_namespace;
};

static int mount_on_fd(int target, const char *type, unsigned long flags, const char *data)
{
	char path[PATH_FD_SIZE];

	return mount(type, path_of_fd(target, path), type, flags, data) < 0 ? -errno : 0;
}

static bool is_magic(int fd, long magic)
{
	struct statfs info;

	return fstatfs(fd, &info) == 0 && (long)info.f_type == magic;
}

/*
 * What was just mounted on `target`: the descriptor itself stays below the mount. Its name in its
 * parent leads to the top, and must be of the file system that was mounted.
 */
static int open_top(int target, long magic)
{
	char link[PATH_FD_SIZE], path[PATH_MAX];
	auto_fd int parent = openat(target, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int top = -1;
	ssize_t length = readlink(path_of_fd(target, link), path, sizeof(path) - 1);
	const char *name;

	if (parent < 0 || length < 0)
		return -errno;
	path[length] = '\0';
	name = strrchr(path, '/');
	if (!name || name[1] == '\0')
		return -ENOENT;
	top = openat(parent, name + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return -errno;
	return is_magic(top, magic) ? take_fd(&top) : -ESTALE;
}

/* Before open_tree(2), 5.2: bound first, then found again to set its flags. */
static int bind_classic(const struct group *group, int target, const struct view *view)
{
	char path[PATH_FD_SIZE];
	auto_fd int top = -1;
	int result;

	if (mount(group->path, path_of_fd(target, path), NULL, MS_BIND, NULL) < 0)
		return -errno;
	top = open_top(target, group_is_v2(group) ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
	result = top < 0 ? top : mount_change(top, view->flags, 0);
	return result;
}

/* Without a cgroup namespace the file system would show the host's groups: bind the container's. */
static int bind_group(const struct group *group, int target, const struct view *view)
{
	auto_fd int tree = mount_clone(AT_FDCWD, group->path, false);
	int result;

	if (tree == -ENOSYS || tree == -EPERM) {
		result = bind_classic(group, target, view);
	} else {
		result = tree < 0 ? tree : mount_change(tree, view->flags, 0);
		if (result == 0)
			result = mount_attach(tree, target);
	}
	return result < 0 ? fail(-result, "bind cgroup %s", group->path) : 0;
}

static int mount_v2(const struct group *group, int target, const struct view *view)
{
	int result = view->own_namespace ? mount_on_fd(target, "cgroup2", view->flags, view->data) :
					   -EPERM;

	/* In a user namespace that may not mount it, the bind shows the same. */
	if (result == -EPERM || result == -EBUSY)
		return bind_group(group, target, view);
	return result < 0 ? fail(-result, "mount cgroup2") : 0;
}

/* ---- v1 ---- */

static const char *folder_name(const struct group *group)
{
	if (group_is_v2(group))
		return "unified";
	return strncmp(group->controllers, "name=", 5) == 0 ? group->controllers + 5 :
							      group->controllers;
}

/* "cpu" and "cpuacct" beside "cpu,cpuacct". */
static int link_controllers(int folder, const char *controllers)
{
	char name[64];
	size_t length;

	if (!strchr(controllers, ','))
		return 0;
	for (const char *at = controllers; *at; at += length + (at[length] == ',')) {
		length = strcspn(at, ",");
		if (length >= sizeof(name))
			continue;
		memcpy(name, at, length);
		name[length] = '\0';
		if (symlinkat(controllers, folder, name) < 0 && errno != EEXIST)
			return fail(errno, "link %s to %s", name, controllers);
	}
	return 0;
}

/* `place`: the folder `name` of the tmpfs `folder`, which is ours alone: no link can be there. */
static int bind_hierarchy(int folder, const char *name, const char *place,
			  const struct group *group, const struct view *view)
{
	int result;

	if (mount(group->path, place, NULL, MS_BIND, NULL) < 0)
		return fail(errno, "bind cgroup %s", group->path);
	result = mount_change_at(folder, name, view->flags, 0);
	return result < 0 ? fail(-result, "set the mount flags of cgroup %s", group->path) : 0;
}

static int mount_hierarchy(int folder, const char *name, const struct group *group,
			   const struct view *view)
{
	const char *type = group_is_v2(group) ? "cgroup2" : "cgroup";
	char place[PATH_FD_SIZE + NAME_MAX + 2], fd[PATH_FD_SIZE], data[NAME_MAX + 8];

	snprintf(place, sizeof(place), "%s/%s", path_of_fd(folder, fd), name);
	snprintf(data, sizeof(data), "%s%s",
		 strncmp(group->controllers, "name=", 5) == 0 ? "none," : "", group->controllers);
	if (!view->own_namespace)
		return bind_hierarchy(folder, name, place, group, view);
	if (mount(type, place, type, view->flags, group_is_v2(group) ? view->data : data) == 0)
		return 0;
	if (errno == EPERM || errno == EBUSY)
		return bind_hierarchy(folder, name, place, group, view);
	return fail(errno, "mount the cgroup hierarchy \"%s\"", group->controllers);
}

static int add_hierarchy(int folder, const struct group *group, const struct view *view)
{
	const char *name = folder_name(group);
	int result;

	if (strlen(name) > NAME_MAX)
		return fail(ENAMETOOLONG, "make the folder %.64s", name);
	if (mkdirat(folder, name, 0755) < 0)
		return fail(errno, "make the folder %s", name);
	result = mount_hierarchy(folder, name, group, view);
	return result == 0 ? link_controllers(folder, name) : result;
}

static int mount_folders(const struct cgroup *cgroup, int target, const struct view *view)
{
	const unsigned long flags = view->flags & ~(unsigned long)MS_RDONLY;
	auto_fd int folder = -1;
	int result = mount_on_fd(target, "tmpfs", flags, "mode=755");

	if (result < 0)
		return fail(-result, "mount a tmpfs for the cgroups");
	folder = open_top(target, TMPFS_MAGIC);
	if (folder < 0)
		return fail(-folder, "open the tmpfs for the cgroups");
	for (size_t i = 0; result == 0 && i < cgroup->count; i++)
		result = add_hierarchy(folder, &cgroup->groups[i], view);
	if (result < 0 || !(view->flags & MS_RDONLY))
		return result;
	result = mount_change(folder, MS_RDONLY, 0);
	return result < 0 ? fail(-result, "make the cgroup folders read-only") : 0;
}

/* ---- all together ---- */

/* Without groups of its own the container is in those of the runtime. */
static int own_groups(struct arena *arena, struct cgroup *cgroup)
{
	struct found found;
	int result = cgroup_find(arena, true, &found);

	for (size_t i = 0; result == 0 && i < found.count; i++) {
		const struct found_group *item = &found.items[i];
		char *path = arena_printf(arena, "%s%s", item->mount, item->own);

		if (!path)
			return -ENOMEM;
		cgroup->groups[cgroup->count++] = (struct group){
			.controllers = item->controllers,
			.path = path,
			.v2 = item->v2,
			.dir = GROUP_CLOSED,
			.procs = -1,
		};
	}
	return result;
}

static int mount_view(const struct cgroup *cgroup, int target, const struct view *view,
		      bool v2_only)
{
	const struct group *v2 = group_v2(cgroup);

	if (v2 && (v2_only || cgroup->count == 1))
		return mount_v2(v2, target, view);
	if (v2_only)
		return fail_as(ERROR_UNSUPPORTED, ENODEV, "there is no cgroup v2");
	return mount_folders(cgroup, target, view);
}

static int mount_any(const struct cgroup *cgroup, int target, const struct view *view, bool v2_only)
{
	auto_arena struct arena scratch = { 0 };
	struct cgroup *own;
	int result;

	if (!cgroup->disabled)
		return mount_view(cgroup, target, view, v2_only);
	own = group_none(&scratch);
	if (!own)
		return -ENOMEM;
	result = own_groups(&scratch, own);
	return result == 0 ? mount_view(own, target, view, v2_only) : result;
}

int cgroup_mount(const struct cgroup *cgroup, int target, unsigned long flags, const char *data,
		 bool cgroup_namespace)
{
	const struct view view = { flags, data, cgroup_namespace };

	return mount_any(cgroup, target, &view, false);
}

int cgroup_mount_v2(const struct cgroup *cgroup, int target, unsigned long flags, const char *data,
		    bool cgroup_namespace)
{
	const struct view view = { flags, data, cgroup_namespace };

	return mount_any(cgroup, target, &view, true);
}
