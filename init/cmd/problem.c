/* SPDX-License-Identifier: Apache-2.0 */
/* What `check` and `compile` share: see problem.h. */
#include "init/cmd/problem.h"

#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/fd.h"

void problem_print(int fd, const struct unit_problem *problem)
{
	char line[16] = "", text[5120];

	if (problem->line)
		snprintf(line, sizeof(line), ":%u", problem->line);
	snprintf(text, sizeof(text), "%s%s: %s%s%s%s\n", problem->file, line,
		 problem->warning ? "warning: " : "", problem->property,
		 *problem->property ? ": " : "", problem->reason);
	fd_write_all(fd, text, strlen(text));
}

char *problem_beside(struct arena *arena, const char *folder, const char *name)
{
	size_t length = strlen(folder);
	const char *last;

	while (length > 1 && folder[length - 1] == '/')
		length--;
	last = memrchr(folder, '/', length);
	/* "." and "x/.." have no name that could be left away. */
	if (folder[length - 1] == '.')
		return arena_printf(arena, "%.*s/../%s", (int)length, folder, name);
	return arena_printf(arena, "%.*s%s", last ? (int)(last - folder) + 1 : 0, folder, name);
}
