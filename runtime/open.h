/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a container for a command, and clearing away what a killed creator left. */
#ifndef RUNTIME_OPEN_H
#define RUNTIME_OPEN_H

#include "runtime/container.h"

/*
 * Open the state folder of `id` (lock: LOCK_EX, LOCK_SH or 0) and read its record. A container
 * whose creator died is rolled back completely and does not exist any more. Descriptor of the
 * folder, or -errno recorded.
 */
int container_open(const struct container_context *context, struct arena *arena, const char *id,
		   int lock, struct state_record *record);

/* Roll back `id` if its creator died: true if there was something, and it is gone. Records nothing.
 */
bool container_roll_back(const struct container_context *context, const char *id);

#endif
