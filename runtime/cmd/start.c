/* SPDX-License-Identifier: Apache-2.0 */
/* cruet start */
#include "runtime/cmd/command.h"

static const struct args_option options[] = { COMMAND_OPTIONS_END };

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	(void)given;
	(void)argc;
	return container_start(context, argv[0]);
}

const struct command command_start = {
	.name = "start",
	.arguments = "CONTAINER-ID",
	.summary = "execute the program of a created container",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
