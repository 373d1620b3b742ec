/* SPDX-License-Identifier: Apache-2.0 */
/* --format of `list` and `ps`. */
#ifndef RUNTIME_CMD_FORMAT_H
#define RUNTIME_CMD_FORMAT_H

#include <stdbool.h>
#include <string.h>

#include "lib/error.h"

/* "table" (or NULL) or "json". 0, or -EINVAL recorded. */
static inline int format_is_json(const char *text, bool *json)
{
	*json = text && strcmp(text, "json") == 0;
	if (text && !*json && strcmp(text, "table") != 0)
		return fail_as(ERROR_USAGE, EINVAL, "--format %s: must be table or json", text);
	return 0;
}

#endif
