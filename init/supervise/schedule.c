/* SPDX-License-Identifier: Apache-2.0 */
/* One life of a device, made up: boot, bad weather, calm, and the end. See simulate.h. */
#include <stdio.h>
#include <string.h>

#include "init/supervise/simulate.h"

enum {
	BOARD_MS = 2000,      /* the board is set up within that */
	CONDITION_MS = 10000, /* and what units wait for holds at first */
	LEAP_MS = 120000,     /* time that passes unseen: the machine was suspended */
	RUSH_MAX = 100000,    /* events without any time passing */
	CLEANING_MS = 220000, /* a cleaning with all its tries */
	REPEATS = 4,	      /* what calm weather may take, of each unit's longest run */
};

static size_t aligned(size_t size)
{
	return (size + 15) & ~(size_t)15;
}

size_t simulate_size(const struct plan *plan)
{
	return 2 * aligned(supervisor_size(plan)) + aligned(judge_size(plan)) +
	       aligned(world_size(plan)) + plan->unit_count * sizeof(struct simulate_unit);
}

void simulate_begin(struct simulation *simulation, void *memory)
{
	const struct plan *plan = simulation->plan;
	char *next = memory;

	simulation->supervisor = (struct supervisor *)next;
	next += aligned(supervisor_size(plan));
	simulation->spare = (struct supervisor *)next;
	next += aligned(supervisor_size(plan));
	simulation->judge_memory = next;
	next += aligned(judge_size(plan));
	simulation->world_memory = next;
	next += aligned(world_size(plan));
	simulation->units = (struct simulate_unit *)next;
}

static void blame(struct simulation *simulation, const char *text)
{
	if (!simulation->judge.violation[0])
		snprintf(simulation->judge.violation, JUDGE_TEXT, "the supervisor: %s", text);
}

/* ---- one event ---- */

static void note(const struct simulation *simulation, const struct event *event,
		 const struct action *action)
{
	struct simulate_note written = { simulation->now, event, action, NULL };

	if (!simulation->note)
		return;
	if (action && action->kind != ACTION_DOWN)
		written.state = supervisor_unit(simulation->supervisor, action->unit);
	simulation->note(simulation->context, &written);
}

static void measure(struct simulation *simulation, uint32_t index)
{
	struct simulate_unit *unit = &simulation->units[index];
	const struct unit_state *state = supervisor_unit(simulation->supervisor, index);
	const bool up = state->phase == PHASE_READY || state->phase == PHASE_DEGRADED;
	uint64_t *longest = unit->was_ready ? &unit->outage : &unit->time_to_ready;

	unit->failures += state->phase == PHASE_BACKOFF || state->phase == PHASE_FAILED;
	if (up && unit->down_since && simulation->now - unit->down_since > *longest)
		*longest = simulation->now - unit->down_since;
	unit->was_ready = state->wanted && (up || unit->was_ready);
	if (up || !state->wanted)
		unit->down_since = 0;
	else if (!unit->down_since)
		unit->down_since = simulation->now;
}

bool simulate_step(struct simulation *simulation, const struct event *event)
{
	struct supervisor *supervisor = simulation->supervisor;
	struct judge *judge = &simulation->judge;
	struct action action;

	simulation->events++;
	note(simulation, event, NULL);
	judge_event(judge, event, simulation->now);
	supervise(supervisor, simulation->plan, event, simulation->now);
	if (supervisor->action_count >= supervisor->action_capacity)
		blame(simulation, "the queue of actions is too small");
	while (supervisor_next_action(supervisor, &action)) {
		note(simulation, NULL, &action);
		judge_action(judge, &action);
		world_act(&simulation->world, &action, simulation->now);
		if (action.kind == ACTION_CHANGED)
			measure(simulation, action.unit);
		else if (action.kind == ACTION_START)
			simulation->units[action.unit].starts++;
		else if (action.kind == ACTION_REBOOT)
			simulation->units[action.unit].reboots += simulation->rebooting++ == 0;
	}
	judge_step(judge, supervisor);
	if (!supervisor_is_sound(supervisor, supervisor->size, simulation->plan))
		blame(simulation, "its state makes no sense");
	return !judge->violation[0];
}

static bool post(struct simulation *simulation, uint32_t kind, uint32_t unit, int64_t value)
{
	const struct event event = { .kind = kind, .unit = unit, .value = value };

	return simulate_step(simulation, &event);
}

/* ---- time ---- */

/* The next thing that happens before `until`; false: nothing, and the time has come. */
static bool next(struct simulation *simulation, uint64_t until)
{
	const uint64_t happens = world_next(&simulation->world);
	const uint64_t due = supervisor_deadline(simulation->supervisor, simulation->plan);
	const uint64_t at = happens < due ? happens : due;
	struct event event;

	if (at >= until) {
		if (until > simulation->now)
			simulation->now = until;
		return false;
	}
	if (at > simulation->now)
		simulation->now = at;
	if (happens > simulation->now || !world_take(&simulation->world, simulation->now, &event))
		event = (struct event){ .kind = EVENT_TICK };
	simulate_step(simulation, &event);
	return true;
}

static bool is_over(const struct simulation *simulation)
{
	return simulation->judge.violation[0] || simulation->judge.down;
}

static void run_until(struct simulation *simulation, uint64_t until)
{
	uint64_t before = simulation->now;
	uint32_t rush = 0;

	while (!is_over(simulation) && next(simulation, until)) {
		rush = simulation->now == before ? rush + 1 : 0;
		before = simulation->now;
		if (rush > RUSH_MAX)
			blame(simulation, "it is busy, and no time passes");
	}
}

/* ---- disturbances ---- */

static void re_exec(struct simulation *simulation)
{
	struct supervisor *old = simulation->supervisor;

	if (supervisor_adopt(simulation->spare, simulation->plan, old, old->size,
			     simulation->plan) < 0) {
		blame(simulation, "a new program does not take its state");
		return;
	}
	simulation->supervisor = simulation->spare;
	simulation->spare = old;
	memset(old, 0xa5, old->size);
}

/* An event that is late, comes twice, or makes no sense for the unit as it is: nothing follows. */
static void stray(struct simulation *simulation, uint32_t unit)
{
	static const uint8_t phases[][2] = {
		{ EVENT_LAUNCHED, PHASE_STARTING },    { EVENT_LAUNCH_FAILED, PHASE_STARTING },
		{ EVENT_CLEANED, PHASE_CLEANING },     { EVENT_CLEAN_FAILED, PHASE_CLEANING },
		{ EVENT_NOTIFY_READY, PHASE_STARTED }, { EVENT_CHECKED, PHASE_COUNT },
	};
	const uint8_t *one = phases[chance_below(&simulation->seed, sizeof(phases) / 2)];
	const struct unit_state *state = supervisor_unit(simulation->supervisor, unit);
	const uint32_t phase = state->phase;

	if (phase == one[1] || state->checking ||
	    (one[0] == EVENT_NOTIFY_READY && phase == PHASE_STARTING))
		return;
	post(simulation, one[0], unit, chance_below(&simulation->seed, 2));
	if (state->phase != phase)
		blame(simulation, "an event that means nothing has changed a unit");
}

static void disturb(struct simulation *simulation)
{
	const struct plan *plan = simulation->plan;
	const uint32_t unit = chance_below(&simulation->seed, plan->unit_count);
	const uint32_t condition = chance_below(&simulation->seed, plan->condition_count);

	switch (chance_below(&simulation->seed, 10)) {
	case 0:
	case 1:
		post(simulation, EVENT_UP, unit, 0);
		break;
	case 2:
	case 3:
		post(simulation, EVENT_DOWN, unit, 0);
		break;
	case 4:
		post(simulation, EVENT_RESTART, unit, 0);
		break;
	case 5:
		if (condition)
			post(simulation, EVENT_CONDITION, condition,
			     chance_below(&simulation->seed, 2));
		break;
	case 6:
		re_exec(simulation);
		break;
	case 7:
		simulation->now += chance_below(&simulation->seed, LEAP_MS);
		break;
	case 8:
		stray(simulation, unit);
		break;
	default:
		post(simulation, EVENT_NOTIFY_EXTEND, unit, chance_below(&simulation->seed, 30000));
		break;
	}
}

/* ---- a life ---- */

static void begin(struct simulation *simulation, uint64_t seed)
{
	const struct plan *plan = simulation->plan;

	simulation->seed = seed;
	simulation->now = 1000;
	simulation->rebooting = 0;
	world_begin(&simulation->world, simulation->world_memory, plan,
		    chance_next(&simulation->seed));
	judge_begin(&simulation->judge, simulation->judge_memory, plan, simulation->now);
	supervisor_begin(simulation->supervisor, plan, simulation->now);
	for (uint32_t i = 0; i < plan->unit_count; i++)
		simulation->units[i].down_since = simulation->units[i].was_ready = 0;
}

/* The conditions come true one after the other; the first is the board's. */
static void boot(struct simulation *simulation)
{
	for (uint32_t i = 0; i < simulation->plan->condition_count; i++) {
		run_until(simulation, simulation->now + chance_below(&simulation->seed,
								     i ? CONDITION_MS : BOARD_MS));
		if (!is_over(simulation))
			post(simulation, EVENT_CONDITION, i, 1);
	}
}

static bool is_rebooting(const struct simulation *simulation)
{
	return simulation->rebooting && (simulation->obeys || simulation->seed & 1);
}

static void bad_weather(struct simulation *simulation)
{
	const uint64_t end = simulation->now + simulation->length;
	const uint64_t apart = 2 * simulation->length / (simulation->disturbances + 1) + 1;

	while (simulation->now < end && !is_over(simulation) && !is_rebooting(simulation)) {
		const uint64_t then = simulation->now + chance_below(&simulation->seed, apart);

		run_until(simulation, then < end ? then : end);
		if (simulation->now < end && !is_over(simulation))
			disturb(simulation);
	}
}

static uint64_t limited(uint32_t ms)
{
	return ms == PLAN_FOREVER ? 0 : ms;
}

/* How long may it take until all that can be is ready? */
static uint64_t patience(const struct plan *plan)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < plan->unit_count; i++) {
		const struct plan_unit *unit = &plan->units[i];

		all += limited(unit->start_timeout) + limited(unit->ready.timeout) +
		       limited(unit->stop_timeout) + limited(unit->watchdog_timeout) +
		       unit->restart.delay_max + CLEANING_MS +
		       (uint64_t)unit->health.failures *
			       (limited(unit->health.every) + limited(unit->health.timeout) +
				CLEANING_MS / 100);
	}
	return all * REPEATS;
}

/* Conditions settle: those that are only ever wanted false are. */
static int64_t friendly(const struct plan *plan, uint32_t condition)
{
	for (uint32_t i = 0; i < plan->unit_count; i++)
		for (uint32_t k = 0; k < plan->units[i].conditions.count; k++)
			if (plan_word(plan, plan->units[i].conditions, k) ==
			    (condition | CONDITION_NOT))
				return 0;
	return 1;
}

static void calm(struct simulation *simulation)
{
	const uint64_t end = simulation->now + patience(simulation->plan);

	simulation->world.calm = true;
	for (uint32_t i = 1; i < simulation->plan->condition_count; i++)
		if (!is_over(simulation))
			post(simulation, EVENT_CONDITION, i, friendly(simulation->plan, i));
	for (uint32_t i = 0; i < simulation->plan->unit_count; i++)
		if (!is_over(simulation) && chance_below(&simulation->seed, 4) == 0)
			post(simulation, EVENT_UP, i, 0);
	while (!is_over(simulation) && judge_lost(&simulation->judge) != PLAN_NONE &&
	       next(simulation, end))
		;
	if (!is_over(simulation))
		judge_calm(&simulation->judge);
}

static void end(struct simulation *simulation)
{
	const uint32_t timeout = simulation->plan->system->shutdown_timeout;

	simulation->world.calm = chance_below(&simulation->seed, 2);
	if (!is_over(simulation))
		post(simulation, EVENT_SHUTDOWN, 0, timeout);
	run_until(simulation, simulation->now + timeout + 1);
	if (!is_over(simulation))
		blame(simulation, "the shutdown has not ended in time");
}

bool simulate_schedule(struct simulation *simulation, uint64_t seed)
{
	begin(simulation, seed);
	boot(simulation);
	bad_weather(simulation);
	if (!is_rebooting(simulation))
		calm(simulation);
	end(simulation);
	return !simulation->judge.violation[0];
}
