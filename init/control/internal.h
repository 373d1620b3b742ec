/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the server. */
#ifndef INIT_CONTROL_INTERNAL_H
#define INIT_CONTROL_INTERNAL_H

#include <stdbool.h>

#include "init/control/server.h"

enum client_phase {
	CLIENT_SILENT,	  /* its request has not come yet */
	CLIENT_WAITING,	  /* CONTROL_WAIT: the host is at it */
	CLIENT_ANSWERING, /* packets are due */
};

void control_set_events(struct control *control, struct control_client *client, uint32_t events);
void control_drop(struct control *control, struct control_client *client);
/* From now on packets are due, the last one with this result. */
void control_finish(struct control_client *client, int result, const char *text);

/* Does the answer never end? */
bool control_follows(const struct control_request *request);
/* A question that is answered from what the host knows: begin. False: it is a command. */
bool control_begin_answer(struct control *control, struct control_client *client);
/*
 * Send what is due as long as the socket takes it. It is polled for output while there is more,
 * otherwise for input: there is none but the client's end.
 */
void control_answer(struct control *control, struct control_client *client, uint64_t now);

#endif
