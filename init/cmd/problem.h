/* SPDX-License-Identifier: Apache-2.0 */
/* What `check` and `compile` share. */
#ifndef INIT_CMD_PROBLEM_H
#define INIT_CMD_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "init/unit/unit.h"

struct arena;

/* "FILE:LINE: PROPERTY: reason", as editors know it from compilers; a warning says so. */
void problem_print(int fd, const struct unit_problem *problem);

/* The file `name` in the folder that `folder` lies in; NULL: out of memory, recorded. */
char *problem_beside(struct arena *arena, const char *folder, const char *name);

#endif
