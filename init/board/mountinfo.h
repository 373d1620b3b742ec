/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/self/mountinfo (proc(5)), for the end of life. */
#ifndef INIT_BOARD_MOUNTINFO_H
#define INIT_BOARD_MOUNTINFO_H

#include <stdbool.h>

struct arena;

struct mount_entry {
	struct mount_entry *before; /* the one that was mounted before it; NULL: none */
	const char *target, *type;
	bool is_read_only; /* the file system, for all its mounts */
	bool is_memory;	   /* nothing of it outlives the machine */
};

/* The last one; NULL: none, or it could not be read. Memory from the arena. */
struct mount_entry *mountinfo_read(struct arena *arena);
/* The same from the file's text, which is changed. */
struct mount_entry *mountinfo_parse(struct arena *arena, char *text);

/* "/", and what the kernel and we ourselves need to the end: /proc, /sys, /dev, /run. */
bool mountinfo_stays(const struct mount_entry *entry);

#endif
