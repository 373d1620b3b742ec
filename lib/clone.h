/* SPDX-License-Identifier: Apache-2.0 */
/* Making processes by clone3(2): into a cgroup, into namespaces, in our memory. */
#ifndef LIB_CLONE_H
#define LIB_CLONE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * clone3(2), or clone(2) where the kernel has none; as fork(2) in all else (with CLONE_PARENT: as
 * fork(2) by our parent). `cgroup`: descriptor for CLONE_INTO_CGROUP or -1; *cloned_into says
 * whether that worked. Gives the pid or -errno, unrecorded.
 */
pid_t clone_process(int flags, int cgroup, bool *cloned_into);

/*
 * The same as vfork(2): `child`, which never returns, runs in our memory, and we sleep until it has
 * executed a program or ended. Nothing is copied, so it costs a third less. -ENOSYS (unrecorded)
 * when it cannot be had: go by clone_process() then.
 */
pid_t clone_process_sharing(int flags, int cgroup, void (*child)(void *), void *data);

#endif
