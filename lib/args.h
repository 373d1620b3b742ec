/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines, as runc's and crun's callers write them: --name=value, --name value, -n value,
 * -nVALUE is not accepted; one dash before a long name is (-no-subreaper); --flag=false unsets a
 * flag. A table of options drives the parser and the help text.
 */
#ifndef LIB_ARGS_H
#define LIB_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum args_type {
	ARGS_FLAG,	   /* bool */
	ARGS_STRING,	   /* const char *: the last one wins */
	ARGS_LIST,	   /* struct args_list: may be given many times */
	ARGS_UINT,	   /* uint64_t */
	ARGS_INT,	   /* int64_t */
	ARGS_SIZE,	   /* int64_t, with k m g suffix */
	ARGS_IGNORED_FLAG, /* accepted for compatibility, without effect (says so in help) */
	ARGS_IGNORED_STRING,
};

struct args_list {
	const char **items;
	size_t count;
};

struct args_option {
	const char *name; /* "bundle" */
	char letter;	  /* 'b' or 0 */
	enum args_type type;
	size_t offset;	   /* of the value in the options struct */
	size_t seen;	   /* offset of a bool set to true when given, or ARGS_NO_SEEN */
	const char *value; /* what to call the value in help: "PATH" */
	const char *help;  /* NULL: hidden */
};
#define ARGS_NO_SEEN ((size_t)-1)

/*
 * Parse argv[1..] into `options` until the first word that is not an option, or "--" (skipped).
 * The table ends with a row without name. `argv[0]` is the name of the command or the program, for
 * messages. List storage: args_list.items must point to room
 * for argc entries (the caller provides it before). Returns the index of the first positional
 * word, or a negative errno with a recorded ERROR_USAGE. --help gives ARGS_HELP.
 * With `mixed`, options may also follow positional words (they are moved to the end, as runc's
 * callers do for `kill ID --all`); without, parsing stops at the first positional word.
 */
enum { ARGS_HELP = -1000 };
int args_parse(int argc, char **argv, const struct args_option *table, void *options, bool mixed);

/* Print the table as help text to stdout. */
void args_help(const char *usage, const char *description, const struct args_option *table);

#endif
