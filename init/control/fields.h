/* SPDX-License-Identifier: Apache-2.0 */
/* From a record to the members of a JSON object, by a table. */
#ifndef INIT_CONTROL_FIELDS_H
#define INIT_CONTROL_FIELDS_H

#include <stddef.h>
#include <stdint.h>

struct json_writer;

enum field_type {
	FIELD_END,
	FIELD_NUMBER,  /* uint32_t */
	FIELD_LONG,    /* uint64_t */
	FIELD_PRESENT, /* uint32_t: left out when it is 0 */
	FIELD_EXIT,    /* int32_t: left out when it is negative */
	FIELD_BOOL,    /* uint32_t */
	FIELD_TEXT,    /* char array: left out when it is empty */
	FIELD_SINCE, /* uint64_t, a time of the supervisor's clock: how long ago; left out when 0 */
	FIELD_UNTIL, /* likewise: how long from now on */
	FIELD_DATE,  /* likewise: the time of day, RFC 3339 */
	FIELD_SECONDS, /* uint64_t, seconds since 1970: RFC 3339; left out when 0 */
	FIELD_PHASE,   /* uint32_t: enum unit_phase */
	FIELD_CAUSE,   /* uint32_t: enum unit_cause */
	FIELD_UNIT_TYPE,
	FIELD_SOURCE,
	FIELD_REASON, /* uint32_t: enum end_reason */
};

struct field {
	char name[22];
	unsigned char type; /* enum field_type */
	unsigned short offset;
};

#define FIELD(record, member, type, name) \
	{ \
		name, type, offsetof(struct record, member) \
	}
#define FIELDS_END \
	{ \
		.type = FIELD_END \
	}

/* The clocks at one moment, to work out times. */
struct field_clock {
	uint64_t now_ms;     /* the supervisor's */
	int64_t realtime_ms; /* since 1970 */
};

/* The members, into the object that is open. */
void fields_write(struct json_writer *writer, const struct field *fields, const void *record,
		  const struct field_clock *clock);

#endif
