/* SPDX-License-Identifier: Apache-2.0 */
/* Forked children: see host.h. */
#include <sys/mman.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "init/host/host.h"
#include "init/launch/launch.h"
#include "init/log/log.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

enum { QUICK_MS = 60000 };

static const int all_signals[] = { SIGCHLD, SIGTERM, SIGINT,  SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2,
				   SIGPWR,  SIGPIPE, SIGSEGV, SIGBUS, SIGFPE,  SIGILL,	SIGABRT };

/* A child begins as any program does: nothing of the host's signals, memory or messages. */
static void begin_child(struct host *host, int output)
{
	sigset_t none;
	const void *view;

	for (size_t i = 0; i < sizeof(all_signals) / sizeof(all_signals[0]); i++)
		(void)signal(all_signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	/* A private view: what the child writes there is its own. */
	view = mmap(host->kept, host->kept_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
		    host->kept_fd, 0);
	if (view != host->kept)
		_exit(1);
	if (output >= 0) {
		dup2(output, STDOUT_FILENO);
		dup2(output, STDERR_FILENO);
	}
}

pid_t host_fork(struct host *host, int output)
{
	const pid_t pid = fork();

	if (pid < 0)
		return fail(errno, "fork");
	if (pid == 0)
		begin_child(host, output);
	else
		setpgid(pid,
			pid); /* as it does itself: who kills the group must not be too early */
	return pid;
}

static int unit_job(const struct host *host, enum job_kind kind, uint32_t unit, int report,
		    int ready)
{
	const struct kept_unit *kept = &host->units[unit];
	const struct plan_unit *planned = &host->plan.units[unit];
	const struct launch launch = {
		.plan = &host->plan,
		.unit = unit,
		.output = kept->output,
		.report = report,
		.ready = ready,
		.notify = kept->notify >= 0 ? 1 : -1,
		.pid = kept->pid,
		.starts = supervisor_unit(host->supervisor, unit)->starts,
		.sockets = host_sockets(host, unit),
		.trial = host->kept->trial != TRIAL_NONE,
	};

	switch (kind) {
	case JOB_START:
		return launch_start(&launch);
	case JOB_RESET:
		return launch_reset(&launch);
	case JOB_CHECK:
		return launch_check(&launch,
				    kept->check_value ? &planned->health : &planned->ready);
	default:
		return launch_clean(&launch);
	}
}

/* What a crash left, when the state is of no use any more: all units, last to first. */
static int clean_all(const struct host *host)
{
	int result = 0;

	for (uint32_t i = host->plan.unit_count; i-- > 0;)
		result |= unit_job(host, JOB_CLEAN, i, -1, -1);
	return result;
}

static int record(const struct kept *kept, const char *path, uint64_t now)
{
	int result = 0;

	if (kept->record_boot_due)
		result |= recorder_boot(path, kept->watchdog.boot_status);
	for (uint32_t i = 0; i < kept->failure_count; i++)
		result |= recorder_failure(path, &kept->failures[i]);
	if (kept->record_end_due)
		result |= recorder_end(path, kept->end_reason, kept->end_text, now);
	return result;
}

/* Read a block where the disk has it, not from the page cache. */
static int probe(const char *path)
{
	static char block[4096] __attribute__((aligned(4096)));
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);

	if (fd < 0 && errno == EINVAL)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(errno, "storage probe %s", path);
	posix_fadvise(fd, 0, sizeof(block), POSIX_FADV_DONTNEED);
	return pread(fd, block, sizeof(block), 0) < 0 ? fail(errno, "storage probe %s", path) : 0;
}

/* Another init has set the board up. */
static int set_up(const struct host *host)
{
	const int result = host->kept->is_init ? board_set_up(&host->plan) : 0;

	return !IS_ENABLED(CONFIG_IMAGE_REVISION) || result < 0 ? result : host_choose(host);
}

static int global_job(const struct host *host, enum job_kind kind)
{
	const struct plan_system *system = host->plan.system;

	switch (kind) {
	case JOB_BOARD:
		return set_up(host);
#if IS_ENABLED(CONFIG_IMAGE_REVISION)
	case JOB_REVISION:
		return host_end_trial(host);
	case JOB_SWEEP:
		return volumes_sweep(&host->plan, true);
#endif
	case JOB_RECORD:
		return record(host->kept, plan_given(&host->plan, system->recorder), host->now);
	case JOB_PROBE:
		return probe(plan_given(&host->plan, system->probe));
	case JOB_CLEAN_ALL:
		return clean_all(host);
	case JOB_KILL:
		return board_kill_rest(host->kept->jobs[JOB_WRITER].pid);
	case JOB_UNMOUNT:
		return board_unmount();
	default:
		return 1;
	}
}

static void watch_launch(struct host *host, uint32_t unit, int report, int ready)
{
	host->units[unit].report = report;
	host->units[unit].ready = ready;
	host_watch(host, report, WATCH_REPORT, unit, EPOLLIN);
	host_watch(host, ready, WATCH_READY, unit, EPOLLIN);
}

static struct kept_job *job_of(struct host *host, enum job_kind kind, uint32_t unit)
{
	switch (kind) {
	case JOB_START:
	case JOB_CLEAN:
	case JOB_RESET:
		return &host->units[unit].run;
	case JOB_CHECK:
		return &host->units[unit].check;
	default:
		return &host->kept->jobs[kind];
	}
}

static int open_launch(const struct host *host, uint32_t unit, int report[2], int ready[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) < 0)
		return fail(errno, "socket pair");
	if (host->plan.units[unit].ready.kind == CHECK_FD && pipe2(ready, O_CLOEXEC) < 0)
		return fail(errno, "pipe");
	/* The child waits for our answer, we never for it. */
	fcntl(report[0], F_SETFL, O_NONBLOCK);
	if (ready[0] >= 0)
		fcntl(ready[0], F_SETFL, O_NONBLOCK);
	return 0;
}

pid_t host_job(struct host *host, enum job_kind kind, uint32_t unit, uint64_t timeout_ms)
{
	struct kept_job *job = job_of(host, kind, unit);
	const uint32_t ring = kind < JOB_FIRST_GLOBAL ? unit : host->plan.unit_count;
	/* The last words go to the console: nobody reads the pipe any more. */
	const bool console = host->kept->is_init && (kind == JOB_UNMOUNT || kind == JOB_BOARD);
	const int output = console ? -1 : host->units[ring].output;
	int report[2] = { -1, -1 }, ready[2] = { -1, -1 };
	int result = kind == JOB_START ? open_launch(host, unit, report, ready) : 0;
	pid_t pid = result == 0 ? host_fork(host, output) : result;

	if (pid == 0) {
		close_fd(&report[0]);
		close_fd(&ready[0]);
		/* What is wrong with the board is for both: who sits there, and who reads logs. */
		if (kind == JOB_BOARD)
			log_setup(&(struct log_options){
				.fd = console ? host->units[ring].output : -1,
				.level = LOG_LEVEL_WARNING,
				.program = "cruet",
			});
		result = kind < JOB_FIRST_GLOBAL ? unit_job(host, kind, unit, report[1], ready[1]) :
						   global_job(host, kind);
		if (result != 0 && error_last()->code != ERROR_NONE)
			log_error(); /* where the unit's own messages go */
		_exit(kind >= JOB_FIRST_GLOBAL && result > 0 ? result : result != 0);
	}
	close_fd(&report[1]);
	close_fd(&ready[1]);
	if (pid < 0) {
		close_fd(&report[0]);
		close_fd(&ready[0]);
		host_say_error(host, ring == unit ? plan_unit_name(&host->plan, unit) : NULL);
		return pid;
	}
	*job = (struct kept_job){
		.pid = pid,
		.kind = kind,
		.deadline = timeout_ms == PLAN_FOREVER ? UINT64_MAX : host->now + timeout_ms,
	};
	if (kind == JOB_START)
		watch_launch(host, unit, report[0], ready[0]);
	return pid;
}

void host_start_writer(struct host *host)
{
	struct kept *kept = host->kept;
	const uint32_t count = host->plan.unit_count + 1;
	int pipes[PLAN_MAX_UNITS + 1];
	const pid_t pid = host_fork(host, -1);

	if (pid == 0) {
		for (uint32_t i = 0; i < count; i++)
			pipes[i] = host->units[i].output_read;
		log_writer(&host->plan, kept->rings, pipes);
	}
	kept->writer_starts++;
	/* One that dies at once is not started over and over: the lines wait in the pipes. */
	kept->writer_quick = host->now - kept->writer_began < QUICK_MS ? kept->writer_quick + 1 : 0;
	kept->writer_began = host->now;
	kept->writer_at = host->now + (kept->writer_quick < 4 ? 100 : 2000);
	if (pid < 0) {
		host_say_error(host, "log writer");
		return;
	}
	kept->jobs[JOB_WRITER] = (struct kept_job){
		.pid = pid,
		.kind = JOB_WRITER,
		.deadline = UINT64_MAX,
	};
}

static void check_deadline(const struct host *host, struct kept_job *job)
{
	if (job->pid == 0 || job->deadline > host->now)
		return;
	kill(-job->pid, SIGKILL);
	kill(job->pid, SIGKILL);
	job->deadline = UINT64_MAX; /* what is left is to reap it */
}

void host_check_deadlines(struct host *host)
{
	for (uint32_t i = 0; i < host->plan.unit_count; i++) {
		check_deadline(host, &host->units[i].run);
		check_deadline(host, &host->units[i].check);
	}
	for (size_t i = 0; i < JOB_KINDS; i++)
		check_deadline(host, &host->kept->jobs[i]);
}

static uint64_t earlier(uint64_t due, const struct kept_job *job)
{
	return job->pid && job->deadline < due ? job->deadline : due;
}

uint64_t host_job_deadline(const struct host *host)
{
	uint64_t due = UINT64_MAX;

	for (uint32_t i = 0; i < host->plan.unit_count; i++)
		due = earlier(earlier(due, &host->units[i].run), &host->units[i].check);
	for (size_t i = 0; i < JOB_KINDS; i++)
		due = earlier(due, &host->kept->jobs[i]);
	return due;
}
