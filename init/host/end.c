/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of life, step by step; each has a deadline, and the watchdog is fed through all of them.
 * Units in reverse order -> the reason on record -> what else runs -> the log writer's last lines
 * -> file systems -> the machine.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/host/host.h"
#include "init/launch/launch.h"
#include "init/paths.h"

enum {
	UNITS_GRACE_MS = 2000, /* more than the core takes */
	RECORD_MS = 5000,
	KILL_MS = 10000,
	WRITER_MS = 3000,
	UNMOUNT_MS = 30000,
};

static const char *const words[] = { "reboot", "power off", "halt" };

void host_record(struct host *host)
{
	struct kept *kept = host->kept;

	/* The recorder is the machine's: another init has its own. */
	if (!kept->is_init || !host->plan.system->recorder || kept->jobs[JOB_RECORD].pid > 0 ||
	    (!kept->board_ready && kept->end_step == END_NOT) || host->record_at > host->now)
		return;
	if (!kept->record_boot_due && !kept->record_end_due && kept->failure_count == 0)
		return;
	if (host_job(host, JOB_RECORD, PLAN_NONE, RECORD_MS) < 0)
		host->record_at = host->now + RECORD_MS;
	kept->recording_end = kept->record_end_due;
	kept->recording_failures = kept->failure_count;
}

void host_end(struct host *host, enum board_end how, enum end_reason reason, const char *text)
{
	struct kept *kept = host->kept;
	char all[RECORDER_TEXT];

	if (kept->end_step != END_NOT)
		return;
	snprintf(all, sizeof(all), "%s: %s", words[how], text);
	host_say(host, SAY_NOTICE, "%s", all);
	host_note(host, NOTE_SHUTDOWN);
	kept->end_step = END_UNITS;
	kept->end_how = how;
	kept->end_deadline = host->now + host->plan.system->shutdown_timeout + UNITS_GRACE_MS;
	if (!kept->watchdog.starving) {
		kept->end_reason = reason;
		memcpy(kept->end_text, all, sizeof(all));
		kept->record_end_due = 1;
	}
	host->shutdown_due = 1; /* not from the middle of an action */
}

static void next(struct host *host, enum end_step step, uint64_t timeout_ms)
{
	host->kept->end_step = step;
	host->kept->end_deadline = host->now + timeout_ms;
}

static void enter_kill(struct host *host)
{
	next(host, END_KILL, KILL_MS);
	if (!host->kept->is_init || host_job(host, JOB_KILL, PLAN_NONE, KILL_MS) < 0)
		host_end_step(host);
}

static void enter_writer(struct host *host)
{
	const int32_t writer = host->kept->jobs[JOB_WRITER].pid;

	next(host, END_WRITER, WRITER_MS);
	if (writer > 0)
		kill(writer, SIGTERM);
	else
		host_end_step(host);
}

static void enter_unmount(struct host *host)
{
	const int32_t writer = host->kept->jobs[JOB_WRITER].pid;

	if (writer > 0)
		kill(writer, SIGKILL);
	next(host, END_UNMOUNT, UNMOUNT_MS);
	if (!host->kept->is_init || host_job(host, JOB_UNMOUNT, PLAN_NONE, UNMOUNT_MS) < 0)
		host_end_step(host);
}

static void end_now(struct host *host)
{
	if (host->kept->is_init)
		board_end((enum board_end)host->kept->end_how);
	unlink(INIT_CONTROL);
	launch_end(); /* nothing is left to be held up */
	_exit(0);
}

void host_end_step(struct host *host)
{
	const struct kept *kept = host->kept;

	switch ((enum end_step)kept->end_step) {
	case END_NOT:
		break;
	case END_UNITS:
		host_close_sockets(host);
		next(host, END_RECORD, RECORD_MS);
		host->record_at = 0;
		host_record(host);
		if (kept->jobs[JOB_RECORD].pid == 0)
			host_end_step(host);
		break;
	case END_RECORD:
		enter_kill(host);
		break;
	case END_KILL:
		enter_writer(host);
		break;
	case END_WRITER:
		enter_unmount(host);
		break;
	case END_UNMOUNT:
	case END_NOW:
		end_now(host);
	}
}
