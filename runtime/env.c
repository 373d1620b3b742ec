/* SPDX-License-Identifier: Apache-2.0 */
/* Additions to a process's environment: see env.h. */
#include "runtime/env.h"

#include <string.h>

#include "lib/arena.h"
#include "runtime/spec/spec.h"

bool env_add(struct arena *arena, struct spec_strings *env, const char *entry)
{
	const char **items;

	if (!entry)
		return false;
	items = arena_array(arena, env->count + 2, sizeof(*items));
	if (!items)
		return false;
	if (env->count > 0)
		memcpy(items, env->items, env->count * sizeof(*items));
	items[env->count] = entry;
	*env = (struct spec_strings){ .items = items, .count = env->count + 1, .present = true };
	return true;
}
