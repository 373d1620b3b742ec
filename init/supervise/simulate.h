/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator: the core in a world that is made up. Time is virtual; processes crash, hang,
 * ignore signals, cannot be cleaned; requests and re-execs come at bad moments; all of it by a
 * seed, so that what was seen once can be seen again. A judge, who knows the promises and not the
 * core, looks at each event and each action.
 *
 * world.c what happens outside; judge.c the promises; schedule.c one life from boot to shutdown.
 */
#ifndef INIT_SUPERVISE_SIMULATE_H
#define INIT_SUPERVISE_SIMULATE_H

#include "init/supervise/supervise.h"

/* ---- chance: splitmix64, the same on every machine ---- */

static inline uint64_t chance_next(uint64_t *seed)
{
	uint64_t mixed = *seed += 0x9e3779b97f4a7c15u;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
	return mixed ^ mixed >> 31;
}

/* From 0 to limit - 1; 0 for a limit of 0. */
static inline uint32_t chance_below(uint64_t *seed, uint64_t limit)
{
	return limit ? (uint32_t)(chance_next(seed) % limit) : 0;
}

/* ---- the judge ---- */

enum { JUDGE_TEXT = 256 };

enum judge_run {
	RUN_NONE,    /* nothing is left of any run */
	RUN_BEGUN,   /* ACTION_START was given */
	RUN_STOPPED, /* ACTION_STOP was given, too */
	RUN_CLEANED, /* ACTION_CLEAN or ACTION_RESET is being carried out */
	RUN_LEFT,    /* and has failed */
};

struct judge_unit {
	uint8_t phase, cause; /* as last seen */
	uint8_t before;	      /* the phase before this step */
	uint8_t asked, held, wanted, blocked, settled;
	uint8_t shaky;		 /* has to stop, or rests on one that has to */
	uint8_t run;		 /* enum judge_run */
	uint8_t restart;	 /* asked to, in this run */
	uint8_t quits;		 /* said STOPPING=1 */
	uint8_t must_reset;	 /* the ladder demands it */
	uint8_t resetting;	 /* that is how it is being cleaned */
	uint8_t probing;	 /* a probe is on its way */
	uint8_t tries;		 /* of this cleaning */
	uint8_t acts;		 /* in this step: bits of enum action_kind */
	uint8_t woken;		 /* in this step: asked for, itself or by what needs it */
	uint32_t failures, rung; /* in a row; steps of the ladder taken */
	int64_t exit_status;
	uint64_t entered, began, cleaned, pinged, extended, ready;
	uint64_t probed;  /* a probe on its way is given up then */
	uint64_t backoff; /* what this one has to last at least */
};

struct judge {
	const struct plan *plan;
	struct judge_unit *units;
	uint8_t *conditions;
	uint64_t now;
	struct event event; /* the present one */
	uint64_t shutdown_by;
	uint32_t shutdown, down; /* EVENT_SHUTDOWN came; ACTION_DOWN came */
	char violation[JUDGE_TEXT];
};

/* Bytes for judge_begin(), which the judge keeps. */
size_t judge_size(const struct plan *plan);
void judge_begin(struct judge *judge, void *memory, const struct plan *plan, uint64_t now);
/* Before supervise(), for each action that comes of it, and after all of them. */
void judge_event(struct judge *judge, const struct event *event, uint64_t now);
void judge_action(struct judge *judge, const struct action *action);
void judge_step(struct judge *judge, struct supervisor *supervisor);
/* The first wanted unit that is not up though nothing is in its way, PLAN_NONE: there is none. */
uint32_t judge_lost(const struct judge *judge);
/* The world has been well for long: there must be none. */
void judge_calm(struct judge *judge);

/* ---- the world ---- */

enum world_fault {
	FAULT_LAUNCH,	   /* cannot be started */
	FAULT_LAUNCH_HANG, /* the launch never ends */
	FAULT_CRASH,	   /* ends by itself, with a bad status */
	FAULT_QUIT,	   /* ends by itself, with a good one */
	FAULT_HANG,	   /* never becomes ready, never ends */
	FAULT_MUTE,	   /* no sign of life after a while */
	FAULT_DEAF,	   /* ignores the stop signal */
	FAULT_CLEAN,	   /* cannot be cleaned this time */
	FAULT_CLEAN_HANG,
	FAULT_PROBE, /* a probe fails */
	FAULT_PROBE_HANG,
	FAULT_COUNT
};

enum world_timer {
	TIMER_LAUNCH,
	TIMER_NOTIFY,
	TIMER_PING,
	TIMER_PROBE,
	TIMER_EXIT,
	TIMER_CLEAN,
	TIMER_COUNT
};

struct world_unit {
	uint64_t at[TIMER_COUNT]; /* UINT64_MAX: not set */
	int64_t value[TIMER_COUNT];
	uint8_t alive, mute, hangs;
	uint8_t faults[FAULT_COUNT]; /* of 100 times */
};

struct world {
	const struct plan *plan;
	struct world_unit *units;
	uint64_t seed;
	bool calm; /* nothing goes wrong any more */
};

size_t world_size(const struct plan *plan);
void world_begin(struct world *world, void *memory, const struct plan *plan, uint64_t seed);
void world_act(struct world *world, const struct action *action, uint64_t now);
/* When something happens, and what: takes it away. UINT64_MAX: nothing. */
uint64_t world_next(const struct world *world);
bool world_take(struct world *world, uint64_t now, struct event *event);

/* ---- a schedule ---- */

struct simulate_unit {
	uint64_t starts, failures, reboots;
	uint64_t time_to_ready, outage; /* the longest ones, ms */
	/* of the present life */
	uint64_t wanted_since, down_since;
	uint8_t wanted, was_ready;
};

/* What is written down as it goes by: an event (action NULL), or an action. */
struct simulate_note {
	uint64_t now;
	const struct event *event;
	const struct action *action;
	const struct unit_state *state; /* of the unit that it is about, afterwards; or NULL */
};

struct simulation {
	const struct plan *plan;
	uint64_t length;       /* ms of bad weather, before the calm and the end */
	uint32_t disturbances; /* so many requests, flips, re-execs and leaps in that time */
	bool obeys;	       /* ACTION_REBOOT is always carried out: the life ends */
	void *context;
	void (*note)(void *context, const struct simulate_note *note); /* may be NULL */
	/* the rest is simulate_*'s */
	struct judge judge;
	struct world world;
	struct supervisor *supervisor, *spare;
	struct simulate_unit *units;
	void *judge_memory, *world_memory;
	uint64_t seed, now, events;
	uint32_t rebooting; /* ACTION_REBOOT came */
};

size_t simulate_size(const struct plan *plan);
/* `memory` of simulate_size(), zeroed, aligned for anything; plan and options are set before. */
void simulate_begin(struct simulation *simulation, void *memory);
/* One life. False: a promise was broken, simulation->judge.violation says which. */
bool simulate_schedule(struct simulation *simulation, uint64_t seed);
/* One event, as a schedule does it: for tests. */
bool simulate_step(struct simulation *simulation, const struct event *event);

#endif
