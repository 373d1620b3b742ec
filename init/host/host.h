/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host of the pure core: one epoll loop that turns what happens (signals, children, datagrams,
 * clients, time) into events, and carries the core's actions out. PID 1 itself does nothing that
 * may block or fail: that is the work of jobs, forked children with a deadline.
 *
 * Everything worth keeping stands in one block of shared memory, `struct kept`, without pointers:
 * re-exec is execve(2) with the block's descriptor, at any moment, also after a crash. Nothing is
 * allocated after the load.
 */
#ifndef INIT_HOST_HOST_H
#define INIT_HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/board/board.h"
#include "init/board/recorder.h"
#include "init/board/watchdog.h"
#include "init/control/server.h"
#include "init/host/condition.h"
#include "init/plan.h"
#include "init/supervise/supervise.h"
#include "init/unit/unit.h"

enum host_limits {
	KEPT_MAGIC = 0x6372756b, /* "cruk" */
	KEPT_VERSION = 2,
	JOURNAL_BOOT = 512,   /* the first entries stay: they are the boot */
	JOURNAL_LATEST = 512, /* the others are overwritten in turn */
	JOURNAL_ENTRIES = JOURNAL_BOOT + JOURNAL_LATEST,
	STATUS_SIZE = 128,
	PENDING_FAILURES = 8,
	REASON_SIZE = 96, /* why a revision has failed: as revision.h has it */
	CRASHES_MAX = 3,  /* within CRASH_WINDOW_MS: then the machine is rebooted */
	CRASH_WINDOW_MS = 60000,
};

/* Children that are nobody's main process. */
enum job_kind {
	JOB_NONE,
	/* one at a time for each unit */
	JOB_START,
	JOB_CLEAN,
	JOB_RESET,
	/* likewise, beside the others */
	JOB_CHECK,
	/* one of each for the whole host */
	JOB_FIRST_GLOBAL,
	JOB_BOARD = JOB_FIRST_GLOBAL, /* board_set_up() */
	JOB_SHELL,		      /* the emergency shell */
	JOB_RELOAD,		      /* makes a new plan */
	JOB_TRIAL,		      /* is the binary to be re-executed any good? */
	JOB_RECORD,		      /* writes to the flight recorder */
	JOB_PROBE,		      /* reads from the disk */
	JOB_MODULE,		      /* loads a module for a new device */
	JOB_CLEAN_ALL,		      /* after a crash that spoiled the state */
	JOB_KILL,		      /* end of life: kill the rest */
	JOB_UNMOUNT,		      /* end of life: unmount */
	JOB_WRITER,		      /* the log writer */
	JOB_REVISION,		      /* puts the end of a trial on record */
	JOB_SWEEP,		      /* removes volumes of revisions that are gone */
	JOB_KINDS
};

struct kept_job {
	int32_t pid; /* 0: none */
	uint32_t kind;
	uint64_t deadline; /* it is killed then; UINT64_MAX: the core sees to it */
};

/* What the host knows of a unit. */
struct kept_unit {
	int32_t pid;		     /* main process, not reaped yet; 0: none */
	int32_t output_read, output; /* the log pipe, for all runs */
	int32_t notify;		     /* datagram socket, or -1 */
	int32_t report;		     /* the socket of the launch that is on its way, or -1 */
	int32_t ready;		     /* read end for CHECK_FD, or -1 */
	uint32_t check_value;	     /* what the probe asks: ACTION_CHECK's value */
	uint32_t launched;	     /* the run's program has been executed */
	uint32_t cleaned;   /* the clean job is through; the main process is not reaped yet */
	uint32_t deferred;  /* an event to post once the present actions are through */
	int32_t early_exit; /* exit status that came before the launch's end; -1: none */
	uint32_t again;	    /* stopped for a reload: to be started afterwards */
	uint32_t next_job;  /* JOB_CLEAN or JOB_RESET, once the present one has been reaped */
	struct kept_job run, check;
	char status[STATUS_SIZE]; /* STATUS= or the last error */
};

enum journal_note {
	NOTE_UNIT, /* a unit's change */
	NOTE_STARTED,
	NOTE_BOARD,
	NOTE_BOARD_FAILED,
	NOTE_GOAL,
	NOTE_RELOAD,
	NOTE_RELOAD_FAILED,
	NOTE_REEXEC,
	NOTE_CRASH,
	NOTE_WRITER,
	NOTE_EMERGENCY,
	NOTE_STARVE,
	NOTE_SHUTDOWN,
	/* about the revision whose number is in `pid` */
	NOTE_TRIAL,
	NOTE_TRIAL_COMMITTED,
	NOTE_TRIAL_FAILED,
	NOTE_COUNT
};

struct journal_entry {
	uint64_t time;
	uint32_t unit; /* PLAN_NONE: about the supervisor */
	uint8_t note, before, phase, cause;
	int32_t exit_status, pid;
};

/* The steps of the end, each with its own deadline. */
enum end_step { END_NOT, END_UNITS, END_RECORD, END_KILL, END_WRITER, END_UNMOUNT, END_NOW };

/* How far the trial of a revision is. */
enum trial_step {
	TRIAL_NONE,
	TRIAL_RUNS,
	TRIAL_COMMITS, /* it has proved itself: that is to be put on record */
	TRIAL_ENDS,    /* it has failed: likewise */
	TRIAL_LEAVES,  /* that is on record: its units go with the plan that is loaded now */
};

/* At the beginning, the units that wait for the board wait for this as well. */
enum choice_step {
	CHOICE_NONE,
	CHOICE_DUE,  /* a revision runs: its plan is being made */
	CHOICE_LAST, /* once more: that was in vain. A trial has failed then */
};

/* Exit status of JOB_BOARD, where the board is set up: bits. */
enum { BOARD_FAILED = 1, BOARD_REVISION = 2, BOARD_SWEEP = 4 };

struct kept {
	uint32_t magic, version, size;
	uint32_t unit_size; /* sizeof(struct kept_unit) */
	uint32_t unit_count;
	uint32_t supervisor_offset, supervisor_size, units_offset, journal_offset;
	uint32_t sockets_offset, socket_count;
	uint32_t from_file; /* the plan is the compiled file's; else JSON's */
	uint32_t is_init;   /* PID 1 of a machine; else `supervise` */
	uint32_t reexecs, crashes;
	uint64_t crash_time;
	uint64_t started, goal_time;
	int32_t plan_fd, rings, control; /* descriptors that go along */
	uint32_t board_ready, board_failed;
	uint32_t writer_starts, writer_quick; /* in all; in a row within a minute each */
	uint64_t writer_began;
	uint64_t writer_at; /* when it may be started again */
	struct kept_job jobs[JOB_KINDS];
	struct watchdog watchdog;
	uint64_t starve_at; /* starving: fed until then, so that the reason gets on record */
	/* the end of life */
	uint32_t end_step; /* enum end_step */
	uint32_t end_how;  /* enum board_end */
	uint64_t end_deadline;
	uint32_t end_reason; /* enum end_reason */
	char end_text[RECORDER_TEXT];
	/* for the flight recorder */
	uint32_t record_boot_due, record_end_due, failure_count;
	uint32_t recording_end, recording_failures; /* what the present job writes */
	struct recorder_failure failures[PENDING_FAILURES];
	/* the storage probe */
	uint64_t probe_at, probe_since; /* next one; since when there is no good answer, or 0 */
	uint64_t journal_next;
	uint32_t choice;		/* enum choice_step */
	uint32_t trial, trial_number;	/* enum trial_step; of which revision */
	uint64_t trial_began, trial_at; /* the latter: when the record is tried again */
	char trial_reason[REASON_SIZE];
	char exe[128];				      /* what is executed at re-exec */
	char units[128], system[128], plan_file[128]; /* paths */
};

/* Of this execution of the program only. */
struct host {
	struct kept *kept;
	int kept_fd;
	size_t kept_size;
	pid_t self; /* who the host is: not its children */
	struct kept_unit *units;
	struct supervisor *supervisor;
	struct journal_entry *journal;
	int32_t *sockets; /* descriptors, or -1: of each plan_socket, in the plan's order */
	struct plan plan;
	int epoll, signals, uevents;
	struct conditions conditions;
	struct control control;
	struct control_host control_host;
	uint64_t now;	    /* monotonic milliseconds, read once a turn */
	uint64_t poll_at;   /* when paths are looked at again; UINT64_MAX: nobody waits for one */
	uint64_t goal_at;   /* when the goal is looked at again */
	uint64_t record_at; /* not before: the recorder failed */
	uint64_t rest_at;   /* host_begin_rest() is due; UINT64_MAX: it has been */
	uint64_t board_at;  /* the board is set up once more then */
	uint32_t acting, deferred; /* in the middle of actions; some unit has a deferred event */
	uint32_t from_file;	   /* so was the plan that was loaded last */
	uint32_t refused;	   /* the revision on trial could not be loaded: it has failed */
	bool hurries;		   /* grace periods of RCU are shortened */
	uint32_t reload_again;	   /* asked for while one was under way */
	uint32_t reexec, reexec_later; /* asked for: at the end of this turn; after the reload */
	uint32_t shutdown_due;	       /* the core is to be told */
	uint32_t control_due;	       /* clients are to be told */
	int32_t reload_result;	       /* of the last one: 0 done, 1 under way, -1 failed */
	int next_fd;		       /* of the plan that a reload makes; -1: no reload */
	struct plan next_plan;
	int rings_read, plan_read; /* the same files opened read-only for clients; -1: not yet */
	char resume_text[32];	   /* environment of the next execution */
};

/* What an epoll event is about: source in the upper half of its data, index in the lower. */
enum watch_source {
	WATCH_SIGNALS,
	WATCH_CLIENT,	 /* index: slot, or CONTROL_LISTENER */
	WATCH_CONDITION, /* index: enum condition_source */
	WATCH_NOTIFY,	 /* index: unit */
	WATCH_REPORT,	 /* index: unit */
	WATCH_READY,	 /* index: unit */
	WATCH_UEVENT,
	WATCH_SOCKET, /* index: unit, which is started on demand */
};

/* loop.c */
int host_watch(struct host *host, int fd, enum watch_source source, uint32_t index,
	       uint32_t events); /* 0 events: no longer */
void host_post(struct host *host, uint32_t kind, uint32_t unit, int64_t value);
void host_loop(struct host *host) __attribute__((noreturn));
uint64_t host_clock(void);

/* load.c: the plan, from its file or from JSON in a child */
struct host_settings {
	const char *units, *system, *plan; /* paths */
	bool is_init;
};
/* Fills host->plan. The descriptor of its file or memory, or a negative errno recorded. */
int host_load_plan(struct host *host, const struct host_settings *settings);
void host_reload(struct host *host); /* starts the job */
void host_reload_done(struct host *host, int status);
/* Into the memory for a plan. 0 or -errno recorded. */
int host_compile(const struct host_settings *settings, const struct unit_over *over, int output,
		 char reason[REASON_SIZE]);
void host_tend_reload(struct host *host);

/* revision.c: which revision runs, and what becomes of one on trial */
int host_choose(
	const struct host *host); /* in a child, once at boot: bits of BOARD_..., or -errno */
/* In a child of `of`: as host_load_plan(), what is to run. *refused: the one on trial is not. */
int host_load_chosen(struct host *host, const struct host_settings *settings, const struct host *of,
		     bool *refused);
void host_begin_trial(struct host *host); /* of the plan that has been adopted, if it is one */
void host_tend_trial(struct host *host);
uint64_t host_trial_deadline(const struct host *host);
int host_end_trial(const struct host *host); /* in a child: what JOB_REVISION does */
void host_trial_ended(struct host *host, int status);
void host_refuse_trial(struct host *host); /* a child has put it on record */
/* What runs has not proved itself: when it will have, or has to be ready; 0: it is not on trial.
 * *unit: that has to be ready by then, or PLAN_NONE. */
uint64_t host_trial_due(const struct host *host, uint32_t *unit);

/* keep.c */
int host_keep(struct host *host, const struct host_settings *settings, int plan_fd);
int host_resume(struct host *host, int kept_fd);
int host_adopt_plan(struct host *host); /* exchange host->plan for host->next_plan */

/* open.c */
int host_listen(struct host *host);	 /* the control socket; fails where another one listens */
int host_watch_units(struct host *host); /* a new epoll, signals and units: what a start needs */
int host_watch_rest(struct host *host);	 /* and all that can come a moment later */
int host_open_unit(struct host *host, uint32_t unit);
void host_close_unit(struct kept_unit *unit);

/* listen.c */
uint32_t host_count_sockets(const struct plan *plan);
int32_t *host_sockets(const struct host *host, uint32_t unit); /* of the unit */
/* Those that are not open yet. 0 or -errno recorded. */
int host_open_sockets(const struct host *host, uint32_t unit);
void host_close_sockets(struct host *host); /* all, for good */
/* Those that the plan before had as well; its others are closed. */
void host_move_sockets(struct host *host, struct host *old);
void host_tend_sockets(struct host *host, uint32_t unit); /* its phase has changed */
void host_demand(struct host *host, uint32_t unit);	  /* something has come in */

/* reexec.c */
void host_reexec(struct host *host);		     /* first a trial */
void host_trial_done(struct host *host, int status); /* returns only if it failed */
int host_answer_trial(void);			     /* exit status of a trial; -1: this is none */
int host_resume_fd(void);			     /* of the kept memory; -1: a first execution */
void host_take_over(struct host *host);
void host_watch_crashes(struct host *host); /* alternate stack, SIGSEGV and the like */

/* job.c */
/*
 * Fork: 0 in the child (clean signals, a process group and a copy of the kept memory of its own,
 * stdout and stderr on `output`, -1: as they are), the pid, or -errno recorded.
 */
pid_t host_fork(struct host *host, int output);
/* Start a job; its end comes to host_job_done(). The pid, or -errno, which has been said. */
pid_t host_job(struct host *host, enum job_kind kind, uint32_t unit, uint64_t timeout_ms);
void host_check_deadlines(struct host *host);
uint64_t host_job_deadline(const struct host *host);
void host_start_writer(struct host *host);

/* done.c */
void host_board_ready(struct host *host); /* what waits for the board may start */
void host_job_done(struct host *host, enum job_kind kind, int status);

/* act.c */
void host_hurry(struct host *host, bool hurry);
void host_act(struct host *host, const struct action *action);
void host_report(struct host *host, uint32_t unit);
void host_ready(struct host *host, uint32_t unit);
bool host_is_launching(const struct host *host); /* any unit */
void host_next_job(struct host *host, uint32_t unit);

/* reap.c, notify.c */
void host_reap(struct host *host);
void host_notify(struct host *host, uint32_t unit);

/* watch.c: watchdog, storage probe, conditions, devices */
void host_conditions(struct host *host, enum condition_source source); /* CONDITION_SOURCES: all */
void host_open_watchdog(struct host *host);			       /* if it is there by now */
void host_set_watchdog(struct host *host); /* one that is open: to what system.json says */
void host_tend(struct host *host);	   /* what is due now */
uint64_t host_tend_deadline(struct host *host);
void host_uevent(struct host *host);

/* end.c */
void host_end(struct host *host, enum board_end how, enum end_reason reason, const char *text);
void host_end_step(struct host *host); /* the present step is through */
void host_record(struct host *host);   /* start the recorder's job if something is due */

/* serve.c */
void host_serve(struct host *host);

/* say.c */
enum { SAY_ERROR = 3, SAY_WARNING = 4, SAY_NOTICE = 5, SAY_INFO = 6 };
void host_say(struct host *host, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void host_say_error(struct host *host, const char *about); /* the recorded error */
void host_note(struct host *host, enum journal_note note);
void host_note_revision(struct host *host, enum journal_note note, uint32_t number);
void host_note_unit(struct host *host, uint32_t unit, uint32_t before);
struct journal_entry *host_journal(const struct host *host, uint64_t number); /* its place */
const char *journal_note_text(uint32_t note);

/* start.c */
void host_begin_rest(struct host *host);
bool host_is_attended(const struct host *host);
void host_emergency_job(struct host *host);
void host_own_leaf(struct host *host); /* after the first units */
void host_load_module(struct host *host, const char *modalias);
/*
 * Be the supervisor; does not return unless it cannot begin (a negative errno, recorded), or this
 * was a trial (its exit status).
 */
int host_main(const struct host_settings *settings, char **argv);

#endif
