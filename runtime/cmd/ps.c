/* SPDX-License-Identifier: Apache-2.0 */
/* cruet ps */
#include <stdio.h>

#include "lib/arena.h"
#include "lib/json.h"
#include "runtime/cmd/command.h"
#include "runtime/cmd/format.h"

struct options {
	const char *format;
};

static const struct args_option options[] = {
	{ "format", 'f', ARGS_STRING, offsetof(struct options, format), ARGS_NO_SEEN, "FORMAT",
	  "table (default) or json" },
	COMMAND_OPTIONS_END,
};

static int print_json(struct arena *arena, const pid_t *pids, size_t count)
{
	struct json_writer writer;
	const char *text;

	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_array(&writer, NULL);
	for (size_t i = 0; i < count; i++)
		json_write_int(&writer, NULL, pids[i]);
	json_write_end(&writer, ']');
	text = json_write_finish(&writer, NULL);
	if (text)
		text = arena_printf(arena, "%s\n", text);
	return text ? command_print(text, strlen(text)) : -ENOMEM;
}

static int print_table(const pid_t *pids, size_t count)
{
	char line[16];
	int result = command_print("PID\n", 4);

	for (size_t i = 0; result == 0 && i < count; i++) {
		int length = snprintf(line, sizeof(line), "%d\n", (int)pids[i]);

		result = command_print(line, (size_t)length);
	}
	return result;
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	const struct options *values = given;
	pid_t *pids;
	bool json;
	ssize_t count;
	int result = format_is_json(values->format, &json);

	(void)argc;
	if (result < 0)
		return result;
	count = container_processes(&arena, context, argv[0], &pids);
	if (count < 0)
		return (int)count;
	return json ? print_json(&arena, pids, (size_t)count) : print_table(pids, (size_t)count);
}

const struct command command_ps = {
	.name = "ps",
	/* What follows the id is for ps(1) as runc calls it; pids need none of it. */
	.arguments = "CONTAINER-ID [PS-OPTION]...",
	.summary = "list the processes of a container by their host pids",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = COMMAND_ANY,
	.run = run,
};
