/* SPDX-License-Identifier: Apache-2.0 */
/* cruet reexec: exchange the supervisor's program; everything it supervises goes on. */
#include "init/cmd/client.h"

#include <time.h>

#include "init/control/client.h"
#include "lib/arena.h"
#include "lib/error.h"

/* How often it has executed itself, or a negative errno recorded. */
static int count_reexecs(const char *socket, uint32_t *count)
{
	auto_arena struct arena arena = { 0 };
	struct control_view view;
	int result = control_look(&arena, socket, CONTROL_STATUS, &view, NULL);

	*count = view.system.reexecs;
	return result;
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	/* The supervisor gives a new program 5 s to show that it works. */
	enum { TRIES = 120, PAUSE_MS = 50 };
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	const struct client_options *values = given;
	uint32_t before, now;
	int result = count_reexecs(values->socket, &before);

	(void)context;
	(void)argc;
	(void)argv;
	if (result == 0)
		result = control_ask(values->socket, CONTROL_REEXEC, 0, NULL, NULL);
	for (int i = 0; result == 0 && i < TRIES; i++) {
		/* A connection that it had not answered yet goes with the old program. */
		if (count_reexecs(values->socket, &now) == 0 && now != before)
			return 0;
		nanosleep(&pause, NULL);
	}
	if (result < 0)
		return result;
	return fail_as(ERROR_STATE, 0,
		       "the supervisor goes on with the program that it has; see "
		       "`cruet logs --supervisor`");
}

const struct command command_reexec = {
	.name = "reexec",
	.arguments = "",
	.summary = "exchange the supervisor's program; all units go on",
	.options = client_options + OPTIONS_SOCKET,
	.options_size = sizeof(struct client_options),
	.run = run,
};
