/* SPDX-License-Identifier: Apache-2.0 */
/* The messages between the runtime and the container's first process, and its clone: see launch.h.
 */
#include "runtime/launch.h"

#include <alloca.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* Either end may be a socket (no SIGPIPE then) or a fifo that its writer also reads. */
static int put(int fd, const void *data, size_t size)
{
	ssize_t sent;

	do
		sent = send(fd, data, size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == ENOTSOCK)
		return fd_write_all(fd, data, size);
	return sent < 0 ? -1 : 0;
}

int launch_send_data(int fd, enum launch_step step, const void *data, size_t size)
{
	if (put(fd, &step, sizeof(step)) < 0 || (size > 0 && put(fd, data, size) < 0))
		return fail(errno, "talk to the other side of the launch");
	return 0;
}

int launch_send(int fd, enum launch_step step)
{
	return launch_send_data(fd, step, NULL, 0);
}

void launch_send_error(int fd)
{
	const enum launch_step step = STEP_ERROR;

	if (put(fd, &step, sizeof(step)) == 0)
		(void)put(fd, error_last(), sizeof(struct error));
}

static int get(int fd, void *data, size_t size)
{
	ssize_t got;

	do
		got = read(fd, data, size);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno != ECONNRESET)
		return fail(errno, "listen to the other side of the launch");
	return got == (ssize_t)size ? 0 : -EPIPE;
}

int launch_expect(int fd, enum launch_step step, void *data, size_t size)
{
	enum launch_step got;
	int result = get(fd, &got, sizeof(got));

	if (result < 0)
		return result;
	if (got == STEP_ERROR) {
		struct error *error = error_last();

		result = get(fd, error, sizeof(*error));
		if (result < 0)
			return result;
		return error->no > 0 ? -error->no : -EINVAL;
	}
	if (got != step)
		return fail(EPROTO, "launch: step %d came instead of %d", (int)got, (int)step);
	return size > 0 ? get(fd, data, size) : 0;
}

/* The part of the kernel's struct clone_args (linux/sched.h) up to 5.7, with its fixed layout. */
struct clone_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};

static struct clone_arguments clone_arguments(uint64_t flags, int cgroup)
{
	return (struct clone_arguments){
		.flags = flags | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.exit_signal = SIGCHLD,
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
	};
}

static pid_t clone_into(uint64_t flags, int cgroup)
{
	const struct clone_arguments arguments = clone_arguments(flags, cgroup);

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

pid_t launch_clone(int flags, int cgroup, bool *cloned_into)
{
	pid_t pid = -1;

	*cloned_into = false;
	if (cgroup >= 0) {
		pid = clone_into((unsigned int)flags, cgroup);
		*cloned_into = pid >= 0;
		/*
		 * No clone3 (< 5.3), no such flag (< 5.7), or a group that takes nobody by birth:
		 * pids.max (EAGAIN) counts who is born in it, not who moves in.
		 */
		if (pid >= 0 ||
		    (errno != ENOSYS && errno != E2BIG && errno != EINVAL && errno != EBUSY &&
		     errno != EOPNOTSUPP && errno != EACCES && errno != EAGAIN))
			return pid >= 0 ? pid : -errno;
	}
	/* Argument order differs between architectures, but all but the first are zero. */
	pid = (pid_t)syscall(SYS_clone, (unsigned long)(unsigned int)flags | SIGCHLD, 0, 0, 0, 0);
	return pid >= 0 ? pid : -errno;
}

/*
 * The child goes on with our stack pointer. What lies below it right after the system call is the
 * frame of syscall(3), through which we are still to return: the child steps over it before it
 * calls anything. In this function itself nothing but the result is needed later.
 */
__attribute__((noinline)) static pid_t clone_on_our_stack(const struct clone_arguments *arguments,
							  void (*child)(void *), void *data)
{
	enum { FRAME_OF_SYSCALL = 4096 };
	const long pid = syscall(SYS_clone3, arguments, sizeof(*arguments));

	if (pid == 0) {
		void *gap = alloca(FRAME_OF_SYSCALL);

		__asm__ volatile("" : : "r"(gap) : "memory");
		child(data);
		_exit(1);
	}
	return (pid_t)pid;
}

pid_t launch_clone_sharing(int flags, int cgroup, void (*child)(void *), void *data)
{
	const struct clone_arguments arguments =
		clone_arguments((unsigned int)flags | CLONE_VM | CLONE_VFORK, cgroup);
	const pid_t pid = clone_on_our_stack(&arguments, child, data);

	/* Whatever it is, the careful way finds out again, and can do without. */
	return pid < 0 ? -ENOSYS : pid;
}
