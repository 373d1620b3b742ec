/* SPDX-License-Identifier: Apache-2.0 */
/* The table of properties as rows without pointers, and what the rows refer to. */
#include "runtime/spec/table.h"

#include <stdint.h>
#include <string.h>

#include "lib/config.h"
#include "runtime/spec/spec.h"

/* A property stored in `member` of a structure. */
#define AT(structure, member, kind_, detail_) \
	.kind = KIND_##kind_, .detail = (detail_), .offset = offsetof(structure, member)
/* An array: a pointer, and the count right behind it. */
#define LIST(structure, member, count_, kind_, detail_) \
	AT(structure, member, kind_, detail_) + \
		0 * sizeof(char[offsetof(structure, count_) == \
						offsetof(structure, member) + sizeof(void *) ? \
					1 : \
					-1])
/* An object that has its members in the structure around it. */
#define HERE(object_) .kind = KIND_OBJECT, .detail = (object_)
/* Nothing is stored. */
#define ONLY(kind_, detail_) .kind = KIND_##kind_, .detail = (detail_)
#define NEEDS(symbol_) .symbol = SYMBOL_##symbol_

#define PROPERTY(name, object_, ...) { .object = OBJECT_##object_, __VA_ARGS__ },
const struct spec_property spec_properties[] = {
#include "runtime/spec/properties.h"
};
#undef PROPERTY

#define PROPERTY(name, object_, ...) name "\0"
const char spec_property_names[] =
#include "runtime/spec/properties.h"
	;
#undef PROPERTY

_Static_assert(offsetof(struct spec_hooks, count) == sizeof(void *) &&
		       offsetof(struct spec_throttles, count) == sizeof(void *),
	       "these are lists as they are");

const size_t spec_property_count = sizeof(spec_properties) / sizeof(*spec_properties);

const struct spec_limits spec_ranges[RANGES] = {
	[RANGE_UINT64] = { 0, UINT64_MAX },
	[RANGE_UINT32] = { 0, UINT32_MAX },
	[RANGE_INT64] = { INT64_MIN, INT64_MAX },
	[RANGE_ID] = { 0, UINT32_MAX - 1 },
	[RANGE_LIMIT] = { -1, INT64_MAX },
	[RANGE_OOM] = { -1000, 1000 },
	[RANGE_UMASK] = { 0, 0777 },
	[RANGE_MODE] = { 0, 0177777 },
	[RANGE_NICE] = { -20, 19 },
	[RANGE_PRIORITY] = { 0, 99 },
	[RANGE_MAJOR] = { 0, (1 << 12) - 1 },
	[RANGE_MINOR] = { 0, (1 << 20) - 1 },
	[RANGE_ANY_NUMBER] = { -1, UINT32_MAX },
	[RANGE_SWAPPINESS] = { 0, 100 },
	[RANGE_WEIGHT] = { 10, 1000 },
	[RANGE_PERIOD] = { 1000, 1000000 },
	[RANGE_FLAG] = { 0, 1 },
	[RANGE_TIMEOUT] = { 1, INT32_MAX },
	[RANGE_SIZE] = { 1, UINT32_MAX },
	[RANGE_ARGUMENT] = { 0, 5 },
	[RANGE_RETURN] = { 0, UINT16_MAX },
};

size_t spec_object_size(enum spec_object object)
{
	switch (object) {
	case OBJECT_MOUNT:
		return sizeof(struct spec_mount);
	case OBJECT_RLIMIT:
		return sizeof(struct spec_rlimit);
	case OBJECT_HOOK:
		return sizeof(struct spec_hook);
	case OBJECT_ID_MAPPING:
		return sizeof(struct spec_id_mapping);
	case OBJECT_DEVICE:
		return sizeof(struct spec_device);
	case OBJECT_DEVICE_RULE:
		return sizeof(struct spec_device_rule);
	case OBJECT_WEIGHT_DEVICE:
		return sizeof(struct spec_weight_device);
	case OBJECT_THROTTLE:
		return sizeof(struct spec_throttle);
	case OBJECT_HUGEPAGE:
		return sizeof(struct spec_hugepage_limit);
	case OBJECT_NETWORK_PRIORITY:
		return sizeof(struct spec_network_priority);
	case OBJECT_SYSCALL:
		return sizeof(struct spec_syscall);
	case OBJECT_SYSCALL_ARG:
		return sizeof(struct spec_syscall_arg);
	default:
		return 0;
	}
}

#define OFFERED(name) | (uint32_t)IS_ENABLED(CONFIG_##name) << SYMBOL_##name
#define PLANNED(name)

bool spec_symbol_enabled(enum spec_symbol symbol)
{
	const uint32_t enabled = 1 << SYMBOL_NONE SPEC_SYMBOLS(OFFERED, PLANNED);

	return enabled >> symbol & 1;
}

#define NAME(name) #name "\0"

const char *spec_symbol_name(enum spec_symbol symbol)
{
	const char *name = SPEC_SYMBOLS(NAME, NAME);

	for (unsigned int i = SYMBOL_NONE + 1; i < symbol; i++)
		name += strlen(name) + 1;
	return name;
}
