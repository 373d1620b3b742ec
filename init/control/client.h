/* SPDX-License-Identifier: Apache-2.0 */
/* The clients' end of the control socket. */
#ifndef INIT_CONTROL_CLIENT_H
#define INIT_CONTROL_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <cJSON.h>

#include "init/control/protocol.h"

struct arena;

union control_answer {
	uint32_t kind; /* enum control_kind */
	struct control_packet packet;
	struct control_system system;
	struct control_unit unit;
	struct control_change change;
};

/*
 * Connect to a supervisor's socket. The descriptor, or a negative errno recorded: -ENOENT or
 * -ECONNREFUSED when there is no supervisor.
 */
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
 * recorded: what CONTROL_END said, or -ECONNRESET when the supervisor went away.
 */
int control_next(int connection, union control_answer *answer, int *fd);

/* A request of which only the end counts. 0, or a negative errno recorded. */
int control_ask(const char *socket, uint32_t command, uint32_t flags, const char *name,
		const char *text);

struct revision_state;

struct control_entry {
	struct control_entry *next;
	struct control_change change;
};

/* What CONTROL_STATUS, _MONITOR and _BOOT answer. */
struct control_view {
	struct control_system system;
	struct control_unit *units;
	size_t unit_count;
	size_t shown;			 /* so many of them, from the first, are to be reported */
	const cJSON **images;		 /* of the shown: report_find_images(), or NULL */
	struct revision_state *revision; /* report_find_revision(), or NULL */
	struct control_entry *changes, **last;
	size_t lost; /* so many entries of the journal are not there any more */
	int plan;    /* descriptor of the plan, or -1: the caller closes it */
};

/*
 * Ask and take in the answer up to CONTROL_END; from the arena. The answer to CONTROL_MONITOR has
 * no end: here it ends with the last unit (or the first change, when units were read again
 * meanwhile); *connection (NULL with the others) stays open for what comes. 0, or a negative errno
 * recorded.
 */
int control_look(struct arena *arena, const char *socket, uint32_t command,
		 struct control_view *view, int *connection);

#endif
