/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Re-exec in place: the program is replaced, and everything that runs goes on. What stays is the
 * kept memory and the descriptors that it names; the new program finds it by the environment. A new
 * binary first has to show, in a child, that it can take over: PID 1 must not be exchanged for
 * something that does not start. After a crash the same way leads into the program that is loaded.
 */
#include <sys/reboot.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init/host/host.h"
#include "lib/error.h"

enum {
	TRIAL_MS = 5000,
	ALTERNATE_STACK = 16384,
	ENVIRONMENT_MAX = 64, /* the kernel passes 32 at most */
	/* Exit statuses of a trial, which no other program gives by chance. */
	TRIAL_GOOD = 76,
	TRIAL_OTHER_STATE = 77,
};

#define RESUME_NAME "CRUET_RESUME"
#define TRIAL_NAME "CRUET_TRIAL"

static void keep_over_exec(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
}

static void close_over_exec(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void for_each_kept(struct host *host, void (*apply)(int fd))
{
	const struct kept *kept = host->kept;

	apply(host->kept_fd);
	apply(kept->plan_fd);
	apply(kept->rings);
	apply(kept->control);
	apply(kept->watchdog.fd);
	for (uint32_t i = 0; i <= kept->unit_count; i++) {
		apply(host->units[i].output_read);
		apply(host->units[i].output);
		apply(host->units[i].notify);
		apply(host->units[i].report);
		apply(host->units[i].ready);
	}
	for (uint32_t i = 0; i < kept->socket_count; i++)
		apply(host->sockets[i]);
}

static void execute(struct host *host, const char *path)
{
	char *init[] = { "init", NULL };
	char *supervise[] = { "cruet", "supervise", NULL };
	char *environment[ENVIRONMENT_MAX + 2] = { host->resume_text };

	/* By hand: putenv(3) may allocate, and after a crash nothing may. */
	for (int i = 0; i < ENVIRONMENT_MAX && environ && environ[i]; i++)
		environment[i + 1] = environ[i];
	snprintf(host->resume_text, sizeof(host->resume_text), RESUME_NAME "=%d", host->kept_fd);
	execve(path, host->kept->is_init ? init : supervise, environment);
}

/*
 * The binary's path shows whatever lies there now; the link to our own file may be to a deleted
 * one.
 */
static const char *program(const struct host *host)
{
	return host->kept->exe[0] ? host->kept->exe : "/proc/self/exe";
}

void host_reexec(struct host *host)
{
	char kind[sizeof(TRIAL_NAME) + 32];
	pid_t pid;

	host->reexec = 0;
	if (host->kept->jobs[JOB_TRIAL].pid > 0 || host->next_fd >= 0 ||
	    host->kept->jobs[JOB_RELOAD].pid > 0) {
		host->reexec_later = host->next_fd >= 0 || host->kept->jobs[JOB_RELOAD].pid > 0;
		return;
	}
	pid = host_fork(host, host->units[host->plan.unit_count].output);
	if (pid == 0) {
		char *trial[] = { "init", NULL };

		snprintf(kind, sizeof(kind), TRIAL_NAME "=%d.%zu.%zu", KEPT_VERSION,
			 sizeof(struct kept), sizeof(struct kept_unit));
		execve(program(host), trial, (char *[]){ kind, NULL });
		fail(errno, "execute %s", program(host));
		_exit(1);
	}
	if (pid < 0) {
		host_say_error(host, "re-exec");
		return;
	}
	host->kept->jobs[JOB_TRIAL] = (struct kept_job){ .pid = pid,
							 .kind = JOB_TRIAL,
							 .deadline = host->now + TRIAL_MS };
}

int host_answer_trial(void)
{
	char mine[32];
	const char *kind = getenv(TRIAL_NAME);

	if (!kind)
		return -1;
	snprintf(mine, sizeof(mine), "%d.%zu.%zu", KEPT_VERSION, sizeof(struct kept),
		 sizeof(struct kept_unit));
	return strcmp(kind, mine) == 0 ? TRIAL_GOOD : TRIAL_OTHER_STATE;
}

void host_trial_done(struct host *host, int status)
{
	if (status != TRIAL_GOOD) {
		host_say(host, SAY_ERROR,
			 status == TRIAL_OTHER_STATE ?
				 "re-exec: %s keeps its state in another way: reboot to use it" :
				 "re-exec: %s does not run here: nothing is changed",
			 program(host));
		return;
	}
	host->kept->reexecs++;
	host_note(host, NOTE_REEXEC);
	for_each_kept(host, keep_over_exec);
	execute(host, program(host));
	for_each_kept(host, close_over_exec);
	host_say(host, SAY_ERROR, "re-exec: %s: %s", program(host), strerror(errno));
}

int host_resume_fd(void)
{
	const char *text = getenv(RESUME_NAME);
	const int fd = text ? atoi(text) : -1;

	unsetenv(RESUME_NAME);
	return fd;
}

void host_take_over(struct host *host)
{
	for_each_kept(host, close_over_exec);
}

/* ---- crashes ---- */

/*
 * The one variable of the host with a life of its own: a signal handler has no other way to it. Set
 * once, before the loop.
 */
static struct host *crash_host;

static void crash(int number)
{
	struct host *host = crash_host;
	struct kept *kept = host->kept;
	const uint64_t now = host_clock();

	if (getpid() != host->self)
		_exit(128 + number); /* a child before it has its own ways */
	if (!kept) {		     /* nothing runs yet that could be lost */
		if (getpid() == 1)
			reboot(RB_AUTOBOOT);
		_exit(128 + number);
	}
	if (now - kept->crash_time > CRASH_WINDOW_MS)
		kept->crashes = 0;
	kept->crash_time = now;
	if (++kept->crashes <= CRASHES_MAX) {
		for_each_kept(host, keep_over_exec);
		execute(host, "/proc/self/exe");
	}
	/* Again and again: this machine is better off with a new beginning. */
	if (kept->is_init && getpid() == 1)
		reboot(RB_AUTOBOOT);
	_exit(128 + number);
}

void host_watch_crashes(struct host *host)
{
	static char stack[ALTERNATE_STACK] __attribute__((aligned(16)));
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = {
		.sa_handler = crash,
		.sa_flags = SA_ONSTACK | SA_NODEFER | SA_RESETHAND,
	};

	crash_host = host;
	host->self = getpid();
	sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}
