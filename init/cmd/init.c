/* SPDX-License-Identifier: Apache-2.0 */
/* cruet init: the first process of a machine. */
#include "init/cmd/command.h"

#include <unistd.h>

#include "lib/error.h"

static const struct args_option options[] = {
	COMMAND_OPTIONS_END,
};

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	(void)context;
	(void)given;
	(void)argc;
	(void)argv;
	if (getpid() != 1)
		return fail_as(ERROR_STATE, 0,
			       "init: only the first process of a machine can be "
			       "its init; `cruet supervise` runs under another");
	return fail_as(ERROR_UNSUPPORTED, 0, "init: not yet");
}

const struct command command_init = {
	.name = "init",
	.arguments = "",
	.summary = "be the first process of a machine (PID 1)",
	.options = options,
	.arguments_max = COMMAND_ANY,
	.run = run,
};
