/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict scanner: grammar, UTF-8, escapes, depth, and where each value begins and ends. It
 * keeps the way to where it stands, so that an error names the property. See json_scan.h.
 */
#include "lib/json_scan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/str.h"

enum {
	SCAN_FIRST_SPANS = 256,
	SCAN_NUMBER_SIZE = 62, /* cJSON converts at most 63 characters */
};

/* One container on the way to where the scanner stands. */
struct level {
	const char *key; /* of the member, without quotes; NULL while there is none */
	size_t size;	 /* of the key; or index in the array */
	size_t span;	 /* of the container */
	bool object;
};

struct scan {
	struct arena *arena;
	const char *text, *at, *end;
	const char *name;
	struct json_spans *spans;
	unsigned int depth;
	struct level levels[JSON_MAX_DEPTH];
};

/* "linux.devices[3].path" of where the scanner stands; too long a way is cut. */
static void way(const struct scan *scan, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (unsigned int i = 0; i < scan->depth && used < size; i++) {
		const struct level *level = &scan->levels[i];

		if (level->key)
			used += (size_t)snprintf(buffer + used, size - used, "%s%.*s",
						 used ? "." : "", (int)level->size, level->key);
		else if (!level->object)
			used += (size_t)snprintf(buffer + used, size - used, "[%zu]", level->size);
	}
}

/* Record what is wrong at `at`. */
static int wrong(const struct scan *scan, const char *at, const char *what)
{
	char property[sizeof(error_last()->property)];
	unsigned int line = json_line_at(scan->text, (size_t)(at - scan->text));
	int result;

	way(scan, property, sizeof(property));
	result = fail_property(property, "%s", what);
	return fail_context(result, "%s: line %u", scan->name, line);
}

unsigned int json_line_at(const char *text, size_t at)
{
	unsigned int line = 1;

	for (const char *end = text + at;; line++) {
		text = memchr(text, '\n', (size_t)(end - text));
		if (!text)
			return line;
		text++;
	}
}

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r'))
		scan->at++;
}

static bool next_is(const struct scan *scan, char wanted)
{
	return scan->at < scan->end && *scan->at == wanted;
}

/* Four hexadecimal digits, or -1. */
static int hex4(const char *text, const char *end)
{
	int value = 0;

	if (end - text < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = (unsigned char)text[i];

		if (digit >= '0' && digit <= '9')
			digit -= '0';
		else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
			digit = (digit | 0x20) - 'a' + 10;
		else
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* The escape behind a backslash; scan->at is on the backslash and is left behind the escape. */
static int scan_escape(struct scan *scan)
{
	const char *at = scan->at + 1;
	int unit, low;

	if (at < scan->end && *at && strchr("\"\\/bfnrt", *at)) {
		scan->at = at + 1;
		return 0;
	}
	if (at == scan->end || *at != 'u')
		return wrong(scan, at, "unknown escape in a string");
	unit = hex4(at + 1, scan->end);
	if (unit < 0)
		return wrong(scan, at, "\\u needs four hexadecimal digits");
	if (unit == 0)
		return wrong(scan, at, "NUL in a string");
	scan->at = at + 5;
	if (unit < 0xd800 || unit > 0xdfff)
		return 0;
	low = scan->end - scan->at >= 2 && scan->at[0] == '\\' && scan->at[1] == 'u' ?
		      hex4(scan->at + 2, scan->end) :
		      -1;
	if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return wrong(scan, at, "half of a surrogate pair in a string");
	scan->at += 6;
	return 0;
}

/* What is not a plain ASCII character of a string. */
static int scan_special(struct scan *scan)
{
	size_t length;

	if (*scan->at == '\\')
		return scan_escape(scan);
	if (*scan->at == '\0')
		return wrong(scan, scan->at, "NUL in a string");
	if ((unsigned char)*scan->at < 0x20)
		return wrong(scan, scan->at, "control character in a string");
	length = str_utf8_sequence(scan->at, (size_t)(scan->end - scan->at));
	if (!length)
		return wrong(scan, scan->at, "invalid UTF-8 in a string");
	scan->at += length;
	return 0;
}

/* A string, from quote to quote. */
static int scan_string(struct scan *scan)
{
	const char *start = scan->at++;

	for (;;) {
		const char *at = scan->at, *end = scan->end;
		int result;

		while (at < end && (signed char)*at >= 0x20 && *at != '"' && *at != '\\')
			at++;
		scan->at = at;
		if (at == end)
			return wrong(scan, start, "string without an end");
		if (*at == '"') {
			scan->at++;
			return 0;
		}
		result = scan_special(scan);
		if (result < 0)
			return result;
	}
}

static bool skip_digits(struct scan *scan)
{
	const char *start = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return scan->at > start;
}

static int scan_number(struct scan *scan)
{
	const char *start = scan->at;
	bool right;

	if (next_is(scan, '-'))
		scan->at++;
	if (next_is(scan, '0')) {
		scan->at++;
		right = true;
	} else {
		right = skip_digits(scan);
	}
	if (right && next_is(scan, '.')) {
		scan->at++;
		right = skip_digits(scan);
	}
	if (right && (next_is(scan, 'e') || next_is(scan, 'E'))) {
		scan->at++;
		if (next_is(scan, '+') || next_is(scan, '-'))
			scan->at++;
		right = skip_digits(scan);
	}
	if (!right || (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'))
		return wrong(scan, start, "malformed number");
	if (scan->at - start > SCAN_NUMBER_SIZE)
		return wrong(scan, start, "number of more than 62 characters");
	return 0;
}

static int scan_word(struct scan *scan)
{
	static const char words[][6] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(scan->end - scan->at) >= length &&
		    memcmp(scan->at, words[i], length) == 0) {
			scan->at += length;
			return 0;
		}
	}
	if (scan->at == scan->end)
		return wrong(scan, scan->at, "the document ends too early");
	return wrong(scan, scan->at, "expected a value");
}

/* Note that a value begins here. Its span's index goes to *index. */
static int begin_value(struct scan *scan, size_t *index)
{
	struct json_spans *spans = scan->spans;

	if (spans->count == JSON_MAX_VALUES)
		return wrong(scan, scan->at, "too many values");
	if (spans->count == spans->capacity) {
		size_t capacity = spans->capacity ? spans->capacity * 2 : SCAN_FIRST_SPANS;
		struct json_span *items = arena_array(scan->arena, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (spans->count)
			memcpy(items, spans->items, spans->count * sizeof(*items));
		spans->items = items;
		spans->capacity = capacity;
	}
	*index = spans->count++;
	spans->items[*index].start = (uint32_t)(scan->at - scan->text);
	return 0;
}

static void end_value(struct scan *scan, size_t index)
{
	struct json_span *span = &scan->spans->items[index];

	span->length = (uint32_t)(scan->at - scan->text) - span->start;
}

/* The key of a member and its colon; scan->at is on the quote. */
static int scan_key(struct scan *scan, struct level *level)
{
	const char *start = scan->at;
	int result;

	level->key = NULL; /* for messages about the key itself */
	if (!next_is(scan, '"'))
		return wrong(scan, scan->at, "expected a key in quotes");
	result = scan_string(scan);
	if (result < 0)
		return result;
	level->key = start + 1;
	level->size = (size_t)(scan->at - start) - 2;
	skip_blanks(scan);
	if (!next_is(scan, ':'))
		return wrong(scan, scan->at, "expected ':' behind a key");
	scan->at++;
	skip_blanks(scan);
	return 0;
}

/* A value that holds no others. */
static int scan_plain(struct scan *scan)
{
	size_t index = 0;
	int result = begin_value(scan, &index);

	if (result < 0)
		return result;
	if (next_is(scan, '"'))
		result = scan_string(scan);
	else if (scan->at < scan->end &&
		 (*scan->at == '-' || (*scan->at >= '0' && *scan->at <= '9')))
		result = scan_number(scan);
	else
		result = scan_word(scan);
	if (result == 0)
		end_value(scan, index);
	return result;
}

static void close_container(struct scan *scan)
{
	scan->at++;
	scan->depth--;
	end_value(scan, scan->levels[scan->depth].span); /* NOLINT: set when it was opened */
}

/* From '{' or '[' to its first value (1), or through its end if it is empty (0). */
static int open_container(struct scan *scan)
{
	struct level *level;

	if (scan->depth == JSON_MAX_DEPTH)
		return wrong(scan, scan->at, "nested too deeply");
	level = &scan->levels[scan->depth];
	level->key = NULL;
	level->size = 0;
	level->object = *scan->at == '{';
	if (begin_value(scan, &level->span) < 0)
		return -EINVAL;
	scan->depth++;
	scan->at++;
	skip_blanks(scan);
	if (next_is(scan, level->object ? '}' : ']')) {
		close_container(scan);
		return 0;
	}
	if (level->object && scan_key(scan, level) < 0)
		return -EINVAL;
	return 1;
}

/*
 * Behind a value: leave the containers that end here. 1: a further member or element follows,
 * 0: that was the document, or a negative errno.
 */
static int scan_after_value(struct scan *scan)
{
	while (scan->depth) {
		struct level *level = &scan->levels[scan->depth - 1];
		bool object = level->object;

		skip_blanks(scan);
		if (next_is(scan, ',')) {
			scan->at++;
			skip_blanks(scan);
			if (object)
				return scan_key(scan, level) < 0 ? -EINVAL : 1;
			level->size++;
			return 1;
		}
		if (!next_is(scan, object ? '}' : ']'))
			return wrong(scan, scan->at,
				     scan->at == scan->end ? "the document ends too early" :
				     object		   ? "expected ',' or '}'" :
							     "expected ',' or ']'");
		close_container(scan);
	}
	return 0;
}

/* Iterative: depth is data here, not stack. */
static int scan_document(struct scan *scan)
{
	int result;

	skip_blanks(scan);
	do {
		if (next_is(scan, '{') || next_is(scan, '[')) {
			result = open_container(scan);
			if (result < 0)
				return result;
			if (result > 0)
				continue;
		} else {
			result = scan_plain(scan);
			if (result < 0)
				return result;
		}
		result = scan_after_value(scan);
	} while (result > 0);
	skip_blanks(scan);
	if (result == 0 && scan->at != scan->end)
		return wrong(scan, scan->at, "something stands behind the document");
	return result;
}

int json_scan(struct arena *arena, const char *text, size_t size, const char *name,
	      struct json_spans *spans)
{
	struct scan scan; /* the levels need no clearing */

	scan.arena = arena;
	scan.text = scan.at = text;
	scan.end = text + size;
	scan.name = name;
	scan.spans = spans;
	scan.depth = 0;
	return scan_document(&scan);
}
