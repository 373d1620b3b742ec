/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of the host's: the bundle, the sources of bind mounts, "/". They come from the caller, who
 * is trusted, and are walked as the host sees them, before the change of root. Nothing inside a
 * container goes through here. All return a descriptor or 0, or -errno, and record nothing.
 */
#ifndef RUNTIME_ROOTFS_HOST_H
#define RUNTIME_ROOTFS_HOST_H

#include <stdbool.h>
#include <sys/stat.h>

#include "runtime/mount_call.h"

/* openat(2); O_CLOEXEC is added. */
int host_open(const char *path, int flags);
/*
 * The folder that is on top at a path, "/" too: what is mounted over the process's root is only
 * found by "/..".
 */
int host_open_top(const char *path);
int host_stat(const char *path, struct stat *info);
/* A detached copy of a mount, and one put on top of a path: see mount_call.h. */
int host_clone(const char *path, bool recursive);
int host_attach(int tree, const char *path);
int host_mount(const char *path, const struct mount_request *request);

#endif
