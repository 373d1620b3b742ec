/* SPDX-License-Identifier: Apache-2.0 */
/* cruet supervise: the same as init, under another init or in a container. */
#include <stdio.h>

#include "init/cmd/command.h"
#include "init/host/host.h"
#include "init/paths.h"
#include "lib/error.h"

struct options {
	const char *units, *system, *plan;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "units", 0, ARGS_STRING, OPTION(units), "FOLDER",
	  "the units' folder (default " INIT_UNITS ")" },
	{ "system", 0, ARGS_STRING, OPTION(system), "FILE",
	  "settings (default " INIT_SYSTEM "); what is the board's does not count" },
	{ "plan", 0, ARGS_STRING, OPTION(plan), "FILE",
	  "what `cruet compile` wrote, used while it is newer than the units (default " INIT_PLAN
	  ")" },
	COMMAND_OPTIONS_END,
};

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	const struct host_settings settings = {
		.units = values->units ? values->units : INIT_UNITS,
		.system = values->system ? values->system : INIT_SYSTEM,
		.plan = values->plan ? values->plan : INIT_PLAN,
	};

	(void)context;
	(void)argc;
	return host_main(&settings, argv);
}

const struct command command_supervise = {
	.name = "supervise",
	.arguments = "",
	.summary = "supervise units under another init or in a container",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
