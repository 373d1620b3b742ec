/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces to make and to join, user id maps, and sysctls that belong to them. */
#ifndef RUNTIME_NAMESPACE_H
#define RUNTIME_NAMESPACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/spec/spec.h"

struct namespace_plan {
	int new_flags;		       /* CLONE_NEW* of those to make */
	int join[NAMESPACE_TYPES];     /* open descriptors of those to join, or -1 */
	int join_flags;
};

/*
 * P: open and check the paths (NS_GET_NSTYPE: "linux.namespaces[2].path: /proc/1/ns/pid is a pid namespace, not network");
 * hostname without a UTS namespace of its own, mappings without a user namespace ... are refused.
 */
int namespace_plan(const struct spec *spec, struct namespace_plan *plan);
void namespace_close(struct namespace_plan *plan);

/* Join all of plan->join except those in `except` (CLONE_NEW* flags): user first where it gives power over the rest, as needed. */
int namespace_join(const struct namespace_plan *plan, int except);

/* P: setgroups, uid_map and gid_map of the new user namespace of `pid`; as root without mappings: the identity. `proc`: verified. */
int namespace_write_maps(const struct spec *spec, int proc, pid_t pid);

/* Is every sysctl namespaced, and its namespace the container's own? By name, before any side effect. */
int namespace_check_sysctls(const struct spec *spec, const struct namespace_plan *plan);
/* C: write them through a verified procfs that shows the container's namespaces. */
int namespace_write_sysctls(const struct spec *spec, int proc);

#endif
