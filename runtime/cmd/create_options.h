/* SPDX-License-Identifier: Apache-2.0 */
/* The options that `create` and `run` have in common. */
#ifndef RUNTIME_CMD_CREATE_OPTIONS_H
#define RUNTIME_CMD_CREATE_OPTIONS_H

#include "runtime/cmd/command.h"

struct create_options {
	const char *bundle, *config, *console_socket, *pid_file, *pidfd_socket;
	uint64_t preserve_fds;
	bool no_pivot, no_new_keyring;
};

/* Rows of an option table; `at` is where struct create_options lies in the command's own. */
#define CREATE_OPTION_ROWS(at) \
	{ "bundle", \
	  'b', \
	  ARGS_STRING, \
	  (at) + offsetof(struct create_options, bundle), \
	  ARGS_NO_SEEN, \
	  "DIR", \
	  "the bundle (default: the current folder)" }, \
		{ "config", \
		  'f', \
		  ARGS_STRING, \
		  (at) + offsetof(struct create_options, config), \
		  ARGS_NO_SEEN, \
		  "FILE", \
		  "instead of the bundle's config.json" }, \
		{ "console-socket", \
		  0, \
		  ARGS_STRING, \
		  (at) + offsetof(struct create_options, console_socket), \
		  ARGS_NO_SEEN, \
		  "PATH", \
		  "send the terminal there (AF_UNIX)" }, \
		{ "pid-file", \
		  0, \
		  ARGS_STRING, \
		  (at) + offsetof(struct create_options, pid_file), \
		  ARGS_NO_SEEN, \
		  "FILE", \
		  "write the pid of the container's first process" }, \
		PIDFD_SOCKET_ROW((at) + offsetof(struct create_options, pidfd_socket)){ \
			"preserve-fds", \
			0, \
			ARGS_UINT, \
			(at) + offsetof(struct create_options, preserve_fds), \
			ARGS_NO_SEEN, \
			"N", \
			"pass on N descriptors from 3 (after LISTEN_FDS)" \
		}, \
		{ "no-pivot", \
		  0, \
		  ARGS_FLAG, \
		  (at) + offsetof(struct create_options, no_pivot), \
		  ARGS_NO_SEEN, \
		  NULL, \
		  "move the root instead of pivot_root(2)" }, \
	{ \
		"no-new-keyring", 0, ARGS_FLAG, \
			(at) + offsetof(struct create_options, no_new_keyring), ARGS_NO_SEEN, \
			NULL, "keep the caller's session keyring" \
	}

/* The request, with `id`. */
static inline struct container_create_request create_request(const struct create_options *options,
							     const char *id)
{
	return (struct container_create_request){
		.id = id,
		.bundle = options->bundle,
		.config = options->config,
		.console_socket = options->console_socket,
		.pid_file = options->pid_file,
		.pidfd_socket = options->pidfd_socket,
		.preserve_fds =
			options->preserve_fds > 1024 ? 1024 : (unsigned int)options->preserve_fds,
		.no_pivot = options->no_pivot,
		.no_new_keyring = options->no_new_keyring,
	};
}

#endif
