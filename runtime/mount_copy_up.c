/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmpcopyup: a tmpfs starts with a copy of what lies below it. The tree belongs to the image, so
 * every step is relative to an open folder and follows no link; what changes under our hands gives
 * an error or a copy of something else in the same folder, never of something outside.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "runtime/rootfs_inside.h"

/* Each level holds two descriptors and the C library's reader open. */
enum { DEEPEST = 64, CHUNK = 1 << 20 };

static int copy_folder(int from, int to, dev_t device, int depth);

/* Owner, then mode (a change of owner takes setuid bits away), then times; a link has no mode. */
static int copy_attributes(int to, const char *name, const struct stat *info)
{
	const struct timespec times[2] = { info->st_atim, info->st_mtim };

	if (fchownat(to, name, info->st_uid, info->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(errno, "set the owner of %s", name);
	if (!S_ISLNK(info->st_mode) && fchmodat(to, name, info->st_mode & 07777, 0) < 0)
		return fail(errno, "set the mode of %s", name);
	if (utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(errno, "set the times of %s", name);
	return 0;
}

static int copy_file(int from, int to, const char *name)
{
	/* O_NONBLOCK: should it have become a fifo since we looked. */
	auto_fd int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	auto_fd int copy = -1;
	struct stat info;
	ssize_t got;

	if (source < 0 || fstat(source, &info) < 0)
		return fail(errno, "read %s", name);
	if (!S_ISREG(info.st_mode))
		return fail(EAGAIN, "read %s: it changed", name);
	copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (copy < 0)
		return fail(errno, "make %s", name);
	do
		got = sendfile(copy, source, NULL, CHUNK);
	while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 ? fail(errno, "copy %s", name) : 0;
}

static int copy_link(int from, int to, const char *name)
{
	char target[PATH_MAX];
	const ssize_t length = readlinkat(from, name, target, sizeof(target) - 1);

	if (length < 0)
		return fail(errno, "read the link %s", name);
	target[length] = 0;
	return symlinkat(target, to, name) < 0 ? fail(errno, "make the link %s", name) : 0;
}

static int copy_subfolder(int from, int to, const char *name, dev_t device, int depth)
{
	const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	auto_fd int source = -1;
	auto_fd int copy = -1;

	if (depth == DEEPEST)
		return fail(ELOOP, "%s: deeper than %d folders", name, DEEPEST);
	source = openat(from, name, O_RDONLY | flags);
	if (source < 0)
		return fail(errno, "open %s", name);
	if (mkdirat(to, name, 0700) < 0)
		return fail(errno, "make %s", name);
	copy = openat(to, name, O_PATH | flags);
	if (copy < 0)
		return fail(errno, "open the copy of %s", name);
	return copy_folder(source, copy, device, depth + 1);
}

/* 1: not copied, which is right for it. */
static int copy_node(int from, int to, const char *name, const struct stat *info, int depth,
		     dev_t device)
{
	switch (info->st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from, to, name);
	case S_IFLNK:
		return copy_link(from, to, name);
	case S_IFDIR:
		/* Something else that is mounted there is not what lies below the tmpfs. */
		return info->st_dev != device ? 1 : copy_subfolder(from, to, name, device, depth);
	case S_IFSOCK:
		/* Nobody listens on a copy. */
		return 1;
	default:
		break;
	}
	if (mknodat(to, name, info->st_mode, info->st_rdev) == 0)
		return 0;
	if (errno != EPERM)
		return fail(errno, "make %s", name);
	log_debug("tmpcopyup: device %s left out: no right to make it", name);
	return 1;
}

static int copy_entry(int from, int to, const char *name, dev_t device, int depth)
{
	struct stat info;
	int result;

	if (fstatat(from, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(errno, "look at %s", name);
	result = copy_node(from, to, name, &info, depth, device);
	if (result != 0)
		return result < 0 ? result : 0;
	return copy_attributes(to, name, &info);
}

/* `from` is open for reading. */
static int copy_folder(int from, int to, dev_t device, int depth)
{
	auto_fd int own = fcntl(from, F_DUPFD_CLOEXEC, 0);
	DIR *folder = own < 0 ? NULL : fdopendir(own);
	const struct dirent *entry;
	int result = 0;

	if (!folder)
		return fail(errno, "read a folder");
	take_fd(&own); /* closedir(3) closes it */
	/* cppcheck-suppress readdirCalled */
	while (result == 0 && (errno = 0, entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		result = copy_entry(from, to, entry->d_name, device, depth);
	}
	if (result == 0 && errno != 0)
		result = fail(errno, "read a folder");
	closedir(folder);
	return result;
}

int mount_copy_up(int below, int mount)
{
	/* "." stays on the covered folder: only a step down by name crosses onto a mount. */
	auto_fd int from = openat(below, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat info;

	if (from < 0 || fstat(from, &info) < 0)
		return fail(errno, "open what lies below");
	if (fchownat(mount, "", info.st_uid, info.st_gid, AT_EMPTY_PATH) < 0)
		return fail(errno, "set the owner of the tmpfs");
	return copy_folder(from, mount, info.st_dev, 0);
}
