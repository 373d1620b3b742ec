/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a file system by its type. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs_host.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

static bool is_tmpfs(const struct mount_plan *mount)
{
	return strcmp(mount->spec->type, "tmpfs") == 0;
}

static int mount_on_folder(struct rootfs *rootfs, int folder, const struct mount_request *request)
{
	rootfs->here = NULL;
	return mount_here(folder, NULL, request);
}

/* Most often several in a row: the working directory is there already. */
static int mount_in_fresh(struct rootfs *rootfs, const char *name,
			  const struct mount_request *request)
{
	if (rootfs->here == rootfs->fresh)
		return mount_from_here(name, request);
	rootfs->here = rootfs->fresh;
	return mount_here(rootfs->fresh->tree, name, request);
}

/* A tmpfs without mode= gets the mode of the folder that it covers. */
static int tmpfs_data(const struct rootfs *rootfs, const struct mount_plan *mount, int target,
		      const char **data)
{
	const char *given = mount->options.data;
	struct stat info;

	*data = given;
	if (mount->options.mode_given)
		return 0;
	if (fstat(target, &info) < 0)
		return fail(errno, "mount %s: read the mode", mount->spec->destination);
	*data = arena_printf(rootfs->arena, "%s%smode=%o", given ? given : "", given ? "," : "",
			     (unsigned int)info.st_mode & 07777);
	return *data ? 0 : -ENOMEM;
}

/* Will the root of this tmpfs be needed, by us or by the next mount or by the devices? */
static bool needs_root(const struct rootfs *rootfs, const struct mount_plan *mount)
{
	const char *destination = mount->spec->destination;
	const size_t next = (size_t)(mount - rootfs->mounts) + 1;

	if ((mount->options.set & MS_RDONLY) || mount->options.copy_up ||
	    mount->options.propagation_count || strcmp(destination, "/dev") == 0)
		return true;
	return next < rootfs->spec->mount_count &&
	       path_has_prefix(rootfs->spec->mounts[next].destination, destination);
}

/*
 * A tmpfs whose root we hold without walking to it: mounted over the old root, where only we can
 * be, opened there, and moved to its place. The descriptor goes with it.
 */
static int stage_tmpfs(const struct mount_request *request, int target)
{
	auto_fd int top = -1;
	int result = host_mount("/", request);

	if (result < 0)
		return result;
	top = host_open_top("/");
	if (top < 0)
		return top;
	result = mount_attach(top, target);
	return result < 0 ? result : take_fd(&top);
}

static int make_tmpfs_root(struct rootfs *rootfs, struct mount_plan *mount, int target,
			   const struct mount_request *request)
{
	const bool ours =
		rootfs->options.new_mount_namespace && !rootfs->in_place && !rootfs->shared;
	int result;

	if (ours) {
		mount->tree = stage_tmpfs(request, target);
		if (mount->tree < 0)
			return mount->tree;
		rootfs->fresh = mount;
		return 0;
	}
	result = mount_on_folder(rootfs, target, request);
	if (result < 0)
		return result;
	mount->tree = path_open(rootfs->root, mount->spec->destination, O_PATH, 0, PATH_IN_ROOT);
	return mount->tree < 0 ? mount->tree : 0;
}

static int finish_tmpfs(const struct mount_plan *mount, int target)
{
	int result;

	if (IS_ENABLED(CONFIG_TMPCOPYUP) && mount->options.copy_up) {
		result = mount_copy_up(target, mount->tree);
		if (result < 0)
			return fail_context(result, "mount %s: tmpcopyup",
					    mount->spec->destination);
	}
	return mount_apply_propagation(mount, mount->tree);
}

static int fail_fresh(int result, const struct mount_plan *mount, const char *data)
{
	return fail(-result, "mount %s (%s) with \"%s\"", mount->spec->destination,
		    mount->spec->type, data ? data : "");
}

static int make_tmpfs(struct rootfs *rootfs, struct mount_plan *mount)
{
	auto_fd int target = mount_target(rootfs, mount);
	struct mount_request request = {
		.source = mount->source,
		.type = mount->spec->type,
		/* Read-only in the end: places for further mounts must be made in it. */
		.flags = mount->options.set & ~(unsigned long)MS_RDONLY,
	};
	const bool root = needs_root(rootfs, mount);
	int result;

	if (target < 0)
		return target;
	if (tmpfs_data(rootfs, mount, target, &request.data) < 0)
		return -error_last()->no;
	result = root ? make_tmpfs_root(rootfs, mount, target, &request) :
			mount_on_folder(rootfs, target, &request);
	if (result < 0)
		return fail_fresh(result, mount, request.data);
	return root ? finish_tmpfs(mount, target) : 0;
}

static int make_other(struct rootfs *rootfs, struct mount_plan *mount)
{
	const char *name = mount_new_place(rootfs, mount);
	const struct mount_request request = {
		.source = mount->source,
		.type = mount->spec->type,
		.flags = mount->options.set,
		.data = mount->options.data,
	};
	auto_fd int target = -1;
	auto_fd int top = -1;
	int result;

	if (!name) {
		target = mount_target(rootfs, mount);
		if (target < 0)
			return target;
	}
	result = name ? mount_in_fresh(rootfs, name, &request) :
			mount_on_folder(rootfs, target, &request);
	if (result == -EPERM && !name && rootfs_has_user(rootfs) &&
	    strcmp(request.type, "sysfs") == 0)
		return mount_bind_sysfs(rootfs, mount, target);
	if (result < 0)
		return fail_fresh(result, mount, request.data);
	if (mount->options.propagation_count == 0)
		return 0;
	top = mount_open_top(rootfs, mount);
	return top < 0 ? top : mount_apply_propagation(mount, top);
}

int mount_make_fresh(struct rootfs *rootfs, struct mount_plan *mount)
{
	if (is_tmpfs(mount) && (!mount->options.mode_given || needs_root(rootfs, mount)))
		return make_tmpfs(rootfs, mount);
	return make_other(rootfs, mount);
}
