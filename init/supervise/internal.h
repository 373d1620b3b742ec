/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the core. An event is handled in two halves. The first looks at its unit only: what has
 * happened, what follows for this run (run.c, check.c). The second, settle(), goes through all
 * units once and brings them in line with each other: who is wanted, who has to go, who may go now,
 * who may start. Everything that concerns two units stands there, and nothing else does.
 */
#ifndef INIT_SUPERVISE_INTERNAL_H
#define INIT_SUPERVISE_INTERNAL_H

#include "init/supervise/supervise.h"

/* In unit_state.flags. Those of the second half are worked out anew each time. */
enum unit_flag {
	UNIT_ASKED = 1 << 0,	/* at boot, or by EVENT_UP: wanted for its own sake */
	UNIT_HELD = 1 << 1,	/* down by EVENT_DOWN: not pulled up by others */
	UNIT_DONE = 1 << 2,	/* a service that ended well: not started again by itself */
	UNIT_DIRTY = 1 << 3,	/* there is, or was, a run that has not been cleaned */
	UNIT_LEAVING = 1 << 4,	/* is to stop whatever others do: restart, failed check */
	UNIT_NOTIFIED = 1 << 5, /* READY=1 came before the launch was through */
	UNIT_QUITTING = 1 << 6, /* said STOPPING=1 */
	UNIT_PAUSED = 1 << 7,	/* the last cleaning has failed, and the next has not begun */
	/* the second half's */
	UNIT_BLOCKED = 1 << 8,	/* held, or requires one that is blocked */
	UNIT_GOING = 1 << 9,	/* runs, and stops as soon as its followers are down */
	UNIT_SETTLED = 1 << 10, /* no use waiting for it: ready, tried in vain, or not to start */
	UNIT_WELL = 1 << 11,	/* critical: as it should be */
	UNIT_MARKED = 1 << 12,	/* while a request is spread */
};

/* One event being handled. */
struct step {
	struct supervisor *supervisor;
	const struct plan *plan;
	struct unit_state *states;
	uint64_t now;
};

/* supervise.c: where things are in the supervisor's memory */
struct action *supervisor_queue(struct supervisor *supervisor);
uint8_t *supervisor_conditions(const struct supervisor *supervisor);
void step_push(struct step *step, uint32_t kind, uint32_t unit, int64_t value);

/* run.c: one unit's run */
void run_start(struct step *step, uint32_t unit);
void run_ready(struct step *step, uint32_t unit);
void run_stop(struct step *step, uint32_t unit, uint32_t cause);
void run_clean_up(struct step *step, uint32_t unit);
void run_failed(struct step *step, uint32_t unit, uint32_t cause);
void run_leave(struct step *step, uint32_t unit, uint32_t cause);
void run_enter(struct step *step, uint32_t unit, uint32_t phase);
void run_event(struct step *step, const struct event *event);
void run_expired(struct step *step, uint32_t unit);

/* check.c: is it ready, is it well */
void check_begin(struct step *step, uint32_t unit);
void check_event(struct step *step, const struct event *event);
void check_watchdog(struct step *step, uint32_t unit);
void check_due(struct step *step, uint32_t unit);

/* settle.c */
void settle(struct step *step);
/* The request for a unit reaches all that it needs: they may run, and try again at once. */
void settle_wake(struct step *step, uint32_t unit);
uint32_t settle_waits_for(const struct step *step, uint32_t unit);

static inline uint64_t add_time(uint64_t time, uint64_t ms)
{
	return time + ms < time ? UINT64_MAX : time + ms;
}

/* A plan's time from now on. */
static inline uint64_t time_until(uint64_t now, uint32_t ms)
{
	return ms == PLAN_FOREVER ? UINT64_MAX : add_time(now, ms);
}

static inline uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Other units may count on it (as long as it is not going). */
static inline bool is_up(const struct unit_state *state)
{
	return (state->phase == PHASE_READY || state->phase == PHASE_DEGRADED) &&
	       !(state->flags & UNIT_GOING);
}

/* Runs, or counts as running, and was not told to stop. */
static inline bool is_active(const struct unit_state *state)
{
	return state->phase >= PHASE_STARTING && state->phase <= PHASE_DEGRADED;
}

/* On its way down: what it needs must not stop yet, nor start again. */
static inline bool is_going(const struct unit_state *state)
{
	return (state->flags & UNIT_GOING) || state->phase == PHASE_STOPPING ||
	       state->phase == PHASE_CLEANING;
}

/* Runs to its end, and is ready then. */
static inline bool runs_once(const struct plan_unit *planned)
{
	return planned->type == UNIT_ONESHOT || planned->type == UNIT_TASK;
}

#endif
