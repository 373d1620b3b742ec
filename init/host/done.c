/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from the end of each of the host's own jobs. */
#include <sys/epoll.h>
#include <unistd.h>

#include "init/host/host.h"
#include "lib/config.h"
#include "lib/error.h"

enum { RECORD_RETRY_MS = 60000 };

/* All or nothing: what came in the meantime stays for the next time. */
static void recorded(struct host *host, int status)
{
	struct kept *kept = host->kept;

	if (status == 0) {
		kept->record_boot_due = 0;
		if (kept->recording_end)
			kept->record_end_due = 0;
		for (uint32_t i = kept->recording_failures; i < kept->failure_count; i++)
			kept->failures[i - kept->recording_failures] = kept->failures[i];
		kept->failure_count -= kept->recording_failures;
	} else {
		host->record_at = host->now + RECORD_RETRY_MS;
	}
	kept->recording_end = kept->recording_failures = 0;
	if (kept->end_step == END_RECORD)
		host_end_step(host);
}

void host_board_ready(struct host *host)
{
	host_conditions(host, CONDITION_SOURCES);
	host_post(host, EVENT_CONDITION, 0, 1);
}

static void board_done(struct host *host, int status)
{
	struct kept *kept = host->kept;

	if (status & ~(BOARD_REVISION | BOARD_SWEEP)) {
		kept->board_failed = 1;
		host_note(host, NOTE_BOARD_FAILED);
		host_say(host, SAY_ERROR,
			 "the board could not be set up: what is required is missing");
		host_emergency_job(host);
		return;
	}
	kept->board_failed = 0;
	kept->board_ready = 1;
	if (kept->is_init)
		host_note(host, NOTE_BOARD);
	host_open_watchdog(host);
	if (status & BOARD_SWEEP)
		host_job(host, JOB_SWEEP, PLAN_NONE, PLAN_FOREVER);
	if (status & BOARD_REVISION) {
		kept->choice = CHOICE_DUE;
		host_reload(host);
		return;
	}
	host_board_ready(host);
	/* The store may lie on what has just been mounted. */
	if (host->plan.header->flags & PLAN_IMAGE_MISSING && !host->from_file)
		host_reload(host);
}

static void probed(struct host *host, int status)
{
	/* A disk that answers with an error is not well either: no answer stays open. */
	if (status == 0)
		host->kept->probe_since = 0;
}

void host_job_done(struct host *host, enum job_kind kind, int status)
{
	struct kept *kept = host->kept;

	switch (kind) {
	case JOB_BOARD:
		board_done(host, status);
		break;
	case JOB_SHELL:
		/* Whoever sat there has mended something: once more. */
		if (kept->board_failed)
			host_job(host, JOB_BOARD, PLAN_NONE, PLAN_FOREVER);
		break;
	case JOB_RELOAD:
		host_reload_done(host, status);
		break;
	case JOB_TRIAL:
		host_trial_done(host, status);
		break;
	case JOB_RECORD:
		recorded(host, status);
		break;
	case JOB_PROBE:
		probed(host, status);
		break;
	case JOB_MODULE:
		host_open_watchdog(host);
		host_watch(host, host->uevents, WATCH_UEVENT, 0, EPOLLIN);
		break;
	case JOB_REVISION:
		if (IS_ENABLED(CONFIG_IMAGE_REVISION))
			host_trial_ended(host, status);
		break;
	case JOB_KILL:
		if (kept->end_step == END_KILL)
			host_end_step(host);
		break;
	case JOB_WRITER:
		if (kept->end_step == END_WRITER)
			host_end_step(host);
		break;
	case JOB_UNMOUNT:
		if (kept->end_step == END_UNMOUNT)
			host_end_step(host);
		break;
	default:
		break;
	}
}
