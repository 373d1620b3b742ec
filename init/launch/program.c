/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process on the host: an exec unit's own, or a probe of one. It is made by vfork(2)'s way, in
 * its groups from birth, so that the first service of a boot is a handful of system calls away.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/launch/internal.h"
#include "init/network/network.h"
#include "lib/arena.h"
#include "lib/clone.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/listen.h"
#include "lib/log.h"
#include "lib/process.h"
#include "lib/str.h"
#include "runtime/container.h"

/* sd_watchdog_enabled(3) asks for the pid of who is meant: known to the process itself only. */
#define WATCHDOG_PID "WATCHDOG_PID="

char **program_words(const struct run *run, struct plan_list list)
{
	char **words = arena_array(run->arena, list.count + (size_t)1, sizeof(*words));

	for (uint32_t i = 0; words && i < list.count; i++)
		words[i] = (char *)plan_list_text(run->plan, list, i);
	return words;
}

static bool has_variable(char *const *environment, const char *prefix)
{
	for (; *environment; environment++)
		if (str_has_prefix(*environment, prefix))
			return true;
	return false;
}

static int make_environment(struct program *program)
{
	enum {
		FURTHER = RUN_TOLD_MAX + RUN_LISTEN_MAX + 4,
		WATCHDOG_PID_SIZE = sizeof(WATCHDOG_PID) + 11
	};
	const struct run *run = program->run;
	const struct plan_list given = run->unit->environment;
	char **at = arena_array(run->arena, given.count + (size_t)FURTHER, sizeof(*at));
	const char *terminal = getenv("TERM");
	int told;

	program->environment = at;
	if (!at)
		return -ENOMEM;
	for (uint32_t i = 0; i < given.count; i++)
		*at++ = (char *)plan_list_text(run->plan, given, i);
	if (!has_variable(program->environment, "PATH="))
		*at++ = RUN_PATH;
	if (!program->main)
		return 0;
	if (run->unit->console && !has_variable(program->environment, "TERM="))
		*at++ = arena_printf(run->arena, "TERM=%s", terminal ? terminal : "linux");
	told = run_told(run, run_path(run, RUN_NOTIFY), at);
	if (told < 0)
		return told;
	at += told;
	told = run_listen_told(run, at, &program->listen_pid);
	if (told < 0)
		return told;
	if (run->unit->watchdog_timeout)
		program->watchdog_pid = at[told] = arena_bytes(run->arena, WATCHDOG_PID_SIZE);
	return 0;
}

/* ---- in the child ---- */

static int open_console(const struct run *run)
{
	const char *name = run_text(run, run->plan->system->console);
	char path[64];
	auto_fd int fd = -1;

	snprintf(path, sizeof(path), "/dev/%s", name ? name : "console");
	fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	/* 1: also from another session. Whoever owned it is no longer meant to. */
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 1) < 0)
		return fail(errno, "console %s", path);
	return take_fd(&fd);
}

static int set_streams(const struct program *program)
{
	const struct run *run = program->run;
	const bool console = program->main && run->unit->console;
	auto_fd int input = console ? open_console(run) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int output = console ? input : run->launch->output;

	if (input < 0)
		return console ? input : fail(errno, "open /dev/null");
	/* The user may reopen it by /proc/self/fd. */
	if (!console && run->unit->uid)
		(void)!fchown(output, run->unit->uid, (gid_t)-1);
	if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0)
		return fail(errno, "set up the standard streams");
	return 0;
}

/* Nothing of PID 1's stays open but what the unit is to have; *report may have to make room. */
static int set_descriptors(const struct program *program, int *report)
{
	const struct launch *launch = program->run->launch;
	const int number = (int)program->run->unit->ready.number;
	const unsigned int sockets = program->main ? run_sockets(launch) : 0;
	const int free = LISTEN_FIRST_FD + (int)sockets;
	int ready = launch->ready;

	if (fd_cloexec_from(3, -1) < 0)
		return error_result();
	if (!program->main)
		return 0;
	if (sockets) {
		*report = fcntl(*report, F_DUPFD_CLOEXEC, free);
		if (ready >= 0)
			ready = fcntl(ready, F_DUPFD_CLOEXEC, free);
		if (*report < 0 || (launch->ready >= 0 && ready < 0))
			return fail(errno, "descriptors");
		if (listen_place(launch->sockets, sockets) < 0)
			return error_result();
	}
	if (ready < 0)
		return 0;
	if (*report == number)
		*report = fcntl(*report, F_DUPFD_CLOEXEC, number + 1);
	if (*report < 0 || (ready == number ? fcntl(number, F_SETFD, 0) : dup2(ready, number)) < 0)
		return fail(errno, "descriptor %d for readiness", number);
	return 0;
}

static int set_user(const struct plan_unit *unit)
{
	if ((unit->uid || unit->gid) &&
	    (process_set_groups(NULL, 0) < 0 || process_set_gid(unit->gid) < 0 ||
	     process_set_uid(unit->uid) < 0))
		return fail(errno, "become user %u:%u", (unsigned int)unit->uid,
			    (unsigned int)unit->gid);
	return 0;
}

static int become(struct program *program, int *report)
{
	const struct run *run = program->run;
	const char *folder = run_text(run, run->unit->directory);
	int result = 0;

	/* First of all: whoever kills the groups must not miss us once we have left our process
	 * group. */
	if (program->cgroup && cgroup_needs_enter(program->cgroup, program->cloned_into))
		result = cgroup_enter(program->cgroup, 0, program->cloned_into);
	if (result == 0 && setsid() < 0)
		result = fail(errno, "begin a session");
	if (result == 0)
		result = set_streams(program);
	if (result == 0)
		result = set_descriptors(program, report);
	if (result < 0)
		return result;
	umask(022);
	/* What protects the supervisor is not for its children. */
	file_write(AT_FDCWD, "/proc/self/oom_score_adj", "0", 1);
	result = set_user(run->unit);
	if (result == 0 && chdir(folder ? folder : "/") < 0)
		result = fail(errno, "directory %s", folder ? folder : "/");
	if (result == 0 && !program->main && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		result = fail(errno, "set the signal for our parent's death");
	return result;
}

/* The network is there as soon as a byte has come. */
static void pass_gate(const struct program *program)
{
	char byte;

	if (program->gate >= 0 && read(program->gate, &byte, 1) != 1)
		_exit(1);
}

static void child(void *given)
{
	struct program *program = given;
	int report = program->run->launch->report;
	int result;

	pass_gate(program);
	result = become(program, &report);
	if (result == 0 && program->main) {
		run_listen_pid(program->listen_pid);
		if (program->watchdog_pid)
			sprintf(program->watchdog_pid, WATCHDOG_PID "%d", (int)getpid());
		result = report_pid(report, getpid());
	}
	if (result == 0) {
		environ = program->environment;
		execvp(program->words[0], program->words);
		fail(errno, "execute %s", program->words[0]);
	}
	/* In our parent's memory the error stands recorded: the rest is up to him. */
	if (program->shares)
		_exit(127);
	if (program->main)
		report_error(report);
	log_error();
	_exit(127);
}

/* ---- in the parent ---- */

/* With memory of its own: for the kernels that know no other way, and while it waits for us. */
static pid_t clone_talking(struct program *program, int flags, int group)
{
	const bool network = flags & CLONE_NEWNET;
	const struct launch *launch = program->run->launch;
	int gate[2] = { -1, -1 };
	pid_t pid;

	program->shares = false;
	if (network && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate) < 0)
		return fail(errno, "make a socket pair");
	program->gate = gate[1];
	pid = clone_process(flags, group, &program->cloned_into);
	if (pid == 0) {
		close_fd(&gate[0]);
		child(program);
	}
	close_fd(&gate[1]);
	if (pid < 0)
		pid = fail(-pid, "clone the process");
	else if (network && network_attach(launch->plan, launch->unit, pid) < 0)
		pid = error_result(); /* the closed gate ends it */
	else if (network)
		(void)!write(gate[0], "", 1);
	close_fd(&gate[0]);
	return pid;
}

pid_t program_start(struct program *program)
{
	const int group = program->cgroup ? cgroup_clone_fd(program->cgroup) : -1;
	const int flags = program->main ? CLONE_PARENT : 0;
	pid_t pid = make_environment(program);

	if (pid < 0)
		return pid;
	program->gate = -1;
	if (program->main && run_owns_network(program->run))
		return clone_talking(program, flags | CLONE_NEWNET, group);
	error_clear();
	program->shares = true;
	program->cloned_into = group >= 0;
	pid = clone_process_sharing(flags, group, child, program);
	if (pid == -ENOSYS)
		return clone_talking(program, flags, group);
	return error_last()->text[0] ? error_result() : pid;
}
