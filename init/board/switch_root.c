/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the initramfs to the root file system that system.json's mounts have prepared. All that can
 * be checked is checked before anything is moved: after a failure the initramfs is as it was.
 */
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"

enum { DEPTH_MAX = 64 };

static const char *const moved[] = { "dev", "proc", "sys", "run" };

/* The initramfs is the one root that lies in RAM and can be emptied. */
static bool is_initramfs(int root)
{
	struct statfs status;

	return fstatfs(root, &status) == 0 && ((unsigned long)status.f_type == RAMFS_MAGIC ||
					       (unsigned long)status.f_type == TMPFS_MAGIC);
}

static int refuse(int no, const char *root, const char *what)
{
	return fail(no, "switch to %s: %s", root, what);
}

static int check(int old, int new, const char *root, const char *init)
{
	auto_fd int fd = -1;
	struct stat here, there;

	if (!is_initramfs(old))
		return refuse(EINVAL, root, "this is no initramfs");
	if (fstat(old, &here) < 0 || fstat(new, &there) < 0 || here.st_dev == there.st_dev)
		return refuse(EINVAL, root, "nothing is mounted there");
	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
		if (faccessat(new, moved[i], F_OK, 0) < 0)
			return refuse(errno, root, moved[i]);
	/* Absolute links in it mean the new root. */
	fd = path_open(new, init, O_PATH, 0, PATH_IN_ROOT);
	if (fd < 0 || fstat(fd, &there) < 0)
		return refuse(fd < 0 ? -fd : errno, root, init);
	if (!S_ISREG(there.st_mode) || !(there.st_mode & 0111))
		return refuse(EACCES, root, init);
	return 0;
}

/* Free the memory. What is mounted there by now is left alone. */
static void empty(int folder, dev_t device, int depth)
{
	DIR *stream = fdopendir(folder);
	const struct dirent *entry;

	while (stream && (entry = readdir(stream)) != NULL) {
		struct stat status;
		int inside;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    status.st_dev != device)
			continue;
		if (!S_ISDIR(status.st_mode)) {
			unlinkat(folder, entry->d_name, 0);
			continue;
		}
		inside = openat(folder, entry->d_name,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inside >= 0 && depth < DEPTH_MAX)
			empty(inside, device, depth + 1);
		unlinkat(folder, entry->d_name, AT_REMOVEDIR);
	}
	if (stream)
		closedir(stream);
	else
		close_fd(&folder);
}

static int move_mounts(int new, const char *root)
{
	char source[8];

	if (fchdir(new) < 0)
		return refuse(errno, root, "enter");
	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		snprintf(source, sizeof(source), "/%s", moved[i]);
		/* EINVAL: it is no mount (a /dev of the initramfs itself): the new init makes one.
		 */
		if (mount(source, moved[i], NULL, MS_MOVE, NULL) < 0 && errno != EINVAL)
			return refuse(errno, root, source);
	}
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return refuse(errno, root, "move it to /");
	return 0;
}

int board_switch_root(const struct plan *plan, char **argv)
{
	const char *root = plan_text(plan, plan->system->root);
	const char *init = plan_text(plan, plan->system->init);
	auto_fd int old = -1, new = -1;
	struct stat status;
	int result;

	if (!IS_ENABLED(CONFIG_INIT_SWITCH_ROOT) || !root || !init)
		return fail_as(ERROR_UNSUPPORTED, 0, "system.json: switch-root: %s",
			       root && init ? "CONFIG_INIT_SWITCH_ROOT is not set" :
					      "needs \"root\" and \"init\"");
	old = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	new = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (old < 0 || new < 0 || fstat(old, &status) < 0)
		return refuse(errno, root, "open");
	result = check(old, new, root, init);
	if (result == 0)
		result = move_mounts(new, root);
	if (result < 0)
		return result;
	empty(take_fd(&old), status.st_dev, 0);
	argv[0] = (char *)init;
	execv(init, argv);
	return fail(errno, "execute %s", init);
}
