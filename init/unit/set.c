/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between units, and between a unit and the system. */
#include <string.h>

#include "init/unit/read.h"
#include "lib/arena.h"
#include "lib/json.h"
#include "lib/str.h"

static const char *text_of(const struct set *set, uint32_t text)
{
	return text ? set->pool.texts + text - 1 : NULL;
}

static const void *list_of(const struct set *set, struct plan_list list)
{
	return set->pool.words + list.offset / sizeof(uint32_t);
}

/* ---- things of which there is one on the board ---- */

/* A text that may stand once only: an address, up to its slash, or a file. */
struct claim {
	const char *text, *file;
	size_t length;
	const cJSON *node;
	char end;
};

struct claims {
	struct set *set;
	struct claim *items;
	size_t count, room;
};

static void claim(struct claims *claims, const struct frame *frame, const char *string, char end)
{
	struct claim mine = {
		.text = string, .file = frame->file, .node = frame->node, .end = end
	};

	if (!string)
		return; /* reported when it was read */
	mine.length = (size_t)(strchrnul(string, end) - string);
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *other = &claims->items[i];

		if (other->end == end && other->length == mine.length &&
		    memcmp(other->text, string, mine.length) == 0) {
			unit_problem(frame, NULL, "%.*s is taken by %s:%u", (int)mine.length,
				     string, other->file, json_line(other->node));
			return;
		}
	}
	if (claims->count == claims->room) {
		const size_t room = claims->room ? claims->room * 2 : 64;
		struct claim *items = arena_array(claims->set->arena, room, sizeof(*items));

		if (!items)
			return;
		if (claims->count)
			memcpy(items, claims->items, claims->count * sizeof(*items));
		claims->items = items;
		claims->room = room;
	}
	claims->items[claims->count++] = mine;
}

/* The frame of a property two levels down, or of the deepest one that is there. */
static void claim_addresses(struct claims *claims, const struct frame *owner,
			    struct plan_list addresses)
{
	const cJSON *array = unit_member(owner->node, "addresses");
	const uint32_t *address = list_of(claims->set, addresses);
	uint32_t index = 0;

	if (!array)
		return;
	for (const cJSON *node = array->child; node && index < addresses.count;
	     node = node->next, index++) {
		const struct frame list = frame_below(owner, array, 0);
		const struct frame item = frame_below(&list, node, index);

		claim(claims, &item, text_of(claims->set, address[index]), '/');
	}
}

static void claim_log(struct claims *claims, const struct frame *document,
		      const struct plan_log *log)
{
	const cJSON *node = unit_member(document->node, "log");
	const cJSON *file = unit_member(node, "file");

	if (file && log->file) {
		const struct frame object = frame_below(document, node, 0);
		const struct frame frame = frame_below(&object, file, 0);

		claim(claims, &frame, text_of(claims->set, log->file), '\0');
	}
}

/* As they stand: what else is the same socket is for bind(2) to say. */
static void claim_sockets(struct claims *claims, const struct frame *document)
{
	const cJSON *array = unit_member(document->node, "listen");
	const struct frame list = array ? frame_below(document, array, 0) : *document;
	size_t index = 0;

	for (const cJSON *node = array ? array->child : NULL; node; node = node->next) {
		const struct frame item = frame_below(&list, node, index++);
		const cJSON *address = unit_member(node, "address");
		const struct frame frame = frame_below(&item, address, 0);

		claim(claims, &frame, address->valuestring, ' ');
	}
}

static void claim_system(struct claims *claims, const struct frame *document)
{
	const struct set *set = claims->set;
	const cJSON *map = unit_member(document->node, "interfaces");
	const struct plan_interface *interface = list_of(set, set->system.interfaces);
	uint32_t left = set->system.interfaces.count;

	claim_log(claims, document, &set->system.log);
	if (!map)
		return;
	for (const cJSON *node = map->child; node && left; node = node->next) {
		const struct frame interfaces = frame_below(document, map, 0);
		const struct frame frame = frame_below(&interfaces, node, 0);

		if (*node->string == '_' || *node->string == '#')
			continue;
		claim_addresses(claims, &frame, interface->addresses);
		interface++;
		left--;
	}
}

/* ---- what a unit needs of the system ---- */

static bool has_bridge(const struct set *set, const char *name)
{
	const struct plan_interface *interface = list_of(set, set->system.interfaces);

	for (uint32_t i = 0; i < set->system.interfaces.count; i++, interface++)
		if (interface->is_bridge && str_equal(text_of(set, interface->name), name))
			return true;
	return false;
}

static void check_network(struct claims *claims, const struct frame *document,
			  const struct plan_unit *unit)
{
	const struct plan_network *network = &unit->network;
	const cJSON *node = unit_member(document->node, "network");
	const char *bridge = text_of(claims->set, network->bridge);
	struct frame frame;

	if (network->mode != NETWORK_BRIDGE)
		return;
	frame = frame_below(document, node, 0);
	if (unit->early)
		unit_problem(&frame, "bridge", "is made after early units are started");
	if (!has_bridge(claims->set, bridge))
		unit_problem(&frame, "bridge", "%s has no bridge %s", claims->set->system_file,
			     bridge);
	claim_addresses(claims, &frame, network->addresses);
}

/* What is to outlive the boot needs a place on the data partition. */
static void check_data(const struct set *set, const struct frame *document,
		       const struct plan_unit *unit)
{
	const struct plan_volume *volume = list_of(set, unit->volumes);
	const char *key = unit->layer == LAYER_PERMANENT ? "layer" : NULL;

	for (uint32_t i = 0; i < unit->volumes.count; i++)
		if (volume[i].class != VOLUME_BOOT)
			key = "volumes";
	if (key && unit->early)
		unit_problem(document, key, "is on a mount that early units do not wait for");
	if (key && !set->system.data)
		unit_problem(document, key, "%s has no \"data\": only the class boot can be kept",
			     set->system_file);
}

/* An early unit waits for the board after all if one that it waits for does. */
static void check_early(const struct set *set, const struct unit *unit,
			const struct frame *document, struct unit *const *order)
{
	const struct plan_list lists[] = { unit->plan->requires, unit->plan->wants,
					   unit->plan->after };

	for (size_t i = 0; unit->plan->early && i < sizeof(lists) / sizeof(lists[0]); i++) {
		const uint32_t *place = list_of(set, lists[i]);

		for (uint32_t k = 0; k < lists[i].count; k++)
			if (!order[place[k]]->plan->early)
				unit_warning(document, "early", "waits for %s, which is not early",
					     order[place[k]]->name);
	}
}

void unit_check_set(struct set *set, struct unit *const *order)
{
	struct claims claims = { .set = set };
	struct frame document = frame_of(set, set->system_file, set->system_node);

	if (set->system_node)
		claim_system(&claims, &document);
	for (size_t i = 0; i < set->unit_count; i++) {
		const struct unit *unit = &set->units[i];

		document = frame_of(set, unit->file, unit->node);
		if (!unit->good)
			continue;
		check_network(&claims, &document, unit->plan);
		check_data(set, &document, unit->plan);
		claim_log(&claims, &document, &unit->plan->log);
		claim_sockets(&claims, &document);
		check_early(set, unit, &document, order);
	}
}
