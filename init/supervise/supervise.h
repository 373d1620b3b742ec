/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pure core: events in, actions out. It makes no system call, reads no clock and allocates
 * nothing; the same code runs under PID 1, under `cruet supervise` and under the simulator.
 *
 * Each unit is in one phase; each phase that waits for the outside has a deadline, so that every
 * wait ends. A unit's run is: STARTING (ACTION_START) -> STARTED -> READY -> STOPPING
 * (ACTION_STOP) -> CLEANING (ACTION_CLEAN) -> OFF, BACKOFF, WAITING or FAILED. Whatever goes
 * wrong leads to CLEANING, which ends with EVENT_CLEANED: then nothing of the run is left.
 */
#ifndef INIT_SUPERVISE_SUPERVISE_H
#define INIT_SUPERVISE_SUPERVISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/plan.h"

enum unit_phase {
	PHASE_OFF,	/* nothing runs, and nobody wants it */
	PHASE_WAITING,	/* wanted; for other units, or for a condition */
	PHASE_STARTING, /* being launched */
	PHASE_STARTED,	/* its process runs, and is not ready yet */
	PHASE_READY,	/* a oneshot: it ended well. A group: all that it requires is ready */
	PHASE_DEGRADED, /* ready, but its last health check failed */
	PHASE_STOPPING, /* was told to stop */
	PHASE_CLEANING, /* its last process is gone or is being killed; what it left is removed */
	PHASE_BACKOFF,	/* waits before the next start */
	PHASE_FAILED,	/* given up, until somebody asks for it again */
	PHASE_COUNT
};

/* Why a unit is where it is: the reason in `status`, `monitor` and the flight recorder. */
enum unit_cause {
	CAUSE_NONE,
	CAUSE_WANTED,	  /* boot, or somebody asked for it */
	CAUSE_ASKED,	  /* somebody asked for it to stop or restart */
	CAUSE_DEPENDENCY, /* what it requires went away */
	CAUSE_CONDITION,  /* waits for a condition */
	CAUSE_SHUTDOWN,
	CAUSE_EXIT,   /* the process ended: exit_status says how */
	CAUSE_LAUNCH, /* it could not be started */
	CAUSE_START_TIMEOUT,
	CAUSE_READY_TIMEOUT,
	CAUSE_HEALTH,	    /* too many failed checks */
	CAUSE_WATCHDOG,	    /* its own watchdog ran out */
	CAUSE_STOP_TIMEOUT, /* did not stop when told */
	CAUSE_STUCK,	    /* could not be cleaned up */
	CAUSE_DONE,	    /* a oneshot or task ended well */
	CAUSE_LIMIT,	    /* too many failures: given up */
	CAUSE_COUNT
};

/* Of one unit. Fixed-width and without pointers: it outlives the program at re-exec. */
struct unit_state {
	uint8_t phase, cause; /* enum unit_phase, enum unit_cause */
	uint8_t wanted;	      /* asked for, or needed by one that is */
	uint8_t after_clean;  /* the phase that follows CLEANING */
	uint8_t reported;     /* the phase of the last ACTION_CHANGED */
	uint8_t reset_due;    /* 1: the next cleaning is an ACTION_RESET; 2: it was asked for */
	uint8_t clean_tries;
	uint8_t checking;	 /* a probe is on its way */
	uint32_t flags;		 /* of the core: see internal.h */
	uint32_t failures;	 /* in a row */
	uint32_t ladder_step;	 /* escalation steps taken since the failures were last forgotten */
	uint32_t starts;	 /* in all */
	uint32_t check_failures; /* health, in a row */
	int32_t exit_status;	 /* of the last run: 0 to 255, 128 + signal; -1: none yet */
	uint64_t since;		 /* when this phase began */
	uint64_t deadline;	 /* when it ends at the latest; UINT64_MAX: never */
	uint64_t check_at;	 /* the next probe; while one is on its way: when it is given up */
	uint64_t watchdog_at;	 /* when WATCHDOG=1 is overdue */
	uint64_t ready_at;	 /* since when it is ready without a break; 0: it is not */
	uint64_t started_at;	 /* when its last run began */
	uint64_t well_at;	 /* critical, and not well: since when */
};

enum event_kind {
	EVENT_TICK,	     /* time has passed */
	EVENT_CONDITION,     /* `index` of the condition, `value` 0 or 1 */
	EVENT_UP,	     /* asked for: the unit and what it needs */
	EVENT_DOWN,	     /* asked to stop: the unit and what requires it */
	EVENT_RESTART,	     /* stop and start again; what requires it goes along */
	EVENT_LAUNCHED,	     /* the process has been executed */
	EVENT_LAUNCH_FAILED, /* no process came to be */
	EVENT_EXITED,	     /* the main process ended; `value`: exit status or 128 + signal */
	EVENT_CLEANED,	     /* nothing is left of the run */
	EVENT_CLEAN_FAILED,
	EVENT_NOTIFY_READY,
	EVENT_NOTIFY_STOPPING,
	EVENT_NOTIFY_WATCHDOG,
	EVENT_NOTIFY_FAILED, /* WATCHDOG=trigger */
	EVENT_NOTIFY_EXTEND, /* `value`: milliseconds from now */
	EVENT_CHECKED,	     /* the probe's answer; `value` 1: passed */
	EVENT_SHUTDOWN,	     /* stop all, in reverse order; `value`: milliseconds for everything */
};

struct event {
	uint32_t kind; /* enum event_kind */
	uint32_t unit; /* or the condition's index */
	int64_t value;
};

enum action_kind {
	ACTION_START,	/* make EVENT_LAUNCHED or EVENT_LAUNCH_FAILED of it */
	ACTION_STOP,	/* send the stop signal to the main process */
	ACTION_CLEAN,	/* end the launch if one is on its way; kill what is left, remove it */
	ACTION_CHECK,	/* probe: `value` 0 readiness, 1 health; answered by EVENT_CHECKED */
	ACTION_RESET,	/* ACTION_CLEAN, and throw away the writable layer and boot volumes */
	ACTION_REBOOT,	/* a ladder's last step; `unit` is the reason */
	ACTION_CHANGED, /* the unit's phase: `value` is the phase it had before */
	ACTION_DOWN,	/* after EVENT_SHUTDOWN: every unit is off, or out of time */
};

struct action {
	uint32_t kind; /* enum action_kind */
	uint32_t unit;
	int64_t value;
};

/* Followed by the units' states, the conditions' bytes and the queue of actions. */
struct supervisor {
	uint32_t version; /* SUPERVISOR_VERSION */
	uint32_t size;	  /* of all */
	uint32_t unit_count, condition_count;
	uint32_t unit_size; /* sizeof(struct unit_state): a newer one may be longer */
	uint32_t action_first, action_count, action_capacity;
	uint32_t shutdown; /* 1: being shut down, 2: ACTION_DOWN was given */
	uint32_t stepping; /* in the middle of an event */
	uint32_t begun;	   /* an event has been handled since the beginning or the adoption */
	uint32_t reserved;
	uint64_t now, shutdown_deadline;
};
enum { SUPERVISOR_VERSION = 1 };

/* Bytes that a supervisor for this plan takes. The memory belongs to the caller. */
size_t supervisor_size(const struct plan *plan);

/* Begin: all is off; units with autostart are wanted. `memory`: of supervisor_size() bytes. */
struct supervisor *supervisor_begin(void *memory, const struct plan *plan, uint64_t now);

/*
 * Go on under another plan (or another program): units of the same name keep their state, those
 * that are gone from the plan must be off before. `old` may be of an older version. 0, or -EINVAL
 * recorded when `old` makes no sense.
 */
int supervisor_adopt(struct supervisor *supervisor, const struct plan *plan,
		     const struct supervisor *old, size_t old_size, const struct plan *old_plan);

/* Is what stands in memory possible? After a crash, before going on with it. */
bool supervisor_is_sound(const struct supervisor *supervisor, size_t size, const struct plan *plan);

struct unit_state *supervisor_unit(struct supervisor *supervisor, uint32_t unit);
bool supervisor_condition(const struct supervisor *supervisor, uint32_t index);

/*
 * One event. `now` is in milliseconds of a clock that never goes back. The actions that follow from
 * it are queued: take them all before the next event.
 */
void supervise(struct supervisor *supervisor, const struct plan *plan, const struct event *event,
	       uint64_t now);
/* The next action: false when there is none. */
bool supervisor_next_action(struct supervisor *supervisor, struct action *action);

/* When EVENT_TICK is due; UINT64_MAX: only when something happens. */
uint64_t supervisor_deadline(const struct supervisor *supervisor, const struct plan *plan);

/*
 * The first other unit that a WAITING unit still waits for: to become ready, to have been tried, or
 * to be gone. PLAN_NONE: for none; what it lacks are conditions.
 */
uint32_t supervisor_waits_for(const struct supervisor *supervisor, const struct plan *plan,
			      uint32_t unit);

/*
 * Are all critical units within their budget? If not, *unit is the first that is not: then the
 * hardware watchdog must not be fed.
 */
bool supervisor_is_well(const struct supervisor *supervisor, const struct plan *plan, uint64_t now,
			uint32_t *unit);
/* When that will turn false if nothing happens; UINT64_MAX: never. */
uint64_t supervisor_well_deadline(const struct supervisor *supervisor, const struct plan *plan);

/* Is every unit with a goal ready, and has been for long enough? */
bool supervisor_reached_goal(const struct supervisor *supervisor, const struct plan *plan,
			     uint64_t now);

/*
 * Of a revision on trial since `began`. What counts are the units with a goal; where there is none,
 * every service that is started at boot. All have to be ready, without a break, for as long as
 * their goal (else system.json's revision) says, a goal 5 s at least, from `began` at the earliest.
 * It has failed when one of them is given up, or is not ready at the deadline or afterwards.
 */
enum trial_verdict { TRIAL_OPEN, TRIAL_PROVED, TRIAL_FAILED };

struct trial_judgement {
	uint32_t verdict; /* enum trial_verdict */
	uint32_t unit;	  /* TRIAL_FAILED: because of this one. TRIAL_OPEN: the first that is not
			   * ready, or PLAN_NONE */
	uint64_t due;	  /* TRIAL_OPEN: when to ask again at the latest */
};

struct trial_judgement supervisor_judge_trial(const struct supervisor *supervisor,
					      const struct plan *plan, uint64_t began,
					      uint64_t now);

const char *unit_phase_name(uint32_t phase); /* "ready" */
const char *unit_cause_name(uint32_t cause); /* "exit", "ready timeout" */

#endif
