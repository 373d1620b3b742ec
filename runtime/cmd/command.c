/* SPDX-License-Identifier: Apache-2.0 */
/* Global options and the way to a command: see command.h. */
#include "runtime/cmd/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "runtime/cmd/globals.h"
#include "runtime/self.h"
#include "runtime/state.h"

const struct command *const commands[] = {
	&command_create,
	&command_delete,
#if IS_ENABLED(CONFIG_CMD_EXEC)
	&command_exec,
#endif
#if IS_ENABLED(CONFIG_CMD_FEATURES)
	&command_features,
#endif
	&command_kill,
#if IS_ENABLED(CONFIG_CMD_LIST)
	&command_list,
#endif
#if IS_ENABLED(CONFIG_CMD_PAUSE)
	&command_pause,
#endif
#if IS_ENABLED(CONFIG_CMD_PS)
	&command_ps,
#endif
#if IS_ENABLED(CONFIG_CMD_PAUSE)
	&command_resume,
#endif
	&command_run,
#if IS_ENABLED(CONFIG_CMD_SPEC)
	&command_spec,
#endif
	&command_start,
	&command_state,
#if IS_ENABLED(CONFIG_CMD_UPDATE)
	&command_update,
#endif
	NULL,
};

int command_print(const char *text, size_t size)
{
	return fd_write_all(STDOUT_FILENO, text, size) < 0 ? fail(errno, "write to stdout") : 0;
}

static const struct command *find(const char *name)
{
	for (const struct command *const *command = commands; *command; command++)
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

static int run_command(const char *program, const struct command *command,
		       struct container_context *context, int argc, char **argv)
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
	if (result == 0 && !command->no_root) {
		context->root_fd = state_open_root(context->root);
		result = context->root_fd < 0 ? context->root_fd : 0;
	}
	return result < 0 ? result : command->run(context, &options, argc - first, argv + first);
}

static int help(const char *program)
{
	char line[128];

	globals_help(program);
	for (const struct command *const *command = commands; *command; command++) {
		int length = snprintf(line, sizeof(line), "  %-10s%s\n", (*command)->name,
				      (*command)->summary);

		command_print(line, (size_t)length);
	}
	snprintf(line, sizeof(line),
		 "\n`%s COMMAND --help` explains a command; see also cruet(1).\n", program);
	return command_print(line, strlen(line));
}

int runtime_main(const char *name, int argc, char **argv)
{
	struct globals globals = { .program = name };
	const struct command *command;
	int first = globals_read(&globals, argc, argv);
	int status;

	if (first == ARGS_HELP)
		return help(name) < 0;
	if (first < 0) {
		log_error();
		return 1;
	}
	if (globals.version)
		return globals_print_version(name) < 0;
	if (first == argc || strcmp(argv[first], "help") == 0)
		return help(name) < 0 || first == argc;
	command = find(argv[first]);
	if (!command) {
		fail_as(ERROR_USAGE, 0, "unknown command %s: see `%s --help`", argv[first], name);
		log_error();
		return 1;
	}
	status = command->protects ? self_protect(argv) : 0;
	if (status == 0)
		status = run_command(name, command, &globals.context, argc - first, argv + first);
	if (status >= 0)
		return status;
	log_error();
	return command->error_status ? command->error_status : 1;
}
