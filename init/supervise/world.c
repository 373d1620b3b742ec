/* SPDX-License-Identifier: Apache-2.0 */
/* The world outside the core: what comes of its actions, and what happens by itself. */
#include <string.h>

#include "init/supervise/simulate.h"

enum {
	LAUNCH_MS = 300, /* most launches take less */
	LIFE_MS = 60000, /* one that is going to crash lives no longer */
	CLEAN_MS = 100,	 /* and cleanings */
	PROBE_MS = 50,
	FAULTY_UNITS = 40, /* of 100 units have a given fault */
	FAULT_MAX = 70,	   /* and show it this often, of 100 times, at most */
};

size_t world_size(const struct plan *plan)
{
	return plan->unit_count * sizeof(struct world_unit);
}

void world_begin(struct world *world, void *memory, const struct plan *plan, uint64_t seed)
{
	*world = (struct world){ .plan = plan, .units = memory, .seed = seed };
	memset(memory, 0, world_size(plan));
	for (uint32_t i = 0; i < plan->unit_count; i++) {
		struct world_unit *unit = &world->units[i];

		memset(unit->at, 0xff, sizeof(unit->at));
		for (size_t k = 0; k < FAULT_COUNT; k++)
			if (chance_below(&world->seed, 100) < FAULTY_UNITS)
				unit->faults[k] = (uint8_t)chance_below(&world->seed, FAULT_MAX);
	}
}

static bool has_fault(struct world *world, uint32_t unit, enum world_fault fault)
{
	/* Drawn in any case: calm weather does not change what comes later. */
	const uint32_t drawn = chance_below(&world->seed, 100);

	return !world->calm && drawn < world->units[unit].faults[fault];
}

static uint64_t soon(struct world *world, uint64_t now, uint64_t most)
{
	return now + chance_below(&world->seed, most);
}

/* A part of what is allowed, so that a good unit is never too late. */
static uint64_t in_time(struct world *world, uint64_t now, uint32_t limit, uint32_t usual)
{
	return soon(world, now, limit / 4 < usual ? limit / 4 : usual);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void set(struct world_unit *unit, enum world_timer timer, uint64_t at, int64_t value)
{
	unit->at[timer] = at;
	unit->value[timer] = value;
}

static void launch(struct world *world, uint32_t index, uint64_t now)
{
	struct world_unit *unit = &world->units[index];
	const struct plan_unit *planned = &world->plan->units[index];
	const uint32_t limit = smaller(planned->start_timeout, planned->ready.timeout);

	if (planned->start_timeout != PLAN_FOREVER && has_fault(world, index, FAULT_LAUNCH_HANG))
		return;
	set(unit, TIMER_LAUNCH, in_time(world, now, limit, LAUNCH_MS),
	    !has_fault(world, index, FAULT_LAUNCH));
}

static bool is_once(const struct plan_unit *planned)
{
	return planned->type == UNIT_ONESHOT || planned->type == UNIT_TASK;
}

/* The process runs: what it will do of itself is settled now. */
static void live(struct world *world, uint32_t index, uint64_t now)
{
	struct world_unit *unit = &world->units[index];
	const struct plan_unit *planned = &world->plan->units[index];
	const uint32_t limit = planned->ready.timeout;
	const bool crashes = has_fault(world, index, FAULT_CRASH);
	const bool quits = has_fault(world, index, FAULT_QUIT);
	const int64_t status = 1 + chance_below(&world->seed, 140);

	unit->alive = 1;
	unit->hangs = has_fault(world, index, FAULT_HANG) && limit != PLAN_FOREVER;
	unit->mute = has_fault(world, index, FAULT_MUTE);
	if (crashes)
		set(unit, TIMER_EXIT, soon(world, now, LIFE_MS), status);
	if (is_once(planned)) {
		if (!unit->hangs)
			set(unit, TIMER_EXIT, in_time(world, now, limit, LAUNCH_MS),
			    crashes ? status : 0);
		return;
	}
	if (quits)
		set(unit, TIMER_EXIT, soon(world, now, LIFE_MS), 0);
	if (!unit->hangs &&
	    (planned->ready.kind == CHECK_NOTIFY || planned->ready.kind == CHECK_FD))
		set(unit, TIMER_NOTIFY, in_time(world, now, limit, LAUNCH_MS), 0);
	if (planned->watchdog_timeout)
		set(unit, TIMER_PING, soon(world, now, planned->watchdog_timeout / 2), 0);
}

static void stop(struct world *world, uint32_t index, uint64_t now)
{
	struct world_unit *unit = &world->units[index];

	if (!unit->alive || has_fault(world, index, FAULT_DEAF))
		return;
	set(unit, TIMER_EXIT,
	    in_time(world, now, world->plan->units[index].stop_timeout, LAUNCH_MS), 128 + 15);
}

static void clean(struct world *world, uint32_t index, uint64_t now)
{
	struct world_unit *unit = &world->units[index];
	const bool hangs = has_fault(world, index, FAULT_CLEAN_HANG);
	const bool fails = has_fault(world, index, FAULT_CLEAN);

	memset(unit->at, 0xff, sizeof(unit->at));
	if (unit->alive)
		set(unit, TIMER_EXIT, now, 128 + 9);
	if (!hangs)
		set(unit, TIMER_CLEAN, soon(world, now, CLEAN_MS), !fails);
}

static void probe(struct world *world, uint32_t index, uint64_t now)
{
	struct world_unit *unit = &world->units[index];
	const bool fails = has_fault(world, index, FAULT_PROBE);

	if (!has_fault(world, index, FAULT_PROBE_HANG))
		set(unit, TIMER_PROBE,
		    in_time(world, now, world->plan->units[index].ready.timeout, PROBE_MS),
		    unit->alive && !unit->hangs && !fails);
}

void world_act(struct world *world, const struct action *action, uint64_t now)
{
	switch (action->kind) {
	case ACTION_START:
		launch(world, action->unit, now);
		break;
	case ACTION_STOP:
		stop(world, action->unit, now);
		break;
	case ACTION_CLEAN:
	case ACTION_RESET:
		clean(world, action->unit, now);
		break;
	case ACTION_CHECK:
		probe(world, action->unit, now);
		break;
	default:
		break;
	}
}

static void find_next(const struct world *world, uint64_t *at, uint32_t *unit, uint32_t *timer)
{
	*at = UINT64_MAX;
	for (uint32_t i = 0; i < world->plan->unit_count; i++)
		for (uint32_t k = 0; k < TIMER_COUNT; k++)
			if (world->units[i].at[k] < *at) {
				*at = world->units[i].at[k];
				*unit = i;
				*timer = k;
			}
}

uint64_t world_next(const struct world *world)
{
	uint64_t at;
	uint32_t unit, timer;

	find_next(world, &at, &unit, &timer);
	return at;
}

static void ping(struct world *world, uint32_t index, uint64_t now)
{
	struct world_unit *unit = &world->units[index];

	if (unit->mute && chance_below(&world->seed, 4) == 0)
		return;
	set(unit, TIMER_PING, now + 1 + world->plan->units[index].watchdog_timeout / 2, 0);
}

bool world_take(struct world *world, uint64_t now, struct event *event)
{
	uint64_t at;
	uint32_t index = 0, timer = 0;
	struct world_unit *unit;

	find_next(world, &at, &index, &timer);
	if (at > now)
		return false;
	unit = &world->units[index];
	unit->at[timer] = UINT64_MAX;
	*event = (struct event){ .unit = index, .value = unit->value[timer] };
	switch ((enum world_timer)timer) {
	case TIMER_LAUNCH:
		event->kind = event->value ? EVENT_LAUNCHED : EVENT_LAUNCH_FAILED;
		if (event->value)
			live(world, index, now);
		break;
	case TIMER_NOTIFY:
		event->kind = EVENT_NOTIFY_READY;
		break;
	case TIMER_PING:
		event->kind = EVENT_NOTIFY_WATCHDOG;
		ping(world, index, now);
		break;
	case TIMER_PROBE:
		event->kind = EVENT_CHECKED;
		break;
	case TIMER_EXIT:
		event->kind = EVENT_EXITED;
		unit->alive = 0;
		unit->at[TIMER_NOTIFY] = unit->at[TIMER_PING] = UINT64_MAX;
		break;
	default:
		event->kind = event->value ? EVENT_CLEANED : EVENT_CLEAN_FAILED;
		break;
	}
	return true;
}
