/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of PID 1 and its clients: one file a command. */
#ifndef INIT_CMD_COMMAND_H
#define INIT_CMD_COMMAND_H

#include "lib/command.h"

extern const struct command command_boot, command_check, command_compile, command_down,
	command_flag, command_halt, command_init, command_logs, command_monitor, command_poweroff,
	command_reboot, command_reexec, command_reload, command_restart, command_simulate,
	command_status, command_supervise, command_up;

/* Those that this build has, in alphabetical order, NULL last. */
extern const struct command *const init_commands[];

/*
 * Which of our commands is meant: by the name we were called ("init", "reboot", "poweroff",
 * "halt"), or as PID 1 without a command (the kernel passes words it does not know), or by the
 * first word. NULL: none of ours. *argv and *argc are moved so that (*argv)[0] is the command's
 * name.
 */
const struct command *init_command_of(const char *name, int *argc, char ***argv);

/* Log and errors as everywhere; the exit status. */
int init_main(const char *name, const struct command *command, int argc, char **argv);

#endif
