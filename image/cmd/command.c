/* SPDX-License-Identifier: Apache-2.0 */
/* Which command of the image tool is called: see command.h. */
#include "image/cmd/command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "image/progress.h"
#include "lib/error.h"
#include "lib/log.h"

/* clang-format off: one line a command */
const struct command *const image_commands[] = {
#if IS_ENABLED(CONFIG_IMAGE_EXPORT)
	&command_export,
#endif
	&command_image,
	&command_import,
#if IS_ENABLED(CONFIG_PULL)
	&command_login,
	&command_logout,
	&command_pull,
#endif
#if IS_ENABLED(CONFIG_PUSH)
	&command_push,
#endif
#if IS_ENABLED(CONFIG_IMAGE_REVISION)
	&command_revision,
#endif
	NULL,
};

static const struct command *const actions[] = {
	&image_attach, &image_audit,	     &image_bundle,  &image_du, &image_fsck,
	&image_gc,     &image_history,	     &image_inspect, &image_ls, &image_release_action,
	&image_rm,
#if IS_ENABLED(CONFIG_SIGN_MAKE)
	&image_sign,
#endif
	&image_tag,    &image_unpack_action, &image_verify,  NULL,
};
/* clang-format on */

const struct command *image_command_of(int argc, char **argv)
{
	return argc > 1 ? command_find(image_commands, argv[1]) : NULL;
}

/* `image` and `revision`: their actions, and what they are about. */
struct group {
	const char *name, *about;
	const struct command *const *actions;
};

static int help(const char *program, const struct group *group)
{
	char line[160];
	int length = snprintf(line, sizeof(line),
			      "Usage: %s ACTION [OPTION...] [ARGUMENT...]\n\n"
			      "%s\n\nActions:\n",
			      program, group->about);
	int result = command_print(line, (size_t)length);

	if (result == 0)
		result = command_print_list(group->actions);
	length = snprintf(line, sizeof(line),
			  "\n`%s ACTION --help` explains one; see also cruet-image(1).\n", program);
	return result < 0 ? result : command_print(line, (size_t)length);
}

/* `image ACTION`: the action takes the command's place. */
static int execute_action(const char *program, const struct group *group, int argc, char **argv)
{
	char name[64];
	const struct command *action;

	snprintf(name, sizeof(name), "%s %s", program, group->name);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		int result = help(name, group);

		return result < 0 ? result : argc < 2;
	}
	action = command_find(group->actions, argv[1]);
	if (!action)
		return fail_as(ERROR_USAGE, 0, "unknown action %s: see `%s --help`", argv[1], name);
	return command_execute(name, action, NULL, NULL, argc - 1, argv + 1);
}

int image_main(const char *program, const struct command *command, int argc, char **argv)
{
	static const struct group images = { "image", "The images of this device's store.",
					     actions };
	static const struct group revisions = { "revision",
						"What this device runs, as one signed thing.",
						revision_actions };
	int status;

	log_setup(
		&(struct log_options){ .fd = -1, .level = LOG_LEVEL_WARNING, .program = program });
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	if (command == &command_image)
		status = execute_action(program, &images, argc, argv);
	else if (IS_ENABLED(CONFIG_IMAGE_REVISION) && command == &command_revision)
		status = execute_action(program, &revisions, argc, argv);
	else
		status = command_execute(program, command, NULL, NULL, argc, argv);
	if (status >= 0)
		return status;
	progress_abort();
	log_error();
	return command->error_status ? command->error_status : 1;
}

/* Only for the list of commands: its actions have the options. */
static const struct args_option none[] = { COMMAND_OPTIONS_END };
const struct command command_image = {
	.name = "image",
	.arguments = "ACTION",
	.summary = "list, inspect, verify, sign, unpack and remove images",
	.options = none,
};
