/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's file system: mounts, devices, masked and read-only paths, and the change of
 * root. P is the runtime (host's view), C the container's first process in its new namespaces.
 * All paths of the configuration are resolved inside the rootfs by lib/path; mounts go to a
 * descriptor opened once.
 */
#ifndef RUNTIME_ROOTFS_H
#define RUNTIME_ROOTFS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cgroup;
struct rootfs;
struct spec;

struct rootfs_options {
	const char *bundle;	     /* absolute path of the bundle */
	const struct cgroup *cgroup; /* for mounts of type cgroup; may be NULL */
	int proc;		     /* the host's procfs, open and verified; <= 0: our own */
	bool no_pivot;		     /* --no-pivot: move the mount and chroot */
	bool user_namespace;	     /* the container has a user namespace: new, or joined */
	bool new_mount_namespace;    /* else mounts are made in the joined or inherited one */
};

/*
 * P, no side effect: check root.path (exists, is a folder), mount options, device paths; decide
 * everything that can be decided. NULL: error recorded.
 */
struct rootfs *rootfs_plan(struct arena *arena, const struct spec *spec,
			   const struct rootfs_options *options);

/*
 * P, before the clone: open what C could not reach from inside its user namespace (bind sources as
 * detached mounts, host devices). Does nothing when there is no user namespace. Descriptors are
 * inherited by C and closed in P by rootfs_close().
 */
int rootfs_open_sources(struct rootfs *rootfs);

/*
 * C: propagation, rootfs bind, mounts in the listed order, devices, /dev links, masks, read-only
 * paths.
 */
int rootfs_build(struct rootfs *rootfs);

/*
 * The rootfs as an O_PATH descriptor, valid in C between build and enter (createContainer hooks
 * start there).
 */
int rootfs_fd(const struct rootfs *rootfs);

/*
 * C: make it "/": pivot_root(".", "."), on an initramfs move-mount and chroot (found out by
 * itself), or as --no-pivot says. Drops the old root. cwd is "/" after.
 */
int rootfs_enter(struct rootfs *rootfs);

/* C, after enter: bind a terminal (descriptor of the pty's slave) on /dev/console. */
int rootfs_bind_console(struct rootfs *rootfs, int terminal);

/*
 * C, last: root and tmpfs read-only as promised, root propagation, then read back all promised
 * read-only, nosuid, masked mounts.
 */
int rootfs_finish(struct rootfs *rootfs);

/*
 * P: right after the clone, before anything else: closes what was opened for C, and on old kernels
 * goes back to the mount namespace that rootfs_open_sources() left. 0 or -errno recorded.
 */
int rootfs_close(struct rootfs *rootfs);

/*
 * The mount option words that this build knows, for `features`: number `index`, NULL after the
 * last.
 */
const char *rootfs_mount_option(size_t index);

#endif
