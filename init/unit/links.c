/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph of units: names become places, `before` becomes the other's `after`, and each unit gets
 * its place after all that it waits for. What is missing and what goes in a circle is reported.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init/unit/read.h"
#include "lib/arena.h"
#include "lib/error.h"

enum link_kind { LINK_REQUIRES, LINK_WANTS, LINK_AFTER, LINK_KINDS };

/* `from` waits for `to`. */
struct link {
	struct unit *from, *to;
	enum link_kind kind;
	/* Where it stands: in the other unit when `before` made it. */
	const struct unit *unit;
	const char *key;
	const cJSON *node;
};

struct graph {
	struct set *set;
	struct link *links;
	size_t count;
	struct unit **order;
	size_t ordered;
	/* The way from the first unit to where the search stands, as links. */
	const struct link **way;
	size_t depth;
};

static int compare_names(const void *name, const void *unit)
{
	return strcmp(name, ((const struct unit *)unit)->name);
}

static struct unit *find(const struct set *set, const char *name)
{
	return bsearch(name, set->units, set->unit_count, sizeof(*set->units), compare_names);
}

static bool add_link(struct graph *graph, struct link link)
{
	for (size_t i = 0; i < graph->count; i++) {
		const struct link *other = &graph->links[i];

		if (other->from == link.from && other->to == link.to && other->kind == link.kind)
			return false;
	}
	graph->links[graph->count++] = link;
	return true;
}

static void read_links(struct graph *graph, struct unit *unit, const char *key, int kind)
{
	const struct frame document = frame_of(graph->set, unit->file, unit->node);
	const cJSON *array = unit_member(unit->node, key);
	size_t index = 0;

	if (!cJSON_IsArray(array))
		return;
	for (const cJSON *node = array->child; node; node = node->next, index++) {
		const struct frame list = frame_below(&document, array, 0);
		const struct frame item = frame_below(&list, node, index);
		struct unit *other =
			cJSON_IsString(node) ? find(graph->set, node->valuestring) : NULL;
		struct link link = { unit, other, kind, unit, key, node };

		if (!cJSON_IsString(node))
			continue; /* reported when it was read */
		if (kind == LINK_KINDS)
			link = (struct link){ other, unit, LINK_AFTER, unit, key, node };
		if (!other)
			unit_problem(&item, NULL, "there is no unit %s", node->valuestring);
		else if (other == unit)
			unit_problem(&item, NULL, "%s cannot wait for itself", unit->name);
		else if (!add_link(graph, link) && kind != LINK_KINDS)
			unit_problem(&item, NULL, "%s is named twice", node->valuestring);
	}
}

/* "a requires b requires a": the way's part from where `link` leads back to. */
static void report_cycle(struct graph *graph, const struct link *link)
{
	static const char words[LINK_KINDS][10] = { "requires", "wants", "after" };
	const struct frame document = frame_of(graph->set, link->unit->file, link->unit->node);
	struct frame list = frame_below(&document, link->node, 0);
	char text[320];
	size_t first = graph->depth, used = 0;

	while (first && graph->way[first - 1]->to != link->to)
		first--;
	used = (size_t)snprintf(text, sizeof(text), "%s", link->to->name);
	for (size_t i = first; i <= graph->depth && used < sizeof(text); i++) {
		const struct link *step = i < graph->depth ? graph->way[i] : link;

		used += (size_t)snprintf(text + used, sizeof(text) - used, " %s %s",
					 words[step->kind], step->to->name);
	}
	list.name = link->key;
	unit_problem(&list, NULL, "goes in a circle: %s", text);
}

/* Depth first: a unit is placed when all that it waits for has been. */
static void place(struct graph *graph, struct unit *unit)
{
	unit->seen = 1;
	for (size_t i = 0; i < graph->count; i++) {
		const struct link *link = &graph->links[i];

		if (link->from != unit || link->to->seen == 2)
			continue;
		if (link->to->seen == 1) {
			report_cycle(graph, link);
			continue;
		}
		graph->way[graph->depth++] = link;
		place(graph, link->to);
		graph->depth--;
	}
	unit->seen = 2;
	unit->place = (uint32_t)graph->ordered;
	graph->order[graph->ordered++] = unit;
}

/* The places of the units that `unit` is linked to, in the order of the links. */
static struct plan_list list_links(struct graph *graph, const struct unit *unit,
				   enum link_kind kind, uint32_t *scratch)
{
	size_t count = 0;

	for (size_t i = 0; i < graph->count; i++)
		if (graph->links[i].from == unit && graph->links[i].kind == kind)
			scratch[count++] = graph->links[i].to->place;
	return pool_list(&graph->set->pool, scratch, count);
}

/* The units that are linked to the one at `place`, each once, in their order. */
static struct plan_list list_followers(struct graph *graph, uint32_t place, uint32_t *scratch)
{
	size_t count = 0;

	memset(scratch, 0, graph->ordered * sizeof(*scratch));
	for (size_t i = 0; i < graph->count; i++)
		if (graph->links[i].to->place == place)
			scratch[graph->links[i].from->place] = 1;
	for (size_t i = place; i < graph->ordered; i++)
		if (scratch[i])
			scratch[count++] = (uint32_t)i;
	return pool_list(&graph->set->pool, scratch, count);
}

static size_t count_names(const struct set *set)
{
	static const char keys[][9] = { "requires", "wants", "after", "before" };
	size_t count = 0;

	for (size_t i = 0; i < set->unit_count; i++)
		for (size_t key = 0; key < sizeof(keys) / sizeof(keys[0]); key++) {
			const cJSON *array = unit_member(set->units[i].node, keys[key]);

			count += array ? unit_count(array) : 0;
		}
	return count;
}

bool unit_link(struct set *set, struct unit **order)
{
	const size_t names = count_names(set);
	struct graph graph = { .set = set, .order = order };
	uint32_t *scratch = arena_array(set->arena, set->unit_count + 1, sizeof(*scratch));

	graph.links = arena_array(set->arena, names + 1, sizeof(*graph.links));
	graph.way = arena_array(set->arena, set->unit_count + 1, sizeof(void *));
	if (!scratch || !graph.links || !graph.way)
		return false;
	for (size_t i = 0; i < set->unit_count; i++) {
		read_links(&graph, &set->units[i], "requires", LINK_REQUIRES);
		read_links(&graph, &set->units[i], "wants", LINK_WANTS);
		read_links(&graph, &set->units[i], "after", LINK_AFTER);
	}
	for (size_t i = 0; i < set->unit_count; i++)
		read_links(&graph, &set->units[i], "before", LINK_KINDS);
	for (size_t i = 0; i < set->unit_count; i++)
		if (!set->units[i].seen)
			place(&graph, &set->units[i]);
	for (size_t i = 0; i < set->unit_count; i++) {
		struct plan_unit *plan = order[i]->plan;

		plan->requires = list_links(&graph, order[i], LINK_REQUIRES, scratch);
		plan->wants = list_links(&graph, order[i], LINK_WANTS, scratch);
		plan->after = list_links(&graph, order[i], LINK_AFTER, scratch);
		plan->followers = list_followers(&graph, (uint32_t)i, scratch);
	}
	return true;
}
