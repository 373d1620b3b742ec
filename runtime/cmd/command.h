/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's command line: one file a command. A command is a table of options and a function
 * that makes a request of them, calls container.h, and prints.
 */
#ifndef RUNTIME_CMD_COMMAND_H
#define RUNTIME_CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/args.h"
#include "lib/config.h"
#include "runtime/container.h"

struct command {
	const char *name;
	const char *arguments; /* "CONTAINER-ID [SIGNAL]" */
	const char *summary;
	const struct args_option *options; /* ends with a row without a name */
	size_t options_size; /* of the struct that they fill, at most COMMAND_OPTIONS_MAX */
	unsigned char arguments_min, arguments_max; /* COMMAND_ANY: no upper limit */
	bool mixed;				    /* options may follow the arguments */
	bool no_root;				    /* does not need the state folder */
	bool protects;	  /* puts a process into a container: lib's self_protect() comes first */
	int error_status; /* exit status of a failure; 0: 1 */
	/*
	 * `options` points to the filled struct, argv[0..argc) are the arguments, argv[argc] is
	 * NULL. Gives the exit status, or a negative errno with a recorded error.
	 */
	int (*run)(const struct container_context *context, void *options, int argc, char **argv);
};

enum { COMMAND_OPTIONS_MAX = 512, COMMAND_ANY = 255 };

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

#define COMMAND_OPTIONS_END \
	{ \
		.name = NULL \
	}

extern const struct command command_create, command_delete, command_exec, command_features,
	command_kill, command_list, command_pause, command_ps, command_resume, command_run,
	command_spec, command_start, command_state, command_update;

/* Those that this build has, in alphabetical order, NULL last. */
extern const struct command *const commands[];

/*
 * Everything from argv to the exit status: global options, then the command. `name` is what we were
 * called: "cruet", "runc", "crun".
 */
int runtime_main(const char *name, int argc, char **argv);

/* Write text to stdout; 0, or -errno recorded. */
int command_print(const char *text, size_t size);

#endif
