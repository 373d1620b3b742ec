/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rootfs_host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

int host_open(const char *path, int flags)
{
	const int fd = openat(AT_FDCWD, path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int host_open_top(const char *path)
{
	return host_open(strcmp(path, "/") == 0 ? "/.." : path, O_PATH | O_DIRECTORY);
}

int host_stat(const char *path, struct stat *info)
{
	return fstatat(AT_FDCWD, path, info, 0) < 0 ? -errno : 0;
}

int host_clone(const char *path, bool recursive)
{
	return mount_clone(AT_FDCWD, path, recursive);
}

int host_attach(int tree, const char *path)
{
	return mount_attach_at(tree, AT_FDCWD, path);
}

int host_mount(const char *path, const struct mount_request *request)
{
	return mount(request->source, path, request->type, request->flags, request->data) < 0 ?
		       -errno :
		       0;
}
