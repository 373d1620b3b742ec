/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks. A hook's process shares our memory until it executes (CLONE_VM | CLONE_VFORK, as
 * posix_spawn does it): no page tables are copied, and why an execve(2) failed is told through a
 * variable. That is safe because this program has no thread and no signal handler.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "runtime/hook.h"
#include "runtime/spec/spec.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

enum {
	OUTPUT_KEPT = 400,	/* bytes of the end of a hook's output, for the error text */
	ATOMIC_PIPE = 4096,	/* what the smallest pipe takes at once (PIPE_BUF) */
	CHILD_STACK = 16 << 10, /* lib/fd's way of old kernels reads a folder on it */
	TICK_MS = 10,		/* how often to look where there is no pidfd (< 5.2) */
};

/* What the child needs. It may write to `error` only. */
struct hook_child {
	const char *path;
	char *const *args, *const *env;
	int executable, cwd, input, output;
	pid_t parent;
	int error;
};

/* A hook at work, as we see it. */
struct hook_process {
	pid_t pid;
	int pidfd;  /* -1: old kernel */
	int input;  /* write end; -1 once all is written */
	int output; /* read end; -1 once closed by all writers */
	const char *state;
	size_t state_left;
	char kept[OUTPUT_KEPT];
	size_t kept_size;
};

/* Code on a stack that sanitizers do not know, in memory that is the parent's. */
#define ON_BORROWED_MEMORY __attribute__((no_sanitize("address", "undefined"), noinline))

ON_BORROWED_MEMORY static int child_fail(struct hook_child *child)
{
	child->error = errno;
	_exit(127);
}

/* Runs on a stack of its own, in the parent's memory: system calls only. */
ON_BORROWED_MEMORY static int child_main(void *argument)
{
	struct hook_child *child = argument;
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	/* A group of its own, so that a timeout hits its children too. */
	if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return child_fail(child);
	if (getppid() != child->parent)
		_exit(127); /* it died before PR_SET_PDEATHSIG */
	if (dup2(child->input, 0) < 0 || dup2(child->output, 1) < 0 || dup2(child->output, 2) < 0)
		return child_fail(child);
	/* --preserve-fds are the container's, not the hook's. */
	if (fd_cloexec_from(3, -1) < 0 || (child->cwd >= 0 && fchdir(child->cwd) < 0))
		return child_fail(child);
	sigemptyset(&none);
	sigaction(SIGPIPE, &action, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/*
	 * A script cannot be executed from a descriptor that closes (ENOENT): its interpreter would
	 * not find it. By its path then, which the caller's mount namespace shows as long as root
	 * is not changed.
	 */
	if (child->executable >= 0) {
		syscall(SYS_execveat, child->executable, "", child->args, child->env,
			AT_EMPTY_PATH);
		if (errno != ENOENT && errno != ENOSYS)
			return child_fail(child);
	}
	execve(child->path, child->args, child->env);
	return child_fail(child);
}

/* dup2(2) to 0, 1, 2 in the child must not hit one of the pipes: keep them above. */
static int above_stdio(int *fd)
{
	int copy;

	if (*fd > 2)
		return 0;
	copy = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return -1;
	close_fd(fd);
	*fd = copy;
	return 0;
}

static int make_pipe(int *read_end, int *write_end)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*read_end = ends[0];
	*write_end = ends[1];
	return above_stdio(read_end) < 0 || above_stdio(write_end) < 0 ? -1 : 0;
}

/*
 * Write what the pipe takes. Nothing is lost when the hook goes without reading: EPIPE ends the
 * feeding. The caller sees to SIGPIPE.
 */
static void feed(struct hook_process *process)
{
	ssize_t count = write(process->input, process->state, process->state_left);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count > 0) {
		process->state += count;
		process->state_left -= (size_t)count;
	}
	if (count < 0 || process->state_left == 0)
		close_fd(&process->input);
}

static void keep_output(struct hook_process *process)
{
	char buffer[1024];
	ssize_t count = read(process->output, buffer, sizeof(buffer));
	size_t size, old;

	if (count < 0 && errno == EINTR)
		return;
	if (count <= 0) {
		close_fd(&process->output);
		return;
	}
	size = (size_t)count < OUTPUT_KEPT ? (size_t)count : OUTPUT_KEPT;
	old = process->kept_size < OUTPUT_KEPT - size ? process->kept_size : OUTPUT_KEPT - size;
	memmove(process->kept, process->kept + process->kept_size - old, old);
	memcpy(process->kept + old, buffer + (size_t)count - size, size);
	process->kept_size = old + size;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reap if it ended: 1, 0 while it runs, or -1. */
static int reap(const struct hook_process *process, int *status, int options)
{
	pid_t pid;

	do
		pid = waitpid(process->pid, status, options);
	while (pid < 0 && errno == EINTR);
	return pid < 0 ? -1 : pid > 0;
}

static void kill_group(const struct hook_process *process, int *status)
{
	kill(-process->pid, SIGKILL);
	kill(process->pid, SIGKILL); /* it may have left its group */
	reap(process, status, 0);
}

/*
 * Feed and listen until the process itself ends: children that it leaves behind may keep the pipes
 * as long as they like. 0 with *status, or -ETIMEDOUT.
 */
static int attend(struct hook_process *process, uint32_t timeout, int *status)
{
	int64_t deadline = timeout ? now_ms() + (int64_t)timeout * 1000 : INT64_MAX;
	bool ended = false;

	while (!ended) {
		struct pollfd fds[] = {
			{ .fd = process->pidfd, .events = POLLIN },
			{ .fd = process->output, .events = POLLIN },
			{ .fd = process->input, .events = POLLOUT },
		};
		int64_t left = timeout ? deadline - now_ms() : INT32_MAX;
		int wait = left < INT32_MAX ? (int)left : -1;
		int result;

		if (left <= 0) {
			kill_group(process, status);
			return -ETIMEDOUT;
		}
		if (process->pidfd < 0 && (wait < 0 || wait > TICK_MS))
			wait = TICK_MS;
		if (poll(fds, 3, wait) < 0 && errno != EINTR)
			break;
		if (fds[2].revents)
			feed(process);
		if (fds[1].revents)
			keep_output(process);
		if (process->pidfd >= 0 && !fds[0].revents)
			continue;
		result = reap(process, status, process->pidfd >= 0 ? 0 : WNOHANG);
		if (result < 0)
			return -errno;
		ended = result > 0;
	}
	if (!ended) {
		int saved = errno;

		kill_group(process, status);
		return -saved;
	}
	while (process->output >= 0 &&
	       poll(&(struct pollfd){ .fd = process->output, .events = POLLIN }, 1, 0) > 0)
		keep_output(process);
	return 0;
}

/* Starts it; what it executes has begun when this returns 0. `*failed` is the errno of the child.
 */
static int start(struct hook_child *child, struct hook_process *process)
{
	auto_fd int input = -1, output = -1;
	char stack[CHILD_STACK] __attribute__((aligned(16)));
	int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;

	if (make_pipe(&input, &process->input) < 0 || make_pipe(&process->output, &output) < 0)
		return fail(errno, "pipe for a hook");
	/*
	 * Small states are written now, while we hold the reading end: no loop, and no SIGPIPE. A
	 * larger one may block, so only as much as there is room for.
	 */
	if (process->state_left > ATOMIC_PIPE && fcntl(process->input, F_SETFL, O_NONBLOCK) < 0)
		return fail(errno, "pipe for a hook");
	feed(process);

	child->input = input;
	child->output = output;
	child->parent = getpid();
	process->pid = clone(child_main, stack + sizeof(stack), flags, child, &process->pidfd);
	if (process->pid < 0)
		return fail(errno, "clone for a hook");
	return 0;
}

static int report(const struct hook_process *process, int status, int error, uint32_t timeout)
{
	size_t size = process->kept_size;
	const char *label;

	while (size > 0 && (process->kept[size - 1] == '\n' || process->kept[size - 1] == '\0'))
		size--;
	label = size ? ", output: " : "";
	if (error == -ETIMEDOUT)
		return fail_as(ERROR_HOOK, 0, "timed out after %u s%s%.*s", timeout, label,
			       (int)size, process->kept);
	if (error < 0)
		return fail_as(ERROR_HOOK, -error, "waiting for it");
	if (WIFSIGNALED(status))
		return fail_as(ERROR_HOOK, 0, "killed by signal %d%s%.*s", WTERMSIG(status), label,
			       (int)size, process->kept);
	if (WEXITSTATUS(status) != 0)
		return fail_as(ERROR_HOOK, 0, "exit status %d%s%.*s", WEXITSTATUS(status), label,
			       (int)size, process->kept);
	return 0;
}

static int run_one(const struct spec_hook *hook, const struct hook_run *run, int executable)
{
	static const char *const empty[] = { NULL };
	const char *const path_alone[] = { hook->path, NULL };
	const char *const *args =
		hook->args.present && hook->args.count ? hook->args.items : path_alone;
	const char *const *env = hook->env.present ? hook->env.items :
				 run->default_env && run->default_env->items ?
						     run->default_env->items :
						     empty;
	/* execve(2) does not write to its strings; its type is older than const. */
	struct hook_child child = {
		.path = hook->path,
		.executable = executable,
		.cwd = run->cwd,
		.args = (char *const *)args,
		.env = (char *const *)env,
	};
	struct hook_process process = {
		.pidfd = -1,
		.input = -1,
		.output = -1,
		.state = run->state,
		.state_left = run->state_size,
	};
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int status = 0, result = start(&child, &process);
	bool feeding = process.input >= 0;

	if (result == 0) {
		if (feeding)
			sigaction(SIGPIPE, &ignore, &before);
		result = attend(&process, hook->timeout, &status);
		if (feeding)
			sigaction(SIGPIPE, &before, NULL);
		result = child.error ? fail_as(ERROR_HOOK, child.error, "exec %s", hook->path) :
				       report(&process, status, result, hook->timeout);
	}
	close_fd(&process.input);
	close_fd(&process.output);
	close_fd(&process.pidfd);
	return result;
}

int hooks_run(const struct spec_hooks *hooks, const struct hook_run *run)
{
	for (size_t i = 0; i < hooks->count; i++) {
		int result =
			run_one(&hooks->items[i], run, run->executables ? run->executables[i] : -1);

		if (result == 0)
			continue;
		error_last()->code = ERROR_HOOK;
		fail_context(result, "error running %s hook #%zu", run->kind, i);
		if (!run->keep_going)
			return result;
		char text[1280];

		log_warning("%s", error_format(error_last(), text, sizeof(text)));
		error_clear();
	}
	return 0;
}

int hooks_open(const struct spec_hooks *hooks, int *executables)
{
	for (size_t i = 0; i < hooks->count; i++) {
		executables[i] = openat(AT_FDCWD, hooks->items[i].path, O_PATH | O_CLOEXEC);
		if (executables[i] < 0) {
			int result = fail_as(ERROR_HOOK, errno, "hook %s", hooks->items[i].path);

			while (i-- > 0)
				close_fd(&executables[i]);
			return result;
		}
	}
	return 0;
}
