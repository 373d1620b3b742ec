/* SPDX-License-Identifier: Apache-2.0 */
/* The component walk: see path_walk.h. What it answers is what openat2(2) answers. */
#include "lib/path_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/path.h"

enum {
	WALK_DEPTH = 128,
	WALK_SYMLINKS = 40, /* MAXSYMLINKS of the kernel */
	WALK_RETRIES = 32,  /* when others make and remove what we want */
	WALK_PROC_ROOT_INODE = 1,
	WALK_AGAIN = 1, /* the symlink was put in front of the rest */
};

struct walk {
	int root;
	int flags;		/* enum path_flags and path_walk_flags */
	int levels[WALK_DEPTH]; /* directories below root that were walked into */
	unsigned int depth;
	unsigned int symlinks;
	/* Of root, if crossing is refused: id of its mount, type of its filesystem. */
	int mount;
	unsigned long type;
	char *rest;
	/* What is still to be walked; it grows to the front as symlinks are put before it. */
	char path[2 * PATH_MAX];
};

static int current(const struct walk *walk)
{
	return walk->depth ? walk->levels[walk->depth - 1] : walk->root;
}

static void leave_level(struct walk *walk)
{
	close_fd(&walk->levels[--walk->depth]);
}

static void leave_all(struct walk *walk)
{
	while (walk->depth)
		leave_level(walk);
}

/* Type of the filesystem that `fd` lies on. */
static int type_of(int fd, unsigned long *type)
{
	struct statfs filesystem;

	if (fstatfs(fd, &filesystem) < 0)
		return -errno;
	*type = (unsigned long)filesystem.f_type;
	return 0;
}

/*
 * Id of the mount that `fd` lies on (proc(5), fdinfo), or -errno. Asked of the procfs that is
 * walked, where it is one: in the mount namespace of a container that we joined, /proc may not know
 * us.
 */
static int mount_of(const struct walk *walk, int fd)
{
	const bool trusted = walk->type == PROC_SUPER_MAGIC;
	char path[PATH_FD_SIZE + 8], text[256];
	auto_fd int info = -1;
	const char *found;
	ssize_t size;

	snprintf(path, sizeof(path), "%sself/fdinfo/%d", trusted ? "" : "/proc/", fd);
	info = openat(trusted ? walk->root : AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return -errno;
	size = read(info, text, sizeof(text) - 1);
	if (size < 0)
		return -errno;
	text[size] = '\0';
	found = strstr(text, "mnt_id:");
	return found ? atoi(found + strlen("mnt_id:")) : -ENOSYS;
}

/*
 * Is it another mount? The type is asked besides, because fdinfo is read through the /proc of
 * this mount namespace, over which something else may be mounted.
 */
static int check_crossing(const struct walk *walk, int fd)
{
	unsigned long type = 0;
	int mount, result;

	if (!(walk->flags & PATH_NO_CROSSING))
		return 0;
	mount = mount_of(walk, fd);
	result = type_of(fd, &type);
	if (mount < 0 || result < 0)
		return mount < 0 ? mount : result;
	return mount == walk->mount && type == walk->type ? 0 : -EXDEV;
}

static int go_to_root(struct walk *walk)
{
	if (walk->flags & PATH_BENEATH)
		return -EXDEV;
	leave_all(walk);
	return 0;
}

static int go_up(struct walk *walk)
{
	if (walk->depth)
		leave_level(walk);
	else if (walk->flags & PATH_BENEATH)
		return -EXDEV;
	return 0;
}

/* Only procfs' own top level has links that are text; the others jump to kernel objects. */
static bool is_magic_link(const struct walk *walk, int link)
{
	unsigned long type;
	struct stat parent;

	if (type_of(link, &type) < 0 || type != PROC_SUPER_MAGIC)
		return false;
	return fstat(current(walk), &parent) < 0 || parent.st_ino != WALK_PROC_ROOT_INODE;
}

/* Put the text of a symlink (an O_PATH descriptor) in front of the rest of the path. */
static int follow(struct walk *walk, int link)
{
	char text[PATH_MAX];
	ssize_t size;

	if ((walk->flags & PATH_NO_SYMLINKS) || walk->symlinks++ >= WALK_SYMLINKS ||
	    is_magic_link(walk, link))
		return -ELOOP;
	size = readlinkat(link, "", text, sizeof(text));
	if (size <= 0)
		return size < 0 ? -errno : -ENOENT;
	if ((size_t)size >= sizeof(text) || walk->rest - walk->path < size)
		return -ENAMETOOLONG;
	/* The rest begins with a slash or is empty: the kernel's "link/rest" as well. */
	walk->rest -= size;
	memcpy(walk->rest, text, (size_t)size);
	if (text[0] == '/') {
		int result = go_to_root(walk);

		if (result < 0)
			return result;
	}
	return WALK_AGAIN;
}

/* Make the missing component `name` if that is asked for; 0: try to open it again. */
static int make_missing(const struct walk *walk, const char *name, bool last, mode_t mode)
{
	int result;

	if (!(walk->flags & (PATH_WALK_MAKE_DIRECTORY | PATH_WALK_MAKE_FILE)))
		return -ENOENT;
	if (last && (walk->flags & PATH_WALK_MAKE_FILE))
		result = mknodat(current(walk), name, S_IFREG | mode, 0);
	else
		result = mkdirat(current(walk), name, last ? mode : 0755);
	return result < 0 && errno != EEXIST ? -errno : 0;
}

/* O_PATH descriptor of `name` itself, made if missing and asked for. */
static int open_component(const struct walk *walk, const char *name, bool last, mode_t mode)
{
	for (int retry = 0; retry < WALK_RETRIES; retry++) {
		int fd = openat(current(walk), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		int result;

		if (fd >= 0 || errno != ENOENT)
			return fd < 0 ? -errno : fd;
		result = make_missing(walk, name, last, mode);
		if (result < 0)
			return result;
	}
	return -EAGAIN;
}

/* Walk into a component that is not the last one: a directory, or a symlink. */
static int enter(struct walk *walk, const char *name)
{
	auto_fd int fd = open_component(walk, name, false, 0);
	struct stat status;
	int result;

	if (fd < 0)
		return fd;
	result = check_crossing(walk, fd);
	if (result < 0)
		return result;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISLNK(status.st_mode))
		return follow(walk, fd);
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	if (walk->depth == WALK_DEPTH)
		return -ENAMETOOLONG;
	walk->levels[walk->depth++] = take_fd(&fd);
	return 0;
}

/* Follow the last component if it is a symlink: WALK_AGAIN or an error; 0 if it is none. */
static int follow_last(struct walk *walk, const char *name)
{
	auto_fd int fd = openat(current(walk), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int result;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	result = check_crossing(walk, fd);
	if (result < 0)
		return result;
	if (fstat(fd, &status) < 0)
		return -errno;
	return S_ISLNK(status.st_mode) ? follow(walk, fd) : 0;
}

/* Open the last component. WALK_AGAIN in *again: it was a symlink, go on. */
static int open_last(struct walk *walk, const char *name, int flags, mode_t mode, bool *again)
{
	const bool exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	auto_fd int fd = -1;
	int result = 0;

	if (walk->flags & (PATH_WALK_MAKE_DIRECTORY | PATH_WALK_MAKE_FILE)) {
		fd = open_component(walk, name, true, mode);
		if (fd < 0)
			return fd;
		close_fd(&fd);
	}
	if (!(flags & O_NOFOLLOW) && !exclusive) {
		result = follow_last(walk, name);
		if (result) {
			*again = result == WALK_AGAIN;
			return result;
		}
	}
	fd = openat(current(walk), name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	result = check_crossing(walk, fd);
	return result < 0 ? result : take_fd(&fd);
}

/* The next component of the rest, cut off; NULL at the end. *slash: a slash stands behind it. */
static char *next_component(struct walk *walk, char name[NAME_MAX + 2], bool *slash)
{
	size_t length;

	walk->rest += strspn(walk->rest, "/");
	length = strcspn(walk->rest, "/");
	if (!length)
		return NULL;
	/* One byte too many is enough for the kernel to say ENAMETOOLONG. */
	snprintf(name, NAME_MAX + 2, "%.*s", (int)length, walk->rest);
	walk->rest += length;
	*slash = *walk->rest == '/';
	return name;
}

static bool is_last(const struct walk *walk)
{
	return walk->rest[strspn(walk->rest, "/")] == '\0';
}

static int walk_path(struct walk *walk, int flags, mode_t mode)
{
	char name[NAME_MAX + 2];
	int result = 0;
	bool slash;

	while (next_component(walk, name, &slash)) {
		if (strcmp(name, ".") == 0) {
			continue;
		} else if (strcmp(name, "..") == 0) {
			result = go_up(walk);
		} else if (!is_last(walk)) {
			result = enter(walk, name);
		} else {
			bool again = false;

			/* "x/" must be a directory, is followed, and cannot be made as a file. */
			if (slash && ((flags & O_CREAT) || (walk->flags & PATH_WALK_MAKE_FILE)))
				return -EISDIR;
			result = open_last(walk, name,
					   slash ? (flags & ~O_NOFOLLOW) | O_DIRECTORY : flags,
					   mode, &again);
			if (!again)
				return result;
		}
		if (result < 0)
			return result;
	}
	/* The path ended in ".", ".." or "/". */
	result = openat(current(walk), ".", flags | O_CLOEXEC, mode);
	return result < 0 ? -errno : result;
}

int path_clean_flags(int open_flags)
{
	if (open_flags & O_PATH)
		return open_flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW);
	return open_flags | O_LARGEFILE;
}

int path_open_walk(int root, const char *path, int open_flags, mode_t mode, int path_flags)
{
	size_t length = strlen(path);
	struct walk walk; /* mostly untouched: do not clear it */
	int result = 0;

	if (length == 0 || length >= PATH_MAX)
		return length ? -ENAMETOOLONG : -ENOENT;
	walk.root = root;
	walk.flags = path_flags;
	walk.depth = 0;
	walk.symlinks = 0;
	walk.type = 0;
	walk.rest = walk.path + sizeof(walk.path) - length - 1;
	memcpy(walk.rest, path, length + 1);
	if (path_flags & PATH_NO_CROSSING) {
		result = type_of(root, &walk.type);
		walk.mount = result < 0 ? result : mount_of(&walk, root);
		result = walk.mount < 0 ? walk.mount : 0;
	}
	if (result == 0 && path[0] == '/')
		result = go_to_root(&walk);
	if (result == 0)
		result = walk_path(&walk, path_clean_flags(open_flags), mode);
	leave_all(&walk);
	return result;
}
