/* SPDX-License-Identifier: Apache-2.0 */
/* One probe of a unit: see launch.h. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init/launch/internal.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/container.h"

enum { SHORTEST_MS = 1000 };

/* A descriptor of something of the main process's, by its links in /proc. */
static int open_of_main(const struct run *run, const char *what, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)run->launch->pid, what);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? fail(errno, "open %s", path) : fd;
}

static bool is_container(const struct run *run)
{
	return run->unit->source != SOURCE_EXEC;
}

static int join_network(const struct run *run)
{
	auto_fd int fd = -1;

	if (!is_container(run) && !run_owns_network(run))
		return 0;
	fd = open_of_main(run, "ns/net", O_RDONLY);
	if (fd < 0)
		return fd;
	return setns(fd, CLONE_NEWNET) < 0 ? fail(errno, "join the network of %s", run->name) : 0;
}

/* ---- exec ---- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* With all that it has started: its process group is not ours. */
static void end_probe(pid_t pid)
{
	const pid_t group = getpgid(pid);

	if (group > 1 && group != getpgrp())
		kill(-group, SIGKILL);
	kill(pid, SIGKILL);
}

/* Wait for the probe, or end it. */
static int wait_for(pid_t pid, int64_t deadline)
{
	sigset_t child;
	int status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	for (;;) {
		const pid_t ended = waitpid(-1, &status, WNOHANG);
		const int64_t left = deadline - now_ms();
		const struct timespec time = { .tv_sec = left / 1000,
					       .tv_nsec = left % 1000 * 1000000 };

		if (ended == pid)
			break;
		if (ended > 0)
			continue;
		if (ended < 0 && errno != EINTR)
			return fail(errno, "wait for the probe");
		if (left <= 0) {
			end_probe(pid);
			return fail_as(ERROR_PROCESS, 0, "the probe did not end in time");
		}
		sigtimedwait(&child, NULL, &time);
	}
	if (status == 0)
		return 0;
	return fail_as(ERROR_PROCESS, 0, "the probe failed (status %d)", run_status(status));
}

static int check_exec(const struct run *run, const struct plan_check *check, int64_t deadline)
{
	struct program program = {
		.run = run,
		.words = program_words(run, check->words),
	};
	pid_t pid;

	if (!program.words)
		return -ENOMEM;
	if (is_container(run)) {
		/* What another runtime leaves behind is ours to wait for. */
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		pid = oci_exec(run, program.words);
	} else {
		pid = join_network(run);
		program.cgroup = group_of(run);
		if (pid == 0)
			pid = program_start(&program);
	}
	return pid < 0 ? pid : wait_for(pid, deadline);
}

/* ---- file ---- */

static int check_file(const struct run *run, const struct plan_check *check)
{
	const char *path = run_text(run, check->path);
	auto_fd int root = is_container(run) ? open_of_main(run, "root", O_PATH | O_DIRECTORY) :
					       open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = root < 0 ? root : path_open(root, path, O_PATH, 0, PATH_IN_ROOT);

	if (fd == -ENOENT && root >= 0)
		return fail_as(ERROR_PROCESS, ENOENT, "%s", path);
	return fd < 0 ? fail(-fd, "%s", path) : 0;
}

/* ---- tcp ---- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int read_address(const struct run *run, const struct plan_check *check,
			union address *address, socklen_t *size)
{
	const char *text = run_text(run, check->path);
	const in_port_t port = htons((uint16_t)check->number);

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text ? text : "127.0.0.1", &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = port;
		*size = sizeof(address->v4);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) != 1)
		return fail(EINVAL, "address %s", text);
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = port;
	*size = sizeof(address->v6);
	return 0;
}

static int check_tcp(const struct run *run, const struct plan_check *check, int64_t deadline)
{
	union address address;
	socklen_t size = 0, length = sizeof(int);
	struct pollfd wait = { .events = POLLOUT };
	auto_fd int fd = -1;
	int error = 0;
	int result = read_address(run, check, &address, &size);

	if (result == 0)
		result = join_network(run);
	if (result < 0)
		return result;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(errno, "make a socket");
	if (connect(fd, &address.any, size) == 0)
		return 0;
	error = errno;
	wait.fd = fd;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (poll(&wait, 1, (int)(deadline - now_ms())) > 0)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	}
	return error ? fail_as(ERROR_PROCESS, error, "connect to port %u",
			       (unsigned int)check->number) :
		       0;
}

int launch_check(const struct launch *launch, const struct plan_check *check)
{
	auto_arena struct arena arena = { 0 };
	struct run run;
	const struct plan_unit *unit = &launch->plan->units[launch->unit];
	const bool ready = check == &unit->ready;
	int64_t limit = ready ? check->every : check->timeout;
	int64_t deadline;
	int result = run_open(&run, launch, &arena, false);

	/* The supervisor's own patience ends then: be through before. */
	limit = limit < SHORTEST_MS ? SHORTEST_MS : limit;
	deadline = now_ms() + limit - limit / 8;
	if (check->kind == CHECK_HEALTH)
		check = &unit->health;
	if (result == 0)
		switch (check->kind) {
		case CHECK_EXEC:
			result = check_exec(&run, check, deadline);
			break;
		case CHECK_FILE:
			result = check_file(&run, check);
			break;
		case CHECK_TCP:
			result = check_tcp(&run, check, deadline);
			break;
		default:
			result = fail(EINVAL, "%s: no such probe", run.name);
			break;
		}
	/* That it is not ready yet is no news; that the probe cannot be made is. */
	if (ready && error_last()->code == ERROR_PROCESS)
		error_clear();
	return result == 0 ? 0 : 1;
}
