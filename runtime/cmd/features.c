/* SPDX-License-Identifier: Apache-2.0 */
/* cruet features */
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/cmd/command.h"
#include "runtime/spec/spec.h"

static const struct args_option options[] = { COMMAND_OPTIONS_END };

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	const char *document = spec_features(&arena);

	(void)context;
	(void)given;
	(void)argc;
	(void)argv;
	if (!document)
		return -ENOMEM;
	return command_print(document, strlen(document));
}

const struct command command_features = {
	.name = "features",
	.arguments = "",
	.summary = "print what this build can do as JSON",
	.options = options,
	.no_root = true,
	.run = run,
};
