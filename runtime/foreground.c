/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting in the foreground: see foreground.h. */
#include "runtime/foreground.h"

#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/console.h"

void foreground_prepare(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Reap what has ended: 1 when `pid` was among it, 0 when not yet, or -errno recorded. */
static int reap(pid_t pid, int options, int *exit_status)
{
	int status;
	pid_t ended;

	do {
		ended = waitpid(-1, &status, options);
		if (ended == pid) {
			*exit_status = status_of(status);
			return 1;
		}
	} while (ended > 0 || (ended < 0 && errno == EINTR));
	return ended < 0 ? fail(errno, "wait for the container's process") : 0;
}

/* What a caller sends us is meant for the container; what the kernel tells us about children or the
 * terminal is not. */
static void pass_on(int signal, void *context)
{
	const pid_t *pid = context;

	if (signal != SIGCHLD && signal != SIGWINCH && signal != SIGURG && signal != SIGPIPE)
		kill(*pid, signal);
}

static int relay_terminal(pid_t pid, int console)
{
	sigset_t all;
	char name[4096];
	auto_fd int master = -1;
	auto_fd int signals = -1;
	auto_fd int pidfd = -1;
	ssize_t got = fd_receive(console, &master, name, sizeof(name));
	struct console_relay relay;

	if (got < 0 || master < 0)
		return got < 0 ? (int)got : fail(EPROTO, "the terminal did not arrive");
	sigfillset(&all);
	signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return fail(errno, "make a signalfd");
	/* Where there is none (< 5.3), the end of the terminal and SIGCHLD tell. */
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	relay = (struct console_relay){
		.master = master,
		.pidfd = pidfd,
		.signals = signals,
		.on_signal = pass_on,
		.context = &pid,
	};
	return console_relay(&relay);
}

int foreground_wait(pid_t pid, int console, int *exit_status)
{
	siginfo_t info;
	sigset_t all;
	int result = console >= 0 ? relay_terminal(pid, console) : 0;

	if (result < 0)
		kill(pid, SIGKILL);
	if (console >= 0) {
		int reaped = reap(pid, 0, exit_status);

		return result == 0 && reaped < 0 ? reaped : result;
	}
	sigfillset(&all);
	for (;;) {
		int signal = sigwaitinfo(&all, &info);

		if (signal == SIGCHLD) {
			result = reap(pid, WNOHANG, exit_status);
			if (result != 0)
				return result < 0 ? result : 0;
		} else if (signal > 0) {
			pass_on(signal, &pid);
		}
	}
}
