/* SPDX-License-Identifier: Apache-2.0 */
/* cruet monitor: a line for each change, as it happens. */
#include "init/cmd/client.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init/control/report.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/log.h"

static bool is_asked_for(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static int print(const struct client_options *values, const struct control_system *system,
		 const struct control_change *change)
{
	char room[1024] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct json_writer writer;
	struct page page;

	if (values->json) {
		json_write_start(&writer, &arena, JSON_COMPACT);
		report_change_json(&writer, system, change);
		return report_print_json(&writer);
	}
	page_begin(&page, STDOUT_FILENO);
	report_change(&page, system, change);
	return page_end(&page);
}

/* The time of day may have been set since the supervisor told it. Its clock is ours. */
static void set_clock(struct control_system *system)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	system->now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	clock_gettime(CLOCK_REALTIME, &now);
	system->realtime_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the supervisor goes away (-ECONNRESET), or nobody reads along. */
static int follow(const struct client_options *values, char **names)
{
	auto_arena struct arena arena = { 0 };
	auto_fd int connection = -1;
	struct control_view view;
	union control_answer answer;
	int result = control_look(&arena, values->socket, CONTROL_MONITOR, &view, &connection);

	/* There is one already if the units were read again just now. */
	if (result == 0 && view.changes && is_asked_for(view.changes->change.name, names))
		result = print(values, &view.system, &view.changes->change);
	while (result == 0) {
		result = control_next(connection, &answer, NULL);
		if (result <= 0)
			break;
		result = 0;
		set_clock(&view.system);
		if (answer.kind == CONTROL_LOST)
			log_warning("%d changes were lost: nobody read them in time",
				    (int)answer.packet.result);
		else if (answer.kind == CONTROL_CHANGE && is_asked_for(answer.change.name, names))
			result = print(values, &view.system, &answer.change);
	}
	return result;
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	int result;

	(void)context;
	(void)argc;
	/* When it executes itself again, its clients have to come again. */
	while ((result = follow(given, argv)) == -ECONNRESET) {
		log_warning("the supervisor closed the connection: connecting again");
		nanosleep(&pause, NULL);
	}
	return result;
}

const struct command command_monitor = {
	.name = "monitor",
	.arguments = "[UNIT...]",
	.summary = "print each change of state as it happens",
	.options = client_options + OPTIONS_JSON,
	.options_size = sizeof(struct client_options),
	.arguments_max = COMMAND_ANY,
	.mixed = true,
	.run = run,
};
