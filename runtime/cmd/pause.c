/* SPDX-License-Identifier: Apache-2.0 */
/* cruet pause, cruet resume */
#include "runtime/cmd/command.h"

static const struct args_option options[] = { COMMAND_OPTIONS_END };

static int run_pause(const struct container_context *context, void *given, int argc, char **argv)
{
	(void)given;
	(void)argc;
	return container_pause(context, argv[0]);
}

static int run_resume(const struct container_context *context, void *given, int argc, char **argv)
{
	(void)given;
	(void)argc;
	return container_resume(context, argv[0]);
}

const struct command command_pause = {
	.name = "pause",
	.arguments = "CONTAINER-ID",
	.summary = "freeze all processes of a container",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run_pause,
};

const struct command command_resume = {
	.name = "resume",
	.arguments = "CONTAINER-ID",
	.summary = "thaw a paused container",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run_resume,
};
