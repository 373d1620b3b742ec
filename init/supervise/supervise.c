/* SPDX-License-Identifier: Apache-2.0 */
/* The core's one entrance, and what others may ask it: see supervise.h. */
#include "init/supervise/internal.h"

struct unit_state *supervisor_unit(struct supervisor *supervisor, uint32_t unit)
{
	return (struct unit_state *)(supervisor + 1) + unit;
}

struct action *supervisor_queue(struct supervisor *supervisor)
{
	return (struct action *)supervisor_unit(supervisor, supervisor->unit_count);
}

uint8_t *supervisor_conditions(const struct supervisor *supervisor)
{
	return (uint8_t *)supervisor + supervisor->size - supervisor->condition_count;
}

bool supervisor_condition(const struct supervisor *supervisor, uint32_t index)
{
	return supervisor_conditions(supervisor)[index];
}

/*
 * The queue holds what one event can lead to at most, see supervisor_size(): there is always room.
 * Should that ever be wrong, losing an action is better than writing over something else: each
 * wait for an action's answer has its deadline.
 */
void step_push(struct step *step, uint32_t kind, uint32_t unit, int64_t value)
{
	struct supervisor *supervisor = step->supervisor;
	const uint32_t capacity = supervisor->action_capacity;

	if (supervisor->action_count >= capacity)
		return;
	supervisor_queue(
		supervisor)[(supervisor->action_first + supervisor->action_count++) % capacity] =
		(struct action){ .kind = kind, .unit = unit, .value = value };
}

bool supervisor_next_action(struct supervisor *supervisor, struct action *action)
{
	if (supervisor->action_count == 0)
		return false;
	*action = supervisor_queue(supervisor)[supervisor->action_first];
	supervisor->action_first = (supervisor->action_first + 1) % supervisor->action_capacity;
	supervisor->action_count--;
	return true;
}

/* ---- requests ---- */

static void ask(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];

	settle_wake(step, unit);
	/* A task that was done for others' sake needs no run of its own. */
	if (step->plan->units[unit].type != UNIT_TASK || state->phase != PHASE_READY)
		state->flags |= UNIT_ASKED;
}

static void ask_down(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];

	state->flags &= ~(uint32_t)(UNIT_ASKED | UNIT_DONE);
	state->flags |= UNIT_HELD;
	state->failures = state->ladder_step = 0;
	if (state->phase == PHASE_FAILED) {
		run_enter(step, unit, PHASE_OFF);
		state->cause = CAUSE_ASKED;
	} else if (state->phase == PHASE_STOPPING || state->phase == PHASE_CLEANING ||
		   (state->flags & UNIT_LEAVING)) {
		state->after_clean = PHASE_OFF;
		state->cause = CAUSE_ASKED;
	}
}

/* Of a group: of those that make it up. */
static void ask_restart(struct step *step, uint32_t unit)
{
	const struct plan_unit *planned;

	ask(step, unit);
	step->states[unit].flags |= UNIT_MARKED;
	for (uint32_t i = unit + 1; i-- > 0;) {
		struct unit_state *state = &step->states[i];

		planned = &step->plan->units[i];
		if (!(state->flags & UNIT_MARKED))
			continue;
		state->flags &= ~(uint32_t)UNIT_MARKED;
		if (planned->type == UNIT_GROUP)
			for (uint32_t k = 0; k < planned->requires.count; k++)
				step->states[plan_word(step->plan, planned->requires, k)].flags |=
					UNIT_MARKED;
		/* What was just done is done once more. */
		if (state->phase == PHASE_CLEANING && state->after_clean == PHASE_READY)
			state->after_clean = PHASE_OFF;
		if (planned->type == UNIT_TASK && i == unit)
			state->flags |= UNIT_ASKED;
		if (is_active(state))
			run_leave(step, i, CAUSE_ASKED);
	}
}

static void shut_down(struct step *step, int64_t ms)
{
	struct supervisor *supervisor = step->supervisor;
	const uint64_t deadline = add_time(step->now, ms > 0 ? (uint64_t)ms : 0);

	if (!supervisor->shutdown)
		supervisor->shutdown_deadline = UINT64_MAX;
	supervisor->shutdown_deadline = earlier(supervisor->shutdown_deadline, deadline);
	supervisor->shutdown |= !supervisor->shutdown;
}

/* ---- events ---- */

/* One thing for each unit: what else is due comes with the next tick, at once. */
static void pass_time(struct step *step)
{
	for (uint32_t i = 0; i < step->supervisor->unit_count; i++) {
		const struct unit_state *state = &step->states[i];

		if (state->watchdog_at <= step->now)
			check_watchdog(step, i);
		else if (state->deadline <= step->now)
			run_expired(step, i);
		else if (state->check_at <= step->now)
			check_due(step, i);
	}
}

static void handle(struct step *step, const struct event *event)
{
	switch (event->kind) {
	case EVENT_TICK:
		pass_time(step);
		break;
	case EVENT_CONDITION:
		if (event->unit < step->supervisor->condition_count)
			supervisor_conditions(step->supervisor)[event->unit] = event->value != 0;
		break;
	case EVENT_SHUTDOWN:
		shut_down(step, event->value);
		break;
	default:
		if (event->unit >= step->supervisor->unit_count)
			break;
		if (event->kind == EVENT_DOWN)
			ask_down(step, event->unit);
		else if (event->kind != EVENT_UP && event->kind != EVENT_RESTART)
			run_event(step, event);
		else if (step->supervisor->shutdown)
			break;
		else if (event->kind == EVENT_UP)
			ask(step, event->unit);
		else
			ask_restart(step, event->unit);
		break;
	}
}

static struct step step_of(const struct supervisor *supervisor, const struct plan *plan)
{
	struct supervisor *memory = (struct supervisor *)supervisor;

	return (struct step){
		.supervisor = memory,
		.plan = plan,
		.states = supervisor_unit(memory, 0),
		.now = supervisor->now,
	};
}

void supervise(struct supervisor *supervisor, const struct plan *plan, const struct event *event,
	       uint64_t now)
{
	struct step step;

	supervisor->stepping = 1;
	if (now > supervisor->now)
		supervisor->now = now;
	step = step_of(supervisor, plan);
	handle(&step, event);
	settle(&step);
	supervisor->begun = 1;
	supervisor->stepping = 0;
}

/* ---- questions ---- */

uint64_t supervisor_deadline(const struct supervisor *supervisor, const struct plan *plan)
{
	const struct step step = step_of(supervisor, plan);
	uint64_t due = supervisor_well_deadline(supervisor, plan);

	if (!supervisor->begun)
		return supervisor->now;
	if (supervisor->shutdown == 1)
		due = earlier(due, supervisor->shutdown_deadline);
	for (uint32_t i = 0; i < supervisor->unit_count; i++) {
		const struct unit_state *state = &step.states[i];

		due = earlier(due, earlier(state->deadline,
					   earlier(state->check_at, state->watchdog_at)));
	}
	return due;
}

/* When the budget of a critical unit is used up; UINT64_MAX: not if nothing happens. */
static uint64_t well_until(const struct step *step, uint32_t unit)
{
	const struct plan_unit *planned = &step->plan->units[unit];
	const struct unit_state *state = &step->states[unit];

	if (!planned->critical || (state->flags & UNIT_WELL))
		return UINT64_MAX;
	return time_until(state->well_at, planned->critical_budget);
}

bool supervisor_is_well(const struct supervisor *supervisor, const struct plan *plan, uint64_t now,
			uint32_t *unit)
{
	const struct step step = step_of(supervisor, plan);

	for (uint32_t i = 0; i < supervisor->unit_count; i++)
		if (well_until(&step, i) <= now) {
			*unit = i;
			return false;
		}
	return true;
}

uint64_t supervisor_well_deadline(const struct supervisor *supervisor, const struct plan *plan)
{
	const struct step step = step_of(supervisor, plan);
	uint64_t due = UINT64_MAX;

	for (uint32_t i = 0; i < supervisor->unit_count; i++) {
		const uint64_t until = well_until(&step, i);

		/* One that is over already turns nothing any more. */
		if (until > supervisor->now)
			due = earlier(due, until);
	}
	return due;
}

bool supervisor_reached_goal(const struct supervisor *supervisor, const struct plan *plan,
			     uint64_t now)
{
	const struct step step = step_of(supervisor, plan);

	for (uint32_t i = 0; i < supervisor->unit_count; i++) {
		const struct plan_unit *planned = &plan->units[i];
		const uint64_t ready_at = step.states[i].ready_at;

		if (planned->goal &&
		    (ready_at == 0 || now < time_until(ready_at, planned->goal_stable)))
			return false;
	}
	return true;
}

uint32_t supervisor_waits_for(const struct supervisor *supervisor, const struct plan *plan,
			      uint32_t unit)
{
	const struct step step = step_of(supervisor, plan);

	return settle_waits_for(&step, unit);
}
