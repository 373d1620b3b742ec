/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second half of each event: bring all units in line. A plan's units stand in the order in
 * which they start, so that one walk forward sees everything a unit needs before it, and one
 * backward everything that needs it. Three walks, each over the edges once:
 *
 *   who is wanted; forward: who has to go; backward: who may stop now; forward: who may start.
 *
 * One round is enough. A unit goes because of those before it, stops after those behind it, and
 * starts after both; nothing in a walk changes what an earlier walk has looked at.
 */
#include "init/supervise/internal.h"

/* The first unit of a list of which that is true; PLAN_NONE: there is none. */
static uint32_t first(const struct step *step, struct plan_list list,
		      bool (*test)(const struct unit_state *state))
{
	for (uint32_t i = 0; i < list.count; i++) {
		const uint32_t other = plan_word(step->plan, list, i);

		if (test(&step->states[other]))
			return other;
	}
	return PLAN_NONE;
}

static bool any(const struct step *step, struct plan_list list,
		bool (*test)(const struct unit_state *state))
{
	return first(step, list, test) != PLAN_NONE;
}

static bool is_blocked(const struct unit_state *state)
{
	return state->flags & UNIT_BLOCKED;
}

static bool is_down(const struct unit_state *state)
{
	return !is_up(state);
}

static bool is_unsettled(const struct unit_state *state)
{
	return !(state->flags & UNIT_SETTLED);
}

static void set_flag(struct unit_state *state, uint32_t flag, bool value)
{
	state->flags = value ? state->flags | flag : state->flags & ~flag;
}

/* ---- who is wanted ---- */

static void pull(struct step *step, struct plan_list list)
{
	for (uint32_t i = 0; i < list.count; i++) {
		struct unit_state *other = &step->states[plan_word(step->plan, list, i)];

		if (!(other->flags & UNIT_BLOCKED))
			other->wanted = 1;
	}
}

/*
 * What was asked for, and what that needs. One that is held down takes those with it that require
 * it: they come back with it, since they are still asked for.
 */
static void find_wanted(struct step *step)
{
	const uint32_t count = step->supervisor->unit_count;

	for (uint32_t i = 0; i < count; i++) {
		struct unit_state *state = &step->states[i];

		set_flag(state, UNIT_BLOCKED,
			 (state->flags & UNIT_HELD) ||
				 any(step, step->plan->units[i].requires, is_blocked));
		state->wanted = !step->supervisor->shutdown &&
				(state->flags & (UNIT_ASKED | UNIT_BLOCKED)) == UNIT_ASKED;
	}
	for (uint32_t i = count; i-- > 0;) {
		if (!step->states[i].wanted)
			continue;
		pull(step, step->plan->units[i].requires);
		pull(step, step->plan->units[i].wants);
	}
}

/* ---- who has to go, and may ---- */

static void find_going(struct step *step)
{
	for (uint32_t i = 0; i < step->supervisor->unit_count; i++) {
		struct unit_state *state = &step->states[i];

		set_flag(state, UNIT_GOING,
			 is_active(state) && (!state->wanted || (state->flags & UNIT_LEAVING) ||
					      any(step, step->plan->units[i].requires, is_down)));
	}
}

/* Why is it not to run? */
static uint32_t reason(const struct step *step, uint32_t unit)
{
	const struct unit_state *state = &step->states[unit];

	if (step->supervisor->shutdown)
		return CAUSE_SHUTDOWN;
	if (state->flags & UNIT_HELD)
		return CAUSE_ASKED;
	if (state->wanted || (state->flags & UNIT_BLOCKED))
		return CAUSE_DEPENDENCY;
	return step->plan->units[unit].type == UNIT_TASK && state->cause == CAUSE_DONE ?
		       CAUSE_DONE :
		       CAUSE_ASKED;
}

static void stop_going(struct step *step)
{
	for (uint32_t i = step->supervisor->unit_count; i-- > 0;)
		if ((step->states[i].flags & UNIT_GOING) &&
		    !any(step, step->plan->units[i].followers, is_going))
			run_stop(step, i, reason(step, i));
}

/* ---- who may start ---- */

enum gate {
	GATE_OPEN,
	GATE_CLOSED,	/* something that it waits for is under way */
	GATE_CONDITION, /* one of its conditions does not hold: nobody knows until when */
	GATE_STALLED,	/* it requires one that was tried in vain: likewise */
};

static bool has_conditions(const struct step *step, struct plan_list list)
{
	const uint8_t *conditions = supervisor_conditions(step->supervisor);

	for (uint32_t i = 0; i < list.count; i++) {
		const uint32_t word = plan_word(step->plan, list, i);

		if (conditions[word & ~CONDITION_NOT] == ((word & CONDITION_NOT) != 0))
			return false;
	}
	return true;
}

static enum gate look_at_gate(const struct step *step, uint32_t unit)
{
	const struct plan_unit *planned = &step->plan->units[unit];
	enum gate gate = GATE_OPEN;

	if (!planned->early && !supervisor_conditions(step->supervisor)[0])
		return GATE_CLOSED;
	if (!has_conditions(step, planned->conditions))
		return GATE_CONDITION;
	for (uint32_t i = 0; i < planned->requires.count; i++) {
		const struct unit_state *other =
			&step->states[plan_word(step->plan, planned->requires, i)];

		if (is_up(other))
			continue;
		if (!is_unsettled(other))
			return GATE_STALLED;
		gate = GATE_CLOSED;
	}
	if (any(step, planned->wants, is_unsettled) || any(step, planned->after, is_unsettled) ||
	    any(step, planned->followers, is_going))
		return GATE_CLOSED;
	return gate;
}

static enum gate start(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];
	const enum gate gate = look_at_gate(step, unit);

	if (gate != GATE_OPEN)
		return gate;
	if ((state->flags & UNIT_DIRTY) || state->reset_due) {
		/* What was given up before; or a reset that has not been carried out. */
		state->flags |= UNIT_DIRTY;
		state->after_clean = PHASE_OFF;
		run_clean_up(step, unit);
	} else if (step->plan->units[unit].type == UNIT_GROUP) {
		run_ready(step, unit);
	} else {
		run_start(step, unit);
	}
	return gate;
}

static bool is_settled(const struct unit_state *state, enum gate gate)
{
	switch (state->phase) {
	case PHASE_WAITING:
		return gate >= GATE_CONDITION || state->failures;
	case PHASE_STARTING:
	case PHASE_STARTED:
	case PHASE_STOPPING:
	case PHASE_CLEANING:
		return !state->wanted || state->failures;
	case PHASE_READY:
	case PHASE_DEGRADED:
		return !(state->flags & UNIT_GOING) || !state->wanted || state->failures;
	default:
		return true;
	}
}

/* Since when is a critical unit not as it should be? One that nobody wants, and one that is not
 * meant for this machine as it is now, is missed by nobody. */
static void watch_critical(struct step *step, uint32_t unit, enum gate gate)
{
	struct unit_state *state = &step->states[unit];
	const bool well = state->phase == PHASE_READY || state->phase == PHASE_DEGRADED ||
			  !state->wanted || gate == GATE_CONDITION;

	if (!well && (state->flags & UNIT_WELL))
		state->well_at = step->now;
	set_flag(state, UNIT_WELL, well);
}

static void start_wanted(struct step *step)
{
	for (uint32_t i = 0; i < step->supervisor->unit_count; i++) {
		struct unit_state *state = &step->states[i];
		enum gate gate = GATE_OPEN;

		if (!state->wanted) {
			state->flags &= ~(uint32_t)UNIT_DONE;
			if (state->phase == PHASE_WAITING || state->phase == PHASE_BACKOFF) {
				state->cause = (uint8_t)reason(step, i);
				run_enter(step, i, PHASE_OFF);
			}
		} else if (state->phase == PHASE_OFF && !(state->flags & UNIT_DONE)) {
			if (state->cause == CAUSE_NONE)
				state->cause = CAUSE_WANTED;
			run_enter(step, i, PHASE_WAITING);
		}
		if (state->phase == PHASE_WAITING) {
			gate = start(step, i);
			if (gate == GATE_CONDITION && state->cause == CAUSE_WANTED)
				state->cause = CAUSE_CONDITION;
			else if (gate != GATE_CONDITION && state->cause == CAUSE_CONDITION)
				state->cause = CAUSE_WANTED;
		}
		set_flag(state, UNIT_SETTLED, is_settled(state, gate));
		if (step->plan->units[i].critical)
			watch_critical(step, i, gate);
	}
}

static void end_shutdown(struct step *step)
{
	struct supervisor *supervisor = step->supervisor;
	bool busy = false;

	for (uint32_t i = 0; i < supervisor->unit_count; i++)
		busy |= is_active(&step->states[i]) || is_going(&step->states[i]);
	if (busy && step->now < supervisor->shutdown_deadline)
		return;
	supervisor->shutdown = 2;
	step_push(step, ACTION_DOWN, 0, 0);
}

void settle(struct step *step)
{
	find_wanted(step);
	find_going(step);
	stop_going(step);
	start_wanted(step);
	for (uint32_t i = 0; i < step->supervisor->unit_count; i++) {
		struct unit_state *state = &step->states[i];

		if (state->phase == state->reported)
			continue;
		step_push(step, ACTION_CHANGED, i, state->reported);
		state->reported = state->phase;
	}
	if (step->supervisor->shutdown == 1)
		end_shutdown(step);
}

/* ---- requests and questions about edges ---- */

static void mark(struct step *step, struct plan_list list)
{
	for (uint32_t i = 0; i < list.count; i++)
		step->states[plan_word(step->plan, list, i)].flags |= UNIT_MARKED;
}

static void wake(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];

	state->flags &= ~(uint32_t)(UNIT_MARKED | UNIT_HELD | UNIT_DONE);
	switch (state->phase) {
	case PHASE_FAILED:
		state->failures = state->ladder_step = 0;
		run_enter(step, unit, PHASE_OFF);
		/* fall through */
	case PHASE_OFF:
		state->cause = CAUSE_WANTED;
		break;
	case PHASE_BACKOFF:
		run_enter(step, unit, PHASE_WAITING);
		break;
	case PHASE_STOPPING:
	case PHASE_CLEANING:
		if (state->after_clean == PHASE_FAILED)
			state->failures = state->ladder_step = 0;
		if (state->after_clean != PHASE_READY)
			state->after_clean = PHASE_OFF;
		break;
	default:
		break;
	}
}

void settle_wake(struct step *step, uint32_t unit)
{
	step->states[unit].flags |= UNIT_MARKED;
	for (uint32_t i = unit + 1; i-- > 0;) {
		if (!(step->states[i].flags & UNIT_MARKED))
			continue;
		wake(step, i);
		mark(step, step->plan->units[i].requires);
		mark(step, step->plan->units[i].wants);
	}
}

uint32_t settle_waits_for(const struct step *step, uint32_t unit)
{
	const struct plan_unit *planned = &step->plan->units[unit];
	uint32_t other = first(step, planned->requires, is_down);

	if (other == PLAN_NONE)
		other = first(step, planned->wants, is_unsettled);
	if (other == PLAN_NONE)
		other = first(step, planned->after, is_unsettled);
	if (other == PLAN_NONE)
		other = first(step, planned->followers, is_going);
	return other;
}
