/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bind mounts. The source is cloned, attached and changed by one descriptor, so that no path is
 * walked twice; only on a kernel without open_tree(2) the mount is found again by path, and
 * compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs_host.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

enum { PROC_ROOT_INODE = 1 };

/*
 * Only a procfs, whole, may cover /proc: the container's namespaces may be such that it shows the
 * host's.
 */
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

/*
 * In a clone that C makes, the kernel locks the flags of the source against the root of a user
 * namespace; in P's clone it does not, so we do: what makes the mount safer is not cleared.
 */
static int change_flags(const struct rootfs *rootfs, const struct mount_plan *mount, int top)
{
	const unsigned long clear =
		mount->options.clear & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
	unsigned long flags = 0;
	int result;

	if (clear && mount->tree >= 0 && rootfs_has_user(rootfs)) {
		result = mount_flags(top, &flags);
		if (result < 0)
			return result;
		if (flags & clear)
			return -EPERM;
	}
	return mount_change(top, mount->options.set, mount->options.clear);
}

/*
 * Flags and propagation of a bind mount by the descriptor of its root. One that stands for a fresh
 * mount has no parts of its own.
 */
static int finish_bind(const struct rootfs *rootfs, const struct mount_plan *mount, int top)
{
	int result = 0;

	if (mount->kind != MOUNT_BIND)
		result = mount_change_all(top, mount->options.set);
	else if (mount->options.set & MOUNT_FLAGS_OWN)
		result = change_flags(rootfs, mount, top);
	if (result < 0)
		return fail(-result, "mount %s: set its flags", mount->spec->destination);
	/* P made the clone in the host's namespace, where it belongs to the host's peer groups. */
	if (mount->tree >= 0 && rootfs_has_user(rootfs))
		result = mount_propagate(top, MS_SLAVE | MS_REC);
	if (result < 0)
		return fail(-result, "mount %s: propagation", mount->spec->destination);
	return mount_apply_propagation(mount, top);
}

/* A kernel without open_tree(2): bind, find the mount again, be sure that it is the one. */
static int bind_by_path(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	const struct mount_request request = {
		.source = mount->source,
		.flags = MS_BIND | (mount->options.set & MS_REC),
	};
	struct stat wanted, found;
	auto_fd int top = -1;
	int result = mount_on(target, &request);

	if (result < 0)
		return fail(-result, "mount %s: bind %s", mount->spec->destination, mount->source);
	if (!(mount->options.set & MOUNT_FLAGS_OWN) && mount->options.propagation_count == 0)
		return 0;
	top = mount_open_top(rootfs, mount);
	if (top < 0)
		return top;
	result = host_stat(mount->source, &wanted);
	if (result < 0)
		return fail(-result, "mount %s: source %s", mount->spec->destination,
			    mount->source);
	if (fstat(top, &found) < 0)
		return fail(errno, "mount %s: read it back", mount->spec->destination);
	if (wanted.st_dev != found.st_dev || wanted.st_ino != found.st_ino)
		return fail(EXDEV, "mount %s: somebody moved it away", mount->spec->destination);
	return finish_bind(rootfs, mount, top);
}

static int bind_any(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	auto_fd int own = -1;
	int result, tree = mount->tree;

	if (tree < 0) {
		own = host_clone(mount->source, mount->options.set & MS_REC);
		if (own == -ENOSYS || own == -EPERM)
			return bind_by_path(rootfs, mount, target);
		if (own < 0)
			return fail(-own, "mount %s: source %s", mount->spec->destination,
				    mount->source);
		tree = own;
	}
	result = mount_attach(tree, target);
	if (result < 0)
		return fail(-result, "mount %s: bind %s", mount->spec->destination, mount->source);
	return finish_bind(rootfs, mount, tree);
}

/*
 * /proc over /proc: the source is opened first and bound by descriptor, so that what was checked is
 * what is mounted.
 */
static int bind_proc(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	char source_path[PATH_FD_SIZE];
	auto_fd int source = -1;
	struct mount_plan checked = *mount;
	int result;

	if (mount->tree < 0) {
		source = host_open(mount->source, O_PATH);
		if (source < 0)
			return fail(-source, "mount %s: source %s", mount->spec->destination,
				    mount->source);
		checked.source = path_of_fd(source, source_path);
	}
	result = check_proc_source(mount, mount->tree >= 0 ? mount->tree : source);
	return result < 0 ? result : bind_any(rootfs, &checked, target);
}

/*
 * In a user namespace without a network namespace of its own the kernel gives no new sysfs: the
 * host's, read-only.
 */
int mount_bind_sysfs(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	struct mount_plan bind = *mount;

	bind.source = "/sys";
	bind.options.set |= MS_BIND | MS_REC | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
	bind.options.clear = 0;
	return bind_any(rootfs, &bind, target);
}

int mount_make_bind(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	if (strcmp(mount->spec->destination, "/proc") == 0)
		return bind_proc(rootfs, mount, target);
	return bind_any(rootfs, mount, target);
}
