/* SPDX-License-Identifier: Apache-2.0 */
/* cruet init: the first process of a machine. It takes no options: the kernel passes any word. */
#include <unistd.h>

#include "init/cmd/command.h"
#include "init/host/host.h"
#include "init/paths.h"
#include "lib/error.h"

static const struct args_option options[] = {
	COMMAND_OPTIONS_END,
};

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	static const struct host_settings settings = {
		.units = INIT_UNITS,
		.system = INIT_SYSTEM,
		.plan = INIT_PLAN,
		.is_init = true,
	};
	const int trial = host_answer_trial();

	(void)context;
	(void)given;
	(void)argc;
	if (trial >= 0)
		return trial;
	if (getpid() != 1)
		return fail_as(ERROR_STATE, 0,
			       "init: only the first process of a machine can be its init; `cruet "
			       "supervise` runs under another");
	return host_main(&settings, argv);
}

const struct command command_init = {
	.name = "init",
	.arguments = "",
	.summary = "be the first process of a machine (PID 1)",
	.options = options,
	.arguments_max = COMMAND_ANY,
	.run = run,
};
