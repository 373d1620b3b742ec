/* SPDX-License-Identifier: Apache-2.0 */
/* Which command of PID 1 or its clients is called: see command.h. */
#include "init/cmd/command.h"

#include <string.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/log.h"

/* clang-format off: one line a command */
const struct command *const init_commands[] = {
#if IS_ENABLED(CONFIG_INIT_BOOT_REPORT)
	&command_boot,
#endif
#if IS_ENABLED(CONFIG_INIT_CHECK)
	&command_check,
	&command_compile,
#endif
#if IS_ENABLED(CONFIG_INIT_CLIENT)
	&command_down,
	&command_flag,
#endif
	&command_halt,
	&command_init,
#if IS_ENABLED(CONFIG_INIT_LOGS)
	&command_logs,
#endif
#if IS_ENABLED(CONFIG_INIT_MONITOR)
	&command_monitor,
#endif
	&command_poweroff,
	&command_reboot,
#if IS_ENABLED(CONFIG_INIT_CLIENT)
	&command_reexec,
	&command_reload,
	&command_restart,
#endif
#if IS_ENABLED(CONFIG_INIT_SIMULATE)
	&command_simulate,
#endif
#if IS_ENABLED(CONFIG_INIT_CLIENT)
	&command_status,
#endif
	&command_supervise,
#if IS_ENABLED(CONFIG_INIT_CLIENT)
	&command_up,
#endif
	NULL,
};
/* clang-format on */

static bool is_applet(const char *name)
{
	return strcmp(name, "init") == 0 || strcmp(name, "reboot") == 0 ||
	       strcmp(name, "poweroff") == 0 || strcmp(name, "halt") == 0;
}

const struct command *init_command_of(const char *name, int *argc, char ***argv)
{
	const struct command *command;

	if (is_applet(name))
		return command_find(init_commands, name);
	command = *argc > 1 ? command_find(init_commands, (*argv)[1]) : NULL;
	if (command) {
		--*argc;
		++*argv;
		return command;
	}
	/* What the kernel runs as its first process has no command of ours; one in a PID namespace
	 * does. */
	if (getpid() == 1 && *argc == 1)
		return &command_init;
	return NULL;
}

int init_main(const char *name, const struct command *command, int argc, char **argv)
{
	int status;

	log_setup(&(struct log_options){ .fd = -1, .level = LOG_LEVEL_WARNING, .program = name });
	/* The kernel passes words that it does not know: they are for others. */
	if (command == &command_init && getpid() == 1)
		status = command->run(NULL, NULL, argc, argv);
	else
		status = command_execute(name, command, NULL, NULL, argc, argv);
	if (status >= 0)
		return status;
	log_error();
	return command->error_status ? command->error_status : 1;
}
