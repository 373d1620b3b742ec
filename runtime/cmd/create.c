/* SPDX-License-Identifier: Apache-2.0 */
/* cruet create */
#include "runtime/cmd/create_options.h"

struct options {
	struct create_options create;
};

static const struct args_option options[] = {
	CREATE_OPTION_ROWS(0),
	{ "no-subreaper", 0, ARGS_IGNORED_FLAG, 0, ARGS_NO_SEEN, NULL, NULL },
	COMMAND_OPTIONS_END,
};

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	const struct container_create_request request = create_request(&values->create, argv[0]);

	(void)argc;
	return container_create(context, &request);
}

const struct command command_create = {
	.name = "create",
	.arguments = "CONTAINER-ID",
	.summary = "make a container that waits for `start`",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.protects = true,
	.run = run,
};
