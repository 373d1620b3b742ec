/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.maskedPaths and linux.readonlyPaths. What covers a masked path is an inode of our own, an empty file or an
 * empty folder in one small read-only tmpfs ("scratch"), never the image's /dev/null (CVE-2025-31133).
 * The tmpfs lies in the old tree and goes out of sight with it; each mask is
 * a bind mount of it and inherits that it is read-only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

#define SCRATCH_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* The root, a folder "d" and a file "f". */
static const char scratch_data[] = "size=4k,nr_inodes=4,mode=555";

int mask_prepare(struct rootfs *rootfs, const char *place)
{
	int result;

	if (rootfs->spec->masked_paths.count == 0)
		return 0;
	if (mount("tmpfs", place, "tmpfs", SCRATCH_FLAGS, scratch_data) < 0)
		return fail(errno, "mask: mount a tmpfs");
	rootfs->scratch = rootfs_open_attached(place);
	if (rootfs->scratch < 0)
		return fail(errno, "mask: open the tmpfs");
	if (mkdirat(rootfs->scratch, "d", 0555) < 0 ||
	    mknodat(rootfs->scratch, "f", S_IFREG | 0444, 0) < 0)
		return fail(errno, "mask: make what covers the masked paths");
	result = mount_change(rootfs->scratch, MS_RDONLY, 0);
	return result < 0 ? fail(-result, "mask: make the tmpfs read-only") : 0;
}

/* No place for the scratch (no mount namespace of our own): a tmpfs for each folder, the host's null device for files. */
static int mask_without_scratch(int target, bool folder)
{
	const struct mount_request tmpfs = {
		.source = "tmpfs",
		.source_fd = -1,
		.type = "tmpfs",
		.flags = SCRATCH_FLAGS | MS_RDONLY,
		.data = scratch_data,
	};
	auto_fd int null = -1;
	struct stat info;

	if (folder)
		return mount_on(target, &tmpfs);
	null = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (null < 0 || fstat(null, &info) < 0)
		return -errno;
	if (!S_ISCHR(info.st_mode) || info.st_rdev != makedev(1, 3))
		return -ENODEV;
	return mount_bind(null, target, false);
}

static int mask_target(const struct rootfs *rootfs, int target, bool folder)
{
	char source[PATH_FD_SIZE + 2];
	const struct mount_request request = {
		.source = source,
		.source_fd = -1,
		.flags = MS_BIND,
	};

	if (rootfs->scratch < 0)
		return mask_without_scratch(target, folder);
	snprintf(source, sizeof(source), "/proc/self/fd/%d/%c", rootfs->scratch, folder ? 'd' : 'f');
	return mount_on(target, &request);
}

static int mask_path(const struct rootfs *rootfs, const char *path)
{
	auto_fd int target = path_open(rootfs->root, path, O_PATH, 0, PATH_IN_ROOT);
	int result;

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return fail(-target, "linux.maskedPaths: %s", path);
	/* The kernel knows which it is: asking first would cost a call more for most. */
	result = mask_target(rootfs, target, false);
	if (result == -ENOTDIR)
		result = mask_target(rootfs, target, true);
	return result < 0 ? fail(-result, "linux.maskedPaths: cover %s", path) : 0;
}

/* A kernel without open_tree(2): bind it on itself, and find that mount by path. */
static int protect_by_path(const struct rootfs *rootfs, const char *path, int target)
{
	auto_fd int top = -1;
	int result = mount_bind(target, target, true);

	if (result < 0)
		return result;
	top = path_open(rootfs->root, path, O_PATH, 0, PATH_IN_ROOT);
	return top < 0 ? top : mount_change(top, MS_RDONLY, 0);
}

static int protect_path(const struct rootfs *rootfs, const char *path)
{
	auto_fd int target = path_open(rootfs->root, path, O_PATH, 0, PATH_IN_ROOT);
	auto_fd int tree = -1;
	int result;

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return fail(-target, "linux.readonlyPaths: %s", path);
	tree = mount_clone(target, "", true);
	if (tree == -ENOSYS || tree == -EPERM) {
		result = protect_by_path(rootfs, path, target);
	} else {
		result = tree < 0 ? tree : mount_attach(tree, target);
		if (result == 0)
			result = mount_change(tree, MS_RDONLY, 0);
	}
	return result < 0 ? fail(-result, "linux.readonlyPaths: protect %s", path) : 0;
}

int mask_apply(struct rootfs *rootfs)
{
	const struct spec_strings *masked = &rootfs->spec->masked_paths;
	const struct spec_strings *readonly = &rootfs->spec->readonly_paths;
	int result = 0;

	for (size_t i = 0; i < readonly->count && result == 0; i++)
		result = protect_path(rootfs, readonly->items[i]);
	for (size_t i = 0; i < masked->count && result == 0; i++)
		result = mask_path(rootfs, masked->items[i]);
	return result;
}
