/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: walks a document by the table of properties. */
#include <stdint.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"
#include "runtime/spec/spec.h"
#include "runtime/spec/table.h"

enum json_type { TYPE_OBJECT, TYPE_ARRAY, TYPE_STRING, TYPE_INTEGER, TYPE_BOOLEAN, TYPE_NULL };

static const char type_names[][11] = { "an object",  "an array",  "a string",
				       "an integer", "a boolean", "null" };

/* What a kind of property wants to find. */
static enum json_type wanted_type(enum spec_kind kind)
{
	switch (kind) {
	case KIND_BOOL:
	case KIND_NEVER_BOOL:
		return TYPE_BOOLEAN;
	case KIND_STRING:
	case KIND_UNUSED_STRING:
	case KIND_WORD:
	case KIND_VERSION:
	case KIND_PROPAGATION:
	case KIND_PERSONALITY:
	case KIND_DEVICE_TYPE:
	case KIND_RULE_TYPE:
	case KIND_ACCESS:
		return TYPE_STRING;
	case KIND_STRINGS:
	case KIND_IDS:
	case KIND_BITS32:
	case KIND_BITS64:
	case KIND_OBJECTS:
	case KIND_CAPABILITIES:
	case KIND_NAMESPACES:
	case KIND_NEVER_ARRAY:
		return TYPE_ARRAY;
	case KIND_OBJECT:
	case KIND_MAP:
	case KIND_ANNOTATIONS:
	case KIND_RDMA:
		return TYPE_OBJECT;
	default:
		return TYPE_INTEGER;
	}
}

static enum json_type type_of(const cJSON *node)
{
	switch (node->type & 0xff) {
	case cJSON_Object:
		return TYPE_OBJECT;
	case cJSON_Array:
		return TYPE_ARRAY;
	case cJSON_String:
		return TYPE_STRING;
	case cJSON_Number:
		return TYPE_INTEGER; /* whether it is one, shows when it is read */
	case cJSON_True:
	case cJSON_False:
		return TYPE_BOOLEAN;
	default:
		return TYPE_NULL;
	}
}

static int check_type(const struct spec_reader *reader, const struct spec_frame *frame,
		      enum json_type wanted)
{
	const enum json_type found = type_of(frame->node);

	if (found == wanted)
		return 0;
	return spec_fail(reader, frame, NULL, "must be %s, found %s", type_names[wanted],
			 found == TYPE_INTEGER ? "a number" : type_names[found]);
}

/* Does the value ask for nothing? Then it does not matter that this build leaves the property out.
 */
static bool asks_nothing(const struct spec_property *property, const cJSON *node)
{
	if (property->flags & PRESENCE)
		return false;
	switch (type_of(node)) {
	case TYPE_OBJECT:
	case TYPE_ARRAY:
		return !node->child;
	case TYPE_STRING:
		return !*node->valuestring || (property->symbol == SYMBOL_APPARMOR &&
					       strcmp(node->valuestring, "unconfined") == 0);
	case TYPE_INTEGER:
		return (property->flags & ZERO_ABSENT || property->kind == KIND_NEVER_NUMBER) &&
		       strcmp(node->valuestring, "0") == 0;
	case TYPE_BOOLEAN:
		return (node->type & 0xff) == cJSON_False;
	default:
		return false;
	}
}

union number {
	int64_t as_signed;
	uint64_t as_unsigned;
};

/* An integer within its bounds; which member of *number holds it follows from the range's minimum.
 */
static int read_number(const struct spec_reader *reader, const struct spec_frame *frame,
		       enum spec_range range, bool zero_fits, union number *number)
{
	const struct spec_limits limits = spec_ranges[range];
	bool fits;

	if (check_type(reader, frame, TYPE_INTEGER) < 0)
		return -EINVAL;
	if (limits.minimum < 0)
		fits = json_int64(frame->node, &number->as_signed) &&
		       number->as_signed >= limits.minimum &&
		       (number->as_signed < 0 || (uint64_t)number->as_signed <= limits.maximum);
	else
		fits = json_uint64(frame->node, &number->as_unsigned) &&
		       ((number->as_unsigned >= (uint64_t)limits.minimum &&
			 number->as_unsigned <= limits.maximum) ||
			(zero_fits && number->as_unsigned == 0));
	if (fits)
		return 0;
	return spec_fail(reader, frame, NULL, "must be an integer from %lld to %llu, found %.32s",
			 (long long)limits.minimum, (unsigned long long)limits.maximum,
			 frame->node->valuestring);
}

static int read_number_to(const struct spec_reader *reader, const struct spec_frame *frame,
			  const struct spec_property *property, void *place)
{
	const bool zero_absent = property->flags & ZERO_ABSENT;
	union number number;

	if (read_number(reader, frame, property->detail, zero_absent, &number) < 0)
		return -EINVAL;
	switch (property->kind) {
	case KIND_INT:
		*(struct spec_int *)place =
			(struct spec_int){ number.as_signed, number.as_signed || !zero_absent };
		break;
	case KIND_UINT:
		*(struct spec_uint *)place =
			(struct spec_uint){ number.as_unsigned,
					    number.as_unsigned || !zero_absent };
		break;
	case KIND_INT64:
	case KIND_UINT64:
		*(uint64_t *)place = number.as_unsigned;
		break;
	case KIND_INT32:
	case KIND_UINT32:
		*(uint32_t *)place = (uint32_t)number.as_unsigned;
		break;
	case KIND_UINT16:
		*(uint16_t *)place = (uint16_t)number.as_unsigned;
		break;
	}
	return 0;
}

static int read_strings(const struct spec_reader *reader, const struct spec_frame *frame,
			enum spec_text rule, struct spec_strings *strings)
{
	struct spec_frame item = { frame, frame->node->child, NULL, 0 };

	strings->items = arena_array(reader->arena, spec_count(frame->node) + 1, sizeof(char *));
	if (!strings->items)
		return -ENOMEM;
	for (; item.node; item.node = item.node->next, item.index++) {
		if (check_type(reader, &item, TYPE_STRING) < 0 ||
		    spec_check_text(reader, &item, rule) < 0)
			return -EINVAL;
		strings->items[item.index] = item.node->valuestring;
	}
	strings->count = item.index;
	strings->present = true;
	return 0;
}

/* Where an array is kept: a pointer of some type, and the count behind it. */
struct __attribute__((may_alias)) list {
	void *items;
	size_t count;
};

static int new_list(const struct spec_reader *reader, const cJSON *node, size_t size,
		    struct list *list)
{
	list->count = spec_count(node);
	if (!list->count)
		return 0;
	list->items = arena_array(reader->arena, list->count, size);
	return list->items ? 0 : -ENOMEM;
}

static int read_ids(const struct spec_reader *reader, const struct spec_frame *frame,
		    enum spec_range range, struct list *list)
{
	struct spec_frame item = { frame, frame->node->child, NULL, 0 };
	union number number;
	uint32_t *ids;

	if (new_list(reader, frame->node, sizeof(*ids), list) < 0)
		return -ENOMEM;
	for (ids = list->items; item.node; item.node = item.node->next, item.index++) {
		if (read_number(reader, &item, range, false, &number) < 0)
			return -EINVAL;
		ids[item.index] = (uint32_t)number.as_unsigned;
	}
	return 0;
}

static int read_word(const struct spec_reader *reader, const struct spec_frame *frame,
		     enum spec_words list)
{
	int value;

	if (check_type(reader, frame, TYPE_STRING) < 0)
		return -EINVAL;
	value = spec_word_value(list, frame->node->valuestring);
	if (value >= 0)
		return value;
	return spec_fail(reader, frame, NULL, "unknown value \"%.64s\"", frame->node->valuestring);
}

static int read_bits(const struct spec_reader *reader, const struct spec_frame *frame,
		     enum spec_words list, uint64_t *bits)
{
	struct spec_frame item = { frame, frame->node->child, NULL, 0 };

	for (; item.node; item.node = item.node->next, item.index++) {
		const int bit = read_word(reader, &item, list);

		if (bit < 0)
			return bit;
		*bits |= UINT64_C(1) << bit;
	}
	return 0;
}

static int read_objects(struct spec_reader *reader, const struct spec_frame *frame,
			enum spec_object object, struct list *list)
{
	const size_t size = spec_object_size(object);
	struct spec_frame item = { frame, frame->node->child, NULL, 0 };

	if (new_list(reader, frame->node, size, list) < 0)
		return -ENOMEM;
	for (; item.node; item.node = item.node->next, item.index++) {
		const int result = spec_read_object(reader, &item, object,
						    (char *)list->items + item.index * size);

		if (result < 0)
			return result;
	}
	return 0;
}

/* Pairs of strings, as struct spec_sysctl and spec_unified are. */
static int read_map(const struct spec_reader *reader, const struct spec_frame *frame,
		    enum spec_text rule, struct list *list)
{
	struct spec_frame item = { frame, frame->node->child, NULL, 0 };
	const char **pair;

	if (new_list(reader, frame->node, 2 * sizeof(*pair), list) < 0)
		return -ENOMEM;
	for (pair = list->items; item.node; item.node = item.node->next, pair += 2) {
		const char *name = item.node->string;

		item.name = name;
		if (check_type(reader, &item, TYPE_STRING) < 0)
			return -EINVAL;
		if (!*name || (rule == TEXT_CGROUP_FILE && (strchr(name, '/') || name[0] == '.')))
			return spec_fail(reader, &item, NULL, "must be named like a file");
		pair[0] = name;
		pair[1] = item.node->valuestring;
	}
	return 0;
}
_Static_assert(sizeof(struct spec_unified) == 2 * sizeof(char *) &&
		       sizeof(struct spec_sysctl) == 2 * sizeof(char *),
	       "a map is pairs of strings");

static int read_words(struct spec_reader *reader, const struct spec_frame *frame,
		      const struct spec_property *property, void *place)
{
	uint64_t bits = 0;
	int value;

	if (property->kind == KIND_WORD) {
		value = read_word(reader, frame, property->detail);
		if (value < 0)
			return value;
		*(int *)place = value;
		return 0;
	}
	value = read_bits(reader, frame, property->detail, &bits);
	if (property->kind == KIND_BITS32)
		*(uint32_t *)place = (uint32_t)bits;
	else
		*(uint64_t *)place = bits;
	return value;
}

static int read_property(struct spec_reader *reader, const struct spec_frame *frame,
			 const struct spec_property *property, void *place)
{
	if (check_type(reader, frame, wanted_type(property->kind)) < 0)
		return -EINVAL;
	if (!spec_symbol_enabled(property->symbol))
		return asks_nothing(property, frame->node) ?
			       0 :
			       spec_refuse(reader, frame, NULL, property->symbol);

	switch (property->kind) {
	case KIND_BOOL:
		*(bool *)place = (frame->node->type & 0xff) == cJSON_True;
		return 0;
	case KIND_STRING:
		if (!*frame->node->valuestring && property->flags & ZERO_ABSENT)
			return 0;
		*(const char **)place = frame->node->valuestring;
		return spec_check_text(reader, frame, property->detail);
	case KIND_STRINGS:
		return read_strings(reader, frame, property->detail, place);
	case KIND_INT:
	case KIND_UINT:
	case KIND_INT64:
	case KIND_UINT64:
	case KIND_INT32:
	case KIND_UINT32:
	case KIND_UINT16:
		return read_number_to(reader, frame, property, place);
	case KIND_IDS:
		return read_ids(reader, frame, property->detail, place);
	case KIND_WORD:
	case KIND_BITS32:
	case KIND_BITS64:
		return read_words(reader, frame, property, place);
	case KIND_OBJECT:
		return spec_read_object(reader, frame, property->detail, place);
	case KIND_OBJECTS:
		return read_objects(reader, frame, property->detail, place);
	case KIND_MAP:
		return read_map(reader, frame, property->detail, place);
	case KIND_UNUSED_STRING:
		return 0;
	case KIND_NEVER_NUMBER:
	case KIND_NEVER_BOOL:
	case KIND_NEVER_ARRAY:
		return asks_nothing(property, frame->node) ?
			       0 :
			       spec_fail(reader, frame, NULL, "is not supported");
	default:
		return spec_read_special(reader, frame, property, place);
	}
}

/* Values of what is not given, where zero is not it. */
static void set_defaults(enum spec_object object, void *base)
{
	if (object == OBJECT_DEVICE_RULE)
		*(struct spec_device_rule *)base = (struct spec_device_rule){ .type = 'a',
									      .major = -1,
									      .minor = -1,
									      .read = true,
									      .write = true,
									      .mknod = true };
	else if (object == OBJECT_DEVICE)
		*(struct spec_device *)base = (struct spec_device){ .major = -1, .minor = -1 };
}

/* The row of a member, or NULL for an unknown one; *name is its name in the table. */
static const struct spec_property *find_property(const struct spec_reader *reader,
						 enum spec_object object, const char **name)
{
	const char *candidate = spec_property_names + reader->names[object];

	for (unsigned int row = reader->first[object]; row < reader->first[object + 1]; row++) {
		if (strcmp(candidate, *name) == 0) {
			*name = candidate;
			return &spec_properties[row];
		}
		candidate += strlen(candidate) + 1;
	}
	return NULL;
}

static int check_required(const struct spec_reader *reader, const struct spec_frame *frame,
			  enum spec_object object, uint32_t seen)
{
	const char *name = spec_property_names + reader->names[object];

	for (unsigned int row = reader->first[object]; row < reader->first[object + 1]; row++) {
		if (spec_properties[row].flags & REQUIRED && !(seen & 1))
			return spec_fail(reader, frame, name, "is required");
		name += strlen(name) + 1;
		seen >>= 1;
	}
	return 0;
}

int spec_read_object(struct spec_reader *reader, const struct spec_frame *frame,
		     enum spec_object object, void *base)
{
	struct spec_frame member = { frame, NULL, NULL, 0 };
	uint32_t seen = 0;

	if (check_type(reader, frame, TYPE_OBJECT) < 0)
		return -EINVAL;
	set_defaults(object, base);
	for (member.node = frame->node->child; member.node; member.node = member.node->next) {
		const struct spec_property *property;
		int result;

		member.name = member.node->string;
		property = find_property(reader, object, &member.name);
		if (!property)
			continue;
		seen |= UINT32_C(1) << (property - spec_properties - reader->first[object]);
		result = read_property(reader, &member, property, (char *)base + property->offset);
		if (result < 0)
			return result;
	}
	if (check_required(reader, frame, object, seen) < 0)
		return -EINVAL;
	return spec_check_object(reader, frame, object, base);
}

static void start(struct spec_reader *reader, struct arena *arena, const char *file)
{
	const char *name = spec_property_names;
	size_t row = 0;

	*reader = (struct spec_reader){ .arena = arena, .file = file };
	for (size_t object = 0; object < OBJECTS; object++) {
		reader->first[object] = (uint16_t)row;
		reader->names[object] = (uint16_t)(name - spec_property_names);
		for (; row < spec_property_count && spec_properties[row].object == object; row++)
			name += strlen(name) + 1;
	}
	reader->first[OBJECTS] = (uint16_t)row;
}

/* Parse the text and read it as one object of `size` bytes, which is returned. */
static void *read_document(struct arena *arena, const char *text, size_t text_size,
			   const char *name, enum spec_object object, size_t size)
{
	struct spec_frame frame = { NULL, NULL, NULL, 0 };
	struct spec_reader reader;
	void *base;

	frame.node = json_parse(arena, text, text_size, name);
	if (!frame.node)
		return NULL;
	base = arena_alloc(arena, size);
	if (!base)
		return NULL;
	start(&reader, arena, name);
	return spec_read_object(&reader, &frame, object, base) < 0 ? NULL : base;
}

struct spec *spec_parse(struct arena *arena, const char *text, size_t size, const char *name)
{
	return read_document(arena, text, size, name, OBJECT_CONFIG, sizeof(struct spec));
}

struct spec_process *spec_parse_process(struct arena *arena, const char *text, size_t size,
					const char *name)
{
	return read_document(arena, text, size, name, OBJECT_PROCESS, sizeof(struct spec_process));
}

struct spec_resources *spec_parse_resources(struct arena *arena, const char *text, size_t size,
					    const char *name)
{
	return read_document(arena, text, size, name, OBJECT_RESOURCES,
			     sizeof(struct spec_resources));
}

int spec_parse_hooks(struct arena *arena, const char *text, size_t size, const char *name,
		     struct spec_hooks hooks[HOOK_KINDS])
{
	struct spec_frame document = { NULL, NULL, NULL, 0 };
	struct spec_frame frame = { &document, NULL, "hooks", 0 };
	struct spec_reader reader;
	struct spec *spec;
	int result;

	memset(hooks, 0, HOOK_KINDS * sizeof(*hooks));
	/* Most containers have none, and then there is no need to parse: the key can only be
	 * written so, or with escapes. */
	if (!memmem(text, size, "\"hooks\"", 7) && !memmem(text, size, "\\u", 2))
		return 0;
	document.node = json_parse(arena, text, size, name);
	if (!document.node)
		return -EINVAL;
	frame.node = spec_member(document.node, "hooks");
	if (!frame.node)
		return 0;
	spec = arena_alloc(arena, sizeof(*spec));
	if (!spec)
		return -ENOMEM;
	start(&reader, arena, name);
	result = spec_read_object(&reader, &frame, OBJECT_HOOKS, spec);
	memcpy(hooks, spec->hooks, sizeof(spec->hooks));
	return result;
}
