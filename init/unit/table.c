/* SPDX-License-Identifier: Apache-2.0 */
/* The table of properties as data, the bounds and the words: see table.h. */
#include "init/unit/table.h"

#include "init/plan.h"

#define ANY (FITS_EXEC | FITS_CONTAINER | FITS_GROUP)
#define PROCESS (FITS_EXEC | FITS_CONTAINER)
#define EXEC FITS_EXEC
#define CONTAINER FITS_CONTAINER

#define ROW(object, key, ...) char object##_##key[sizeof(#key)];
struct keys {
#include "init/unit/properties.h"
};
#undef ROW

#define ROW(object, key, ...) #key "\0"
const char unit_keys[] =
#include "init/unit/properties.h"
	;
#undef ROW

#define ROW(object_, key_, kind_, detail_, structure, field, default_, fits_) \
	{ .standard = (default_), \
	  .key = offsetof(struct keys, object_##_##key_), \
	  .object = OBJECT_##object_, \
	  .kind = KIND_##kind_, \
	  .detail = (detail_), \
	  .word = offsetof(struct structure, field) / sizeof(uint32_t), \
	  .fits = (fits_) },
const struct unit_property unit_properties[] = {
#include "init/unit/properties.h"
};
#undef ROW

const size_t unit_property_count = sizeof(unit_properties) / sizeof(unit_properties[0]);
_Static_assert(sizeof(struct plan_unit) / sizeof(uint32_t) < UINT8_MAX, "a word's place is a byte");

#define DAYS (24u * 3600 * 1000)

const struct unit_limits unit_ranges[] = {
	[RANGE_TIME] = { 0, 40 * DAYS },
	[RANGE_WAIT] = { 10, 40 * DAYS },
	[RANGE_READY] = { 10, PLAN_FOREVER },
	[RANGE_DELAY] = { 100, 40 * DAYS },
	[RANGE_WATCHDOG] = { 1, 65535 },
	[RANGE_PORT] = { 1, 65535 },
	[RANGE_BACKLOG] = { 1, 65535 },
	[RANGE_FD] = { 3, 63 },
	[RANGE_FAILURES] = { 1, 1000000 },
	[RANGE_MTU] = { 68, 65535 },
	[RANGE_COUNT] = { 1, 100 },
	[RANGE_STATUS] = { 0, 255 },
	[RANGE_RING] = { PLAN_RING_MIN, PLAN_RING_MAX },
	[RANGE_FILE] = { 4096, 1u << 30 },
	[RANGE_VOLUME] = { 4, 1u << 30 },
};

const char *unit_choice_words(enum unit_choice choice)
{
	static const char words[CHOICES][40] = {
		[CHOICE_TYPE] = "service|oneshot|task|group",
		[CHOICE_READY] = "start|notify|fd|exec|file|tcp|health",
		[CHOICE_RESTART] = "never|failure|always",
		[CHOICE_STEP] = "reset|reboot",
		[CHOICE_VOLUME] = "permanent|revision|boot",
		[CHOICE_LAYER] = "none|boot|permanent",
		[CHOICE_NETWORK] = "|host|none",
		[CHOICE_SINK] = "kernel|syslog|file",
		[CHOICE_CGROUPS] = "v2|v1",
		[CHOICE_KEYS] = "ignore|reboot",
	};

	return words[choice];
}
