/* SPDX-License-Identifier: Apache-2.0 */
/* cruet delete */
#include "lib/config.h"
#include "runtime/cmd/command.h"
#include "runtime/cmd/match.h"

struct options {
	bool force, regex;
};

#define FLAG(field) ARGS_FLAG, offsetof(struct options, field), ARGS_NO_SEEN, NULL

static const struct args_option options[] = {
	{ "force", 'f', FLAG(force), "kill it first; no error when there is none" },
#if IS_ENABLED(CONFIG_ID_PATTERNS)
	{ "regex", 'r', FLAG(regex), "the id is a pattern: delete all that match" },
#endif
	COMMAND_OPTIONS_END,
};

static int delete_one(const struct container_context *context, const char *id, void *data)
{
	const struct options *values = data;

	return container_delete(context, id, values->force);
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;

	(void)argc;
	if (IS_ENABLED(CONFIG_ID_PATTERNS) && values->regex)
		return match_each(context, argv[0], delete_one, given);
	return delete_one(context, argv[0], given);
}

const struct command command_delete = {
	.name = "delete",
	.arguments = "CONTAINER-ID",
	.summary = "remove a stopped container and what it holds",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = run,
};
