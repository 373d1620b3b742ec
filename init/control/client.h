/* SPDX-License-Identifier: Apache-2.0 */
/* The clients' end of the control socket. */
#ifndef INIT_CONTROL_CLIENT_H
#define INIT_CONTROL_CLIENT_H

#include "init/control/protocol.h"

union control_answer {
	uint32_t kind; /* enum control_kind */
	struct control_packet packet;
	struct control_system system;
	struct control_unit unit;
	struct control_change change;
};

/* Where the supervisor listens: `socket` if it is given, INIT_CONTROL otherwise. */
const char *control_path(const char *socket);

/* Connect. A descriptor, or a negative errno recorded: -ENOENT or -ECONNREFUSED when there is no
 * supervisor. */
int control_connect(const char *path);

/*
 * Connect to `socket` (NULL: INIT_CONTROL) and send one request; `name` and `text` may be NULL. The
 * connection, for control_next(), or a negative errno recorded.
 */
int control_request(const char *socket, uint32_t command, uint32_t flags, const char *name,
		    const char *text);

/*
 * The next packet of the answer; *fd (NULL: none is expected) is its descriptor or -1, and the
 * caller's to close. 1: there is one; 0: it was CONTROL_END with success; a negative errno
 * recorded: the reason that CONTROL_END gave, or -ECONNRESET when the supervisor went away.
 */
int control_next(int connection, union control_answer *answer, int *fd);

/* A request of which only the end counts. 0, or a negative errno recorded. */
int control_ask(const char *socket, uint32_t command, uint32_t flags, const char *name,
		const char *text);

#endif
