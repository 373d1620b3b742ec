/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount system calls on descriptors. Nothing here takes a path inside a container: a target was
 * opened once by lib/path. Where a kernel lacks the newer calls the classic mount(2) on
 * /proc/self/fd/N does the same; /proc must then be the host's (rootfs_build() checks it).
 */
#ifndef RUNTIME_MOUNT_CALL_H
#define RUNTIME_MOUNT_CALL_H

#include <stdbool.h>

/* Newer than the headers of the C libraries that we build with; values from linux/mount.h. */
enum mount_flag_bits {
	MOUNT_FLAG_NOSYMFOLLOW = 256,  /* MS_NOSYMFOLLOW, 5.10 */
	MOUNT_FLAG_LAZYTIME = 1 << 25, /* MS_LAZYTIME, 4.0 */
};

/*
 * The MS_* flags that belong to one mount and not to the file system: what a bind mount can have of
 * its own.
 */
#define MOUNT_FLAGS_OWN \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | \
	 MS_STRICTATIME | MOUNT_FLAG_NOSYMFOLLOW)

/*
 * A detached copy of the mount at `path` relative to `dir` ("" for dir itself), with what is
 * mounted below it if `recursive`: open_tree(2), 5.2. Descriptor or -errno, records nothing.
 */
int mount_clone(int dir, const char *path, bool recursive);

/*
 * Attach a detached mount, or move an attached one, to `target`: move_mount(2), or MS_MOVE. 0 or
 * -errno, records nothing.
 */
int mount_attach(int tree, int target);
/* The same at `path` relative to `dir`, links followed. */
int mount_attach_at(int tree, int dir, const char *path);

/* mount(2) on a descriptor. 0 or -errno, records nothing. */
struct mount_request {
	const char *source; /* may be NULL */
	const char *type;
	unsigned long flags; /* MS_* */
	const char *data;
};
int mount_on(int target, const struct mount_request *request);

/*
 * The same on a folder, cheaper: it becomes the working directory and is mounted on as ".". With a
 * `name` the mount goes to that entry of it, which must be known to be no link.
 */
int mount_here(int folder, const char *name, const struct mount_request *request);

/* The same on a path relative to the working directory. */
int mount_from_here(const char *path, const struct mount_request *request);

/* Bind `source` (descriptors both) on `target`. 0 or -errno, records nothing. */
int mount_bind(int source, int target, bool recursive);

/*
 * Set and clear flags (MS_*, only MOUNT_FLAGS_OWN count) of the mount whose root `mount` is; what
 * is named in neither stays. So flags that a user namespace has locked are kept by themselves. 0 or
 * -errno, records nothing.
 */
int mount_change(int mount, unsigned long set, unsigned long clear);
/*
 * The same of the mount at entry `name` of the folder `dir` (AT_FDCWD: the working directory); a
 * link is not followed.
 */
int mount_change_at(int dir, const char *name, unsigned long set, unsigned long clear);

/* The flags that a mount has now (MS_*, of MOUNT_FLAGS_OWN). 0 or -errno, records nothing. */
int mount_flags(int mount, unsigned long *flags);
/* Set flags of a mount and of all below it; before 5.12 of it alone. */
int mount_change_all(int mount, unsigned long set);
/* Set flags, or propagation, of the mount that is the process's root: needs no procfs. */
int mount_change_root(unsigned long set);
int mount_propagate_root(unsigned long propagation);

/*
 * Propagation: MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, with MS_REC if wanted. 0 or
 * -errno.
 */
int mount_propagate(int mount, unsigned long propagation);

#endif
