/* SPDX-License-Identifier: Apache-2.0 */
/* cruet run */
#include "runtime/cmd/create_options.h"

struct options {
	struct create_options create;
	bool detach, keep, no_subreaper;
};

#define FLAG(field) ARGS_FLAG, offsetof(struct options, field), ARGS_NO_SEEN, NULL

static const struct args_option options[] = {
	CREATE_OPTION_ROWS(0),
	{ "detach", 'd', FLAG(detach), "do not wait for its end" },
	{ "keep", 0, FLAG(keep), "do not delete it when it ends" },
	{ "no-subreaper", 0, FLAG(no_subreaper), "leave orphans to the caller" },
	COMMAND_OPTIONS_END,
};

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	const struct container_run_request request = {
		.create = create_request(&values->create, argv[0]),
		.detach = values->detach,
		.keep = values->keep,
		.no_subreaper = values->no_subreaper,
	};
	int exit_status;
	int result = container_run(context, &request, &exit_status);

	(void)argc;
	return result < 0 ? result : exit_status;
}

const struct command command_run = {
	.name = "run",
	.arguments = "CONTAINER-ID",
	.summary = "make and start a container, wait for its end, delete it",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.protects = true,
	.run = run,
};
