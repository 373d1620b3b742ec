/* SPDX-License-Identifier: Apache-2.0 */
/* Signal names, as kill(1) knows them. */
#ifndef RUNTIME_CMD_SIGNALS_H
#define RUNTIME_CMD_SIGNALS_H

/* "15", "TERM", "sigterm", "RTMIN+3": the number, or -1. 0 is not a signal to send. */
int signal_number(const char *text);

#endif
