/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control groups of one container, whatever is mounted: v2, v1 (one folder a hierarchy),
 * both (hybrid), or none (manager "disabled"). Which controllers there are is read from
 * mountinfo; a missing one is an error only if a limit asks for it.
 */
#ifndef RUNTIME_CGROUP_CGROUP_H
#define RUNTIME_CGROUP_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct spec_resources;

enum cgroup_manager { CGROUP_MANAGER_FS, CGROUP_MANAGER_DISABLED };

/*
 * Where a container's groups are. `record` is one line of text without newline that says it all
 * (kept in the state record before the groups are made, so that whoever comes later can remove
 * them); its grammar is in group_record.c.
 */
struct cgroup;

/*
 * Plan, without side effects: find the hierarchies, choose the path from linux.cgroupsPath (NULL:
 * "/<id>" below our own group; absolute: below the mount; relative: below our own group, on v2 with
 * controllers beside it), refuse a group that has processes or is frozen, and limits whose
 * controller is missing. Memory from the arena; NULL: error recorded.
 */
struct cgroup *cgroup_plan(struct arena *arena, enum cgroup_manager manager,
			   const char *cgroups_path, const char *id,
			   const struct spec_resources *resources);

/*
 * Where the groups of a container must be whose record is lost: what cgroup_plan() would have said,
 * were they not there yet; so that they can be removed. NULL: error recorded.
 */
struct cgroup *cgroup_guess(struct arena *arena, enum cgroup_manager manager,
			    const char *cgroups_path, const char *id);

/* From a state record, which must live as long. Does not touch the system. NULL: error recorded. */
struct cgroup *cgroup_from_record(struct arena *arena, const char *record);
const char *cgroup_record(const struct cgroup *cgroup);

/*
 * A linux.cgroupsPath (absolute) that names just these groups to any runtime, or NULL where they
 * are at different places of their hierarchies. Lives as long as the cgroup.
 */
const char *cgroup_common_path(const struct cgroup *cgroup);

/*
 * Make the groups, enable controllers. A group that somebody else made since the plan is refused,
 * and never touched by cgroup_remove() of this struct. On error what was made is removed.
 */
int cgroup_make(struct cgroup *cgroup);
/* The same without other controllers than limits need: they cost many times as much. */
int cgroup_make_bare(struct cgroup *cgroup);

/* Write limits and device rules; before the process enters, but for what a kernel wants later. */
int cgroup_apply(struct cgroup *cgroup, const struct spec_resources *resources);

/*
 * Directory descriptor for clone3(CLONE_INTO_CGROUP), or -1 where that does not do (v1, disabled,
 * old kernel). Owned by cgroup.
 */
int cgroup_clone_fd(struct cgroup *cgroup);

/*
 * True if the process must (also) be put in by cgroup_enter: some v1 hierarchy, or no
 * CLONE_INTO_CGROUP.
 */
bool cgroup_needs_enter(const struct cgroup *cgroup, bool cloned_into);

/*
 * Put a process in all groups (pid 0: the caller; then only descriptors opened by cgroup_open_enter
 * before are used, so that it works without a cgroup file system in sight).
 */
int cgroup_enter(struct cgroup *cgroup, pid_t pid, bool cloned_into);
int cgroup_open_enter(struct cgroup *cgroup);

/*
 * For exec --cgroup: the same groups, `sub` ("path", or "controller,controller:path" on v1, ":path"
 * on v2) below; ".." is refused, and the group must exist. Several: call it again on the result.
 * New cgroup from the arena, to be closed by itself; NULL: error recorded.
 */
struct cgroup *cgroup_sub(struct arena *arena, const struct cgroup *cgroup, const char *sub);

/*
 * For exec when the v2 group answers EBUSY or EOPNOTSUPP, because the container's init has made
 * groups below and given them controllers: the same groups, on v2 the one below in which `pid` (of
 * the init) is now. New cgroup from the arena, to be closed by itself; NULL: error recorded.
 */
struct cgroup *cgroup_where(struct arena *arena, const struct cgroup *cgroup, pid_t pid);

/* All pids in the groups and below, from the arena; count or -errno. */
ssize_t cgroup_processes(struct arena *arena, const struct cgroup *cgroup, pid_t **pids);

/* SIGKILL (or another signal) to all: cgroup.kill, else freeze, signal, thaw. */
int cgroup_signal_all(struct cgroup *cgroup, int number);

/* Returns when all is frozen: waits on cgroup.events; v1 has no event, there it is read back. */
int cgroup_freeze(struct cgroup *cgroup);
int cgroup_thaw(struct cgroup *cgroup);
/* 1 frozen, 0 not, or -errno. */
int cgroup_is_frozen(const struct cgroup *cgroup);

/*
 * `update`: all given limits in one go, memory and swap in the order the kernel needs; on error the
 * old values stand again.
 */
int cgroup_update(struct cgroup *cgroup, const struct spec_resources *resources);

/*
 * Remove the groups and groups below. A busy one: kill what is left, wait on cgroup.events, try
 * again. Missing ones are fine.
 */
int cgroup_remove(struct cgroup *cgroup);

/* Remove the group right above in every hierarchy, where nobody is in it or below. */
void cgroup_remove_above(const struct cgroup *cgroup);

/* OOM kills so far in the group, or 0: to tell "memory limit too low". */
uint64_t cgroup_oom_kills(const struct cgroup *cgroup);

/*
 * The container's view, a mount of type "cgroup" or "cgroup2": prepare in the parent or child with
 * the host's groups in sight, mount on `target` (an O_PATH descriptor inside the rootfs) with
 * `flags` (MS_RDONLY ...). With a cgroup namespace the hierarchies are mounted anew; without, the
 * container's groups are bound.
 */
int cgroup_mount(const struct cgroup *cgroup, int target, unsigned long flags, const char *data,
		 bool cgroup_namespace);

/* For type "cgroup2" alone: the v2 tree, also where the host has v1 hierarchies beside it. */
int cgroup_mount_v2(const struct cgroup *cgroup, int target, unsigned long flags, const char *data,
		    bool cgroup_namespace);

/* Closes descriptors. */
void cgroup_close(struct cgroup *cgroup);

#endif
