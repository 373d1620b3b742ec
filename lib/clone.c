/* SPDX-License-Identifier: Apache-2.0 */
/* Making processes: see clone.h. */
#include "lib/clone.h"

#include <alloca.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* The part of the kernel's struct clone_args (linux/sched.h) up to 5.7, with its fixed layout. */
struct clone_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};

static struct clone_arguments clone_arguments(uint64_t flags, int cgroup)
{
	return (struct clone_arguments){
		.flags = flags | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		/* A sibling of ours is its parent's child in this too; any other value is EINVAL.
		 */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
	};
}

static pid_t clone_into(uint64_t flags, int cgroup)
{
	const struct clone_arguments arguments = clone_arguments(flags, cgroup);

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

pid_t clone_process(int flags, int cgroup, bool *cloned_into)
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

pid_t clone_process_sharing(int flags, int cgroup, void (*child)(void *), void *data)
{
	const struct clone_arguments arguments =
		clone_arguments((unsigned int)flags | CLONE_VM | CLONE_VFORK, cgroup);
	const pid_t pid = clone_on_our_stack(&arguments, child, data);

	/* Whatever it is, the careful way finds out again, and can do without. */
	return pid < 0 ? -ENOSYS : pid;
}
