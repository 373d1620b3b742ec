/* SPDX-License-Identifier: Apache-2.0 */
/* One unit after a step: the way it took, its failures and its ladder, and that its wait ends. */
#include "init/supervise/judge.h"

enum {
	CLEAN_TRY_MS = 30000,
	CLEAN_PAUSE_MAX_MS = 16000,
	CLEAN_TRIES_MAX = 6,
	STOP_EXTENDED_MAX_MS = 600000,
};

/* From which phase to which: what may be seen of one step. */
static const uint16_t ways[PHASE_COUNT] = {
	[PHASE_OFF] =
		BIT(PHASE_WAITING) | BIT(PHASE_STARTING) | BIT(PHASE_CLEANING) | BIT(PHASE_READY),
	[PHASE_WAITING] =
		BIT(PHASE_OFF) | BIT(PHASE_STARTING) | BIT(PHASE_CLEANING) | BIT(PHASE_READY),
	[PHASE_STARTING] =
		BIT(PHASE_STARTED) | BIT(PHASE_READY) | BIT(PHASE_CLEANING) | BIT(PHASE_STOPPING),
	[PHASE_STARTED] = BIT(PHASE_READY) | BIT(PHASE_STOPPING) | BIT(PHASE_CLEANING),
	[PHASE_READY] = BIT(PHASE_DEGRADED) | BIT(PHASE_STOPPING) | BIT(PHASE_CLEANING) |
			BIT(PHASE_OFF) | BIT(PHASE_WAITING) | BIT(PHASE_STARTING),
	[PHASE_DEGRADED] = BIT(PHASE_READY) | BIT(PHASE_STOPPING) | BIT(PHASE_CLEANING),
	[PHASE_STOPPING] = BIT(PHASE_CLEANING),
	[PHASE_CLEANING] = BIT(PHASE_OFF) | BIT(PHASE_WAITING) | BIT(PHASE_STARTING) |
			   BIT(PHASE_READY) | BIT(PHASE_BACKOFF) | BIT(PHASE_FAILED),
	[PHASE_BACKOFF] =
		BIT(PHASE_OFF) | BIT(PHASE_WAITING) | BIT(PHASE_STARTING) | BIT(PHASE_CLEANING),
	[PHASE_FAILED] =
		BIT(PHASE_OFF) | BIT(PHASE_WAITING) | BIT(PHASE_STARTING) | BIT(PHASE_CLEANING),
};

/* ---- after a step: one unit ---- */

static uint64_t backoff_of(const struct plan_restart *restart, uint32_t failures)
{
	const uint64_t most = restart->delay_max;
	uint64_t delay = restart->delay > 1 ? restart->delay : 1;

	while (failures-- > 1 && delay < most && delay * restart->factor_percent / 100 > delay)
		delay = delay * restart->factor_percent / 100;
	return most && delay > most ? most : delay;
}

/* A failure more, or all forgotten; and the ladder's steps, one by one. */
static void check_failures(struct judge *judge, uint32_t index, uint32_t failures)
{
	struct judge_unit *unit = &judge->units[index];
	const struct plan_restart *restart = &judge->plan->units[index].restart;
	const struct plan_step *ladder = plan_at(judge->plan, restart->ladder);
	bool reboot = false;

	if (failures > unit->failures + 1)
		judge_blame(judge, index, "more than one failure at a time");
	if (failures < unit->failures) {
		const bool patient = judge->event.kind == EVENT_TICK &&
				     unit->phase == PHASE_READY &&
				     later(unit->ready, restart->reset_after) <= judge->now;

		if (failures != 0 || (!patient && !unit->woken && judge->event.kind != EVENT_DOWN))
			judge_blame(judge, index, "failures forgotten too early");
		unit->rung = 0;
	} else if (failures > unit->failures && unit->rung < restart->ladder.count &&
		   failures >= ladder[unit->rung].after) {
		reboot = ladder[unit->rung].action == LADDER_REBOOT;
		if (!reboot) {
			/* One that began before does not count. */
			unit->must_reset = 1;
			unit->resetting = (unit->acts & BIT(ACTION_RESET)) != 0;
		}
		unit->rung++;
	}
	unit->failures = failures;
	if (reboot != ((unit->acts & BIT(ACTION_REBOOT)) != 0))
		judge_blame(judge, index, "reboot: not the ladder's next step");
	if (unit->must_reset ? unit->acts & BIT(ACTION_CLEAN) : unit->acts & BIT(ACTION_RESET))
		judge_blame(judge, index, "reset: not the ladder's next step");
}

static void check_backoff_entered(struct judge *judge, uint32_t index)
{
	struct judge_unit *unit = &judge->units[index];
	const struct plan_restart *restart = &judge->plan->units[index].restart;

	if (restart->on == RESTART_NEVER)
		judge_blame(judge, index, "restarts, against its policy");
	if (unit->failures >= restart->limit)
		judge_blame(judge, index, "restarts, beyond its limit");
	if (unit->failures == 0 && restart->on != RESTART_ALWAYS)
		judge_blame(judge, index, "waits, and has not failed");
	unit->backoff = backoff_of(restart, unit->failures);
}

static void check_way(struct judge *judge, uint32_t index, uint32_t phase)
{
	struct judge_unit *unit = &judge->units[index];
	const uint32_t before = unit->phase;

	if (!(ways[before] & BIT(phase)))
		judge_blame(judge, index, "from %s to %s, which is no way", unit_phase_name(before),
			    unit_phase_name(phase));
	if (!(unit->acts & BIT(ACTION_CHANGED)))
		judge_blame(judge, index, "changed, and nobody was told");
	if (before == PHASE_BACKOFF && unit->wanted && !unit->woken &&
	    judge->now - unit->entered < unit->backoff)
		judge_blame(judge, index, "%u ms of backoff instead of %u",
			    (unsigned int)(judge->now - unit->entered),
			    (unsigned int)unit->backoff);
	unit->phase = (uint8_t)phase;
	if (phase == PHASE_BACKOFF)
		check_backoff_entered(judge, index);
	if (is_up(unit) && before != PHASE_READY && before != PHASE_DEGRADED) {
		unit->pinged = judge->now;
		unit->extended = 0;
	}
	if (phase == PHASE_READY)
		unit->ready = judge->now;
	if (phase == PHASE_STOPPING)
		unit->extended = 0;
	if (phase == PHASE_CLEANING)
		unit->tries = 0;
	unit->entered = judge->now;
}

void judge_take(struct judge *judge, uint32_t index, const struct unit_state *state)
{
	struct judge_unit *unit = &judge->units[index];

	check_failures(judge, index, state->failures);
	unit->cause = state->cause;
	if (state->phase != unit->phase)
		check_way(judge, index, state->phase);
	else if (unit->acts & BIT(ACTION_CHANGED))
		judge_blame(judge, index, "did not change, and was said to");
	if (unit->acts & (BIT(ACTION_CLEAN) | BIT(ACTION_RESET)) && ++unit->tries > CLEAN_TRIES_MAX)
		judge_blame(judge, index, "cleaned over and over");
}

/* ---- after a step: every wait ends ---- */

static uint64_t latest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t bound_of(const struct judge *judge, uint32_t index)
{
	const struct plan_unit *planned = &judge->plan->units[index];
	const struct judge_unit *unit = &judge->units[index];
	uint64_t bound = UINT64_MAX;

	switch (unit->phase) {
	case PHASE_STARTING:
		return latest(later(unit->entered, planned->start_timeout), unit->extended);
	case PHASE_STARTED:
		return latest(later(unit->began, planned->ready.timeout), unit->extended);
	case PHASE_READY:
	case PHASE_DEGRADED:
		if (unit->run == RUN_NONE)
			return UINT64_MAX;
		if (unit->quits)
			bound = later(unit->pinged, planned->stop_timeout);
		else if (planned->watchdog_timeout)
			bound = later(unit->pinged, planned->watchdog_timeout);
		bound = latest(bound, unit->extended);
		return unit->probing && unit->probed < bound ? unit->probed : bound;
	case PHASE_STOPPING:
		return latest(later(unit->entered, planned->stop_timeout),
			      unit->extended < unit->entered + STOP_EXTENDED_MAX_MS ?
				      unit->extended :
				      unit->entered + STOP_EXTENDED_MAX_MS);
	case PHASE_CLEANING:
		return later(unit->cleaned,
			     unit->run == RUN_LEFT ? CLEAN_PAUSE_MAX_MS : CLEAN_TRY_MS);
	case PHASE_BACKOFF:
		return later(unit->entered, latest(planned->restart.delay_max, unit->backoff));
	default:
		return UINT64_MAX;
	}
}

/* It has to go, and waits for those after it, whose waits are bounded in turn. */
static bool waits_for_followers(const struct judge *judge, uint32_t index)
{
	const struct plan_list followers = judge->plan->units[index].followers;

	if (!judge_has_reason(judge, index))
		return false;
	for (uint32_t i = 0; i < followers.count; i++)
		if (is_busy(element(judge, followers, i)))
			return true;
	return false;
}

void judge_bounds(struct judge *judge, uint64_t deadline)
{
	if (judge->shutdown && !judge->down && deadline > judge->shutdown_by)
		judge_blame(judge, PLAN_NONE, "the shutdown does not end in time");
	if (judge->shutdown && !judge->down && judge->event.kind == EVENT_TICK &&
	    judge->now >= judge->shutdown_by)
		judge_blame(judge, PLAN_NONE, "the shutdown has not ended in time");
	for (uint32_t i = 0; i < judge->plan->unit_count; i++)
		if (deadline > latest(bound_of(judge, i), judge->now) &&
		    !waits_for_followers(judge, i))
			judge_blame(judge, i, "%s, without an end",
				    unit_phase_name(judge->units[i].phase));
}
