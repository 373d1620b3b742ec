/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a process in the foreground: signals pass on to it, its terminal is relayed, its end
 * is our result. */
#ifndef RUNTIME_FOREGROUND_H
#define RUNTIME_FOREGROUND_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/* Block all signals, so that none is lost or ends us between the clone and foreground_wait(). */
void foreground_prepare(void);

/*
 * Until `pid`, our child, ends; other children (a subreaper's) are reaped on the way. `console`:
 * socket on which the terminal's master arrives, or -1. 0 with the exit status (128 + signal if
 * killed), or -errno recorded.
 */
int foreground_wait(pid_t pid, int console, int *exit_status);

#endif
