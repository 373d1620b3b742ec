/* SPDX-License-Identifier: Apache-2.0 */
/* Mounting on descriptors: a target is opened once. /proc must be there. */
#ifndef IMAGE_UNPACK_MOUNT_API_H
#define IMAGE_UNPACK_MOUNT_API_H

#include <stdbool.h>
#include <sys/types.h>

/* Does the kernel have the file system (its module is loaded), and may we mount it? */
bool mount_has_type(const char *type);

/* mount(2) on the folder `target`; MS_NODEV is added. 0 or -errno, unrecorded. */
int mount_to(int target, const char *source, const char *type, unsigned long flags,
	     const char *data);

/* Make the folder `name` if it is missing, and open it: O_PATH. -errno recorded. */
int mount_folder(int parent, const char *name);

/* A place for a mount: the entry `name`, a folder, of `parent`. */
struct mount_place {
	int parent;
	const char *name;
};

/*
 * A device (`type`: S_IFBLK, S_IFCHR) for reading: by /dev/NAME if that is it, else by a node of
 * our own, made in a tmpfs at `place` that goes again. Descriptor, or -errno recorded.
 */
int device_open(const char *name, mode_t type, dev_t device, const struct mount_place *place);

/* A loop device over the file, read-only, that lets go when it is closed. Its descriptor, or -errno
 * recorded. */
int loop_over(int file, const struct mount_place *place);

#endif
