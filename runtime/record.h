/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state record as text: a version line, `key=value` lines, and a checksum line last, so that a
 * record cut short or damaged anywhere is told from a good one.
 */
#ifndef RUNTIME_RECORD_H
#define RUNTIME_RECORD_H

#include <stddef.h>

struct arena;
struct state_record;

enum { RECORD_MAX_SIZE = 1 << 20 };

/* The text of a record, from the arena; NULL: out of memory, recorded. */
char *record_encode(struct arena *arena, const struct state_record *record, size_t *size);

/* Fills the record with strings inside `text` (changed in place). 0, or -EBADMSG when it is
 * damaged. */
int record_decode(char *text, size_t size, struct state_record *record);

#endif
