/* SPDX-License-Identifier: Apache-2.0 */
/* The state record as text: see record.h. */
#include "runtime/record.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"
#include "runtime/state.h"

#define RECORD_VERSION "cruet-state 1\n"
#define RECORD_SUM "sum="

enum { RECORD_SUM_LINE = sizeof(RECORD_SUM) - 1 + 16 + 1 };

enum field_type { FIELD_STRING, FIELD_PID, FIELD_UINT64, FIELD_UINT32, FIELD_BOOL };

/* One row a field; the order is the order in the file. */
static const struct field {
	char key[20];
	unsigned char type;
	unsigned short offset;
} fields[] = {
#define FIELD(name, type) \
	{ \
#name, type, offsetof(struct state_record, name) \
	}
	FIELD(id, FIELD_STRING),
	FIELD(created, FIELD_BOOL),
	FIELD(creator, FIELD_PID),
	FIELD(creator_start_time, FIELD_UINT64),
	FIELD(pid, FIELD_PID),
	FIELD(start_time, FIELD_UINT64),
	FIELD(bundle, FIELD_STRING),
	FIELD(rootfs, FIELD_STRING),
	FIELD(created_at, FIELD_STRING),
	FIELD(cgroup, FIELD_STRING),
	FIELD(owner, FIELD_UINT32),
	FIELD(has_process, FIELD_BOOL),
	FIELD(has_poststart, FIELD_BOOL),
	FIELD(has_poststop, FIELD_BOOL),
	FIELD(own_pid_namespace, FIELD_BOOL),
	FIELD(own_keyring, FIELD_BOOL),
	FIELD(annotations, FIELD_STRING),
#undef FIELD
};

enum { FIELD_COUNT = sizeof(fields) / sizeof(fields[0]) };

/* FNV-1a: tells damage, not malice; the folder belongs to root alone. */
static uint64_t checksum(const char *text, size_t size)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static uint64_t number_of(const struct field *field, const struct state_record *record)
{
	const char *at = (const char *)record + field->offset;

	switch (field->type) {
	case FIELD_PID:
		return (uint64_t) * (const pid_t *)(const void *)at;
	case FIELD_UINT32:
		return *(const uint32_t *)(const void *)at;
	case FIELD_BOOL:
		return *(const bool *)(const void *)at;
	default:
		return *(const uint64_t *)(const void *)at;
	}
}

static const char *string_of(const struct field *field, const struct state_record *record)
{
	const char *value =
		*(const char *const *)(const void *)((const char *)record + field->offset);

	return value ? value : "";
}

/* Newlines and backslashes are the only characters that would confuse the reader. */
static char *put_escaped(char *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\n' || *value == '\\')
			*out++ = '\\';
		*out++ = *value == '\n' ? 'n' : *value;
	}
	return out;
}

char *record_encode(struct arena *arena, const struct state_record *record, size_t *size)
{
	size_t room = sizeof(RECORD_VERSION) + RECORD_SUM_LINE + 1;
	char *text, *out;

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		room += sizeof(fields[i].key) + 24;
		if (fields[i].type == FIELD_STRING)
			room += 2 * strlen(string_of(&fields[i], record));
	}
	text = arena_alloc(arena, room);
	if (!text)
		return NULL;
	out = stpcpy(text, RECORD_VERSION);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		out = stpcpy(out, fields[i].key);
		*out++ = '=';
		if (fields[i].type == FIELD_STRING)
			out = put_escaped(out, string_of(&fields[i], record));
		else
			out += sprintf(out, "%" PRIu64, number_of(&fields[i], record));
		*out++ = '\n';
	}
	out += sprintf(out, RECORD_SUM "%016" PRIx64 "\n", checksum(text, (size_t)(out - text)));
	*size = (size_t)(out - text);
	return text;
}

/* Undo put_escaped() in place; `value` is one line without its newline. */
static void unescape(char *value)
{
	char *out = value;

	for (; *value; value++) {
		if (*value == '\\' && value[1]) {
			value++;
			*out++ = *value == 'n' ? '\n' : *value;
		} else {
			*out++ = *value;
		}
	}
	*out = '\0';
}

static bool store_number(const struct field *field, struct state_record *record, const char *value)
{
	char *at = (char *)record + field->offset;
	uint64_t number;

	if (!str_uint64(value, &number))
		return false;
	switch (field->type) {
	case FIELD_PID:
		*(pid_t *)(void *)at = (pid_t)number;
		return number <= INT32_MAX;
	case FIELD_UINT32:
		*(uint32_t *)(void *)at = (uint32_t)number;
		return number <= UINT32_MAX;
	case FIELD_BOOL:
		*(bool *)(void *)at = number != 0;
		return number <= 1;
	default:
		*(uint64_t *)(void *)at = number;
		return true;
	}
}

static bool store(const struct field *field, struct state_record *record, char *value)
{
	if (field->type != FIELD_STRING)
		return store_number(field, record, value);
	unescape(value);
	*(const char **)(void *)((char *)record + field->offset) = value;
	return true;
}

static bool sum_is_right(const char *text, size_t size)
{
	char expected[RECORD_SUM_LINE + 1];
	size_t body = size - RECORD_SUM_LINE;

	snprintf(expected, sizeof(expected), RECORD_SUM "%016" PRIx64 "\n", checksum(text, body));
	return memcmp(text + body, expected, RECORD_SUM_LINE) == 0;
}

int record_decode(char *text, size_t size, struct state_record *record)
{
	char *line, *end;

	if (size < sizeof(RECORD_VERSION) + RECORD_SUM_LINE || memchr(text, '\0', size) ||
	    !str_has_prefix(text, RECORD_VERSION) || !sum_is_right(text, size))
		return -EBADMSG;
	memset(record, 0, sizeof(*record));
	line = text + sizeof(RECORD_VERSION) - 1;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		size_t key = strlen(fields[i].key);

		end = strchr(line, '\n');
		if (!end || strncmp(line, fields[i].key, key) != 0 || line[key] != '=')
			return -EBADMSG;
		*end = '\0';
		if (!store(&fields[i], record, line + key + 1))
			return -EBADMSG;
		line = end + 1;
	}
	return 0;
}
