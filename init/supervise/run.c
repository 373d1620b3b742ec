/* SPDX-License-Identifier: Apache-2.0 */
/* One unit's run, from ACTION_START to EVENT_CLEANED, and what follows from the way it ended. */
#include "init/supervise/internal.h"

enum {
	CLEAN_TIMEOUT_MS = 30000,    /* of one try */
	CLEAN_PAUSE_MS = 250,	     /* after the first failed one; doubled each time */
	CLEAN_TRIES = 6,	     /* then it is stuck, which is a failure like others */
	EXTEND_STOP_MAX_MS = 600000, /* a unit must not put off its end for ever */
};

void run_enter(struct step *step, uint32_t unit, uint32_t phase)
{
	struct unit_state *state = &step->states[unit];

	state->phase = (uint8_t)phase;
	state->since = step->now;
	state->deadline = state->check_at = state->watchdog_at = UINT64_MAX;
	state->ready_at = 0;
	state->checking = 0;
}

void run_start(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];

	run_enter(step, unit, PHASE_STARTING);
	state->flags &= ~(uint32_t)(UNIT_LEAVING | UNIT_NOTIFIED | UNIT_QUITTING);
	state->flags |= UNIT_DIRTY;
	state->starts++;
	state->check_failures = 0;
	state->started_at = step->now;
	state->deadline = time_until(step->now, step->plan->units[unit].start_timeout);
	step_push(step, ACTION_START, unit, 0);
}

/* A group, a oneshot that ended well, or a process that is as it should be. */
void run_ready(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];
	const struct plan_unit *planned = &step->plan->units[unit];

	run_enter(step, unit, PHASE_READY);
	state->cause = runs_once(planned) ? CAUSE_DONE : CAUSE_WANTED;
	state->ready_at = step->now;
	if (state->failures)
		state->deadline = time_until(step->now, planned->restart.reset_after);
	if (state->flags & UNIT_DIRTY)
		check_begin(step, unit);
	/* A task has been done: it stays ready for those who need it, and only for them. */
	if (planned->type == UNIT_TASK)
		state->flags &= ~(uint32_t)UNIT_ASKED;
}

static void send_clean(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];

	state->flags &= ~(uint32_t)UNIT_PAUSED;
	state->deadline = add_time(step->now, CLEAN_TIMEOUT_MS);
	if (state->reset_due)
		state->reset_due = 2;
	step_push(step, state->reset_due ? ACTION_RESET : ACTION_CLEAN, unit, 0);
}

void run_clean_up(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];

	run_enter(step, unit, PHASE_CLEANING);
	state->flags &= ~(uint32_t)(UNIT_LEAVING | UNIT_GOING);
	state->clean_tries = 0;
	send_clean(step, unit);
}

/* Its followers are down: now it may stop. One that is LEAVING has its own reason. */
void run_stop(struct step *step, uint32_t unit, uint32_t cause)
{
	struct unit_state *state = &step->states[unit];

	if (!(state->flags & UNIT_LEAVING)) {
		state->after_clean = PHASE_OFF;
		state->cause = (uint8_t)cause;
	}
	if (!(state->flags & UNIT_DIRTY)) {
		run_enter(step, unit, PHASE_OFF);
		state->flags &= ~(uint32_t)(UNIT_LEAVING | UNIT_GOING);
	} else if (state->phase == PHASE_STARTING) {
		run_clean_up(step, unit);
	} else {
		run_enter(step, unit, PHASE_STOPPING);
		state->flags &= ~(uint32_t)UNIT_GOING;
		state->deadline = time_until(step->now, step->plan->units[unit].stop_timeout);
		step_push(step, ACTION_STOP, unit, 0);
	}
}

/* ---- failures ---- */

/* One step of the ladder at most, and each in its turn. */
static void climb(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];
	const struct plan_list ladder = step->plan->units[unit].restart.ladder;
	const struct plan_step *rung = plan_at(step->plan, ladder);

	if (state->ladder_step >= ladder.count)
		return;
	rung += state->ladder_step;
	if (state->failures < rung->after)
		return;
	state->ladder_step++;
	if (rung->action == LADDER_RESET)
		state->reset_due = 1;
	else
		step_push(step, ACTION_REBOOT, unit, 0);
}

/* Takes note of a failure: the cause, and the phase that follows the cleaning. */
static void count_failure(struct step *step, uint32_t unit, uint32_t cause)
{
	struct unit_state *state = &step->states[unit];
	const struct plan_restart *restart = &step->plan->units[unit].restart;

	state->cause = (uint8_t)cause;
	state->after_clean = PHASE_OFF;
	/* While it stops for others' sake, or nobody wants it, how it ends says little. */
	if ((state->flags & UNIT_GOING) || !state->wanted)
		return;
	if (state->failures < UINT32_MAX)
		state->failures++;
	climb(step, unit);
	state->after_clean = restart->on == RESTART_NEVER ? PHASE_FAILED : PHASE_BACKOFF;
	if (restart->on != RESTART_NEVER && state->failures >= restart->limit) {
		state->after_clean = PHASE_FAILED;
		state->cause = CAUSE_LIMIT;
	}
}

/* What is left of it is killed. */
void run_failed(struct step *step, uint32_t unit, uint32_t cause)
{
	if (!(step->states[unit].flags & UNIT_LEAVING))
		count_failure(step, unit, cause);
	run_clean_up(step, unit);
}

/* It still runs: it is stopped in order, those that require it before. */
void run_leave(struct step *step, uint32_t unit, uint32_t cause)
{
	struct unit_state *state = &step->states[unit];

	if (state->flags & UNIT_LEAVING)
		return;
	if (cause == CAUSE_ASKED) {
		state->cause = CAUSE_ASKED;
		state->after_clean = PHASE_OFF;
	} else {
		count_failure(step, unit, cause);
	}
	state->flags |= UNIT_LEAVING;
	state->check_at = state->watchdog_at = state->deadline = UINT64_MAX;
	state->checking = 0;
}

static bool has_status(const struct step *step, struct plan_list list, int64_t status)
{
	for (uint32_t i = 0; i < list.count; i++)
		if (plan_word(step->plan, list, i) == status)
			return true;
	return false;
}

static void judge_exit(struct step *step, uint32_t unit, int64_t status)
{
	struct unit_state *state = &step->states[unit];
	const struct plan_unit *planned = &step->plan->units[unit];
	const struct plan_restart *restart = &planned->restart;
	/* A service that ends before it was ready has not done what it was started for. */
	const bool was_ready = runs_once(planned) || state->phase >= PHASE_READY ||
			       planned->ready.kind == CHECK_NONE;

	if (has_status(step, restart->prevent, status)) {
		state->cause = CAUSE_EXIT;
		state->after_clean = PHASE_FAILED;
	} else if (!was_ready || (status != 0 && !has_status(step, restart->success, status))) {
		count_failure(step, unit, CAUSE_EXIT);
	} else if (!runs_once(planned) && restart->on == RESTART_ALWAYS) {
		state->cause = CAUSE_EXIT;
		state->after_clean = PHASE_BACKOFF;
	} else {
		state->cause = CAUSE_DONE;
		state->after_clean = runs_once(planned) ? PHASE_READY : PHASE_OFF;
		if (!runs_once(planned))
			state->flags |= UNIT_DONE;
	}
}

/* ---- after the run ---- */

/* The n-th failure in a row waits delay * factor^(n-1), at most delay_max; never nothing at all. */
static uint64_t backoff(const struct plan_restart *restart, uint32_t failures)
{
	uint64_t delay = restart->delay ? restart->delay : 1;

	for (uint32_t i = 1; i < failures && delay < restart->delay_max; i++) {
		const uint64_t next = delay * restart->factor_percent / 100;

		if (next <= delay)
			break;
		delay = next;
	}
	return restart->delay_max && delay > restart->delay_max ? restart->delay_max : delay;
}

static void finish(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];

	if (state->after_clean == PHASE_READY) {
		run_ready(step, unit);
		return;
	}
	run_enter(step, unit, state->after_clean);
	if (state->phase == PHASE_BACKOFF)
		state->deadline = add_time(step->now, backoff(&step->plan->units[unit].restart,
							      state->failures));
}

static void cleaned(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];
	const bool given_up = !is_active(state) && !is_going(state);

	/* The answer may come after nobody waits for it any more: it is as good. */
	if (!(state->flags & UNIT_DIRTY) || (state->flags & UNIT_PAUSED) ||
	    (state->phase != PHASE_CLEANING && !given_up))
		return;
	if (state->reset_due == 2)
		state->reset_due = 0;
	state->flags &= ~(uint32_t)UNIT_DIRTY;
	if (!given_up)
		finish(step, unit);
}

/*
 * Once more, after a while. When that has not helped it is a failure: the next cleaning comes after
 * the backoff, so that a file system that comes back after an hour finds the unit still trying.
 */
static void clean_failed(struct step *step, uint32_t unit, bool in_time)
{
	struct unit_state *state = &step->states[unit];

	if (!(state->flags & UNIT_DIRTY) || (state->flags & UNIT_PAUSED) || is_active(state) ||
	    state->phase == PHASE_STOPPING)
		return;
	if (in_time)
		state->flags |= UNIT_PAUSED;
	if (state->phase != PHASE_CLEANING)
		return;
	if (++state->clean_tries < CLEAN_TRIES) {
		if (in_time)
			state->deadline =
				add_time(step->now, (uint64_t)CLEAN_PAUSE_MS << state->clean_tries);
		else
			send_clean(step, unit);
		return;
	}
	if (state->after_clean != PHASE_FAILED) {
		state->after_clean = PHASE_OFF;
		if (state->wanted && !(state->flags & UNIT_DONE))
			count_failure(step, unit, CAUSE_STUCK);
	}
	if (state->cause != CAUSE_LIMIT)
		state->cause = CAUSE_STUCK;
	finish(step, unit);
}

/* ---- what happens to it ---- */

static void launched(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];
	const struct plan_unit *planned = &step->plan->units[unit];
	const uint32_t kind = planned->ready.kind;

	if (state->phase != PHASE_STARTING)
		return;
	run_enter(step, unit, PHASE_STARTED);
	if (state->flags & UNIT_LEAVING)
		return;
	if (!runs_once(planned) && (kind == CHECK_NONE || (state->flags & UNIT_NOTIFIED))) {
		run_ready(step, unit);
		return;
	}
	state->deadline = time_until(state->started_at, planned->ready.timeout);
	if (!runs_once(planned))
		check_begin(step, unit);
}

static void ended(struct step *step, uint32_t unit, int64_t status)
{
	struct unit_state *state = &step->states[unit];

	if (!(state->flags & UNIT_DIRTY) ||
	    (!is_active(state) && state->phase != PHASE_STOPPING && state->phase != PHASE_CLEANING))
		return;
	state->exit_status = (int32_t)status;
	if (state->phase == PHASE_CLEANING)
		return;
	if (state->phase != PHASE_STOPPING && !(state->flags & UNIT_LEAVING))
		judge_exit(step, unit, status);
	run_clean_up(step, unit);
}

/* EXTEND_TIMEOUT_USEC of sd_notify(3): the phase's end, or the next sign of life, may be later. */
static void extend(struct step *step, uint32_t unit, int64_t ms)
{
	struct unit_state *state = &step->states[unit];
	uint64_t *due = &state->deadline;
	uint64_t until = add_time(step->now, ms > 0 ? (uint64_t)ms : 0);

	if (state->phase == PHASE_READY || state->phase == PHASE_DEGRADED)
		due = &state->watchdog_at;
	else if (state->phase == PHASE_STOPPING)
		until = earlier(until, add_time(state->since, EXTEND_STOP_MAX_MS));
	else if (state->phase != PHASE_STARTING && state->phase != PHASE_STARTED)
		return;
	if (until > *due)
		*due = until;
}

void run_event(struct step *step, const struct event *event)
{
	switch (event->kind) {
	case EVENT_LAUNCHED:
		launched(step, event->unit);
		break;
	case EVENT_LAUNCH_FAILED:
		if (step->states[event->unit].phase == PHASE_STARTING)
			run_failed(step, event->unit, CAUSE_LAUNCH);
		break;
	case EVENT_EXITED:
		ended(step, event->unit, event->value);
		break;
	case EVENT_CLEANED:
		cleaned(step, event->unit);
		break;
	case EVENT_CLEAN_FAILED:
		clean_failed(step, event->unit, true);
		break;
	case EVENT_NOTIFY_EXTEND:
		extend(step, event->unit, event->value);
		break;
	default:
		check_event(step, event);
		break;
	}
}

/* Its phase has lasted for as long as it may. */
void run_expired(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];

	state->deadline = UINT64_MAX;
	switch (state->phase) {
	case PHASE_STARTING:
		run_failed(step, unit, CAUSE_START_TIMEOUT);
		break;
	case PHASE_STARTED:
		run_leave(step, unit, CAUSE_READY_TIMEOUT);
		break;
	case PHASE_READY:
		state->failures = state->ladder_step = 0;
		break;
	case PHASE_STOPPING:
		if (state->after_clean == PHASE_OFF)
			state->cause = CAUSE_STOP_TIMEOUT;
		run_clean_up(step, unit);
		break;
	case PHASE_CLEANING:
		if (state->flags & UNIT_PAUSED)
			send_clean(step, unit);
		else
			clean_failed(step, unit, false);
		break;
	case PHASE_BACKOFF:
		run_enter(step, unit, PHASE_WAITING);
		break;
	default:
		break;
	}
}
