/* SPDX-License-Identifier: Apache-2.0 */
/* Is a unit ready, and does it stay well: probes, sd_notify, the unit's own watchdog. */
#include "init/supervise/internal.h"

enum {
	EVERY_MIN_MS = 10,	/* between two probes */
	PROBE_MIN_MS = 1000,	/* what a probe may take at least */
	PROBE_MARGIN_MS = 1000, /* whoever carries it out ends it himself, and says so */
};

static bool needs_probe(uint32_t kind)
{
	return kind == CHECK_EXEC || kind == CHECK_FILE || kind == CHECK_TCP ||
	       kind == CHECK_HEALTH;
}

static uint64_t next_probe(const struct step *step, uint32_t unit)
{
	const struct plan_unit *planned = &step->plan->units[unit];
	const uint32_t every = step->states[unit].phase == PHASE_STARTED ? planned->ready.every :
									   planned->health.every;

	return time_until(step->now, every > EVERY_MIN_MS ? every : EVERY_MIN_MS);
}

/* A process has been launched, or has become ready: what is looked at from now on. */
void check_begin(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];
	const struct plan_unit *planned = &step->plan->units[unit];

	if (state->phase == PHASE_STARTED) {
		/* The first at once: most are quick. */
		if (needs_probe(planned->ready.kind))
			state->check_at = step->now;
		return;
	}
	if (planned->health.kind != CHECK_NONE)
		state->check_at = next_probe(step, unit);
	if (planned->watchdog_timeout)
		state->watchdog_at = time_until(step->now, planned->watchdog_timeout);
}

static void probe(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];
	const struct plan_unit *planned = &step->plan->units[unit];
	const bool health = state->phase != PHASE_STARTED || planned->ready.kind == CHECK_HEALTH;
	uint64_t timeout = health ? planned->health.timeout : planned->ready.every;

	if (timeout < PROBE_MIN_MS)
		timeout = PROBE_MIN_MS;
	state->checking = 1;
	state->check_at = add_time(step->now, timeout + PROBE_MARGIN_MS);
	step_push(step, ACTION_CHECK, unit, health);
}

static void set_degraded(struct step *step, uint32_t unit, bool degraded)
{
	struct unit_state *state = &step->states[unit];

	if (degraded == (state->phase == PHASE_DEGRADED))
		return;
	state->phase = degraded ? PHASE_DEGRADED : PHASE_READY;
	state->cause = degraded ? CAUSE_HEALTH : CAUSE_WANTED;
	state->since = step->now;
	state->ready_at = degraded ? 0 : step->now;
	state->deadline = UINT64_MAX;
	if (!degraded && state->failures)
		state->deadline =
			time_until(step->now, step->plan->units[unit].restart.reset_after);
}

static void checked(struct step *step, uint32_t unit, bool passed)
{
	struct unit_state *state = &step->states[unit];
	const struct plan_unit *planned = &step->plan->units[unit];

	if (!state->checking)
		return;
	state->checking = 0;
	if (state->phase == PHASE_STARTED && passed) {
		run_ready(step, unit);
		return;
	}
	state->check_at = next_probe(step, unit);
	if (state->phase == PHASE_STARTED ||
	    (!passed && step->now < time_until(state->started_at, planned->health.grace)))
		return;
	state->check_failures = passed ? 0 : state->check_failures + 1;
	if (!passed && state->check_failures >= planned->health.failures)
		run_leave(step, unit, CAUSE_HEALTH);
	else
		set_degraded(step, unit, !passed);
}

/* READY=1, or the newline of CHECK_FD. */
static void notified(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];
	const uint32_t kind = step->plan->units[unit].ready.kind;

	if (kind != CHECK_NOTIFY && kind != CHECK_FD)
		return;
	if (state->phase == PHASE_STARTING)
		state->flags |= UNIT_NOTIFIED;
	else if (state->phase == PHASE_STARTED && !(state->flags & UNIT_LEAVING) &&
		 !runs_once(&step->plan->units[unit]))
		run_ready(step, unit);
}

/* STOPPING=1: it ends by itself, and has as long for it as if it had been told to. */
static void quits(struct step *step, uint32_t unit)
{
	struct unit_state *state = &step->states[unit];

	state->flags |= UNIT_QUITTING;
	state->check_at = UINT64_MAX;
	state->checking = 0;
	state->watchdog_at = time_until(step->now, step->plan->units[unit].stop_timeout);
}

void check_event(struct step *step, const struct event *event)
{
	struct unit_state *state = &step->states[event->unit];
	const struct plan_unit *planned = &step->plan->units[event->unit];
	const bool runs = (state->flags & UNIT_DIRTY) && is_active(state) &&
			  state->phase != PHASE_STARTING && !(state->flags & UNIT_LEAVING);

	switch (event->kind) {
	case EVENT_CHECKED:
		checked(step, event->unit, event->value == 1);
		break;
	case EVENT_NOTIFY_READY:
		notified(step, event->unit);
		break;
	case EVENT_NOTIFY_STOPPING:
		if (runs)
			quits(step, event->unit);
		break;
	case EVENT_NOTIFY_WATCHDOG:
		if (state->watchdog_at != UINT64_MAX && !(state->flags & UNIT_QUITTING))
			state->watchdog_at = time_until(step->now, planned->watchdog_timeout);
		break;
	case EVENT_NOTIFY_FAILED:
		if (runs)
			run_failed(step, event->unit, CAUSE_WATCHDOG);
		break;
	default:
		break;
	}
}

/* The unit's own watchdog ran out. */
void check_watchdog(struct step *step, uint32_t unit)
{
	const bool quits = step->states[unit].flags & UNIT_QUITTING;

	run_failed(step, unit, quits ? CAUSE_STOP_TIMEOUT : CAUSE_WATCHDOG);
}

/* The next probe is due, or one gave no answer. */
void check_due(struct step *step, uint32_t unit)
{
	if (step->states[unit].checking)
		checked(step, unit, false);
	else
		probe(step, unit);
}
