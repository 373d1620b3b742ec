/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling how far long work is: on a terminal a line that is rewritten (bytes, rate, time left), in
 * a pipe one line at the end of each step, or JSON events, one a line. Always on stderr; nothing
 * when quiet. There is one of it, as there is one command.
 */
#ifndef IMAGE_PROGRESS_H
#define IMAGE_PROGRESS_H

#include <stdint.h>

enum progress_style {
	PROGRESS_AUTO,
	PROGRESS_QUIET,
	PROGRESS_PLAIN,
	PROGRESS_TERMINAL,
	PROGRESS_JSON
};

void progress_setup(enum progress_style style);
/* `step`: "pull", "unpack", "verify"; `what`: "sha256:0123...", a name; both must live until the
 * end. total in bytes, 0: unknown; `done`: what an earlier attempt has already. */
void progress_begin(const char *step, const char *what, uint64_t total, uint64_t done);
void progress_add(uint64_t bytes);
void progress_end(void);
/* It failed: the error's line begins on a line of its own. Nothing when nothing is going on. */
void progress_abort(void);
/* A line of its own: "retrying in 2 s", "platform linux/arm/v7". */
void progress_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
