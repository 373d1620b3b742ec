/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's memory: its size, its beginning, taking over what another program left. */
#include <string.h>

#include "init/supervise/internal.h"
#include "lib/error.h"

/*
 * So many actions can follow from one event for each unit. At most one ACTION_CHANGED (settle()
 * tells the phase at the end, not the ones between), one that begins or ends something (START,
 * STOP, CLEAN, RESET: each enters a phase from which no other of them follows in the same step),
 * and one ACTION_CHECK or ACTION_REBOOT: pass_time() does one thing for each unit, a probe or what
 * may be a failure, and a failure takes one step of the ladder. Besides them one ACTION_DOWN, and
 * one place that stays empty, so that a test can see that all this is true.
 */
enum { ACTIONS_OF_UNIT = 3, ACTIONS_BESIDE = 2 };

static size_t queue_capacity(uint32_t units)
{
	return (size_t)units * ACTIONS_OF_UNIT + ACTIONS_BESIDE;
}

static size_t size_for(uint32_t units, size_t unit_size, uint32_t conditions)
{
	return sizeof(struct supervisor) + units * unit_size +
	       queue_capacity(units) * sizeof(struct action) + conditions;
}

size_t supervisor_size(const struct plan *plan)
{
	return size_for(plan->unit_count, sizeof(struct unit_state), plan->condition_count);
}

static void lay_out(struct supervisor *supervisor, const struct plan *plan)
{
	const size_t size = supervisor_size(plan);

	memset(supervisor, 0, size);
	supervisor->version = SUPERVISOR_VERSION;
	supervisor->size = (uint32_t)size;
	supervisor->unit_count = plan->unit_count;
	supervisor->condition_count = plan->condition_count;
	supervisor->unit_size = sizeof(struct unit_state);
	supervisor->action_capacity = (uint32_t)queue_capacity(plan->unit_count);
	supervisor->shutdown_deadline = UINT64_MAX;
	for (uint32_t i = 0; i < plan->unit_count; i++) {
		struct unit_state *state = supervisor_unit(supervisor, i);

		state->exit_status = -1;
		state->deadline = state->check_at = state->watchdog_at = UINT64_MAX;
	}
}

struct supervisor *supervisor_begin(void *memory, const struct plan *plan, uint64_t now)
{
	struct supervisor *supervisor = memory;

	lay_out(supervisor, plan);
	supervisor->now = now ? now : 1; /* 0 is "not yet" in unit_state.ready_at */
	for (uint32_t i = 0; i < plan->unit_count; i++) {
		struct unit_state *state = supervisor_unit(supervisor, i);

		state->since = state->well_at = supervisor->now;
		if (plan->units[i].autostart)
			state->flags |= UNIT_ASKED;
	}
	return supervisor;
}

/* ---- is it possible? ---- */

static bool header_is_sound(const struct supervisor *supervisor, size_t size,
			    const struct plan *plan)
{
	return size >= sizeof(*supervisor) && supervisor->version == SUPERVISOR_VERSION &&
	       supervisor->unit_count == plan->unit_count &&
	       supervisor->condition_count == plan->condition_count &&
	       supervisor->unit_size <= sizeof(struct unit_state) * 4 &&
	       supervisor->unit_size % sizeof(uint64_t) == 0 && supervisor->size <= size &&
	       supervisor->size ==
		       size_for(plan->unit_count, supervisor->unit_size, plan->condition_count) &&
	       supervisor->action_capacity == queue_capacity(plan->unit_count) &&
	       supervisor->action_first < supervisor->action_capacity &&
	       supervisor->action_count <= supervisor->action_capacity &&
	       supervisor->shutdown <= 2 && !supervisor->stepping;
}

static bool unit_is_sound(const struct unit_state *state, const struct plan_unit *planned)
{
	const uint32_t phase = state->phase;
	const bool runs = phase >= PHASE_STARTING && phase <= PHASE_CLEANING &&
			  (phase != PHASE_READY || !runs_once(planned));

	return phase < PHASE_COUNT && state->cause < CAUSE_COUNT &&
	       state->after_clean < PHASE_COUNT && state->reported < PHASE_COUNT &&
	       state->ladder_step <= planned->restart.ladder.count && state->reset_due <= 2 &&
	       (planned->type == UNIT_GROUP ? phase <= PHASE_WAITING || phase == PHASE_READY :
					      !runs || (state->flags & UNIT_DIRTY)) &&
	       (phase != PHASE_STARTING || state->deadline != 0);
}

bool supervisor_is_sound(const struct supervisor *supervisor, size_t size, const struct plan *plan)
{
	struct supervisor *memory = (struct supervisor *)supervisor;

	if (!header_is_sound(supervisor, size, plan) ||
	    supervisor->unit_size != sizeof(struct unit_state))
		return false;
	for (uint32_t i = 0; i < plan->unit_count; i++)
		if (!unit_is_sound(supervisor_unit(memory, i), &plan->units[i]))
			return false;
	for (uint32_t i = 0; i < supervisor->action_capacity; i++) {
		const struct action *action = &supervisor_queue(memory)[i];

		if (action->kind > ACTION_DOWN || action->unit >= plan->unit_count)
			return false;
	}
	return true;
}

/* ---- under another plan ---- */

static bool same_condition(const struct plan *plan, uint32_t index, const struct plan *old_plan,
			   uint32_t old_index)
{
	const struct plan_condition *a = &plan->conditions[index];
	const struct plan_condition *b = &old_plan->conditions[old_index];
	const char *text = plan_text(plan, a->text), *old_text = plan_text(old_plan, b->text);

	return a->kind == b->kind &&
	       (text && old_text ? strcmp(text, old_text) == 0 : text == old_text);
}

static void adopt_conditions(struct supervisor *supervisor, const struct plan *plan,
			     const struct supervisor *old, const struct plan *old_plan)
{
	for (uint32_t i = 0; i < plan->condition_count; i++)
		for (uint32_t k = 0; k < old_plan->condition_count; k++)
			if (same_condition(plan, i, old_plan, k))
				supervisor_conditions(supervisor)[i] =
					supervisor_conditions(old)[k];
}

static const struct unit_state *old_state(const struct supervisor *old, uint32_t unit)
{
	return (const struct unit_state *)((const char *)(old + 1) + (size_t)unit * old->unit_size);
}

static int adopt_unit(struct supervisor *supervisor, const struct plan *plan,
		      const struct supervisor *old, const struct plan *old_plan, uint32_t from)
{
	const uint32_t to = plan_find(plan, plan_unit_name(old_plan, from));
	const struct unit_state *before = old_state(old, from);
	const uint32_t size = old->unit_size < sizeof(*before) ? old->unit_size : sizeof(*before);
	struct unit_state *state;

	if (to == PLAN_NONE) {
		if (is_active(before) || is_going(before))
			return fail(EINVAL, "unit %s is gone from the plan, and still runs",
				    plan_unit_name(old_plan, from));
		return 0;
	}
	state = supervisor_unit(supervisor, to);
	memcpy(state, before, size);
	if (state->ladder_step > plan->units[to].restart.ladder.count)
		state->ladder_step = plan->units[to].restart.ladder.count;
	if (!unit_is_sound(state, &plan->units[to]))
		return fail(EINVAL, "unit %s: its state makes no sense",
			    plan_unit_name(old_plan, from));
	return 0;
}

int supervisor_adopt(struct supervisor *supervisor, const struct plan *plan,
		     const struct supervisor *old, size_t old_size, const struct plan *old_plan)
{
	if (!header_is_sound(old, old_size, old_plan) || old->action_count)
		return fail(EINVAL, "the supervisor's state makes no sense");
	lay_out(supervisor, plan);
	supervisor->now = old->now;
	supervisor->shutdown = old->shutdown;
	supervisor->shutdown_deadline = old->shutdown_deadline;
	for (uint32_t i = 0; i < plan->unit_count; i++)
		supervisor_unit(supervisor, i)->since = supervisor_unit(supervisor, i)->well_at =
			old->now;
	for (uint32_t i = 0; i < old_plan->unit_count; i++) {
		const int result = adopt_unit(supervisor, plan, old, old_plan, i);

		if (result < 0)
			return result;
	}
	adopt_conditions(supervisor, plan, old, old_plan);
	return 0;
}
