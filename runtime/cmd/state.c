/* SPDX-License-Identifier: Apache-2.0 */
/* cruet state */
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/cmd/command.h"

static const struct args_option options[] = { COMMAND_OPTIONS_END };

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	const char *document = container_state(&arena, context, argv[0]);

	(void)given;
	(void)argc;
	if (!document)
		return -EINVAL;
	return command_print(document, strlen(document));
}

const struct command command_state = {
	.name = "state",
	.arguments = "CONTAINER-ID",
	.summary = "print the state of a container as JSON",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
