/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the cgroup room. A container has one group in each hierarchy: one in the v2 tree, one
 * in each v1 hierarchy. Where a controller lives is looked up by its name; names, not bits, so
 * that a controller that is newer than we are works as well.
 */
#ifndef RUNTIME_CGROUP_INTERNAL_H
#define RUNTIME_CGROUP_INTERNAL_H

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/config.h"
#include "runtime/cgroup/cgroup.h"

enum {
	GROUP_CLOSED = AT_FDCWD,
	GROUP_MAX = 20,			 /* the v2 tree, 12 controllers of v1, and named ones */
	GROUP_PATH_SIZE = PATH_MAX + 64, /* of a file in a group: names of files are short */
	GROUP_FILE_SIZE =
		4096, /* what is read of a control file: a page is all that most can give */
};

/* The container's group in one hierarchy. */
struct group {
	const char *controllers; /* v1: "cpu,cpuacct", "name=systemd"; v2: "" */
	const char *path;	 /* as seen in the mount namespace of the runtime */
	size_t mount_length;	 /* the part of path that is the mount point */
	unsigned int own; /* so many last components of path were not there before us; at least 1 */
	bool v2;
	bool exists; /* was there already when we planned: empty, and not frozen */
	bool ours;   /* made by us, or taken from a record: may be removed */
	int dir;     /* of the group; GROUP_CLOSED: its files go by their whole path */
	int procs;   /* cgroup.procs for cgroup_enter(0), -1 */
};

struct cgroup {
	struct arena *arena;
	const char *record;
	bool disabled;
	size_t count;
	struct group *groups; /* room for GROUP_MAX */
	/*
	 * v2: controllers that the group has by itself, and those that the mount offers; NULL: not
	 * read yet
	 */
	const char *enabled, *available;
	const char *needed; /* v2 controllers that limits ask for: "cpu io" */
	struct limits *limits;
	const struct spec_resources *limits_of;
};

/* With one version compiled in this is a constant, and the code for the other one goes away. */
static inline bool group_is_v2(const struct group *group)
{
	if (!IS_ENABLED(CONFIG_CGROUP_V1))
		return true;
	return IS_ENABLED(CONFIG_CGROUP_V2) && group->v2;
}

/* ---- find.c: what is mounted ---- */

struct found_group {
	const char *controllers; /* as in struct group */
	const char *mount;	 /* mount point */
	const char *own;	 /* our own group below the mount: "" is its root */
	bool v2, readonly;
};

struct found {
	size_t count;
	struct found_group items[GROUP_MAX];
};

/* Reads /proc/self/cgroup and, unless that says all, /proc/self/mountinfo. 0 or -errno recorded. */
int cgroup_find(struct arena *arena, bool need_own, struct found *found);

/* The same from texts (both are changed). */
int cgroup_find_in(struct arena *arena, char *self_cgroup, char *mountinfo, struct found *found);

/* ---- group_record.c ---- */

/* Writes cgroup->record. 0 or -ENOMEM. */
int group_record(struct cgroup *cgroup);

/* ---- group.c: words, files ---- */

/* A file of the host's /proc or of a cgroup mount, by its whole path. As file_read_small(). */
ssize_t host_read(const char *path, char *buffer, size_t size);

/* Is `word` one of `list`, separated by `separator` (or a newline)? */
bool word_in(const char *list, char separator, const char *word);

/* What follows `start` on the first line of `text` that begins with it, or NULL. */
const char *line_after(const char *text, const char *start);

/* Is ".." a component? */
bool has_dotdot(const char *path);

/* The group that has this v1 controller, or NULL. */
struct group *group_v1(const struct cgroup *cgroup, const char *controller);
struct group *group_v2(const struct cgroup *cgroup);

/* A new one, without groups. NULL: out of memory, recorded. */
struct cgroup *group_none(struct arena *arena);

/* The path of a group, which is shorter than PATH_MAX, to be changed. Returns path. */
char *group_path(const struct group *group, char path[PATH_MAX]);

/* Opens group->dir if it is not. Descriptor or -errno; records nothing. */
int group_open(struct group *group);
void group_close(struct group *group);
int group_open_file(struct group *group, const char *file, int flags);

/*
 * One write(2) / the content with its NUL, without the last newline. Relative to the group's
 * folder. -errno; record nothing.
 */
int group_write(struct group *group, const char *file, const char *value);
ssize_t group_read(struct group *group, const char *file, char *buffer, size_t size);

/*
 * The controllers that every container's group has if they are to be had: is it one, has a list
 * any?
 */
bool group_is_usual(const char *controller);
bool group_has_usual(const char *list);
/* Does the v2 group lack one, as far as one can tell before looking what there is? */
bool group_lacks_usual(struct cgroup *cgroup);

/*
 * cgroup.subtree_control of the parent: what the group has without our doing. NULL: out of memory,
 * or no v2.
 */
const char *group_v2_enabled(struct cgroup *cgroup);

/* cgroup.controllers of a mount point, "" if there is none. NULL: out of memory. */
const char *group_v2_offer(struct arena *arena, const char *mount);

/* cgroup.controllers of the mount point: all that the v2 tree can give. NULL: out of memory. */
const char *group_v2_available(struct cgroup *cgroup);

/* Does the v2 tree offer a controller (enabled already, or possible)? */
bool group_v2_has(struct cgroup *cgroup, const char *controller);

/* ---- make.c ---- */

/* Enable v2 controllers for the group: what clients read, and what is needed. 0 or -errno recorded.
 */
int group_enable(struct cgroup *cgroup);

/* ---- processes.c ---- */

/*
 * Calls `each` for every process in the folder `dir` and below. `each` returns < 0 to stop. 0 or
 * its result or -errno.
 */
int group_walk(int dir, int (*each)(pid_t pid, void *context), void *context);
/* The same for the folder alone. */
int group_walk_one(int dir, int (*each)(pid_t pid, void *context), void *context);

/*
 * Calls `each` for every group right below `dir`. 0, or what `each` returned other than 0, or
 * -errno.
 */
int group_each_below(int dir, int (*each)(int dir, const char *name, void *context), void *context);

/* 1 if a process is in the group or below, 0, or -errno. */
int group_populated(struct group *group);

/* ---- group_signal.c ---- */

/* SIGKILL to all in one group and below: cgroup.kill, or one by one. 0 or -errno; records nothing.
 */
int group_kill(struct group *group);
/* SIGKILL to what is in the folder `dir` itself, as far as it goes. */
void group_kill_here(int dir);

/* ---- remove.c ---- */

/* Removes what cgroup_make() made so far and nobody has used yet. */
void group_unmake(struct cgroup *cgroup);

/* ---- freeze.c ---- */

/* The group that freezes: the v1 freezer, or the v2 group; NULL: none. */
struct group *group_freezer(const struct cgroup *cgroup);
int group_is_frozen(struct group *group); /* by itself or by a group above: 1, 0, -errno */
int group_thaw(struct group *group);

/* Waits until cgroup.events has this line ("frozen 1"). 0, -ETIMEDOUT, -errno. */
int group_wait_event(struct group *group, const char *line, int timeout_ms);

#endif
