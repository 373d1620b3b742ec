/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets that an image's program expects (appc's socketActivated), opened by run --image where
 * nobody else has: this process then becomes the runtime, which passes on what LISTEN_FDS says.
 */
#ifndef IMAGE_CMD_SOCKETS_H
#define IMAGE_CMD_SOCKETS_H

#include "lib/listen.h"

struct arena;

struct open_sockets {
	unsigned int count;
	int fds[LISTEN_MAX];
};

/*
 * Open them, in our own network namespace, and tell so in the environment; none if our caller
 * passes sockets. 0 or -errno recorded.
 */
int sockets_open(struct arena *arena, const char *settings, const char *store, const char *image,
		 struct open_sockets *opened);

/* Put them where they are to be: before `preserved` ones from LISTEN_FIRST_FD on, which move. */
int sockets_place(struct open_sockets *opened, unsigned int preserved);

#endif
