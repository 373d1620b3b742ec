/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/mount_api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/path.h"

#ifndef SYS_fsopen
#define SYS_fsopen (SYS_pidfd_open - 4) /* 430 where pidfd_open is 434, on every architecture */
#endif

enum { FSOPEN_FLAG_CLOEXEC = 1 };

bool mount_has_type(const char *type)
{
	char list[4096], line[64];
	/* It loads the module, as mount(2) does. */
	auto_fd int context = (int)syscall(SYS_fsopen, type, FSOPEN_FLAG_CLOEXEC);

	if (context >= 0 || errno != ENOSYS) /* what else may be wrong, mount(2) will say */
		return context >= 0 || (errno != ENODEV && errno != EPERM);
	snprintf(line, sizeof(line), "\t%s\n", type);
	return geteuid() == 0 &&
	       file_read_small(AT_FDCWD, "/proc/filesystems", list, sizeof(list)) > 0 &&
	       strstr(list, line);
}

int mount_to(int target, const char *source, const char *type, unsigned long flags,
	     const char *data)
{
	char path[PATH_FD_SIZE];

	return mount(source, path_of_fd(target, path), type, flags | MS_NODEV, data) < 0 ? -errno :
											   0;
}

int mount_folder(int parent, const char *name)
{
	int fd;

	if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
		return fail(errno, "make folder %s", name);
	fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail(errno, "open folder %s", name) : fd;
}

static bool is_device(int fd, mode_t type, dev_t device)
{
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == type &&
	       status.st_rdev == device;
}

/* The node goes with the tmpfs, which nobody sees; the descriptor stays good. */
static int open_private(mode_t type, dev_t device, const struct mount_place *place)
{
	auto_fd int below = mount_folder(place->parent, place->name), above = -1;
	char path[PATH_FD_SIZE];
	int fd = -1;

	/* Not by mount_to(): it must not have nodev. */
	if (below < 0 ||
	    mount("cruet", path_of_fd(below, path), "tmpfs", MS_NOSUID | MS_NOEXEC, NULL) < 0)
		return -errno;
	above = openat(place->parent, place->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above >= 0 && mknodat(above, "device", type | 0600, device) == 0)
		fd = openat(above, "device", O_RDONLY | O_CLOEXEC);
	fd = fd < 0 ? -errno : fd;
	if (above >= 0)
		umount2(path_of_fd(above, path), MNT_DETACH);
	return fd;
}

int device_open(const char *name, mode_t type, dev_t device, const struct mount_place *place)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (is_device(fd, type, device))
		return fd;
	close_fd(&fd);
	fd = open_private(type, device, place);
	return fd < 0 ? fail(-fd, "open the device %s", name) : fd;
}
