/* SPDX-License-Identifier: Apache-2.0 */
/* cruet list */
#include <stdio.h>

#include "lib/arena.h"
#include "lib/json.h"
#include "runtime/cmd/command.h"
#include "runtime/cmd/format.h"

struct options {
	const char *format;
	bool quiet;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "format", 'f', ARGS_STRING, OPTION(format), "FORMAT", "table (default) or json" },
	{ "quiet", 'q', ARGS_FLAG, OPTION(quiet), NULL, "ids only" },
	COMMAND_OPTIONS_END,
};

static const char *owner_of(const struct container_info *info, char text[16])
{
	if (info->record.owner == 0)
		return "root";
	snprintf(text, 16, "#%u", (unsigned int)info->record.owner);
	return text;
}

static pid_t pid_of(const struct container_info *info)
{
	return info->status == STATUS_STOPPED ? 0 : info->record.pid;
}

static int print_json(struct arena *arena, const struct container_info *list, size_t count)
{
	struct json_writer writer;
	char owner[16];
	size_t size;
	const char *text;

	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_array(&writer, NULL);
	for (size_t i = 0; i < count; i++)
		state_write_json(&writer, &list[i].record, list[i].status, list[i].record.pid,
				 owner_of(&list[i], owner));
	json_write_end(&writer, ']');
	text = json_write_finish(&writer, &size);
	if (!text)
		return -ENOMEM;
	text = count == 0 ? "null\n" : arena_printf(arena, "%s\n", text);
	return text ? command_print(text, strlen(text)) : -ENOMEM;
}

static int width_of(size_t length, int width)
{
	return (int)length > width ? (int)length : width;
}

/* One line a container, all in one write: whoever reads along sees them all, or none yet. */
static int print_table(struct arena *arena, const struct container_info *list, size_t count)
{
	enum { OTHER_COLUMNS = 64 };
	int id = 2, bundle = 6, created = 7;
	size_t room, used;
	char owner[16];
	char *text;

	for (size_t i = 0; i < count; i++) {
		id = width_of(strlen(list[i].record.id), id);
		bundle = width_of(strlen(list[i].record.bundle), bundle);
		created = width_of(strlen(list[i].record.created_at), created);
	}
	room = (count + 1) * ((size_t)id + (size_t)bundle + (size_t)created + OTHER_COLUMNS);
	text = arena_bytes(arena, room);
	if (!text)
		return -ENOMEM;
	used = (size_t)snprintf(text, room, "%-*s   PID       STATUS    %-*s   %-*s   OWNER\n", id,
				"ID", bundle, "BUNDLE", created, "CREATED");
	for (size_t i = 0; i < count; i++) {
		const struct state_record *record = &list[i].record;

		used += (size_t)snprintf(text + used, room - used,
					 "%-*s   %-7d   %-7s   %-*s   %-*s   %s\n", id, record->id,
					 (int)pid_of(&list[i]), state_status_name(list[i].status),
					 bundle, record->bundle, created, record->created_at,
					 owner_of(&list[i], owner));
	}
	return command_print(text, used);
}

static int print_ids(struct arena *arena, const struct container_info *list, size_t count)
{
	size_t room = 1, used = 0;
	char *text;

	for (size_t i = 0; i < count; i++)
		room += strlen(list[i].record.id) + 1;
	text = arena_bytes(arena, room);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, room - used, "%s\n", list[i].record.id);
	return command_print(text, used);
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	const struct options *values = given;
	struct container_info *list;
	bool json;
	ssize_t count;
	int result = format_is_json(values->format, &json);

	(void)argc;
	(void)argv;
	if (result < 0)
		return result;
	count = container_list(&arena, context, &list);
	if (count < 0)
		return (int)count;
	if (values->quiet)
		return print_ids(&arena, list, (size_t)count);
	return json ? print_json(&arena, list, (size_t)count) :
		      print_table(&arena, list, (size_t)count);
}

const struct command command_list = {
	.name = "list",
	.arguments = "",
	.summary = "list containers",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
