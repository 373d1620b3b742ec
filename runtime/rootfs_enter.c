/* SPDX-License-Identifier: Apache-2.0 */
/* The change of root, and what comes right after it: the terminal on /dev/console. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/path.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs_host.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

/* ---- without pivot_root(2) ---- */

/* Which mount a descriptor lies on: /proc/self/fdinfo says since 3.15. */
static int mount_id(int proc, int fd)
{
	char path[40], text[256];
	const char *found;

	snprintf(path, sizeof(path), "self/fdinfo/%d", fd);
	if (file_read_small(proc, path, text, sizeof(text)) < 0)
		return -1;
	found = strstr(text, "mnt_id:");
	return found ? atoi(found + strlen("mnt_id:")) : -1;
}

static char *read_mountinfo(const struct rootfs *rootfs)
{
	enum { LIMIT = 16 << 20 };

	return file_read(rootfs->arena, rootfs->proc, "self/mountinfo", LIMIT, NULL);
}

/* mountinfo writes blanks, tabs, newlines and backslashes in octal. In place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = 0;
}

/*
 * "36 35 98:0 /mnt1 /mnt2 rw,noatime ...": the fifth field if the second is `root`, NUL-terminated
 * in place; else NULL.
 */
static char *child_mount(char *line, int root)
{
	char *rest;
	const long id = strtol(line, &rest, 10);
	const long parent = strtol(rest, &rest, 10);
	char *point;

	if (parent != root || id == root)
		return NULL;
	for (int field = 0; rest && field < 2; field++)
		rest = strchr(rest + 1, ' ');
	if (!rest)
		return NULL;
	point = rest + 1;
	point[strcspn(point, " ")] = 0;
	/* What is stacked on the root itself is the container's. */
	return strcmp(point, "/") == 0 ? NULL : point;
}

/* What is mounted at `path`, one on the other, relative to the old root. At least one must go. */
static int unmount_all_at(const struct rootfs *rootfs, const char *path)
{
	const struct mount_request slave = { .flags = MS_SLAVE | MS_REC };
	bool any = false;

	for (;;) {
		/* What lies below it may be shared with the host, where it must stay. */
		if (rootfs->shared && mount_from_here(path, &slave) < 0)
			break;
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			break;
		any = true;
	}
	/* In a user namespace the mounts are locked together and stay. */
	if (any || rootfs_has_user(rootfs))
		return 0;
	return fail(errno, "change of root: unmount /%s of the old one", path);
}

/*
 * Everything that was mounted on the old root itself goes: in its new place below the container's
 * root no path leads there, but a procfs in the namespace would still let a user namespace inside
 * mount one without our masks. cwd is the old root. The last first: it may hide others.
 */
static int unmount_children(const struct rootfs *rootfs, char *mountinfo, int root)
{
	size_t size = strlen(mountinfo);
	int result = 0;

	while (size > 0 && result == 0) {
		char *line, *point;

		if (mountinfo[size - 1] == '\n')
			mountinfo[--size] = 0;
		line = memrchr(mountinfo, '\n', size);
		line = line ? line + 1 : mountinfo;
		size = (size_t)(line - mountinfo);
		point = child_mount(line, root);
		if (!point)
			continue;
		unescape(point);
		result = unmount_all_at(rootfs, point + 1);
	}
	return result;
}

/*
 * Put the rootfs over "/" and make that our root, as switch_root does. All that is left of the old
 * tree is its root mount right below: `..` at our root does not lead there, nor does setns(2),
 * which looks up what is on top.
 */
static int enter_by_move(struct rootfs *rootfs)
{
	auto_fd int old = host_open("/", O_PATH | O_DIRECTORY);
	const int root = old < 0 ? -1 : mount_id(rootfs->proc, old);
	char *mountinfo = read_mountinfo(rootfs);
	const struct mount_request move = { .source = ".", .flags = MS_MOVE };
	int result = 0;

	if (!mountinfo)
		return -errno;
	if (root < 0)
		return fail(EINVAL, "change of root: find the old root's mount");
	/* The old root must not hand the move on to the host. */
	if (rootfs->shared)
		result = mount_propagate(old, MS_PRIVATE);
	if (result == 0 && strcmp(rootfs->attach, "/") != 0)
		result = host_mount("/", &move);
	if (result < 0)
		return fail(-result, "change of root: move the rootfs to /");
	if (chroot(".") < 0 || fchdir(old) < 0)
		return fail(errno, "change of root");
	result = unmount_children(rootfs, mountinfo, root);
	if (chdir("/") < 0 && result == 0)
		result = fail(errno, "change of root: go to /");
	return result;
}

/* Is the root that we have the very first one, the initramfs? Its mount is its own parent. */
static bool root_is_first(const struct rootfs *rootfs)
{
	auto_fd int old = host_open("/", O_PATH | O_DIRECTORY);
	const int root = old < 0 ? -1 : mount_id(rootfs->proc, old);
	char *mountinfo = read_mountinfo(rootfs);
	char first[32];
	size_t length;

	if (root < 0 || !mountinfo)
		return false;
	length = (size_t)snprintf(first, sizeof(first), "%d %d ", root, root);
	if (strncmp(mountinfo, first, length) == 0)
		return true;
	for (const char *line = strchr(mountinfo, '\n'); line; line = strchr(line + 1, '\n'))
		if (strncmp(line + 1, first, length) == 0)
			return true;
	return false;
}

/* ---- with it ---- */

/*
 * cwd is the new root; on top of it lies the old one, and on top of that what we had to put on the
 * old "/". Each call takes the topmost away; one too many would take the new root.
 */
static int drop_old_root(const struct rootfs *rootfs)
{
	struct stat root, above;

	for (unsigned int i = 0; i <= rootfs->on_old_root; i++)
		if (umount2(".", MNT_DETACH) < 0)
			return fail(errno, "change of root: unmount the old root");
	if (rootfs->on_old_root == 0)
		return 0;
	/* "/.." would lead out if something were left. */
	if (fstat(rootfs->root, &root) < 0 || stat("/..", &above) < 0)
		return fail(errno, "change of root: look at /");
	if (root.st_dev != above.st_dev || root.st_ino != above.st_ino)
		return fail(EBUSY, "change of root: the old root is still there");
	return 0;
}

/*
 * Where the old root's mounts are shared with the host, unmounting them must not go out: they
 * become slaves first.
 */
static int isolate_old_root(const struct rootfs *rootfs, int old)
{
	const struct mount_request slave = { .flags = MS_SLAVE | MS_REC };
	int result = mount_here(old, NULL, &slave);

	if (result == 0 && fchdir(rootfs->root) < 0)
		result = -errno;
	return result < 0 ? fail(-result, "change of root: make the old root a slave") : 0;
}

static int enter_by_pivot(struct rootfs *rootfs)
{
	auto_fd int old = rootfs->shared ? host_open("/", O_PATH | O_DIRECTORY) : -1;
	int result = 0;

	if (rootfs->shared && old < 0)
		return fail(-old, "change of root: open /");
	if (syscall(SYS_pivot_root, ".", ".") < 0) {
		if (errno == EINVAL && IS_ENABLED(CONFIG_INITRAMFS_PIVOT) && root_is_first(rootfs))
			return enter_by_move(rootfs);
		return fail(errno, "change of root: pivot_root");
	}
	if (rootfs->shared)
		result = isolate_old_root(rootfs, old);
	return result < 0 ? result : drop_old_root(rootfs);
}

int rootfs_enter(struct rootfs *rootfs)
{
	if (fchdir(rootfs->root) < 0)
		return fail(errno, "change of root: go to the rootfs");
	if (rootfs->in_place)
		return 0;
	if (!rootfs->options.new_mount_namespace)
		return chroot(".") < 0 ? fail(errno, "change of root: chroot") : 0;
	return rootfs->options.no_pivot ? enter_by_move(rootfs) : enter_by_pivot(rootfs);
}

/* ---- the terminal ---- */

/* A kernel without the newer calls: through the host's procfs, which is out of sight but open. */
static int bind_through(int proc, int source, int target)
{
	char from[PATH_FD_SIZE], to[PATH_FD_SIZE];
	int result;

	snprintf(from, sizeof(from), "self/fd/%d", source);
	snprintf(to, sizeof(to), "self/fd/%d", target);
	result = mount_here(proc, to, &(struct mount_request){ .source = from, .flags = MS_BIND });
	if (chdir("/") < 0 && result == 0)
		result = -errno;
	return result;
}

static int bind_after_enter(const struct rootfs *rootfs, int source, int target)
{
	auto_fd int tree = mount_clone(source, "", false);

	if (tree == -ENOSYS || tree == -EPERM)
		return bind_through(rootfs->proc, source, target);
	return tree < 0 ? tree : mount_attach(tree, target);
}

/*
 * The image may have put a link there (CVE-2025-52565, CVE-2026-88264): not followed, and not
 * accepted.
 */
static int open_console(int dev)
{
	struct stat info;
	int fd = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		if (mknodat(dev, "console", S_IFREG | 0600, 0) < 0)
			return fail(errno, "make /dev/console");
		fd = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &info) < 0) {
		fail(errno, "open /dev/console");
		close_fd(&fd);
		return -error_last()->no;
	}
	if (S_ISLNK(info.st_mode) || S_ISDIR(info.st_mode)) {
		close_fd(&fd);
		return fail(ELOOP, "/dev/console in the rootfs is a link or a folder");
	}
	return fd;
}

int rootfs_bind_console(struct rootfs *rootfs, int terminal)
{
	auto_fd int dev = path_open(rootfs->root, "/dev", O_PATH | O_DIRECTORY, 0, PATH_IN_ROOT);
	auto_fd int console = -1;
	int result;

	if (dev < 0)
		return fail(-dev, "open /dev");
	console = open_console(dev);
	if (console < 0)
		return console;
	result = bind_after_enter(rootfs, terminal, console);
	return result < 0 ? fail(-result, "bind the terminal on /dev/console") : 0;
}
