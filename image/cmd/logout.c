/* SPDX-License-Identifier: Apache-2.0 */
/* cruet logout */
#include <stddef.h>

#include "image/cmd/session.h"
#include "image/registry/registry.h"
#include "lib/error.h"

struct options {
	const char *settings;
};

static const struct args_option options[] = {
	{ "settings", 0, ARGS_STRING, offsetof(struct options, settings), ARGS_NO_SEEN, "FILE",
	  "instead of " SETTINGS_PATH },
	COMMAND_OPTIONS_END,
};

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	auto_arena struct arena arena = { 0 };
	struct image_settings settings;
	int result = settings_read(&arena, session_settings_path(values->settings), &settings);

	(void)context;
	(void)argc;
	return result < 0 ? result : registry_logout(&settings, argv[0]);
}

const struct command command_logout = {
	.name = "logout",
	.arguments = "REGISTRY",
	.summary = "forget a registry's user and password",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = run,
};
