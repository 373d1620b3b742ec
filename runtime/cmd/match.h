/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that take a pattern of ids in place of one id (--regex). */
#ifndef RUNTIME_CMD_MATCH_H
#define RUNTIME_CMD_MATCH_H

#include "runtime/container.h"

/*
 * Call `act` for each container whose id matches the extended regular expression (regex(7)). Goes
 * on after a failure; the first one is the result.
 */
int match_each(const struct container_context *context, const char *pattern,
	       int (*act)(const struct container_context *context, const char *id, void *data),
	       void *data);

#endif
