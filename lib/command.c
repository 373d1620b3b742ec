/* SPDX-License-Identifier: Apache-2.0 */
/* From a table of commands to the one that is called: see command.h. */
#include "lib/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

int command_print(const char *text, size_t size)
{
	return fd_write_all(STDOUT_FILENO, text, size) < 0 ? fail(errno, "write to stdout") : 0;
}

const struct command *command_find(const struct command *const *list, const char *name)
{
	for (const struct command *const *command = list; *command; command++)
		if (strcmp((*command)->name, name) == 0)
			return *command;
	return NULL;
}

static void print_usage(const char *program, const struct command *command)
{
	char usage[160];

	snprintf(usage, sizeof(usage), "%s %s [OPTION...] %s", program, command->name,
		 command->arguments);
	args_help(usage, command->summary, command->options);
}

/* ARGS_LIST options need room for as many words as there can be. */
static int give_lists_room(struct arena *arena, const struct command *command, void *options,
			   int argc)
{
	for (const struct args_option *option = command->options; option->name; option++) {
		struct args_list *list;

		if (option->type != ARGS_LIST)
			continue;
		list = (void *)((char *)options + option->offset);
		list->items = arena_array(arena, (size_t)argc + 1, sizeof(*list->items));
		if (!list->items)
			return -ENOMEM;
	}
	return 0;
}

static int check_count(const char *program, const struct command *command, int count)
{
	if (count >= command->arguments_min &&
	    (count <= command->arguments_max || command->arguments_max == COMMAND_ANY))
		return 0;
	return fail_as(ERROR_USAGE, 0, "%s %s: %s arguments: %s %s [OPTION...] %s", program,
		       command->name, count < command->arguments_min ? "missing" : "too many",
		       program, command->name, command->arguments);
}

int command_execute(const char *program, const struct command *command,
		    struct container_context *context,
		    int (*prepare)(struct container_context *context), int argc, char **argv)
{
	char room[1024] = { 0 }; /* for the lists of most command lines */
	auto_arena struct arena arena = ARENA_ON(room);
	union {
		char bytes[COMMAND_OPTIONS_MAX];
		max_align_t aligned;
	} options;
	int first, result;

	memset(&options, 0, command->options_size);
	result = give_lists_room(&arena, command, &options, argc);
	if (result < 0)
		return result;
	first = args_parse(argc, argv, command->options, &options, command->mixed);
	if (first == ARGS_HELP) {
		print_usage(program, command);
		return 0;
	}
	if (first < 0)
		return first;
	result = check_count(program, command, argc - first);
	if (result == 0 && prepare)
		result = prepare(context);
	return result < 0 ? result : command->run(context, &options, argc - first, argv + first);
}

int command_print_list(const struct command *const *list)
{
	int result = 0;

	for (char line[128]; *list && result == 0; list++) {
		int length = snprintf(line, sizeof(line), "  %-10s%s\n", (*list)->name,
				      (*list)->summary);

		result = command_print(line, (size_t)length);
	}
	return result;
}
