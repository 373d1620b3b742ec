/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's end of the control socket. A fixed number of clients; each has one request and a
 * cursor, so that a slow one costs nothing: packets are sent when its socket takes them. A client
 * that says nothing for 5 s, or reads nothing for 30 s, is dropped; so is one that is not root or
 * our own user (SO_PEERCRED). Nothing is allocated.
 */
#ifndef INIT_CONTROL_SERVER_H
#define INIT_CONTROL_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "init/control/protocol.h"

enum {
	CONTROL_CLIENTS = 16,
	CONTROL_STAYING = 12,		    /* at most so many that stay: monitors, waiting ones */
	CONTROL_LISTENER = CONTROL_CLIENTS, /* the listener's slot for `watch` */
	CONTROL_SILENT_MS = 5000,
	CONTROL_BLOCKED_MS = 30000,
};

struct control_client {
	int fd; /* -1: free */
	struct control_request request;
	uint32_t phase;		   /* enum client_phase of internal.h */
	uint32_t cursor;	   /* the next packet of the answer */
	uint32_t events;	   /* what its descriptor is polled for */
	uint32_t uid;		   /* SO_PEERCRED */
	int32_t pid;		   /* SO_PEERCRED */
	uint64_t deadline;	   /* monotonic milliseconds; UINT64_MAX: none */
	uint64_t change;	   /* monitor, boot: number of the next journal entry */
	uint64_t changes;	   /* boot: the number after the last one */
	struct control_packet end; /* the last packet */
};

/* What the server asks of the host. All of it returns at once. Records are zeroed before. */
struct control_host {
	void *host;
	void (*system)(void *host, struct control_system *system);
	void (*unit)(void *host, uint32_t unit, struct control_unit *report);
	/*
	 * Carry out a command that `uid` and `pid` ask for. 0: done; 1: under way (with
	 * CONTROL_WAIT: ask `settled`); a negative errno with the reason in `text`.
	 */
	int (*command)(void *host, const struct control_request *request, uint32_t uid, int32_t pid,
		       char text[CONTROL_TEXT]);
	/* Has what `request` asked for come about? 0 not yet, 1 yes, negative: it failed, reason in
	 * text. */
	int (*settled)(void *host, const struct control_request *request, char text[CONTROL_TEXT]);
	/* Journal entry `number` (from 0): 1, 0 when it is not there yet, -1 when it was
	 * overwritten. */
	int (*change)(void *host, uint64_t number, struct control_change *change);
	uint64_t (*changes)(void *host); /* the number of the next entry to be written */
	/* Read-only descriptors, which stay the host's, or negative: the log rings; the plan (may
	 * be NULL). */
	int (*rings)(void *host);
	int (*plan)(void *host);
	/*
	 * Poll `fd` for `events` (level-triggered; 0: no longer; it may be polled for something
	 * else before) and call control_client_ready(slot).
	 */
	void (*watch)(void *host, int fd, uint32_t slot, uint32_t events);
};

struct control {
	int listener; /* kept over re-exec */
	const struct control_host *host;
	uint64_t accept_at; /* after accept(2) failed: when to try again; UINT64_MAX */
	struct control_client clients[CONTROL_CLIENTS];
};

/*
 * Make and bind the socket (removing a dead one; a live one is EADDRINUSE). Listener, non-blocking
 * and close-on-exec, or a negative errno recorded.
 */
int control_listen(const char *path);
/* What is wrong with a request of `size` bytes; NULL: nothing. */
const char *control_check(const struct control_request *request, size_t size);
/* Begin to serve: the listener is watched as slot CONTROL_LISTENER. */
void control_begin(struct control *control, int listener, const struct control_host *host);

void control_accept(struct control *control, uint64_t now);
/* A descriptor of `watch` is ready; slot CONTROL_LISTENER: as control_accept(). */
void control_client_ready(struct control *control, uint32_t slot, uint32_t events, uint64_t now);
/* Something changed: monitors get it, waiting commands are looked at again. */
void control_changed(struct control *control, uint64_t now);
/* Drop those whose time is up; when the next one's is (UINT64_MAX: none). */
uint64_t control_tick(struct control *control, uint64_t now);

#endif
