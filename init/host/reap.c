/* SPDX-License-Identifier: Apache-2.0 */
/* Children that ended: main processes, jobs, and orphans, which only need to be reaped. */
#include <sys/wait.h>
#include <signal.h>

#include "init/host/host.h"
#include "lib/fd.h"

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/*
 * A main process may end before its launch has said that it runs (a short program under another
 * runtime): then its status waits for that.
 */
static void main_ended(struct host *host, uint32_t unit, int status)
{
	struct kept_unit *kept = &host->units[unit];

	if (kept->report >= 0)
		host_report(host, unit);
	kept->pid = 0;
	if (kept->report >= 0)
		kept->early_exit = status;
	else if (kept->launched)
		host_post(host, EVENT_EXITED, unit, status);
	if (kept->cleaned) {
		kept->cleaned = 0;
		host_post(host, EVENT_CLEANED, unit, 0);
	}
}

static void run_ended(struct host *host, uint32_t unit, int status)
{
	struct kept_unit *kept = &host->units[unit];
	const uint32_t kind = kept->run.kind;

	kept->run.pid = 0;
	if (kind == JOB_START) {
		/* What it said comes first; it may have left the rest to the process itself. */
		host_report(host, unit);
		if (status != 0 && kept->report >= 0 && kept->next_job == JOB_NONE) {
			host_watch(host, kept->report, WATCH_REPORT, unit, 0);
			close_fd(&kept->report);
			host_post(host, EVENT_LAUNCH_FAILED, unit, 0);
		}
	} else if (kept->next_job == JOB_NONE) {
		if (status != 0)
			host_post(host, EVENT_CLEAN_FAILED, unit, 0);
		else if (kept->pid > 0)
			kept->cleaned = 1; /* it is dead, and will be reaped in a moment */
		else
			host_post(host, EVENT_CLEANED, unit, 0);
	}
	host_next_job(host, unit);
}

static void check_ended(struct host *host, uint32_t unit, int status)
{
	host->units[unit].check.pid = 0;
	host_post(host, EVENT_CHECKED, unit, status == 0);
}

static void ended(struct host *host, pid_t pid, int status)
{
	for (uint32_t i = 0; i < host->plan.unit_count; i++) {
		struct kept_unit *kept = &host->units[i];

		if (kept->pid == pid)
			main_ended(host, i, status);
		else if (kept->run.pid == pid)
			run_ended(host, i, status);
		else if (kept->check.pid == pid)
			check_ended(host, i, status);
		else
			continue;
		return;
	}
	for (uint32_t i = JOB_FIRST_GLOBAL; i < JOB_KINDS; i++)
		if (host->kept->jobs[i].pid == pid) {
			host->kept->jobs[i].pid = 0;
			host_job_done(host, (enum job_kind)i, status);
			return;
		}
}

void host_reap(struct host *host)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (!WIFSTOPPED(status))
			ended(host, pid, status_of(status));
		else if (pid == host->kept->jobs[JOB_WRITER].pid)
			kill(pid, SIGKILL); /* another one goes on where it stopped */
	}
}
