/* SPDX-License-Identifier: Apache-2.0 */
/* cruet kill */
#include <signal.h>

#include "lib/error.h"
#include "lib/config.h"
#include "runtime/cmd/command.h"
#include "runtime/cmd/match.h"
#include "runtime/cmd/signals.h"

struct options {
	bool all, regex;
};

#define FLAG(field) ARGS_FLAG, offsetof(struct options, field), ARGS_NO_SEEN, NULL

static const struct args_option options[] = {
	{ "all", 'a', FLAG(all), "send it to every process of the container" },
#if IS_ENABLED(CONFIG_ID_PATTERNS)
	{ "regex", 'r', FLAG(regex), "the id is a pattern: send it to all that match" },
#endif
	COMMAND_OPTIONS_END,
};

struct kill {
	int signal;
	bool all;
};

static int kill_one(const struct container_context *context, const char *id, void *data)
{
	const struct kill *kill = data;

	return container_kill(context, id, kill->signal, kill->all);
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	struct kill kill = { .signal = SIGTERM, .all = values->all };

	if (argc > 1)
		kill.signal = signal_number(argv[1]);
	if (kill.signal < 0)
		return fail_as(ERROR_USAGE, EINVAL, "unknown signal %s", argv[1]);
	if (IS_ENABLED(CONFIG_ID_PATTERNS) && values->regex)
		return match_each(context, argv[0], kill_one, &kill);
	return kill_one(context, argv[0], &kill);
}

const struct command command_kill = {
	.name = "kill",
	.arguments = "CONTAINER-ID [SIGNAL]",
	.summary = "send a signal (default TERM) to a container's first process",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 2,
	.mixed = true,
	.run = run,
};
