/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of the command line: a table of options and a function that makes a request of them and
 * prints. Each room has a table of its commands; here is what they share.
 */
#ifndef LIB_COMMAND_H
#define LIB_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/args.h"

struct container_context; /* the runtime's commands get one; nothing is known of it here */

struct command {
	const char *name;
	const char *arguments; /* "CONTAINER-ID [SIGNAL]" */
	const char *summary;
	const struct args_option *options; /* ends with a row without a name */
	size_t options_size; /* of the struct that they fill, at most COMMAND_OPTIONS_MAX */
	unsigned char arguments_min, arguments_max; /* COMMAND_ANY: no upper limit */
	bool mixed;				    /* options may follow the arguments */
	bool no_root;				    /* does not need the state folder */
	bool protects;	  /* puts a process into a container: self_protect() comes first */
	int error_status; /* exit status of a failure; 0: 1 */
	/*
	 * `options` points to the filled struct, argv[0..argc) are the arguments, argv[argc] is
	 * NULL. Gives the exit status, or a negative errno with a recorded error.
	 */
	int (*run)(const struct container_context *context, void *options, int argc, char **argv);
};

enum { COMMAND_OPTIONS_MAX = 512, COMMAND_ANY = 255 };

#define COMMAND_OPTIONS_END \
	{ \
		.name = NULL \
	}

/* In a list that ends with NULL; NULL: there is none of that name. */
const struct command *command_find(const struct command *const *list, const char *name);

/*
 * Parse argv[1..] (argv[0] is the command's name), then `prepare` (may be NULL), then the command.
 * --help prints its usage. The exit status, or a negative errno with a recorded error.
 */
int command_execute(const char *program, const struct command *command,
		    struct container_context *context,
		    int (*prepare)(struct container_context *context), int argc, char **argv);

/* One line a command: its name and summary. 0, or -errno recorded. */
int command_print_list(const struct command *const *list);

/* Write text to stdout; 0, or -errno recorded. */
int command_print(const char *text, size_t size);

#endif
