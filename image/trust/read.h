/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an object of which every property is known: what is not asked for by the end is an error.
 * After an error all calls give nothing.
 */
#ifndef IMAGE_TRUST_READ_H
#define IMAGE_TRUST_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/json.h"

struct arena;

enum read_flags {
	READ_REQUIRED = 1,
	READ_EMPTY = 2, /* "" is a value */
};

enum { READ_PROPERTIES_MAX = 16 };

struct reader {
	struct arena *arena;
	const cJSON *node;
	const char *where;
	const char *known[READ_PROPERTIES_MAX];
	unsigned int known_count;
	bool failed;
	int result;
};

/* `node` NULL: an error is recorded already. It must be an object. */
struct reader read_begin(struct arena *arena, const cJSON *node, const char *where);
void read_fail(struct reader *reader, const char *key, const char *problem);
/* 0 or -errno recorded. */
int read_end(struct reader *reader);

/* The member, or NULL. */
const cJSON *read_member(struct reader *reader, const char *key, int flags);
/* NULL: not there. */
const char *read_text(struct reader *reader, const char *key, int flags);
uint64_t read_uint(struct reader *reader, const char *key, uint64_t otherwise, bool *given);
bool read_bool(struct reader *reader, const char *key);
/*
 * Which of the words (NULL last) it is; not there: the first. Where false and true make sense they
 * are the first two.
 */
int read_word(struct reader *reader, const char *key, const char *const *words, int flags);
/* A string or an array of strings. NULL: not there. */
const char **read_texts(struct reader *reader, const char *key, size_t limit, size_t *count);
/* An array; `each` fills the zeroed item. NULL: not there, or empty. */
void *read_list(struct reader *reader, const char *key, size_t item_size, size_t limit,
		int (*each)(struct arena *arena, const cJSON *node, void *item), size_t *count);

#endif
