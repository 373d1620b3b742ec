/* SPDX-License-Identifier: Apache-2.0 */
/* How the host begins: as PID 1 of a machine, under another init, or after a re-exec. */
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init/host/host.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

enum {
	EMERGENCY_MS = 600000, /* a device that nobody comes to begins anew after so long */
	RETRY_MS = 10000,
	CLEAN_ALL_MS = 60000,
	SWITCH_MS = 120000,
	TURN_MS = 100,
	REST_DELAY_MS = 20,   /* early units come first: at most so long ... */
	WRITER_DELAY_MS = 30, /* ... and so long */
};

/* Before the loop: wait for a child, feeding the watchdog. Its exit status, or -1 (killed). */
static int wait_for(struct host *host, pid_t pid, uint64_t timeout_ms)
{
	struct watchdog *watchdog = &host->kept->watchdog;
	const uint64_t end = host_clock() + timeout_ms;
	int status;
	pid_t ended;

	/* Only for that one: the others are somebody's, who has yet to hear of their end. */
	while ((ended = waitpid(pid, &status, WNOHANG)) != pid) {
		const uint64_t now = host_clock();

		if (now >= end)
			kill(pid, SIGKILL);
		if (ended < 0 && errno == ECHILD)
			return -1;
		if (watchdog->fd >= 0 && watchdog->feed_at <= now)
			watchdog_feed(watchdog, now);
		poll(NULL, 0, TURN_MS);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- emergency ---- */

static const char *system_text(const struct host *host, uint32_t offset)
{
	return host->plan.header ? plan_text(&host->plan, offset) : NULL;
}

static pid_t emergency_shell(const struct host *host, const char *reason)
{
	const struct plan_system *system = host->plan.system;

	return board_emergency_shell(system ? system_text(host, system->console) : NULL,
				     system ? system_text(host, system->shell) : NULL, reason);
}

/* When somebody last typed: the kernel keeps it as the terminal's time of access. */
static time_t last_typed(void)
{
	struct stat console;

	return fstat(STDIN_FILENO, &console) == 0 ? console.st_atime : 0;
}

/* Somebody sits at the emergency shell, while the units wait for the board. */
bool host_is_attended(const struct host *host)
{
	return host->kept->jobs[JOB_SHELL].pid > 0 &&
	       time(NULL) - last_typed() < EMERGENCY_MS / 1000;
}

/*
 * Nothing can be supervised: a shell, and then once more from the beginning. A device that nobody
 * comes to starts anew after a while; who types has all the time in the world.
 */
static void emergency(struct host *host, struct watchdog *watchdog)
{
	char reason[512];
	uint64_t end = host_clock() + EMERGENCY_MS;
	time_t typed = last_typed();
	pid_t shell;
	int status;

	error_format(error_last(), reason, sizeof(reason));
	if (watchdog->fd < 0)
		watchdog_open(watchdog, NULL);
	shell = emergency_shell(host, reason);
	if (shell <= 0)
		end = host_clock() + RETRY_MS;
	while (host_clock() < end) {
		const pid_t ended = waitpid(-1, &status, WNOHANG);

		if (watchdog->fd >= 0)
			watchdog_feed(watchdog, host_clock());
		/* One that ends at once is not started over and over. */
		poll(NULL, 0, ended > 0 && ended != shell ? 0 : 1000);
		if (shell > 0 && ended == shell)
			return;
		if (last_typed() == typed)
			continue;
		typed = last_typed();
		end = host_clock() + EMERGENCY_MS;
	}
	if (shell > 0 || end > EMERGENCY_MS) /* without a shell: tried for so long since power on */
		board_end(BOARD_REBOOT);
}

void host_emergency_job(struct host *host)
{
	const pid_t shell =
		emergency_shell(host, "what system.json requires is missing: see above");

	host_note(host, NOTE_EMERGENCY);
	host->board_at = shell > 0 ? UINT64_MAX : host->now + RETRY_MS;
	if (shell > 0)
		host->kept->jobs[JOB_SHELL] = (struct kept_job){ .pid = shell,
								 .kind = JOB_SHELL,
								 .deadline = UINT64_MAX };
}

void host_load_module(struct host *host, const char *modalias)
{
	enum { MODULE_MS = 30000 };
	const pid_t pid = host_fork(host, host->units[host->plan.unit_count].output);

	if (pid == 0)
		_exit(board_load_modalias(modalias) < 0 ? 1 : 0);
	if (pid > 0)
		host->kept->jobs[JOB_MODULE] = (struct kept_job){
			.pid = pid, .kind = JOB_MODULE, .deadline = host->now + MODULE_MS
		};
}

/* A move between groups takes the kernel ten milliseconds: a child sees to it, and nobody waits. */
void host_own_leaf(struct host *host)
{
	const pid_t pid = host_fork(host, host->units[host->plan.unit_count].output);

	if (pid != 0)
		return;
	if (board_own_leaf() < 0) {
		log_error();
		_exit(1);
	}
	_exit(0);
}

/* ---- beginnings ---- */

/* In an initramfs: what system.json says, then the real root's init in our place. */
static void switch_root(struct host *host, char **argv)
{
	const struct plan_system *system = host->plan.system;
	char text[48];
	pid_t pid;
	bool mounted;

	if (!system->init || !host->kept->is_init)
		return;
	pid = fork();
	if (pid == 0)
		_exit(board_set_up(&host->plan));
	mounted = pid > 0 && wait_for(host, pid, SWITCH_MS) == 0;
	host_open_watchdog(host);
	if (!mounted) {
		fail_as(ERROR_STATE, 0, "the root file system could not be mounted: see above");
	} else {
		if (host->kept->watchdog.fd >= 0) {
			snprintf(text, sizeof(text), "%d", (int)host->kept->watchdog.fd);
			setenv("CRUET_WATCHDOG_FD", text, 1);
			fcntl(host->kept->watchdog.fd, F_SETFD, 0);
		}
		board_switch_root(&host->plan, argv);
	}
	emergency(host, &host->kept->watchdog);
	board_end(BOARD_REBOOT);
}

/* The watchdog that the initramfs's program opened. */
static void take_watchdog(struct host *host)
{
	const char *text = getenv("CRUET_WATCHDOG_FD"); /* stays readable: it is not freed */

	unsetenv("CRUET_WATCHDOG_FD");
	if (text && watchdog_take(&host->kept->watchdog, atoi(text)) == 0)
		host_set_watchdog(host);
	host_open_watchdog(host);
}

/* Each unit takes a few descriptors for ever; the usual limit is 1024. */
static void raise_limit(uint32_t units)
{
	enum { FOR_UNIT = 6, FOR_ALL = 128 };
	const rlim_t need = (rlim_t)units * FOR_UNIT + FOR_ALL;
	struct rlimit limit, usual;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
		return;
	usual = limit;
	limit.rlim_cur = need;
	if (limit.rlim_max < need)
		limit.rlim_max = need;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	limit.rlim_cur = limit.rlim_max = usual.rlim_max; /* as far as it goes */
	setrlimit(RLIMIT_NOFILE, &limit);
	log_warning("%u units: no more than %llu files can be open, %llu may be needed",
		    (unsigned int)units, (unsigned long long)limit.rlim_cur,
		    (unsigned long long)need);
}

/* *watchdog: one that an emergency has opened already. */
static int prepare(struct host *host, const struct host_settings *settings, char **argv,
		   const struct watchdog *watchdog)
{
	const int plan_fd = host_load_plan(host, settings);
	int result = plan_fd < 0 ? plan_fd : host_keep(host, settings, plan_fd);

	if (result < 0)
		return result;
	raise_limit(host->plan.unit_count);
	if (settings->is_init) {
		host->kept->watchdog = *watchdog;
		take_watchdog(host);
		switch_root(host, argv);
		if (board_cgroups(&host->plan) < 0)
			log_error();
	} else if (host_listen(host) < 0) {
		/* Somebody else supervises here: nothing of his is touched. */
		return error_result();
	}
	return host_watch_units(host);
}

/*
 * The first services are on their way before anything that they do not need: the rest is opened by
 * host_tend() once they are launched, at the latest after REST_DELAY_MS.
 */
static void begin(struct host *host)
{
	host->kept->writer_at = host->now + WRITER_DELAY_MS;
	host_note(host, NOTE_STARTED);
	if (host->kept->is_init)
		host_post(host, EVENT_TICK, 0, 0);
	host->rest_at = host->now + (host_is_launching(host) ? REST_DELAY_MS : 0);
}

void host_begin_rest(struct host *host)
{
	host->rest_at = UINT64_MAX;
	if (host_watch_rest(host) < 0) {
		host_say_error(host, NULL); /* the units go on; clients cannot come */
		error_clear();
	}
	host_conditions(host, CONDITION_SOURCES);
	if (host->kept->is_init) {
		host->board_at = host->now;
	} else if (IS_ENABLED(CONFIG_IMAGE_REVISION)) {
		host->board_at = host->now; /* there is one to choose, perhaps */
	} else {
		host->kept->board_ready = 1;
		host_post(host, EVENT_CONDITION, 0, 1);
	}
}

/* What a crash left cannot be gone on with: everything is ended, and begins anew. */
static void begin_anew(struct host *host)
{
	const pid_t pid = host_job(host, JOB_CLEAN_ALL, PLAN_NONE, CLEAN_ALL_MS);

	if (pid > 0)
		wait_for(host, pid, CLEAN_ALL_MS);
	host->kept->jobs[JOB_CLEAN_ALL].pid = 0;
	for (uint32_t i = 0; i < host->plan.unit_count; i++) {
		struct kept_unit *unit = &host->units[i];

		close_fd(&unit->report);
		close_fd(&unit->ready);
		unit->pid = unit->run.pid = unit->check.pid = 0;
		unit->next_job = JOB_NONE;
	}
	supervisor_begin(host->supervisor, &host->plan, host->now);
}

static int resume(struct host *host, int kept_fd)
{
	int result = host_resume(host, kept_fd);
	bool sound;

	if (result < 0)
		return result;
	host_take_over(host);
	host->now = host_clock();
	host->hurries = host->kept->is_init; /* perhaps: host_tend() ends it */
	sound = supervisor_is_sound(host->supervisor, host->kept->supervisor_size, &host->plan);
	if (!sound)
		begin_anew(host);
	if (host->kept->crash_time && host->now - host->kept->crash_time < 1000)
		host_note(host, NOTE_CRASH);
	result = host_watch_units(host);
	if (result == 0)
		result = host_watch_rest(host);
	if (result < 0)
		return result;
	host_conditions(host, CONDITION_SOURCES);
	if (host->kept->choice != CHOICE_NONE)
		host_reload(host); /* what it has come to got lost */
	else if (!sound && host->kept->board_ready)
		host_post(host, EVENT_CONDITION, 0, 1);
	if (!host->kept->board_ready && host->kept->jobs[JOB_BOARD].pid == 0 &&
	    host->kept->jobs[JOB_SHELL].pid == 0)
		host->board_at = host->now; /* it was not that far yet */
	host_post(host, EVENT_TICK, 0, 0);  /* with it the actions that were still queued */
	host_reap(host);		    /* who ended while nobody looked */
	for (uint32_t i = 0; i < host->plan.unit_count; i++)
		host_next_job(host, i);
	return 0;
}

/*
 * The state of the program before cannot be gone on with, and PID 1 has no way back: the machine
 * begins anew, in what order there still can be. A watchdog is not fed meanwhile.
 */
static void give_up(void)
{
	log_error();
	board_kill_rest(0);
	board_unmount();
	board_end(BOARD_REBOOT);
}

static void start(struct host *host, const struct host_settings *settings, char **argv)
{
	struct watchdog watchdog = { .fd = -1 };

	if (settings->is_init && board_early() < 0) {
		log_error();
		emergency(host, &watchdog);
	}
	if (settings->is_init && IS_ENABLED(CONFIG_INIT_EMERGENCY_SHELL) && board_wants_shell()) {
		fail_as(ERROR_NONE, 0, "asked for on the kernel's command line");
		emergency(host, &watchdog);
	}
	while (prepare(host, settings, argv, &watchdog) < 0) {
		log_error();
		if (!settings->is_init)
			exit(1);
		if (host->kept)
			watchdog = host->kept->watchdog;
		emergency(host, &watchdog);
	}
	begin(host);
}

int host_main(const struct host_settings *settings, char **argv)
{
	static struct host instance;
	struct host *host = &instance;
	const int trial = host_answer_trial();
	const int kept_fd = host_resume_fd();

	if (trial >= 0)
		return trial;
	host->epoll = host->signals = host->uevents = host->next_fd = host->rings_read =
		host->plan_read = -1;
	host->control.listener = -1;
	host->poll_at = host->board_at = host->rest_at = UINT64_MAX;
	for (uint32_t i = 0; i < CONTROL_CLIENTS; i++)
		host->control.clients[i].fd = -1;
	for (uint32_t i = 0; i < CONDITION_SOURCES; i++)
		host->conditions.fds[i] = -1;
	if (!settings->is_init && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return fail(errno, "become the parent of orphans");
	host_watch_crashes(host);
	if (kept_fd < 0) {
		start(host, settings, argv);
	} else if (resume(host, kept_fd) < 0) {
		if (settings->is_init)
			give_up();
		return error_result();
	}
	host_loop(host);
}
