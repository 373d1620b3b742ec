/* SPDX-License-Identifier: Apache-2.0 */
/* How callers learn the pid of what was started for them. */
#ifndef RUNTIME_PID_FILE_H
#define RUNTIME_PID_FILE_H

#include <sys/types.h>

/* Decimal, without a newline, put in place by rename: callers read it as soon as it is there. Path
 * relative to the caller's folder. */
int pid_file_write(const char *path, pid_t pid);

/* Connect to a unix stream socket and send a pidfd of `pid` over it. */
int pidfd_socket_send(const char *path, pid_t pid);

#endif
