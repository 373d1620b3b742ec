/* SPDX-License-Identifier: Apache-2.0 */
/* Additions to a process's environment. */
#ifndef RUNTIME_ENV_H
#define RUNTIME_ENV_H

#include <stdbool.h>

struct arena;
struct spec_strings;

/* Append KEY=VALUE (kept, not copied; NULL is out of memory). A later entry replaces an earlier one
 * when the program starts. */
bool env_add(struct arena *arena, struct spec_strings *env, const char *entry);

#endif
