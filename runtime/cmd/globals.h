/* SPDX-License-Identifier: Apache-2.0 */
/* The options before the command, and what follows from them: state root, log, cgroup manager. */
#ifndef RUNTIME_CMD_GLOBALS_H
#define RUNTIME_CMD_GLOBALS_H

#include <stdbool.h>

#include "runtime/container.h"

struct globals {
	const char *program; /* what we were called */
	const char *root, *log, *log_format, *log_level, *cgroup_manager;
	bool debug, version, systemd_cgroup;
	struct container_context context;
	char root_buffer[4096]; /* an absolute --root */
};

/* Read them and set up log and context. Index of the command in argv, ARGS_HELP, or -errno
 * recorded. */
int globals_read(struct globals *globals, int argc, char **argv);
void globals_help(const char *program);
int globals_print_version(const char *program);

#endif
