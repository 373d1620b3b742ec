/* SPDX-License-Identifier: Apache-2.0 */
/* Records as JSON: see fields.h. */
#include "init/control/fields.h"

#include <string.h>
#include <time.h>

#include "init/board/recorder.h"
#include "init/plan.h"
#include "init/supervise/supervise.h"
#include "lib/json.h"
#include "lib/str.h"

static const char *name_of(uint32_t type, uint32_t value)
{
	static const char types[][8] = { "service", "oneshot", "task", "group" };
	static const char sources[][8] = { "none", "bundle", "image", "exec" };

	switch (type) {
	case FIELD_PHASE:
		return unit_phase_name(value);
	case FIELD_CAUSE:
		return unit_cause_name(value);
	case FIELD_REASON:
		return end_reason_name(value);
	case FIELD_UNIT_TYPE:
		return value < sizeof(types) / sizeof(types[0]) ? types[value] : "unknown";
	default:
		return value < sizeof(sources) / sizeof(sources[0]) ? sources[value] : "unknown";
	}
}

/* The difference of two times, in whichever order they are given by mistake: never below 0. */
static uint64_t distance(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

static void write_date(struct json_writer *writer, const char *name, int64_t ms)
{
	char text[STR_TIME_SIZE];
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	if (ms % 1000)
		str_time(&time, text);
	else
		str_time_seconds(time.tv_sec, text);
	json_write_string(writer, name, text);
}

/* A field of 64 bits. */
static void write_long(struct json_writer *writer, const struct field *field, uint64_t value,
		       const struct field_clock *clock)
{
	if (field->type == FIELD_LONG)
		json_write_uint(writer, field->name, value);
	else if (value == 0)
		return;
	else if (field->type == FIELD_SINCE)
		json_write_uint(writer, field->name, distance(value, clock->now_ms));
	else if (field->type == FIELD_UNTIL)
		json_write_uint(writer, field->name, distance(clock->now_ms, value));
	else if (field->type == FIELD_DATE)
		write_date(writer, field->name,
			   clock->realtime_ms - (int64_t)(clock->now_ms - value));
	else
		write_date(writer, field->name, (int64_t)value * 1000);
}

/* A field of 32 bits. */
static void write_short(struct json_writer *writer, const struct field *field, uint32_t value)
{
	if (field->type >= FIELD_PHASE)
		json_write_string(writer, field->name, name_of(field->type, value));
	else if (field->type == FIELD_BOOL)
		json_write_bool(writer, field->name, value != 0);
	else if (field->type == FIELD_NUMBER || (field->type == FIELD_PRESENT && value) ||
		 (field->type == FIELD_EXIT && (int32_t)value >= 0))
		json_write_uint(writer, field->name, value);
}

void fields_write(struct json_writer *writer, const struct field *field, const void *record,
		  const struct field_clock *clock)
{
	for (; field->type != FIELD_END; field++) {
		const char *at = (const char *)record + field->offset;
		uint64_t value64;
		uint32_t value32;

		switch (field->type) {
		case FIELD_TEXT:
			if (*at)
				json_write_string(writer, field->name, at);
			break;
		case FIELD_LONG:
		case FIELD_SINCE:
		case FIELD_UNTIL:
		case FIELD_DATE:
		case FIELD_SECONDS:
			memcpy(&value64, at, sizeof(value64));
			write_long(writer, field, value64, clock);
			break;
		default:
			memcpy(&value32, at, sizeof(value32));
			write_short(writer, field, value32);
			break;
		}
	}
}
