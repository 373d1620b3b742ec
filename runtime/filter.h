/* SPDX-License-Identifier: Apache-2.0 */
/* The system call filter of a container, from the cache that all containers of a state root share.
 */
#ifndef RUNTIME_FILTER_H
#define RUNTIME_FILTER_H

#include "runtime/seccomp/seccomp.h"

/* As seccomp_prepare(), with the cache below the state root. */
int filter_prepare(struct arena *arena, const struct spec_seccomp *profile, int root,
		   struct seccomp_program *program);

#endif
