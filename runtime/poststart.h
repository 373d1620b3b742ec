/* SPDX-License-Identifier: Apache-2.0 */
/* What follows the execution of the user's program, for `start` and `run` alike. */
#ifndef RUNTIME_POSTSTART_H
#define RUNTIME_POSTSTART_H

#include "runtime/container.h"

/* The poststart hooks, if it has any. On ERROR_HOOK the caller ends the container
 * (runtime.md#lifecycle). */
int container_poststart(int state, const struct state_record *record);

#endif
