/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces to make and to join, user id maps, and sysctls that belong to them. */
#ifndef RUNTIME_NAMESPACE_H
#define RUNTIME_NAMESPACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/spec/spec.h"

struct namespace_plan {
	int new_flags;		   /* CLONE_NEW* of those to make */
	int join_flags;		   /* CLONE_NEW* of those to join */
	int join[NAMESPACE_TYPES]; /* their descriptors, or -1 */
};

/*
 * P, no side effect: open and check the paths (each must be a namespace of its type, ioctl_ns(2));
 * a hostname without a UTS namespace, or id mappings without a user namespace, are refused, and so
 * are sysctls that no namespace of the container's own confines. Sets up `plan` even on error.
 */
int namespace_plan(const struct spec *spec, struct namespace_plan *plan);
void namespace_close(struct namespace_plan *plan);

/*
 * Join what is in `flags` and the plan. Those that we may not join as we are, we join after the
 * user namespace. 0 or -errno recorded.
 */
int namespace_join(const struct namespace_plan *plan, int flags);

/*
 * P: setgroups, uid_map and gid_map of the new user namespace of `pid` (user_namespaces(7)); as
 * root without mappings: the identity. `proc`: verified.
 */
int namespace_write_maps(const struct spec *spec, int proc, pid_t pid);

/* C: write linux.sysctl through a verified procfs. */
int namespace_write_sysctls(const struct spec *spec, int proc);

#endif
