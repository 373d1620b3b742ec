/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be looked at from time to time: conditions, watchdog, disk, writer, goal. */
#include <sys/epoll.h>
#include <stdio.h>
#include <string.h>

#include "init/host/host.h"
#include "lib/config.h"
#include "lib/error.h"

enum {
	PATH_POLL_MS = 1000,
	LAST_WORDS_MS = 3000, /* for the reason to reach the disk before the watchdog bites */
};

static void look_at(struct host *host, uint32_t index)
{
	const bool holds = condition_holds(&host->plan, index);

	if (holds != supervisor_condition(host->supervisor, index))
		host_post(host, EVENT_CONDITION, index, holds);
}

/* CONDITION_SOURCES: all of them, as at the beginning. */
void host_conditions(struct host *host, enum condition_source source)
{
	for (uint32_t i = 1; i < host->plan.condition_count; i++)
		if (source == CONDITION_SOURCES ||
		    condition_source(host->plan.conditions[i].kind) == source)
			look_at(host, i);
}

/* Does a waiting unit have a condition of this kind? */
static bool is_waited_for(const struct host *host, uint32_t index)
{
	for (uint32_t unit = 0; unit < host->plan.unit_count; unit++) {
		const struct plan_list list = host->plan.units[unit].conditions;

		if (supervisor_unit(host->supervisor, unit)->phase != PHASE_WAITING)
			continue;
		for (uint32_t i = 0; i < list.count; i++)
			if ((plan_word(&host->plan, list, i) & ~(uint32_t)CONDITION_NOT) == index)
				return true;
	}
	return false;
}

/* Nothing tells about a path: it is looked at while a unit waits for it. */
static void poll_paths(struct host *host)
{
	host->poll_at = UINT64_MAX;
	for (uint32_t i = 1; i < host->plan.condition_count; i++)
		if (host->plan.conditions[i].kind == CONDITION_PATH && is_waited_for(host, i)) {
			host->poll_at = host->now + PATH_POLL_MS;
			look_at(host, i);
		}
}

void host_uevent(struct host *host)
{
	char modalias[UEVENT_MODALIAS];

	/* One module at a time: the next event waits in the socket's buffer. */
	while (host->kept->jobs[JOB_MODULE].pid == 0 &&
	       board_uevent_read(&host->plan, host->uevents, modalias, sizeof(modalias)) > 0) {
		host->poll_at = host->now;
		if (modalias[0])
			host_load_module(host, modalias);
	}
	host_watch(host, host->uevents, WATCH_UEVENT, 0,
		   host->kept->jobs[JOB_MODULE].pid ? 0 : EPOLLIN);
}

/* ---- watchdog ---- */

void host_set_watchdog(struct host *host)
{
	const struct plan_system *system = host->plan.system;
	struct watchdog *watchdog = &host->kept->watchdog;

	/* What the driver refuses is said; it works with what it has. */
	if (watchdog_set(watchdog, system->watchdog_timeout, system->watchdog_pretimeout) < 0)
		host_say_error(host, NULL);
	host_say(host, SAY_NOTICE, "watchdog: fed every %u ms, resets after %u ms",
		 (unsigned int)watchdog->every_ms, (unsigned int)watchdog->timeout_ms);
}

/* Open it, if there is one by now. */
void host_open_watchdog(struct host *host)
{
	struct watchdog *watchdog = &host->kept->watchdog;
	const char *device = plan_text(&host->plan, host->plan.system->watchdog_device);

	if (!device || watchdog->fd >= 0 || !host->kept->is_init)
		return;
	error_clear();
	if (watchdog_open(watchdog, device) == 0)
		host_set_watchdog(host);
	else if (error_last()->code != ERROR_NONE)
		host_say_error(host, NULL);
	error_clear();
}

static bool disk_is_well(const struct host *host)
{
	const struct kept *kept = host->kept;

	return kept->probe_since == 0 ||
	       host->now - kept->probe_since < host->plan.system->probe_timeout;
}

/* The reason goes on record first; then there is no way back. */
static void starve(struct host *host, const char *reason)
{
	struct kept *kept = host->kept;

	kept->watchdog.starving = 1;
	kept->starve_at = host->now + LAST_WORDS_MS;
	host_note(host, NOTE_STARVE);
	host_say(host, SAY_ERROR, "%s: the watchdog is no longer fed", reason);
	if (kept->end_step != END_NOT)
		return; /* the end's own reason stands */
	kept->end_reason = END_WATCHDOG;
	snprintf(kept->end_text, sizeof(kept->end_text), "%s", reason);
	kept->record_end_due = 1;
	host_record(host);
}

static void tend_watchdog(struct host *host)
{
	struct kept *kept = host->kept;
	struct watchdog *watchdog = &kept->watchdog;
	char reason[RECORDER_TEXT];
	uint32_t unit;

	if (!kept->is_init)
		return;
	if (!watchdog->starving) {
		if (!disk_is_well(host)) {
			starve(host, "storage probe got no answer");
		} else if (kept->end_step == END_NOT && !host_is_attended(host) &&
			   !supervisor_is_well(host->supervisor, &host->plan, host->now, &unit)) {
			snprintf(reason, sizeof(reason), "critical unit %s: %s",
				 plan_unit_name(&host->plan, unit),
				 unit_cause_name(supervisor_unit(host->supervisor, unit)->cause));
			starve(host, reason);
		}
	}
	if (watchdog->starving) {
		if (host->now >= kept->starve_at)
			kept->starve_at = UINT64_MAX;
		if (kept->starve_at == UINT64_MAX || kept->jobs[JOB_RECORD].pid == 0) {
			/* No hardware to do it: the machine goes down in good order. */
			if (watchdog->fd < 0)
				host_end(host, BOARD_REBOOT, END_WATCHDOG, kept->end_text);
			return;
		}
	}
	if (watchdog->fd >= 0 && watchdog->feed_at <= host->now)
		watchdog_feed(watchdog, host->now);
}

/* ---- storage probe ---- */

/* The disk is the machine's: another init has its own ways. */
static bool may_probe(const struct host *host)
{
	const struct kept *kept = host->kept;

	return kept->is_init && host->plan.system->probe && kept->board_ready &&
	       kept->end_step == END_NOT;
}

static void tend_probe(struct host *host)
{
	struct kept *kept = host->kept;

	if (!may_probe(host) || kept->probe_at > host->now || kept->jobs[JOB_PROBE].pid > 0)
		return;
	kept->probe_at = host->now + host->plan.system->probe_every;
	if (kept->probe_since == 0)
		kept->probe_since = host->now;
	host_job(host, JOB_PROBE, PLAN_NONE, PLAN_FOREVER);
}

/* ---- all together ---- */

/* When all that belongs to the goal has been ready for long enough; UINT64_MAX: not by itself. */
static uint64_t goal_due(const struct host *host)
{
	uint64_t due = 0;

	for (uint32_t i = 0; i < host->plan.unit_count; i++) {
		const struct plan_unit *planned = &host->plan.units[i];
		const struct unit_state *state = supervisor_unit(host->supervisor, i);

		if (!planned->goal)
			continue;
		if (state->ready_at == 0)
			return UINT64_MAX;
		if (state->ready_at + planned->goal_stable > due)
			due = state->ready_at + planned->goal_stable;
	}
	return due ? due : UINT64_MAX; /* 0: there is no goal in this plan */
}

/* Looked at when a unit has changed, and when it is due. */
static void tend_goal(struct host *host)
{
	struct kept *kept = host->kept;

	if (kept->goal_time || host->goal_at > host->now)
		return;
	host->goal_at = goal_due(host);
	if (host->goal_at > host->now)
		return;
	kept->goal_time = host->now;
	host_note(host, NOTE_GOAL);
	host_say(host, SAY_NOTICE, "goal reached after %llu ms",
		 (unsigned long long)(host->now - kept->started));
}

static void tend_writer(struct host *host)
{
	struct kept *kept = host->kept;

	if (kept->jobs[JOB_WRITER].pid > 0 || kept->writer_at > host->now ||
	    kept->end_step >= END_WRITER)
		return;
	if (kept->writer_starts == 0 && kept->is_init)
		host_own_leaf(host);
	host_start_writer(host);
	host_note(host, NOTE_WRITER);
}

void host_tend(struct host *host)
{
	const struct kept *kept;

	if (host->shutdown_due) {
		host->shutdown_due = 0;
		host_post(host, EVENT_SHUTDOWN, 0, host->plan.system->shutdown_timeout);
	}
	if (host->rest_at <= host->now)
		host_begin_rest(host);
	if (host->poll_at <= host->now)
		poll_paths(host);
	if (host->board_at <= host->now) {
		host->board_at = UINT64_MAX;
		host_job(host, JOB_BOARD, PLAN_NONE, PLAN_FOREVER);
	}
	if (host->hurries && !host_is_launching(host))
		host_hurry(host, false);
	tend_watchdog(host);
	tend_probe(host);
	tend_goal(host);
	if (IS_ENABLED(CONFIG_IMAGE_REVISION))
		host_tend_trial(host);
	tend_writer(host);
	host_record(host);
	host_tend_reload(host);
	kept = host->kept; /* a new plan has a block of its own */
	if (kept->end_step != END_NOT && kept->end_deadline <= host->now)
		host_end_step(host);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t host_tend_deadline(struct host *host)
{
	const struct kept *kept = host->kept;
	uint64_t due = earlier(host->poll_at, earlier(host->board_at, host->rest_at));

	if (host->shutdown_due)
		return 0;
	if (!kept->watchdog.starving && kept->watchdog.fd >= 0)
		due = earlier(due, kept->watchdog.feed_at);
	else if (kept->watchdog.starving && kept->starve_at != UINT64_MAX)
		due = earlier(due, earlier(kept->starve_at, host->now + 100));
	due = earlier(due, supervisor_well_deadline(host->supervisor, &host->plan));
	if (may_probe(host) && kept->jobs[JOB_PROBE].pid == 0)
		due = earlier(due, kept->probe_at);
	if (kept->probe_since && !kept->watchdog.starving)
		due = earlier(due, kept->probe_since + host->plan.system->probe_timeout);
	if (!kept->goal_time)
		due = earlier(due, host->goal_at);
	if (IS_ENABLED(CONFIG_IMAGE_REVISION))
		due = earlier(due, host_trial_deadline(host));
	if (kept->jobs[JOB_WRITER].pid == 0 && kept->end_step < END_WRITER)
		due = earlier(due, kept->writer_at);
	if (kept->end_step != END_NOT)
		due = earlier(due, kept->end_deadline);
	return due;
}
