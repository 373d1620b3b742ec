/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel says of a device: a uevent, from its socket (NUL-separated) or as a device's file
 * "uevent" in sysfs has it (lines). Parsing allocates nothing and takes any bytes.
 */
#ifndef INIT_BOARD_UEVENT_H
#define INIT_BOARD_UEVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* UEVENT_BUFFER_SIZE of linux/kobject.h is 2048; behind a header with the action and the path. */
enum { UEVENT_MAX = 4096 };

/* Texts point into the message; NULL: it does not say. */
struct uevent {
	const char *action; /* "add"; NULL when it comes from a file */
	const char *path;   /* DEVPATH, below /sys */
	const char *name;   /* DEVNAME, below /dev */
	const char *type;   /* DEVTYPE: "disk" and "partition" are block devices */
	const char *modalias;
	const char *partition_name, *partition_uuid; /* PARTNAME, PARTUUID (>= 6.8) */
	unsigned int major, minor;		     /* 0, 0: no node */
	mode_t mode;				     /* of the node, permissions only */
	uid_t uid;
	gid_t gid;
};

/* `text` has `size` bytes and one more for a NUL; separators in it become NULs. */
void uevent_parse(struct uevent *event, char *text, size_t size);

/* The kernel's events of this network namespace; close-on-exec, non-blocking. -errno recorded. */
int uevent_open(void);
/*
 * The next event: 1; 0: there is none; -ENOBUFS: some were lost; -EAGAIN: not one of the kernel's,
 * or no event: ask again. `buffer` holds UEVENT_MAX bytes. Records nothing.
 */
int uevent_receive(int socket, char *buffer, struct uevent *event);

/*
 * node.c: the device's node in "dev" below the folder `root` ("/"), as devtmpfs has it: made by any
 * event but "remove" (and by what a file says), removed by "remove" unless there is such a device
 * again. What stands there already stays. 0 or -errno, unrecorded. Bounded, allocates nothing.
 */
int uevent_node(int root, const struct uevent *event);

#endif
