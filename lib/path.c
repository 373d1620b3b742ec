/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside a tree of somebody else: see path.h. */
#include "lib/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path_walk.h"

#ifndef SYS_openat2
#define SYS_openat2 (SYS_pidfd_open + 3) /* 437 where pidfd_open is 434, on every architecture */
#endif

/* linux/openat2.h, which older kernel headers lack. */
struct open_how {
	uint64_t flags, mode, resolve;
};

enum resolve_flags {
	RESOLVE_NO_XDEV = 1,
	RESOLVE_NO_MAGICLINKS = 2,
	RESOLVE_NO_SYMLINKS = 4,
	RESOLVE_BENEATH = 8,
	RESOLVE_IN_ROOT = 16,
};

enum {
	PATH_RETRIES = 64, /* a rename anywhere makes ".." uncertain: EAGAIN */
	PATH_PROC_ROOT_INODE = 1,
};

/* The kernel's own resolution. -ENOSYS where there is none or where a sandbox forbids it. */
static int open_by_kernel(int root, const char *path, int flags, mode_t mode, int path_flags)
{
	static bool missing;
	struct open_how how = {
		.flags = (unsigned int)(path_clean_flags(flags) | O_CLOEXEC),
		.mode = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? mode & 07777 : 0,
		.resolve = RESOLVE_NO_MAGICLINKS |
			   (path_flags & PATH_BENEATH ? RESOLVE_BENEATH : RESOLVE_IN_ROOT) |
			   (path_flags & PATH_NO_SYMLINKS ? RESOLVE_NO_SYMLINKS : 0) |
			   (path_flags & PATH_NO_CROSSING ? RESOLVE_NO_XDEV : 0),
	};

	for (int retry = 0; retry < PATH_RETRIES && !missing; retry++) {
		long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		if (errno == ENOSYS)
			missing = true;
		else if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -ENOSYS;
}

int path_open(int root, const char *path, int open_flags, mode_t mode, int path_flags)
{
	int fd = open_by_kernel(root, path, open_flags, mode, path_flags);

	/* EPERM may be a seccomp filter of old; if not, the walk says so again. */
	if (fd == -ENOSYS || fd == -EPERM)
		fd = path_open_walk(root, path, open_flags, mode, path_flags);
	return fd;
}

/*
 * Split off the last component: `length` is that of the parent's path, 0 if there is none.
 * NULL: there is no last component that could be made or mounted on ("/", "..", "").
 */
static const char *split(const char *path, size_t *length)
{
	size_t end = strlen(path), start;

	while (end && path[end - 1] == '/')
		end--;
	for (start = end; start && path[start - 1] != '/';)
		start--;
	*length = start;
	if (end == start || (path[start] == '.' && end == start + 1) ||
	    (path[start] == '.' && path[start + 1] == '.' && end == start + 2))
		return NULL;
	return path + start;
}

/* The parent's descriptor and the last component's name. Records nothing. */
static int open_parent(int root, const char *path, char name[NAME_MAX + 1])
{
	char parent[PATH_MAX];
	size_t length, size;
	const char *last = split(path, &length);

	if (!last)
		return -EINVAL;
	size = strcspn(last, "/");
	if (size > NAME_MAX || length >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(name, last, size);
	name[size] = '\0';
	memcpy(parent, path, length);
	parent[length] = '\0';
	return path_open(root, length ? parent : ".", O_PATH | O_DIRECTORY, 0, PATH_IN_ROOT);
}

int path_open_parent(int root, const char *path, char name[NAME_MAX + 1])
{
	int fd = open_parent(root, path, name);

	if (fd < 0)
		return fail(-fd, "open the parent folder of %s", path);
	return fd;
}

/* Make the last component where its parent is there and nothing stands in its place: the usual
 * case. */
static int make_simply(int root, const char *path, mode_t mode)
{
	char name[NAME_MAX + 1];
	auto_fd int parent = -1;
	int fd;

	if (!S_ISDIR(mode) && path[strlen(path) - 1] == '/')
		return -EISDIR;
	parent = open_parent(root, path, name);
	if (parent < 0)
		return parent;
	if (S_ISDIR(mode))
		fd = mkdirat(parent, name, mode & 07777);
	else
		fd = mknodat(parent, name, mode, 0);
	if (fd < 0)
		return -errno;
	fd = openat(parent, name,
		    O_PATH | O_NOFOLLOW | O_CLOEXEC | (S_ISDIR(mode) ? O_DIRECTORY : 0));
	return fd < 0 ? -errno : fd;
}

/* Open what is there, else make it, simply or by walking. `mode` has the file's type. */
static int make(int root, const char *path, mode_t mode)
{
	const bool directory = S_ISDIR(mode);
	const int flags = O_PATH | (directory ? O_DIRECTORY : 0);
	int fd = path_open(root, path, flags, 0, PATH_IN_ROOT);

	if (fd == -ENOENT && path[0])
		fd = make_simply(root, path, mode);
	else
		return fd;
	/* A parent is missing, a link leads nowhere yet, or somebody else was faster. */
	if (fd == -ENOENT || fd == -EEXIST || fd == -EINVAL || fd == -ENOTDIR || fd == -ELOOP)
		fd = path_open_walk(root, path, flags, mode & 07777,
				    directory ? PATH_WALK_MAKE_DIRECTORY : PATH_WALK_MAKE_FILE);
	return fd;
}

int path_make_directory(int root, const char *path, mode_t mode)
{
	int fd = make(root, path, S_IFDIR | (mode & 07777));

	if (fd < 0)
		return fail(-fd, "make folder %s", path);
	return fd;
}

int path_make_file(int root, const char *path, mode_t mode)
{
	int fd = make(root, path, S_IFREG | (mode & 07777));

	if (fd < 0)
		return fail(-fd, "make file %s", path);
	return fd;
}

/* Decimal digits of `number` behind `prefix`. */
static char *put_number(char *buffer, const char *prefix, unsigned int number)
{
	char digits[3 * sizeof(number)];
	size_t count = 0;
	char *out = stpcpy(buffer, prefix);

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (count)
		*out++ = digits[--count];
	*out = '\0';
	return out;
}

char *path_of_fd(int fd, char buffer[PATH_FD_SIZE])
{
	put_number(buffer, "/proc/self/fd/", (unsigned int)fd);
	return buffer;
}

int path_open_proc(void)
{
	auto_fd int fd = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs filesystem;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || fstatfs(fd, &filesystem) < 0)
		return fail(errno, "open /proc");
	if (filesystem.f_type != PROC_SUPER_MAGIC || status.st_ino != PATH_PROC_ROOT_INODE)
		return fail(ENODEV, "open /proc: not the root of a procfs");
	return take_fd(&fd);
}

/* "self/x" as "PID/x", with the number that procfs itself says: no symlink is left to follow. */
static int resolve_self(int proc, const char *path, char *buffer, size_t size)
{
	const char *rest = path + strlen("self");
	const size_t rest_size = strlen(rest) + 1;
	ssize_t length = readlinkat(proc, "self", buffer, size);

	if (length < 0)
		return -errno;
	if (rest_size > size - (size_t)length)
		return -ENAMETOOLONG;
	memcpy(buffer + length, rest, rest_size);
	return 0;
}

static int open_proc_file(int proc, const char *path)
{
	const int rules = PATH_BENEATH | PATH_NO_SYMLINKS | PATH_NO_CROSSING;
	char resolved[128];

	if (strncmp(path, "self/", strlen("self/")) == 0) {
		int result = resolve_self(proc, path, resolved, sizeof(resolved));

		if (result < 0)
			return result;
		path = resolved;
	}
	return path_open(proc, path, O_WRONLY | O_NOCTTY, 0, rules);
}

int path_write_proc(int proc, const char *path, const char *value)
{
	auto_fd int fd = open_proc_file(proc, path);
	size_t size = strlen(value);
	ssize_t put;

	if (fd < 0)
		return fail(-fd, "open /proc/%s", path);
	do {
		put = write(fd, value, size);
	} while (put < 0 && errno == EINTR);
	if (put < 0 || (size_t)put != size)
		return fail(put < 0 ? errno : EIO, "write '%.64s' to /proc/%s", value, path);
	return 0;
}

int path_clean(const char *path, char *buffer, size_t size)
{
	size_t used = 0;

	while (*path) {
		size_t length;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (used && buffer[--used] != '/')
				;
		} else if (length && !(length == 1 && path[0] == '.')) {
			if (used + length + 2 > size)
				return -ENAMETOOLONG;
			buffer[used++] = '/';
			memcpy(buffer + used, path, length);
			used += length;
		}
		path += length;
	}
	if (size < 2)
		return -ENAMETOOLONG;
	if (!used)
		buffer[used++] = '/';
	buffer[used] = '\0';
	return 0;
}

bool path_has_prefix(const char *path, const char *prefix)
{
	size_t length = strlen(prefix);

	while (length && prefix[length - 1] == '/')
		length--;
	return strncmp(path, prefix, length) == 0 && (path[length] == '/' || path[length] == '\0');
}
