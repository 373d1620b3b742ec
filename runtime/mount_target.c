/* SPDX-License-Identifier: Apache-2.0 */
/* The place of a mount inside the rootfs: found or made, opened once, never outside. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/rootfs_host.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

enum { MOUNTPOINT_MODE = 0755 };

/*
 * /proc and /sys must be folders of their own, not links to somewhere (CVE-2019-19921,
 * CVE-2023-27561).
 */
static int open_real_folder(int root, const char *path)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
	int fd = path_open(root, path, flags, 0, PATH_NO_SYMLINKS);

	if (fd == -ENOENT) {
		if (mkdirat(root, path + 1, MOUNTPOINT_MODE) < 0 && errno != EEXIST)
			return fail(errno, "make %s to mount on it", path);
		fd = path_open(root, path, flags, 0, PATH_NO_SYMLINKS);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return fail(-fd, "%s in the rootfs is not a folder", path);
	return fd < 0 ? fail(-fd, "open %s in the rootfs", path) : fd;
}

/* A file wants a file to be mounted on. */
static int source_is_folder(const struct mount_plan *mount, bool *folder)
{
	struct stat info;
	int result;

	*folder = true;
	if (mount->kind != MOUNT_BIND)
		return 0;
	if (mount->tree >= 0)
		result = fstat(mount->tree, &info) < 0 ? -errno : 0;
	else
		result = host_stat(mount->source, &info);
	if (result < 0)
		return fail(-result, "mount %s: source %s", mount->spec->destination,
			    mount->source);
	*folder = S_ISDIR(info.st_mode);
	return 0;
}

static int make_target(int root, const struct mount_plan *mount)
{
	const char *path = mount->spec->destination;
	bool folder;
	int fd = source_is_folder(mount, &folder);

	if (fd < 0)
		return fd;
	fd = folder ? path_make_directory(root, path, MOUNTPOINT_MODE) :
		      path_make_file(root, path, MOUNTPOINT_MODE);
	if (fd == -EROFS)
		return fail(EROFS, "mount %s: the rootfs has no such %s and is read-only", path,
			    folder ? "folder" : "file");
	return fd < 0 ? fail_context(fd, "mount %s", path) : fd;
}

/* The name of the place if it is right below the fresh tmpfs, or NULL. */
static const char *name_in_fresh(const struct rootfs *rootfs, const struct mount_plan *mount)
{
	const char *name = mount->spec->destination, *fresh;
	size_t length;

	if (!rootfs->fresh)
		return NULL;
	fresh = rootfs->fresh->spec->destination;
	length = strlen(fresh);
	if (strncmp(name, fresh, length) != 0 || name[length] != '/')
		return NULL;
	name += length + 1;
	return strchr(name, '/') ? NULL : name;
}

const char *mount_new_place(const struct rootfs *rootfs, const struct mount_plan *mount)
{
	const char *name = name_in_fresh(rootfs, mount);

	return name && mkdirat(rootfs->fresh->tree, name, MOUNTPOINT_MODE) == 0 ? name : NULL;
}

/* The same for any mount, opened; -1: not so, go the long way. */
static int open_new_place(const struct rootfs *rootfs, const struct mount_plan *mount)
{
	const char *name = name_in_fresh(rootfs, mount);
	bool folder;
	int result;

	if (!name || source_is_folder(mount, &folder) < 0)
		return -1;
	if (folder)
		result = mkdirat(rootfs->fresh->tree, name, MOUNTPOINT_MODE);
	else
		result = mknodat(rootfs->fresh->tree, name, S_IFREG | MOUNTPOINT_MODE, 0);
	if (result < 0)
		return -1;
	return openat(rootfs->fresh->tree, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * The path led over links of the image: not into /proc, where the rules go by the path as written.
 */
static int check_linked(const struct mount_plan *mount, int fd)
{
	struct statfs info;

	if (fstatfs(fd, &info) < 0)
		return fail(errno, "mount %s", mount->spec->destination);
	if (info.f_type == PROC_SUPER_MAGIC)
		return fail(EPERM, "mount %s: leads into /proc by a link",
			    mount->spec->destination);
	return 0;
}

int mount_target(const struct rootfs *rootfs, const struct mount_plan *mount)
{
	const char *path = mount->spec->destination;
	auto_fd int fd = -1;
	bool linked;

	if (strcmp(path, "/proc") == 0 || strcmp(path, "/sys") == 0)
		return open_real_folder(rootfs->root, path);
	fd = open_new_place(rootfs, mount);
	if (fd >= 0)
		return take_fd(&fd);
	fd = path_open(rootfs->root, path, O_PATH, 0, PATH_NO_SYMLINKS);
	linked = fd == -ELOOP;
	if (linked)
		fd = path_open(rootfs->root, path, O_PATH, 0, PATH_IN_ROOT);
	if (fd == -ENOENT) {
		fd = make_target(rootfs->root, mount);
		if (fd < 0)
			return fd;
	}
	if (fd < 0)
		return fail(-fd, "mount %s: open it in the rootfs", path);
	if (linked && check_linked(mount, fd) < 0)
		return -EPERM;
	return take_fd(&fd);
}
