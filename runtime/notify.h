/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readiness (sd_notify(3)): when the caller has $NOTIFY_SOCKET, the container gets a socket of its
 * own, and `start` and `run` pass on READY=1, with MAINPID= in the host's numbering.
 */
#ifndef RUNTIME_NOTIFY_H
#define RUNTIME_NOTIFY_H

#include <sys/types.h>

struct launch;

/* P, before the rooms plan: a bind mount of <state>/notify on /run/notify and NOTIFY_SOCKET in env.
 */
int notify_plan(struct launch *launch, const char *root);

/* Make the folder of the socket, before the mount above is made. */
int notify_make_folder(int state);

/* Make and bind the socket in the state folder. Descriptor, -1 when there is no $NOTIFY_SOCKET, or
 * -errno recorded. */
int notify_listen(int state);

/*
 * Wait until the container says that it is ready, or ends, and tell $NOTIFY_SOCKET. `pid` and start
 * time: its first process. Closes `socket`.
 */
int notify_forward(int socket, pid_t pid, unsigned long long start_time);

#endif
