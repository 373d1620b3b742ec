/* SPDX-License-Identifier: Apache-2.0 */
/* The core's actions, and what comes back from a launch: see host.h. */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "init/host/host.h"
#include "init/launch/launch.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"

/* Longer than the core waits for a clean-up: its own deadline comes first. */
enum { CLEAN_TIMEOUT_MS = 60000, CHECK_TIMEOUT_MIN_MS = 1000 };

/* No launch is watched any more. */
static void close_launch(struct host *host, uint32_t unit)
{
	struct kept_unit *kept = &host->units[unit];

	host_watch(host, kept->report, WATCH_REPORT, unit, 0);
	host_watch(host, kept->ready, WATCH_READY, unit, 0);
	close_fd(&kept->report);
	close_fd(&kept->ready);
}

/*
 * Making a container's namespaces and groups waits for several grace periods of RCU, some ten
 * milliseconds each on a machine that is idle otherwise. The kernel shortens them while it boots
 * (Documentation/RCU/Design/Expedited-Grace-Periods); so do we while containers start. It costs
 * the other processors interrupts, therefore not for longer.
 */
void host_hurry(struct host *host, bool hurry)
{
	if (!host->kept->is_init || host->hurries == hurry)
		return;
	host->hurries = hurry;
	file_write(AT_FDCWD, "/sys/kernel/rcu_expedited", hurry ? "1" : "0", 1);
}

static void start(struct host *host, uint32_t unit)
{
	struct kept_unit *kept = &host->units[unit];

	if (host->plan.units[unit].source != SOURCE_EXEC)
		host_hurry(host, true);

	kept->launched = kept->cleaned = 0;
	kept->early_exit = -1;
	kept->status[0] = '\0';
	if (host_open_sockets(host, unit) < 0) {
		error_format(error_last(), kept->status, sizeof(kept->status));
		host_say_error(host, plan_unit_name(&host->plan, unit));
		host_post(host, EVENT_LAUNCH_FAILED, unit, 0);
		return;
	}
	/* The core ends a launch that takes too long. */
	if (host_job(host, JOB_START, unit, PLAN_FOREVER) < 0)
		host_post(host, EVENT_LAUNCH_FAILED, unit, 0);
}

static void stop(struct host *host, uint32_t unit)
{
	const struct kept_unit *kept = &host->units[unit];

	/* Nobody else reaps it: this pid is that process. */
	if (kept->pid > 0)
		kill(kept->pid, (int)host->plan.units[unit].stop_signal);
}

void host_next_job(struct host *host, uint32_t unit)
{
	struct kept_unit *kept = &host->units[unit];
	const uint32_t kind = kept->next_job;

	if (kind == JOB_NONE || kept->run.pid > 0)
		return;
	kept->next_job = JOB_NONE;
	if (host_job(host, (enum job_kind)kind, unit, CLEAN_TIMEOUT_MS) < 0)
		host_post(host, EVENT_CLEAN_FAILED, unit, 0);
}

/* Whatever runs for the unit ends first: it could make what is being removed. */
static void clean(struct host *host, uint32_t unit, enum job_kind kind)
{
	struct kept_unit *kept = &host->units[unit];

	close_launch(host, unit);
	kept->cleaned = 0;
	kept->next_job = kind;
	if (kept->check.pid > 0)
		kill(-kept->check.pid, SIGKILL);
	if (kept->run.pid > 0)
		kill(-kept->run.pid, SIGKILL);
	else
		host_next_job(host, unit);
}

static void check(struct host *host, uint32_t unit, int64_t value)
{
	struct kept_unit *kept = &host->units[unit];
	const struct plan_unit *planned = &host->plan.units[unit];
	uint64_t timeout = value ? planned->health.timeout : planned->ready.every;

	if (timeout < CHECK_TIMEOUT_MIN_MS)
		timeout = CHECK_TIMEOUT_MIN_MS;
	if (kept->check.pid > 0)
		kill(-kept->check.pid, SIGKILL); /* forgotten: reaped as a stranger */
	kept->check_value = value != 0;
	if (host_job(host, JOB_CHECK, unit, timeout) < 0)
		host_post(host, EVENT_CHECKED, unit, 0);
}

/* Which failures are worth a write to flash: the 1st, 2nd, 4th, 8th ... in a row. */
static bool is_worth_recording(uint32_t failures)
{
	return failures > 0 && (failures & (failures - 1)) == 0;
}

static void remember_failure(struct host *host, uint32_t unit, const struct unit_state *state)
{
	struct kept *kept = host->kept;
	struct recorder_failure *failure;

	if (!host->plan.system->recorder || !is_worth_recording(state->failures) ||
	    kept->failure_count == PENDING_FAILURES)
		return;
	failure = &kept->failures[kept->failure_count++];
	*failure = (struct recorder_failure){
		.up_ms = host->now,
		.cause = state->cause,
		.exit_status = state->exit_status,
	};
	strncpy(failure->unit, plan_unit_name(&host->plan, unit), sizeof(failure->unit) - 1);
}

static void changed(struct host *host, uint32_t unit, uint32_t before)
{
	const struct unit_state *state = supervisor_unit(host->supervisor, unit);
	const char *name = plan_unit_name(&host->plan, unit);

	host_note_unit(host, unit, before);
	host_tend_sockets(host, unit);
	host->control_due = 1;
	host->goal_at = host->now;
	switch (state->phase) {
	case PHASE_BACKOFF:
	case PHASE_FAILED:
		remember_failure(host, unit, state);
		host_say(host, state->phase == PHASE_FAILED ? SAY_ERROR : SAY_WARNING,
			 "%s: %s (%s, exit status %d, %u in a row)", name,
			 unit_phase_name(state->phase), unit_cause_name(state->cause),
			 (int)state->exit_status, (unsigned int)state->failures);
		break;
	case PHASE_WAITING:
		host->poll_at = host->now; /* it may wait for a path */
		break;
	default:
		host_say(host, SAY_INFO, "%s: %s (%s)", name, unit_phase_name(state->phase),
			 unit_cause_name(state->cause));
		break;
	}
}

void host_act(struct host *host, const struct action *action)
{
	switch ((enum action_kind)action->kind) {
	case ACTION_START:
		start(host, action->unit);
		break;
	case ACTION_STOP:
		stop(host, action->unit);
		break;
	case ACTION_CLEAN:
		clean(host, action->unit, JOB_CLEAN);
		break;
	case ACTION_RESET:
		clean(host, action->unit, JOB_RESET);
		break;
	case ACTION_CHECK:
		check(host, action->unit, action->value);
		break;
	case ACTION_REBOOT:
		host_end(host, BOARD_REBOOT, END_LADDER, plan_unit_name(&host->plan, action->unit));
		break;
	case ACTION_CHANGED:
		changed(host, action->unit, (uint32_t)action->value);
		break;
	case ACTION_DOWN:
		host_end_step(host);
		break;
	}
}

bool host_is_launching(const struct host *host)
{
	for (uint32_t i = 0; i < host->plan.unit_count; i++)
		if (host->units[i].report >= 0)
			return true;
	return false;
}

/* The launch is over: its program runs, or never will. */
static void launched(struct host *host, uint32_t unit, bool runs)
{
	struct kept_unit *kept = &host->units[unit];
	const int32_t early = kept->early_exit;

	host_watch(host, kept->report, WATCH_REPORT, unit, 0);
	close_fd(&kept->report);
	kept->launched = runs;
	kept->early_exit = -1;
	host_post(host, runs ? EVENT_LAUNCHED : EVENT_LAUNCH_FAILED, unit, 0);
	if (runs && early >= 0)
		host_post(host, EVENT_EXITED, unit, early);
	/* What waited for the early units to be out of the way. */
	if (host->rest_at != UINT64_MAX && !host_is_launching(host))
		host->rest_at = host->now;
}

/* One packet at a time; false: there is none, or it was the last. */
static bool take_report(struct host *host, uint32_t unit)
{
	struct kept_unit *kept = &host->units[unit];
	struct launch_report report;
	const ssize_t size = recv(kept->report, &report, sizeof(report), 0);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (size != (ssize_t)sizeof(report)) {
		/* execve(2) has closed it: an exec unit's program runs. */
		launched(host, unit, kept->pid > 0 && host->plan.units[unit].source == SOURCE_EXEC);
		return false;
	}
	report.text[sizeof(report.text) - 1] = '\0';
	switch (report.kind) {
	case LAUNCH_PID:
		kept->pid = report.pid;
		if (send(kept->report, "", 1, MSG_NOSIGNAL) == 1)
			return true;
		launched(host, unit, false);
		return false;
	case LAUNCH_DONE:
		launched(host, unit, kept->pid > 0 || kept->early_exit >= 0);
		return false;
	default:
		strncpy(kept->status, report.text, sizeof(kept->status) - 1);
		host_say(host, SAY_ERROR, "%s: %s", plan_unit_name(&host->plan, unit), report.text);
		launched(host, unit, false);
		return false;
	}
}

void host_report(struct host *host, uint32_t unit)
{
	while (host->units[unit].report >= 0 && take_report(host, unit))
		;
}

/* CHECK_FD: a newline means ready; the end without one means that it never will say so. */
void host_ready(struct host *host, uint32_t unit)
{
	struct kept_unit *kept = &host->units[unit];
	char text[64];
	const ssize_t size = read(kept->ready, text, sizeof(text));

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size > 0 && !memchr(text, '\n', (size_t)size))
		return;
	host_watch(host, kept->ready, WATCH_READY, unit, 0);
	close_fd(&kept->ready);
	if (size > 0)
		host_post(host, EVENT_NOTIFY_READY, unit, 0);
}
