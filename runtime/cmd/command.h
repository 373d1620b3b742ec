/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's command line: one file a command, which makes a request of its options, calls
 * container.h, and prints.
 */
#ifndef RUNTIME_CMD_COMMAND_H
#define RUNTIME_CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/command.h"
#include "lib/config.h"
#include "runtime/container.h"

/* An option that a build can be without: it is then unknown, never without effect. `at`: a const
 * char *. */
#if IS_ENABLED(CONFIG_PIDFD_SOCKET)
#define PIDFD_SOCKET_ROW(at) \
	{ "pidfd-socket", \
	  0, \
	  ARGS_STRING, \
	  (at), \
	  ARGS_NO_SEEN, \
	  "PATH", \
	  "send a pidfd of the process there (AF_UNIX)" },
#else
#define PIDFD_SOCKET_ROW(at)
#endif

extern const struct command command_create, command_delete, command_exec, command_features,
	command_kill, command_list, command_pause, command_ps, command_resume, command_run,
	command_spec, command_start, command_state, command_update;

/* Those that this build has, in alphabetical order, NULL last. */
extern const struct command *const commands[];

/*
 * Everything from argv to the exit status: global options, then the command. `name` is what we were
 * called: "cruet", "runc", "crun". `others`: lists of the commands of other rooms, for the help;
 * the last is NULL.
 */
int runtime_main(const char *name, int argc, char **argv,
		 const struct command *const *const *others);

#endif
