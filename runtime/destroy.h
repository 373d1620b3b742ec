/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container, however far it got. */
#ifndef RUNTIME_DESTROY_H
#define RUNTIME_DESTROY_H

#include <stdbool.h>

#include "runtime/container.h"

struct spec_hooks;

/*
 * Kill what runs, remove groups and state folder, and, if `hooks`, run its poststop hooks. The
 * caller holds the lock of `state`. A recorded error survives when all goes well. 0 or -errno
 * recorded.
 */
int container_destroy(const struct container_context *context, int state,
		      const struct state_record *record, bool hooks);

/* Hooks of one kind in the runtime's namespaces, with the state that they are to see. */
int container_run_hooks(const struct spec_hooks *hooks, const char *kind,
			const struct state_record *record, enum container_status status,
			bool keep_going);

/* The hooks from the container's own copy of config.json. */
int container_read_hooks(struct arena *arena, int state, struct spec_hooks *hooks);

/* Read the record of an opened state folder or record why not: damaged, or still being created. */
int container_read_record(struct arena *arena, int state, const char *id,
			  struct state_record *record);

#endif
