/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: walks a document by the table of properties. Messages are put together here. */
#include "init/unit/read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/str.h"
#include "runtime/container.h"

enum {
	PATH_SIZE = 160,
	TEXT_SIZE = 800,
	ITEMS_MAX = 1024,      /* of an array in JSON */
	RATE_INTERVAL = 10000, /* of the default rate */
};

const cJSON *unit_member(const cJSON *object, const char *name)
{
	return object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

uint32_t unit_count(const cJSON *node)
{
	uint32_t count = 0;

	for (node = node->child; node; node = node->next)
		count++;
	return count;
}

struct frame frame_of(struct set *set, const char *file, const cJSON *node)
{
	return (struct frame){ .node = node, .set = set, .file = file };
}

/* Copied into each place it would be larger. */
__attribute__((noinline)) struct frame frame_below(const struct frame *up, const cJSON *node,
						   size_t index)
{
	return (struct frame){ up, node, node->string, index, up->set, up->file };
}

/* ---- messages ---- */

/* "health.exec[2]"; what does not fit is cut off. */
static size_t put_path(const struct frame *frame, char *path)
{
	size_t used;
	int length;

	path[0] = '\0';
	if (!frame->up)
		return 0;
	used = put_path(frame->up, path);
	if (frame->name)
		length = snprintf(path + used, PATH_SIZE - used, "%s%s", used ? "." : "",
				  frame->name);
	else
		length = snprintf(path + used, PATH_SIZE - used, "[%zu]", frame->index);
	used += (size_t)length;
	return used < PATH_SIZE ? used : PATH_SIZE - 1;
}

void unit_tell(struct unit_report *report, const struct unit_problem *problem)
{
	char text[TEXT_SIZE], line[16] = "";

	if (problem->warning)
		report->warnings++;
	else
		report->errors++;
	if (problem->line)
		snprintf(line, sizeof(line), ":%u", problem->line);
	snprintf(text, sizeof(text), "%s%s: %s%s%s", problem->file, line, problem->property,
		 problem->property[0] ? ": " : "", problem->reason);
	report->current = problem;
	report->problem(report->context, problem->warning, text);
}

void unit_tell_recorded(struct unit_report *report, const char *file, const char *shown)
{
	char buffer[TEXT_SIZE];
	const struct error *error = error_last();
	struct unit_problem problem = { .file = shown, .property = error->property };
	const char *text = error_format(error, buffer, sizeof(buffer));

	/* What JSON's reader and the runtime's say: "FILE: line 3: ..." and "FILE:3: ...". */
	if (str_has_prefix(text, file)) {
		text += strlen(file);
		text += strspn(text, ": ");
		text += str_has_prefix(text, "line ") ? 5 : 0;
		for (; *text >= '0' && *text <= '9'; text++)
			problem.line = problem.line * 10 + (unsigned int)(*text - '0');
		text += strspn(text, ": ");
	}
	if (*problem.property && str_has_prefix(text, problem.property))
		text += strlen(problem.property) + 2;
	problem.reason = text;
	unit_tell(report, &problem);
}

static void report(const struct frame *frame, const char *child, bool warning, const char *format,
		   va_list arguments)
{
	char path[PATH_SIZE], reason[TEXT_SIZE / 2];
	const size_t used = put_path(frame, path);
	const cJSON *node = child ? unit_member(frame->node, child) : NULL;

	if (child)
		snprintf(path + used, PATH_SIZE - used, "%s%s", used ? "." : "", child);
	vsnprintf(reason, sizeof(reason), format, arguments);
	unit_tell(frame->set->report, &(struct unit_problem){
					      .warning = warning,
					      .file = frame->file,
					      .line = json_line(node ? node : frame->node),
					      .property = path,
					      .reason = reason,
				      });
}

bool unit_problem(const struct frame *frame, const char *child, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(frame, child, false, format, arguments);
	va_end(arguments);
	return false;
}

bool unit_warning(const struct frame *frame, const char *child, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(frame, child, true, format, arguments);
	va_end(arguments);
	return false;
}

/* ---- arrays and objects ---- */

/* Room for a value of each item or member, or NULL: reported. `type`: what `node` must be. */
static uint32_t *room_for(const struct frame *frame, int type, size_t words, uint32_t *count)
{
	uint32_t *room;

	*count = 0;
	if ((frame->node->type & 0xff) != type) {
		unit_problem(frame, NULL, "must be %s",
			     type == cJSON_Array ? "an array" : "an object");
		return NULL;
	}
	*count = unit_count(frame->node);
	if (*count > ITEMS_MAX) {
		unit_problem(frame, NULL, "must have at most %d items", ITEMS_MAX);
		return NULL;
	}
	room = arena_array(frame->set->arena, *count + 1, words * sizeof(uint32_t));
	frame->set->pool.failed |= !room;
	return room;
}

static bool read_item(const struct frame *item, const struct unit_property *property,
		      uint32_t *word)
{
	switch (property->kind) {
	case KIND_TEXTS:
		return unit_read_text(item, property->detail, word);
	case KIND_SINKS:
		return unit_read_choice(item, property->detail, word);
	case KIND_CONDITIONS:
		return unit_read_condition(item, word);
	case KIND_STATUSES:
		return unit_read_status(item, word);
	default:
		return unit_read_text(item, TEXT_NAME, word);
	}
}

/* The kinds that are arrays of values of one word. */
static void read_array(const struct frame *frame, const struct unit_property *property,
		       uint32_t *words)
{
	uint32_t count, bits = 0;
	uint32_t *values = room_for(frame, cJSON_Array, 1, &count);
	size_t index = 0;

	if (!values)
		return;
	for (const cJSON *node = frame->node->child; node; node = node->next, index++) {
		const struct frame item = frame_below(frame, node, index);

		if (read_item(&item, property, &values[index]))
			bits |= 1u << (values[index] & 31);
	}
	if (property->kind == KIND_SINKS)
		*words = bits;
	else if (property->kind != KIND_UNITS)
		*(struct plan_list *)words = pool_list(&frame->set->pool, values, count);
}

static size_t record_words(enum unit_object object)
{
	switch (object) {
	case OBJECT_STEP:
		return sizeof(struct plan_step) / sizeof(uint32_t);
	case OBJECT_VOLUME:
		return sizeof(struct plan_volume) / sizeof(uint32_t);
	case OBJECT_ROUTE:
		return sizeof(struct plan_route) / sizeof(uint32_t);
	case OBJECT_SOCKET:
		return sizeof(struct plan_socket) / sizeof(uint32_t);
	case OBJECT_MOUNT:
		return sizeof(struct plan_mount) / sizeof(uint32_t);
	default:
		return sizeof(struct plan_interface) / sizeof(uint32_t);
	}
}

static void read_records(const struct frame *frame, enum unit_object object, struct plan_list *list)
{
	const size_t words = record_words(object);
	uint32_t count;
	uint32_t *records = room_for(frame, cJSON_Array, words, &count);
	size_t index = 0;

	if (!records)
		return;
	for (const cJSON *node = frame->node->child; node; node = node->next, index++) {
		const struct frame item = frame_below(frame, node, index);

		unit_set_defaults(object, records + index * words);
		unit_read_object(&item, object, records + index * words);
	}
	*list = pool_list(&frame->set->pool, records, count * words);
	list->count = list->count ? count : 0; /* none when there is no memory */
}

static bool is_comment(const char *key)
{
	return *key == '_' || *key == '#';
}

/* KEY=VALUE, for the environment. */
static void read_variable(const struct frame *member, uint32_t *word)
{
	struct set *set = member->set;
	const char *text;

	if (!*member->name || strchr(member->name, '='))
		unit_problem(member, NULL, "is not the name of a variable");
	if (!unit_is_string(member))
		return;
	text = arena_printf(set->arena, "%s=%s", member->name, member->node->valuestring);
	if (text)
		*word = pool_text(&set->pool, text, strlen(text));
	else
		set->pool.failed = true;
}

static void read_pair(const struct frame *member, uint32_t *words)
{
	/* A key of sysctl(8), its parts with dots or slashes between them. */
	if (!*member->name || strchr(".-/", *member->name) || strstr(member->name, ".."))
		unit_problem(member, NULL, "is not the name of a kernel parameter");
	words[0] = pool_text(&member->set->pool, member->name, strlen(member->name));
	unit_read_text(member, TEXT_NONEMPTY, &words[1]);
}

static void read_interface(const struct frame *member, uint32_t *words)
{
	struct plan_interface *interface = (struct plan_interface *)words;
	const char *wrong = unit_text_is_wrong(member->name, TEXT_INTERFACE);

	if (wrong)
		unit_problem(member, NULL, "%s", wrong);
	interface->name = pool_text(&member->set->pool, member->name, strlen(member->name));
	unit_read_object(member, OBJECT_INTERFACE, words);
}

static void read_map(const struct frame *frame, enum unit_map map, struct plan_list *list)
{
	static const uint8_t sizes[] = {
		[MAP_ENVIRONMENT] = 1,
		[MAP_SYSCTL] = 2,
		[MAP_INTERFACES] = sizeof(struct plan_interface) / sizeof(uint32_t),
	};
	uint32_t count;
	uint32_t *words = room_for(frame, cJSON_Object, sizes[map], &count);
	uint32_t *at = words;

	if (!words)
		return;
	for (const cJSON *node = frame->node->child; node; node = node->next) {
		const struct frame member = frame_below(frame, node, 0);

		/* A variable may begin so; comments stand beside the map. */
		if (map != MAP_ENVIRONMENT && is_comment(node->string)) {
			count--;
			continue;
		}
		if (map == MAP_ENVIRONMENT)
			read_variable(&member, at);
		else if (map == MAP_SYSCTL)
			read_pair(&member, at);
		else
			read_interface(&member, at);
		at += sizes[map];
	}
	*list = pool_list(&frame->set->pool, words, count * sizes[map]);
	list->count = list->count ? count : 0; /* none when there is no memory */
}

/*
 * linux.resources, as the runtime reads it: what is wrong with it is known here and now. The
 * property's text after as many line breaks as there are before it, so that lines are right.
 */
static void read_resources(const struct frame *frame, uint32_t *word)
{
	struct set *set = frame->set;
	size_t size, before;
	const char *text = json_source(frame->node, &size);
	char *copy;

	if (!cJSON_IsObject(frame->node)) {
		unit_problem(frame, NULL, "must be an object");
		return;
	}
	before = json_line(frame->node) - 1;
	copy = arena_bytes(set->arena, before + size);
	if (!copy) {
		set->pool.failed = true;
		return;
	}
	memset(copy, '\n', before);
	memcpy(copy + before, text, size);
	if (!container_read_resources(set->arena, copy, before + size, frame->file))
		unit_tell_recorded(set->report, frame->file, frame->file);
	*word = pool_text(&set->pool, text, size);
}

static void read_value(const struct frame *frame, const struct unit_property *property,
		       uint32_t *words)
{
	if (frame->set->pool.failed)
		return;
	switch (property->kind) {
	case KIND_TEXTS:
	case KIND_SINKS:
	case KIND_UNITS:
	case KIND_CONDITIONS:
	case KIND_STATUSES:
		read_array(frame, property, words);
		return;
	case KIND_RECORDS:
		read_records(frame, property->detail, (struct plan_list *)words);
		return;
	case KIND_MAP:
		read_map(frame, property->detail, (struct plan_list *)words);
		return;
	case KIND_RESOURCES:
		read_resources(frame, words);
		return;
	case KIND_OBJECT:
		unit_read_object(frame, property->detail, words);
		return;
	case KIND_NETWORK:
		if (cJSON_IsString(frame->node)) {
			unit_read_choice(frame, property->detail, words);
			return;
		}
		*words = NETWORK_BRIDGE;
		unit_read_object(frame, OBJECT_NETWORK, words);
		return;
	case KIND_GOAL:
		*words = 1;
		if (!cJSON_IsTrue(frame->node))
			unit_read_object(frame, property->detail, words - property->word);
		return;
	default:
		unit_read_scalar(frame, property, words);
	}
}

/* ---- objects by the table ---- */

void unit_set_defaults(enum unit_object object, uint32_t *words)
{
	for (size_t i = 0; i < unit_property_count; i++) {
		const struct unit_property *property = &unit_properties[i];
		uint32_t *word = words + property->word;

		if (property->object != object)
			continue;
		if (property->kind == KIND_RATE)
			word[1] = RATE_INTERVAL;
		if (property->kind == KIND_OBJECT)
			unit_set_defaults(property->detail, word);
		else if (property->standard)
			*word = property->standard;
	}
}

static const struct unit_property *find_property(enum unit_object object, const char *key)
{
	for (size_t i = 0; i < unit_property_count; i++)
		if (unit_properties[i].object == object &&
		    strcmp(unit_keys + unit_properties[i].key, key) == 0)
			return &unit_properties[i];
	return NULL;
}

static void read_members(const struct frame *frame, enum unit_object object, uint32_t *words)
{
	for (const cJSON *node = frame->node->child; node; node = node->next) {
		const struct frame member = frame_below(frame, node, 0);
		const struct unit_property *property;

		if (is_comment(node->string))
			continue;
		property = find_property(object, node->string);
		if (property)
			read_value(&member, property, words + property->word);
		else
			unit_problem(&member, NULL, "unknown property");
	}
	for (size_t i = 0; i < unit_property_count; i++) {
		const char *key = unit_keys + unit_properties[i].key;

		if (unit_properties[i].object == object && unit_properties[i].fits & REQUIRED &&
		    !unit_member(frame->node, key))
			unit_problem(frame, key, "is required");
	}
}

void unit_read_object(const struct frame *frame, enum unit_object object, uint32_t *words)
{
	uint32_t errors = frame->set->report->errors;

	if (!cJSON_IsObject(frame->node)) {
		unit_problem(frame, NULL, "must be an object");
		return;
	}
	read_members(frame, object, words);
	/* Rules look at values: they must be there. */
	if (frame->set->report->errors == errors && !frame->set->pool.failed)
		unit_check_object(frame, object, words);
}
