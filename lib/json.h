/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict JSON on top of cJSON: valid UTF-8, no duplicate keys, bounded depth and size, no NUL
 * in strings, nothing after the document; numbers keep their literal, so that 64 bits are exact.
 * And a small writer. Errors name the file, the line, and what is wrong.
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cJSON.h>

struct arena;

enum json_limits {
	JSON_MAX_DEPTH = 64,
	JSON_MAX_SIZE = 16 << 20,
	JSON_MAX_VALUES = 2 << 20, /* each takes 80 bytes of memory and more */
};

/*
 * Parse `text` (need not end in NUL; `size` bytes); `name` is the file for messages. All
 * memory comes from the arena: never call cJSON_Delete on it. NULL: error recorded.
 * `text` must live as long as the nodes: json_line() and json_source() look into it.
 * A number node has its literal in valuestring.
 */
const cJSON *json_parse(struct arena *arena, const char *text, size_t size, const char *name);

/* Line (from 1) in which a node begins, for messages; 0 if unknown. */
unsigned int json_line(const cJSON *node);

/* The text of a node as it stood in the document (not NUL-terminated) : for digests. */
const char *json_source(const cJSON *node, size_t *size);

/* Exact integers: literal without fraction or exponent, in range; false if not. */
bool json_int64(const cJSON *node, int64_t *value);
bool json_uint64(const cJSON *node, uint64_t *value);

/* ---- writer: grows a buffer in an arena; after an error all calls do nothing ---- */
enum json_style {
	JSON_COMPACT, /* all in one line */
	JSON_TABS,    /* one value a line, indented by a tab, as `spec` writes it */
	JSON_SPACES,  /* the same by two spaces, as `state` and `list` do */
};

struct json_writer {
	struct arena *arena;
	char *data;
	size_t size, capacity;
	unsigned int depth;
	enum json_style style;
	bool comma, failed;
};

void json_write_start(struct json_writer *writer, struct arena *arena, enum json_style style);
/* key may be NULL inside an array or at the top. */
void json_write_object(struct json_writer *writer, const char *key);
void json_write_array(struct json_writer *writer, const char *key);
void json_write_end(struct json_writer *writer, char bracket); /* '}' or ']' */
void json_write_string(struct json_writer *writer, const char *key, const char *value);
void json_write_int(struct json_writer *writer, const char *key, int64_t value);
void json_write_uint(struct json_writer *writer, const char *key, uint64_t value);
void json_write_bool(struct json_writer *writer, const char *key, bool value);
/* A value that is JSON text already. */
void json_write_raw(struct json_writer *writer, const char *key, const char *text, size_t size);
/* The finished text (NUL-terminated) or NULL when memory ran out (recorded). */
char *json_write_finish(struct json_writer *writer, size_t *size);

#endif
