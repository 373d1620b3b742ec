/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge: what the core has promised, written down a second time and in another way. It knows
 * the plan, the events and the actions, and of a unit's state only what anybody is shown: phase,
 * cause and failures. At the end of each step it looks at all units; the first broken promise
 * stays.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "init/supervise/judge.h"

enum { WOKEN = 1, AGAIN = 2, PROBE_MARGIN_MS = 1000 }; /* the first two: judge_unit.woken */

void judge_blame(struct judge *judge, uint32_t unit, const char *format, ...)
{
	size_t length;
	va_list list;

	if (judge->violation[0])
		return;
	length = (size_t)snprintf(judge->violation, JUDGE_TEXT, "%.64s: ",
				  unit == PLAN_NONE ? "the supervisor" :
						      plan_unit_name(judge->plan, unit));
	va_start(list, format);
	vsnprintf(judge->violation + length, JUDGE_TEXT - length, format, list);
	va_end(list);
}

size_t judge_size(const struct plan *plan)
{
	return plan->unit_count * sizeof(struct judge_unit) + plan->condition_count;
}

void judge_begin(struct judge *judge, void *memory, const struct plan *plan, uint64_t now)
{
	memset(judge, 0, sizeof(*judge));
	memset(memory, 0, judge_size(plan));
	judge->plan = plan;
	judge->units = memory;
	judge->conditions = (uint8_t *)(judge->units + plan->unit_count);
	judge->now = now;
	for (uint32_t i = 0; i < plan->unit_count; i++) {
		judge->units[i].asked = plan->units[i].autostart != 0;
		judge->units[i].entered = now;
	}
}

/* ---- events ---- */

static void mark(const struct judge *judge, struct plan_list list, uint8_t bit)
{
	for (uint32_t i = 0; i < list.count; i++)
		element(judge, list, i)->woken |= bit;
}

/* A request reaches what the unit needs; a restart of a group, its members. */
static void spread(struct judge *judge, uint32_t index, bool again)
{
	judge->units[index].woken = again ? WOKEN | AGAIN : WOKEN;
	for (uint32_t i = index + 1; i-- > 0;) {
		const struct plan_unit *planned = &judge->plan->units[i];
		struct judge_unit *unit = &judge->units[i];

		if (unit->woken & WOKEN) {
			unit->held = 0;
			mark(judge, planned->requires, WOKEN);
			mark(judge, planned->wants, WOKEN);
		}
		if (!(unit->woken & AGAIN))
			continue;
		if (planned->type == UNIT_GROUP)
			mark(judge, planned->requires, AGAIN);
		if (is_busy(unit))
			unit->restart = 1;
	}
}

static void ask(struct judge *judge, uint32_t index, bool again)
{
	struct judge_unit *unit = &judge->units[index];

	if (judge->shutdown)
		return;
	spread(judge, index, again);
	if (again || judge->plan->units[index].type != UNIT_TASK || unit->phase != PHASE_READY)
		unit->asked = 1;
}

static void shut_down(struct judge *judge, int64_t ms)
{
	const uint64_t by = later(judge->now, ms > 0 ? (uint64_t)ms : 0);

	if (!judge->shutdown || by < judge->shutdown_by)
		judge->shutdown_by = by;
	judge->shutdown = 1;
}

/* Nothing is left of the run. A task that has been done is no longer asked for. */
static void cleaned(struct judge *judge, uint32_t index)
{
	struct judge_unit *unit = &judge->units[index];

	if (unit->run != RUN_CLEANED)
		return;
	unit->run = RUN_NONE;
	if (unit->resetting)
		unit->must_reset = 0;
	if (judge->plan->units[index].type == UNIT_TASK && unit->cause == CAUSE_DONE &&
	    !unit->restart)
		unit->asked = 0;
}

static void unit_event(struct judge *judge, const struct event *event)
{
	struct judge_unit *unit = &judge->units[event->unit];
	uint64_t until;

	switch (event->kind) {
	case EVENT_UP:
	case EVENT_RESTART:
		ask(judge, event->unit, event->kind == EVENT_RESTART);
		break;
	case EVENT_DOWN:
		unit->asked = 0;
		unit->held = 1;
		break;
	case EVENT_EXITED:
		unit->exit_status = event->value;
		break;
	case EVENT_CLEANED:
		cleaned(judge, event->unit);
		break;
	case EVENT_CLEAN_FAILED:
		if (unit->run == RUN_CLEANED) {
			unit->run = RUN_LEFT;
			unit->cleaned = judge->now;
		}
		break;
	case EVENT_CHECKED:
		unit->probing = 0;
		break;
	case EVENT_NOTIFY_WATCHDOG:
		unit->pinged = judge->now;
		break;
	case EVENT_NOTIFY_STOPPING:
		unit->quits = 1;
		unit->probing = 0;
		unit->pinged = judge->now;
		break;
	case EVENT_NOTIFY_EXTEND:
		until = later(judge->now, event->value > 0 ? (uint64_t)event->value : 0);
		if (until > unit->extended)
			unit->extended = until;
		break;
	default:
		break;
	}
}

void judge_event(struct judge *judge, const struct event *event, uint64_t now)
{
	judge->event = *event;
	if (now > judge->now)
		judge->now = now;
	for (uint32_t i = 0; i < judge->plan->unit_count; i++) {
		struct judge_unit *unit = &judge->units[i];

		unit->acts = unit->woken = 0;
		if (!is_busy(unit))
			unit->restart = 0;
		/* A probe that takes too long is given up. */
		if (event->kind == EVENT_TICK && unit->probed <= judge->now)
			unit->probing = 0;
	}
	if (event->kind == EVENT_CONDITION)
		judge->conditions[event->unit] = event->value != 0;
	else if (event->kind == EVENT_SHUTDOWN)
		shut_down(judge, event->value);
	else if (event->kind != EVENT_TICK)
		unit_event(judge, event);
}

/* ---- actions ---- */

static void check_run(struct judge *judge, uint32_t index, uint32_t kind)
{
	struct judge_unit *unit = &judge->units[index];

	switch (kind) {
	case ACTION_START:
		if (unit->run != RUN_NONE)
			judge_blame(judge, index, "started before the last run was cleaned");
		if (unit->must_reset)
			judge_blame(judge, index, "started without the reset of the ladder");
		if (judge->plan->units[index].type == UNIT_GROUP)
			judge_blame(judge, index, "a group has nothing to start");
		unit->run = RUN_BEGUN;
		unit->began = judge->now;
		unit->restart = unit->quits = 0;
		unit->extended = 0;
		break;
	case ACTION_STOP:
		if (unit->run != RUN_BEGUN)
			judge_blame(judge, index, "told to stop, and does not run");
		unit->run = RUN_STOPPED;
		break;
	default:
		if (unit->run == RUN_NONE && !unit->must_reset)
			judge_blame(judge, index, "cleaned, and there is nothing to clean");
		unit->resetting = kind == ACTION_RESET;
		unit->run = RUN_CLEANED;
		unit->cleaned = judge->now;
		unit->probing = 0;
		break;
	}
}

static void check_probe(struct judge *judge, uint32_t index, bool health)
{
	struct judge_unit *unit = &judge->units[index];
	const struct plan_unit *planned = &judge->plan->units[index];
	const uint64_t timeout = health ? planned->health.timeout : planned->ready.every;

	if (unit->probing)
		judge_blame(judge, index, "probed while a probe is on its way");
	if (unit->run != RUN_BEGUN)
		judge_blame(judge, index, "probed, and does not run");
	unit->probing = 1;
	unit->probed = later(judge->now, (timeout > PROBE_MARGIN_MS ? timeout : PROBE_MARGIN_MS) +
						 PROBE_MARGIN_MS);
}

void judge_action(struct judge *judge, const struct action *action)
{
	struct judge_unit *unit = &judge->units[action->unit];

	unit->acts |= (uint8_t)BIT(action->kind);
	switch (action->kind) {
	case ACTION_CHECK:
		check_probe(judge, action->unit, action->value);
		break;
	case ACTION_CHANGED:
		if (action->value != unit->phase)
			judge_blame(judge, action->unit, "changed from %s, which it was not",
				    unit_phase_name((uint32_t)action->value));
		break;
	case ACTION_DOWN:
		if (!judge->shutdown || judge->down)
			judge_blame(judge, PLAN_NONE, "down, and nobody asked for it");
		judge->down = 1;
		break;
	case ACTION_REBOOT:
		break;
	default:
		check_run(judge, action->unit, action->kind);
		break;
	}
}

static void check_down(struct judge *judge)
{
	if (judge->now >= judge->shutdown_by)
		return;
	for (uint32_t i = 0; i < judge->plan->unit_count; i++)
		if (is_busy(&judge->units[i]))
			judge_blame(judge, i, "still %s when all is said to be down",
				    unit_phase_name(judge->units[i].phase));
}

void judge_step(struct judge *judge, struct supervisor *supervisor)
{
	const uint32_t count = judge->plan->unit_count;
	const bool was_down = judge->down == 2;

	judge_wanted(judge);
	for (uint32_t i = 0; i < count; i++) {
		judge->units[i].before = judge->units[i].phase;
		judge_take(judge, i, supervisor_unit(supervisor, i));
	}
	judge_order(judge);
	judge_bounds(judge, supervisor_deadline(supervisor, judge->plan));
	if (supervisor->action_count)
		judge_blame(judge, PLAN_NONE, "actions are left over");
	if (judge->down && !was_down) {
		check_down(judge);
		judge->down = 2;
	}
}
