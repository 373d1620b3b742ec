/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying a mount out, in C: a target is opened once and mounted on by descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

/* The mount that was just made at the destination: what a path walk finds there now. */
int mount_open_top(const struct rootfs *rootfs, const struct mount_plan *mount)
{
	int fd = path_open(rootfs->root, mount->spec->destination, O_PATH, 0, PATH_IN_ROOT);

	return fd < 0 ? fail(-fd, "mount %s: open it again", mount->spec->destination) : fd;
}

int mount_apply_propagation(const struct mount_plan *mount, int top)
{
	for (size_t i = 0; i < mount->options.propagation_count; i++) {
		int result = mount_propagate(top, mount->options.propagation[i]);

		if (result < 0)
			return fail(-result, "mount %s: propagation", mount->spec->destination);
	}
	return 0;
}

static int make_remount(const struct mount_plan *mount, int target)
{
	const struct mount_request request = {
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
	return mount_apply_propagation(mount, target);
}

static int make_cgroup(const struct rootfs *rootfs, const struct mount_plan *mount, int target)
{
	const bool own = rootfs->spec->namespaces[NAMESPACE_CGROUP].present;
	const bool only_v2 = strcmp(mount->spec->type, "cgroup2") == 0;
	auto_fd int top = -1;
	int result;

	if (!rootfs->options.cgroup)
		return fail(ENODEV, "mount %s: no control groups", mount->spec->destination);
	result = (only_v2 ? cgroup_mount_v2 : cgroup_mount)(rootfs->options.cgroup, target,
							    mount->options.set, mount->options.data,
							    own);
	if (result < 0)
		return fail_context(result, "mount %s", mount->spec->destination);
	if (mount->options.propagation_count == 0)
		return 0;
	top = mount_open_top(rootfs, mount);
	return top < 0 ? top : mount_apply_propagation(mount, top);
}

static int make_on_target(struct rootfs *rootfs, const struct mount_plan *mount)
{
	auto_fd int target = mount_target(rootfs, mount);

	if (target < 0)
		return target;
	switch (mount->kind) {
	case MOUNT_BIND:
		return mount_make_bind(rootfs, mount, target);
	case MOUNT_REMOUNT:
		return make_remount(mount, target);
	case MOUNT_CGROUP:
		return make_cgroup(rootfs, mount, target);
	case MOUNT_PROPAGATION:
		return mount_apply_propagation(mount, target);
	case MOUNT_FRESH:
		break;
	}
	return -EINVAL;
}

int mount_make(struct rootfs *rootfs, struct mount_plan *mount)
{
	/* What covers the fresh tmpfs takes its place. */
	if (rootfs->fresh &&
	    path_has_prefix(rootfs->fresh->spec->destination, mount->spec->destination))
		rootfs->fresh = NULL;
	if (mount->kind == MOUNT_FRESH)
		return mount_make_fresh(rootfs, mount);
	/* Another room may go elsewhere. */
	rootfs->here = NULL;
	return make_on_target(rootfs, mount);
}

int mount_make_readonly(struct rootfs *rootfs)
{
	for (size_t i = 0; i < rootfs->spec->mount_count; i++) {
		struct mount_plan *mount = &rootfs->mounts[i];
		int result;

		if (mount->kind != MOUNT_FRESH || mount->tree < 0)
			continue;
		if (mount->options.set & MS_RDONLY) {
			result = mount_change(mount->tree, MS_RDONLY, 0);
			if (result < 0)
				return fail(-result, "mount %s: make it read-only",
					    mount->spec->destination);
		}
		close_fd(&mount->tree);
	}
	rootfs->fresh = NULL;
	return 0;
}
