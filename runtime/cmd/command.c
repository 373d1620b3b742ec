/* SPDX-License-Identifier: Apache-2.0 */
/* Global options and the way to a command: see command.h. */
#include "runtime/cmd/command.h"

#include <stdio.h>
#include <string.h>

#include "lib/config.h"
#include "lib/error.h"
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

static int open_root(struct container_context *context)
{
	context->root_fd = state_open_root(context->root);
	return context->root_fd < 0 ? context->root_fd : 0;
}

static int help(const char *program, const struct command *const *const *others)
{
	char line[128];

	globals_help(program);
	command_print_list(commands);
	for (; *others; others++)
		command_print_list(*others);
	snprintf(line, sizeof(line),
		 "\n`%s COMMAND --help` explains a command; see also cruet(1).\n", program);
	return command_print(line, strlen(line));
}

int runtime_main(const char *name, int argc, char **argv,
		 const struct command *const *const *others)
{
	struct globals globals = { .program = name };
	const struct command *command;
	int first = globals_read(&globals, argc, argv);
	int status;

	if (first == ARGS_HELP)
		return help(name, others) < 0;
	if (first < 0) {
		log_error();
		return 1;
	}
	if (globals.version)
		return globals_print_version(name) < 0;
	if (first == argc || strcmp(argv[first], "help") == 0)
		return help(name, others) < 0 || first == argc;
	command = command_find(commands, argv[first]);
	if (!command) {
		fail_as(ERROR_USAGE, 0, "unknown command %s: see `%s --help`", argv[first], name);
		log_error();
		return 1;
	}
	status = command->protects ? self_protect(argv) : 0;
	if (status == 0)
		status = command_execute(name, command, &globals.context,
					 command->no_root ? NULL : open_root, argc - first,
					 argv + first);
	if (status >= 0)
		return status;
	log_error();
	return command->error_status ? command->error_status : 1;
}
