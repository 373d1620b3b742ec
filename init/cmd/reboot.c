/* SPDX-License-Identifier: Apache-2.0 */
/* cruet reboot, poweroff, halt: the end, in good order or at once. */
#include "init/cmd/client.h"

#include <sys/reboot.h>
#include <unistd.h>

#include "init/control/client.h"
#include "lib/error.h"

struct options {
	const char *socket, *message;
	bool force, no_sync;
	uint64_t delay;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "force", 'f', ARGS_FLAG, OPTION(force), NULL,
	  "at once, by reboot(2): nothing is stopped, nothing is unmounted" },
	{ "no-sync", 'n', ARGS_FLAG, OPTION(no_sync), NULL, "with --force: do not sync(2) before" },
	{ "delay", 'd', ARGS_UINT, OPTION(delay), "SECONDS", "wait before" },
	{ "message", 'm', ARGS_STRING, OPTION(message), "TEXT",
	  "why: for the flight recorder (default: the command's name)" },
	SOCKET_OPTION(struct options),
	COMMAND_OPTIONS_END,
};

static int end(const struct options *values, const char *name, uint32_t command, int how)
{
	for (unsigned int left = (unsigned int)values->delay; left > 0;)
		left = sleep(left);
	if (!values->force)
		return control_ask(values->socket, command, 0, NULL,
				   values->message ? values->message : name);
	if (!values->no_sync)
		sync();
	reboot(how);
	return fail(errno, "%s", name);
}

#define COMMAND(word, request, how, text) \
	static int run_##word(const struct container_context *context, void *given, int argc, \
			      char **argv) \
	{ \
		(void)context; \
		(void)argc; \
		(void)argv; \
		return end(given, #word, request, how); \
	} \
	const struct command command_##word = { \
		.name = #word, \
		.arguments = "", \
		.summary = text, \
		.options = options, \
		.options_size = sizeof(struct options), \
		.run = run_##word, \
	}

COMMAND(reboot, CONTROL_REBOOT, RB_AUTOBOOT, "stop everything and start the machine again");
COMMAND(poweroff, CONTROL_POWEROFF, RB_POWER_OFF, "stop everything and switch the machine off");
COMMAND(halt, CONTROL_HALT, (int)RB_HALT_SYSTEM, "stop everything and halt the machine");
