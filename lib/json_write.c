/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: see json.h. */
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/json.h"
#include "lib/json_escape.h"

enum { WRITER_FIRST_SIZE = 1024 };

/* Make room for `size` more bytes and a NUL; false if there is none. */
static bool reserve(struct json_writer *writer, size_t size)
{
	size_t capacity = writer->capacity;
	char *data;

	if (writer->failed)
		return false;
	if (size < capacity - writer->size)
		return true;
	if (!capacity)
		capacity = WRITER_FIRST_SIZE;
	while (size >= capacity - writer->size) {
		if (__builtin_mul_overflow(capacity, (size_t)2, &capacity))
			capacity = SIZE_MAX / 2; /* the arena will refuse */
	}
	data = arena_bytes(writer->arena, capacity);
	if (!data) {
		writer->failed = true;
		return false;
	}
	if (writer->size)
		memcpy(data, writer->data, writer->size);
	writer->data = data;
	writer->capacity = capacity;
	return true;
}

static void put(struct json_writer *writer, const char *text, size_t size)
{
	if (reserve(writer, size)) {
		memcpy(writer->data + writer->size, text, size);
		writer->size += size;
	}
}

static void put_quoted(struct json_writer *writer, const char *text)
{
	const char *end = text + strlen(text);
	char escaped[JSON_ESCAPE_SIZE];

	put(writer, "\"", 1);
	while (text < end) {
		size_t plain = json_plain(text, (size_t)(end - text));
		size_t used;

		put(writer, text, plain);
		text += plain;
		if (text < end) {
			text += json_escape(text, escaped, &used);
			put(writer, escaped, used);
		}
	}
	put(writer, "\"", 1);
}

static void put_line(struct json_writer *writer)
{
	if (writer->style == JSON_COMPACT)
		return;
	put(writer, "\n", 1);
	for (unsigned int i = 0; i < writer->depth; i++)
		put(writer, writer->style == JSON_TABS ? "\t" : "  ",
		    writer->style == JSON_TABS ? 1 : 2);
}

/* What precedes a value: comma, line, key. */
static void begin(struct json_writer *writer, const char *key)
{
	if (writer->comma)
		put(writer, ",", 1);
	if (writer->depth)
		put_line(writer);
	if (key) {
		put_quoted(writer, key);
		put(writer, ": ", writer->style == JSON_COMPACT ? 1 : 2);
	}
	writer->comma = true;
}

static void open_bracket(struct json_writer *writer, const char *key, const char *bracket)
{
	begin(writer, key);
	put(writer, bracket, 1);
	writer->depth++;
	writer->comma = false;
}

void json_write_start(struct json_writer *writer, struct arena *arena, enum json_style style)
{
	*writer = (struct json_writer){ .arena = arena, .style = style };
}

void json_write_object(struct json_writer *writer, const char *key)
{
	open_bracket(writer, key, "{");
}

void json_write_array(struct json_writer *writer, const char *key)
{
	open_bracket(writer, key, "[");
}

void json_write_end(struct json_writer *writer, char bracket)
{
	writer->depth--;
	if (writer->comma) /* else it is empty */
		put_line(writer);
	put(writer, &bracket, 1);
	writer->comma = true;
}

void json_write_string(struct json_writer *writer, const char *key, const char *value)
{
	begin(writer, key);
	put_quoted(writer, value);
}

void json_write_raw(struct json_writer *writer, const char *key, const char *text, size_t size)
{
	begin(writer, key);
	put(writer, text, size);
}

void json_write_uint(struct json_writer *writer, const char *key, uint64_t value)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	json_write_raw(writer, key, digits + at, sizeof(digits) - at);
}

void json_write_int(struct json_writer *writer, const char *key, int64_t value)
{
	char digits[24];
	int size = snprintf(digits, sizeof(digits), "%lld", (long long)value);

	json_write_raw(writer, key, digits, (size_t)size);
}

void json_write_bool(struct json_writer *writer, const char *key, bool value)
{
	json_write_raw(writer, key, value ? "true" : "false", value ? 4 : 5);
}

char *json_write_finish(struct json_writer *writer, size_t *size)
{
	put(writer, "", 1); /* the NUL */
	if (writer->failed)
		return NULL;
	if (size)
		*size = writer->size - 1;
	return writer->data;
}
