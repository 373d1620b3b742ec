/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that ask the supervisor have in common: their options, in one table. */
#ifndef INIT_CMD_CLIENT_H
#define INIT_CMD_CLIENT_H

#include "init/cmd/command.h"
#include "init/paths.h"

struct client_options {
	const char *socket;
	uint64_t interval;
	bool json, watch;
};

/* A command's table begins with one of these, and has all that follow. */
enum { OPTIONS_WATCH, OPTIONS_INTERVAL, OPTIONS_JSON, OPTIONS_SOCKET };
extern const struct args_option client_options[];

/* For those that have a table of their own: `socket` of their options. */
#define SOCKET_OPTION(type) \
	{ \
		"socket", 0, ARGS_STRING, offsetof(type, socket), ARGS_NO_SEEN, "PATH", \
			"where the supervisor listens (default " INIT_CONTROL ")" \
	}

#endif
