/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan from an enemy whose checksum is right. What is accepted must be fit to be read: everything
 * that PID 1 looks at is touched.
 */
#include <stdlib.h>
#include <string.h>

#include "init/plan.h"
#include "init/plan_walk.h"
#include "lib/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The number of units that a text or a list reached; so that nothing is optimized away. */
struct touched {
	size_t bytes;
};

static void touch_text(const struct plan *plan, struct touched *touched, uint32_t offset)
{
	const char *text = plan_text(plan, offset);

	if (text)
		touched->bytes += strlen(text);
}

static void touch_texts(const struct plan *plan, struct touched *touched, struct plan_list list)
{
	for (uint32_t i = 0; i < list.count; i++)
		touched->bytes += strlen(plan_list_text(plan, list, i));
}

static void touch_neighbours(const struct plan *plan, uint32_t unit, struct plan_list list,
			     int later)
{
	for (uint32_t i = 0; i < list.count; i++) {
		const uint32_t other = plan_word(plan, list, i);

		require(later ? other > unit && other < plan->unit_count : other < unit);
	}
}

static void touch_unit(const struct plan *plan, struct touched *touched, uint32_t i)
{
	const struct plan_unit *unit = &plan->units[i];
	const struct plan_volume *volume = plan_at(plan, unit->volumes);
	const struct plan_route *route = plan_at(plan, unit->network.routes);
	const struct plan_step *step = plan_at(plan, unit->restart.ladder);

	require(plan_find(plan, plan_unit_name(plan, i)) == i);
	require(plan_is_name(plan_unit_name(plan, i)));
	touch_text(plan, touched, unit->description);
	touch_texts(plan, touched, unit->command);
	touch_texts(plan, touched, unit->environment);
	touch_texts(plan, touched, unit->ready.words);
	touch_texts(plan, touched, unit->health.words);
	touch_texts(plan, touched, unit->network.addresses);
	touch_text(plan, touched, unit->resources);
	touch_neighbours(plan, i, unit->requires, 0);
	touch_neighbours(plan, i, unit->wants, 0);
	touch_neighbours(plan, i, unit->after, 0);
	touch_neighbours(plan, i, unit->followers, 1);
	for (uint32_t k = 0; k < unit->conditions.count; k++)
		require((plan_word(plan, unit->conditions, k) & ~CONDITION_NOT) <
			plan->condition_count);
	for (uint32_t k = 0; k < unit->volumes.count; k++)
		require(plan_is_name(plan_text(plan, volume[k].name)) && volume[k].path);
	for (uint32_t k = 0; k < unit->network.routes.count; k++)
		touch_text(plan, touched, route[k].destination);
	for (uint32_t k = 1; k < unit->restart.ladder.count; k++)
		require(step[k].after > step[k - 1].after);
	require(unit->log.ring >= PLAN_RING_MIN && !(unit->log.ring & (unit->log.ring - 1)));
	require(!unit->log.rate_lines || unit->log.rate_interval);
	require(unit->stop_signal >= 1 && unit->stop_signal <= 64);
	require(unit->type == UNIT_GROUP || unit->source != SOURCE_NONE);
	require(unit->source != SOURCE_EXEC || unit->command.count);
}

static void touch_system(const struct plan *plan, struct touched *touched)
{
	const struct plan_system *system = plan->system;
	const struct plan_mount *mount = plan_at(plan, system->mounts);
	const struct plan_interface *interface = plan_at(plan, system->interfaces);
	const struct plan_pair *pair = plan_at(plan, system->sysctl);

	touch_text(plan, touched, system->hostname);
	touch_texts(plan, touched, system->modules);
	for (uint32_t i = 0; i < system->mounts.count; i++)
		require(mount[i].source && mount[i].target && mount[i].type);
	for (uint32_t i = 0; i < system->sysctl.count; i++)
		require(pair[i].key && pair[i].value);
	for (uint32_t i = 0; i < system->interfaces.count; i++) {
		touch_text(plan, touched, interface[i].name);
		touch_texts(plan, touched, interface[i].ports);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct touched touched = { 0 };
	struct plan plan;
	uint32_t *block;

	if (size < sizeof(struct plan_header) || size > PLAN_MAX_SIZE)
		return 0;
	block = malloc(size);
	require(block != NULL);
	memcpy(block, data, size);
	((struct plan_header *)block)->size = (uint32_t)size;
	plan_seal(block, size);
	error_clear();
	if (plan_from_block(&plan, block, size, "plan") < 0) {
		require(error_last()->text[0] && !plan.header);
	} else {
		require(plan.condition_count && plan.unit_count <= PLAN_MAX_UNITS);
		touch_system(&plan, &touched);
		for (uint32_t i = 0; i < plan.unit_count; i++)
			touch_unit(&plan, &touched, i);
		require(touched.bytes <= (size_t)plan.unit_count * size * 64 + size * 64);
	}
	free(block);
	return 0;
}
