/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying a mount out, in C. A target is opened once and mounted on by descriptor. A bind mount with flags of its own
 * is cloned, attached and changed by one descriptor, so that no path is walked twice; only on a kernel without
 * open_tree(2) it is found again by path, and compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

enum { PROC_ROOT_INODE = 1 };

/* The mount that was just made at the destination: what a path walk finds there now. */
static int open_top(const struct rootfs *rootfs, const struct mount_plan *mount)
{
	int fd = path_open(rootfs->root, mount->spec->destination, O_PATH, 0, PATH_IN_ROOT);

	return fd < 0 ? fail(-fd, "mount %s: open it again", mount->spec->destination) : fd;
}

static int propagate(const struct mount_plan *mount, int top)
{
	for (size_t i = 0; i < mount->options.propagation_count; i++) {
		int result = mount_propagate(top, mount->options.propagation[i]);

		if (result < 0)
			return fail(-result, "mount %s: propagation", mount->spec->destination);
	}
	return 0;
}

static bool is_tmpfs(const struct mount_plan *mount)
{
	return strcmp(mount->spec->type, "tmpfs") == 0;
}

/* A tmpfs without mode= gets the mode of the folder that it covers. */
static const char *tmpfs_data(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	const char *data = mount->options.data;
	struct stat info;

	if (mount->options.mode_given)
		return data;
	if (fstat(target, &info) < 0) {
		fail(errno, "mount %s: read the mode", mount->spec->destination);
		return NULL;
	}
	return arena_printf(rootfs->arena, "%s%smode=%o", data ? data : "", data ? "," : "",
			    (unsigned int)info.st_mode & 07777);
}

/* What can only be done with the mounted file system in hand. */
static int finish_fresh(struct rootfs *rootfs, struct mount_plan *mount, int target, bool readonly)
{
	const bool copy_up = mount->options.copy_up && is_tmpfs(mount);
	auto_fd int top = -1;
	int result;

	if (!readonly && !copy_up && mount->options.propagation_count == 0)
		return 0;
	top = open_top(rootfs, mount);
	if (top < 0)
		return top;
	if (IS_ENABLED(CONFIG_TMPCOPYUP) && copy_up) {
		result = mount_copy_up(target, top);
		if (result < 0)
			return fail_context(result, "mount %s: tmpcopyup",
					    mount->spec->destination);
	}
	result = propagate(mount, top);
	if (result == 0 && readonly)
		mount->tree = take_fd(&top);
	return result;
}

static int make_sysfs_by_bind(struct rootfs *rootfs, const struct mount_plan *mount, int target);

static int make_fresh(struct rootfs *rootfs, struct mount_plan *mount, int target)
{
	const bool tmpfs = is_tmpfs(mount);
	const bool readonly = tmpfs && (mount->options.set & MS_RDONLY);
	struct mount_request request = {
		.source = mount->source,
		.source_fd = -1,
		.type = mount->spec->type,
		.flags = mount->options.set,
		.data = mount->options.data,
	};
	int result;

	if (tmpfs) {
		/* Read-only in the end: places for further mounts must be made in it. */
		request.flags &= ~(unsigned long)MS_RDONLY;
		request.data = tmpfs_data(rootfs, mount, target);
		if (!request.data)
			return -ENOMEM;
	}
	result = mount_on(target, &request);
	if (result == -EPERM && rootfs->options.user_namespace &&
	    strcmp(request.type, "sysfs") == 0)
		return make_sysfs_by_bind(rootfs, mount, target);
	if (result < 0)
		return fail(-result, "mount %s (%s) with \"%s\"", mount->spec->destination,
			    request.type, request.data ? request.data : "");
	return finish_fresh(rootfs, mount, target, readonly);
}

/* ---- bind mounts ---- */

/* Only a procfs, whole, may cover /proc: the container's namespaces may be such that it shows the host's. */
static int check_proc_source(const struct mount_plan *mount, int source)
{
	struct statfs info;
	struct stat root;

	if (fstatfs(source, &info) < 0 || fstat(source, &root) < 0)
		return fail(errno, "mount %s", mount->spec->destination);
	if (info.f_type != PROC_SUPER_MAGIC || root.st_ino != PROC_ROOT_INODE)
		return fail(EPERM, "mount %s: %s is not a procfs", mount->spec->destination,
			    mount->source);
	return 0;
}

/* Flags and propagation of a bind mount by the descriptor of its root. */
static int finish_bind(const struct rootfs *rootfs, const struct mount_plan *mount, int top)
{
	int result = 0;

	if (mount->options.set & MOUNT_FLAGS_OWN)
		result = mount_change(top, mount->options.set, mount->options.clear);
	if (result < 0)
		return fail(-result, "mount %s: set its flags", mount->spec->destination);
	/* P made the clone in the host's namespace, where it belongs to the host's peer groups. */
	if (mount->tree >= 0 && rootfs->options.user_namespace)
		result = mount_propagate(top, MS_SLAVE | MS_REC);
	if (result < 0)
		return fail(-result, "mount %s: propagation", mount->spec->destination);
	return propagate(mount, top);
}

static bool needs_finish(const struct mount_plan *mount)
{
	return (mount->options.set & MOUNT_FLAGS_OWN) || mount->options.propagation_count;
}

/* A kernel without open_tree(2): bind, find the mount again, be sure that it is the one. */
static int bind_by_path(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	const struct mount_request request = {
		.source = mount->source,
		.source_fd = -1,
		.flags = MS_BIND | (mount->options.set & MS_REC),
	};
	struct stat wanted, found;
	auto_fd int top = -1;
	int result = mount_on(target, &request);

	if (result < 0)
		return fail(-result, "mount %s: bind %s", mount->spec->destination, mount->source);
	if (!needs_finish(mount))
		return 0;
	top = open_top(rootfs, mount);
	if (top < 0)
		return top;
	if (stat(mount->source, &wanted) < 0 || fstat(top, &found) < 0)
		return fail(errno, "mount %s: read it back", mount->spec->destination);
	if (wanted.st_dev != found.st_dev || wanted.st_ino != found.st_ino)
		return fail(EXDEV, "mount %s: somebody moved it away", mount->spec->destination);
	return finish_bind(rootfs, mount, top);
}

static int make_bind(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	auto_fd int own = -1;
	int result, tree = mount->tree;

	if (tree < 0 && needs_finish(mount)) {
		own = mount_clone(AT_FDCWD, mount->source, mount->options.set & MS_REC);
		if (own < 0 && own != -ENOSYS && own != -EPERM)
			return fail(-own, "mount %s: source %s", mount->spec->destination,
				    mount->source);
		tree = own;
	}
	if (tree < 0)
		return bind_by_path(rootfs, mount, target);
	result = mount_attach(tree, target);
	if (result < 0)
		return fail(-result, "mount %s: bind %s", mount->spec->destination, mount->source);
	return finish_bind(rootfs, mount, tree);
}

/* /proc over /proc: the source is opened first and bound by descriptor, so that what was checked is what is mounted. */
static int make_proc_bind(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	char source_path[PATH_FD_SIZE];
	auto_fd int source = -1;
	struct mount_plan checked = *mount;
	int result;

	if (mount->tree < 0) {
		source = open(mount->source, O_PATH | O_CLOEXEC);
		if (source < 0)
			return fail(errno, "mount %s: source %s", mount->spec->destination,
				    mount->source);
		checked.source = path_of_fd(source, source_path);
	}
	result = check_proc_source(mount, mount->tree >= 0 ? mount->tree : source);
	return result < 0 ? result : make_bind(rootfs, &checked, target);
}

/* In a user namespace without a network namespace of its own the kernel gives no new sysfs: the host's, read-only. */
static int make_sysfs_by_bind(struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	struct mount_plan bind = *mount;

	bind.kind = MOUNT_BIND;
	bind.source = "/sys";
	bind.options.set |= MS_BIND | MS_REC | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
	bind.options.clear = 0;
	return make_bind(rootfs, &bind, target);
}

/* ---- the rest ---- */

static int make_remount(const struct mount_plan *mount, int target)
{
	const struct mount_request request = {
		.source_fd = -1,
		.flags = mount->options.set,
		.data = mount->options.data,
	};
	int result;

	if (mount->options.set & MS_BIND)
		result = mount_change(target, mount->options.set, mount->options.clear);
	else
		result = mount_on(target, &request);
	if (result < 0)
		return fail(-result, "mount %s: remount", mount->spec->destination);
	return propagate(mount, target);
}

static int make_cgroup(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	const bool own = rootfs->spec->namespaces[NAMESPACE_CGROUP].present;
	auto_fd int top = -1;
	int result;

	if (!rootfs->options.cgroup)
		return fail(ENODEV, "mount %s: no control groups", mount->spec->destination);
	result = cgroup_mount(rootfs->options.cgroup, target, mount->options.set,
			      mount->options.data, own);
	if (result < 0)
		return fail_context(result, "mount %s", mount->spec->destination);
	if (mount->options.propagation_count == 0)
		return 0;
	top = open_top(rootfs, mount);
	return top < 0 ? top : propagate(mount, top);
}

int mount_make(struct rootfs *rootfs, struct mount_plan *mount)
{
	auto_fd int target = mount_target(rootfs, mount);

	if (target < 0)
		return target;
	switch (mount->kind) {
	case MOUNT_FRESH:
		return make_fresh(rootfs, mount, target);
	case MOUNT_BIND:
		if (strcmp(mount->spec->destination, "/proc") == 0)
			return make_proc_bind(rootfs, mount, target);
		return make_bind(rootfs, mount, target);
	case MOUNT_REMOUNT:
		return make_remount(mount, target);
	case MOUNT_CGROUP:
		return make_cgroup(rootfs, mount, target);
	case MOUNT_PROPAGATION:
		return propagate(mount, target);
	}
	return -EINVAL;
}

int mount_make_readonly(struct rootfs *rootfs)
{
	for (size_t i = 0; i < rootfs->spec->mount_count; i++) {
		struct mount_plan *mount = &rootfs->mounts[i];
		int result;

		if (mount->kind != MOUNT_FRESH || mount->tree < 0)
			continue;
		result = mount_change(mount->tree, MS_RDONLY, 0);
		if (result < 0)
			return fail(-result, "mount %s: make it read-only",
				    mount->spec->destination);
		close_fd(&mount->tree);
	}
	return 0;
}
