/* SPDX-License-Identifier: Apache-2.0 */
/* Units among each other after a step: what started had its reasons, and what stopped its turn. */
#include "init/supervise/judge.h"

/* ---- after a step: units among each other ---- */

void judge_wanted(struct judge *judge)
{
	const uint32_t count = judge->plan->unit_count;

	for (uint32_t i = 0; i < count; i++) {
		const struct plan_list requires = judge->plan->units[i].requires;
		struct judge_unit *unit = &judge->units[i];

		unit->blocked = unit->held;
		for (uint32_t k = 0; k < requires.count; k++)
			unit->blocked |= element(judge, requires, k)->blocked;
	}
	for (uint32_t i = count; i-- > 0;) {
		const struct plan_list followers = judge->plan->units[i].followers;
		struct judge_unit *unit = &judge->units[i];
		bool pulled = unit->asked;

		for (uint32_t k = 0; k < followers.count; k++) {
			const uint32_t other = plan_word(judge->plan, followers, k);
			const struct plan_unit *planned = &judge->plan->units[other];

			pulled |= judge->units[other].wanted &&
				  (has_word(judge, planned->requires, i) ||
				   has_word(judge, planned->wants, i));
		}
		unit->wanted = pulled && !unit->blocked && !judge->shutdown;
	}
}

/* It is up, and stays so for all that is known now. */
static bool rests_on(const struct judge_unit *unit)
{
	return is_up(unit) && !unit->shaky;
}

/* Has it had its chance, or will it get none that anybody could wait for? */
static bool had_its_chance(const struct judge *judge, uint32_t index)
{
	const struct judge_unit *unit = &judge->units[index];
	const struct plan_list requires = judge->plan->units[index].requires;

	if (!unit->wanted || unit->failures || !is_busy(unit))
		if (unit->phase != PHASE_WAITING || !unit->wanted || unit->failures)
			return true;
	if (is_busy(unit))
		return is_up(unit) &&
		       (!unit->restart || judge->plan->units[index].type == UNIT_GROUP);
	if (!board_holds(judge, index))
		return false;
	if (!conditions_hold(judge, index))
		return true;
	for (uint32_t i = 0; i < requires.count; i++)
		if (!rests_on(element(judge, requires, i)) && element(judge, requires, i)->settled)
			return true;
	return false;
}

static void check_wait(struct judge *judge, uint32_t index, struct plan_list list)
{
	for (uint32_t i = 0; i < list.count; i++)
		if (!element(judge, list, i)->settled)
			judge_blame(judge, index, "started, and %.64s has not had its chance",
				    plan_unit_name(judge->plan, plan_word(judge->plan, list, i)));
}

/* What is left of a run long ago may be cleaned at any time. */
static bool is_stopping(const struct judge_unit *unit)
{
	return is_busy(unit) && unit->phase >= PHASE_STOPPING && unit->before >= PHASE_STARTING &&
	       unit->before <= PHASE_CLEANING;
}

static void check_started(struct judge *judge, uint32_t index)
{
	const struct plan_unit *planned = &judge->plan->units[index];

	if (judge->shutdown)
		judge_blame(judge, index, "started while everything is shut down");
	if (!judge->units[index].wanted)
		judge_blame(judge, index, "started, and nobody wants it");
	if (!board_holds(judge, index) || !conditions_hold(judge, index))
		judge_blame(judge, index, "started, and a condition does not hold");
	for (uint32_t i = 0; i < planned->requires.count; i++)
		if (!is_up(element(judge, planned->requires, i)))
			judge_blame(judge, index, "started before %.64s is ready",
				    plan_unit_name(judge->plan,
						   plan_word(judge->plan, planned->requires, i)));
	check_wait(judge, index, planned->wants);
	check_wait(judge, index, planned->after);
	for (uint32_t i = 0; i < planned->followers.count; i++) {
		const uint32_t other = plan_word(judge->plan, planned->followers, i);

		if (is_stopping(&judge->units[other]))
			judge_blame(judge, index, "started while %.64s stops",
				    plan_unit_name(judge->plan, other));
	}
}

/* Is there a reason why it should stop: its own, or one of those that it rests on? */
bool judge_has_reason(const struct judge *judge, uint32_t index)
{
	const struct plan_list requires = judge->plan->units[index].requires;
	const struct judge_unit *unit = &judge->units[index];
	bool reason = !unit->wanted || is_leaving(unit);

	for (uint32_t i = 0; i < requires.count; i++)
		reason |= !is_up(element(judge, requires, i)) || element(judge, requires, i)->shaky;
	return reason;
}

/* It was stopped on purpose: what came after it has stopped before. */
static void check_stopped(struct judge *judge, uint32_t index)
{
	const struct plan_unit *planned = &judge->plan->units[index];

	if (!judge_has_reason(judge, index))
		judge_blame(judge, index, "stopped, and there is no reason");
	for (uint32_t i = 0; i < planned->followers.count; i++) {
		const uint32_t other = plan_word(judge->plan, planned->followers, i);
		const struct judge_unit *follower = &judge->units[other];

		if (is_stopping(follower) || (is_active(follower) && !follower->wanted) ||
		    (is_active(follower) &&
		     has_word(judge, judge->plan->units[other].requires, index)))
			judge_blame(judge, index, "stopped before %.64s",
				    plan_unit_name(judge->plan, other));
	}
}

/* A group that restarts is never seen to be down: there is nothing to wait for. */
static void tell_restarted(struct judge *judge, uint32_t index)
{
	const struct plan_unit *planned = &judge->plan->units[index];
	bool waits = false;

	for (uint32_t i = 0; i < planned->followers.count; i++) {
		const uint32_t other = plan_word(judge->plan, planned->followers, i);
		const struct judge_unit *follower = &judge->units[other];

		waits |= is_busy(follower) &&
			 (follower->phase >= PHASE_STOPPING ||
			  (follower->before >= PHASE_STARTING &&
			   !(follower->acts & BIT(ACTION_START)) &&
			   has_word(judge, judge->plan->units[other].requires, index)));
	}
	if (planned->type == UNIT_GROUP && !waits)
		judge->units[index].restart = 0;
}

static bool ended_by_itself(const struct judge *judge, uint32_t index)
{
	const struct event *event = &judge->event;

	if (event->kind == EVENT_TICK)
		return true;
	return event->unit == index &&
	       (event->kind == EVENT_LAUNCH_FAILED || event->kind == EVENT_EXITED ||
		event->kind == EVENT_NOTIFY_FAILED);
}

static void check_order(struct judge *judge, uint32_t index)
{
	const struct judge_unit *unit = &judge->units[index];
	const uint32_t before = unit->before;
	const bool group = judge->plan->units[index].type == UNIT_GROUP;
	const bool was_up = before == PHASE_READY || before == PHASE_DEGRADED;

	if (unit->acts & BIT(ACTION_START) || (group && unit->phase == PHASE_READY && !was_up))
		check_started(judge, index);
	if (unit->acts & BIT(ACTION_STOP) ||
	    (was_up && !is_up(unit) && unit->phase < PHASE_STARTING) ||
	    (before == PHASE_STARTING && unit->phase == PHASE_CLEANING &&
	     !ended_by_itself(judge, index)))
		check_stopped(judge, index);
}

void judge_order(struct judge *judge)
{
	for (uint32_t i = 0; i < judge->plan->unit_count; i++) {
		judge->units[i].shaky = judge_has_reason(judge, i);
		tell_restarted(judge, i);
		judge->units[i].settled = had_its_chance(judge, i);
		check_order(judge, i);
	}
}

/* ---- in calm weather ---- */

/* Given up as its policy says, or done. */
static bool is_excused(const struct judge *judge, uint32_t index)
{
	const struct plan_unit *planned = &judge->plan->units[index];
	const struct judge_unit *unit = &judge->units[index];

	if (unit->phase == PHASE_FAILED)
		return planned->restart.on == RESTART_NEVER || unit->cause == CAUSE_LIMIT ||
		       unit->cause == CAUSE_STUCK ||
		       has_word(judge, planned->restart.prevent, unit->exit_status);
	return unit->phase == PHASE_OFF && !is_once(planned) &&
	       (unit->cause == CAUSE_DONE || unit->cause == CAUSE_STUCK);
}

uint32_t judge_lost(const struct judge *judge)
{
	for (uint32_t i = 0; i < judge->plan->unit_count; i++) {
		const struct plan_list requires = judge->plan->units[i].requires;
		const struct judge_unit *unit = &judge->units[i];
		bool waits = false;

		if (is_up(unit) || !unit->wanted || is_excused(judge, i) ||
		    !board_holds(judge, i) || !conditions_hold(judge, i))
			continue;
		for (uint32_t k = 0; k < requires.count; k++)
			waits |= !is_up(element(judge, requires, k));
		if (!waits)
			return i;
	}
	return PLAN_NONE;
}

void judge_calm(struct judge *judge)
{
	const uint32_t lost = judge_lost(judge);

	if (lost != PLAN_NONE)
		judge_blame(judge, lost, "%s, though nothing is in its way any more",
			    unit_phase_name(judge->units[lost].phase));
}
