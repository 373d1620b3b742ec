/* SPDX-License-Identifier: Apache-2.0 */
/* The child in which an archive is read: see child.h. */
#include "image/archive/child.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image/archive/reader.h"
#include "lib/clone.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/process.h"

enum { NOBODY = 65534 };

/* exit(2) of this thread: strict mode has no exit_group(2). */
static void leave(int status) __attribute__((noreturn));
static void leave(int status)
{
	for (;;)
		syscall(SYS_exit, status);
}

/* Its two pipes become 0 and 1, all other descriptors are closed. */
static int keep_pipes(int input, int output)
{
	const int high = fcntl(output, F_DUPFD, 3);

	if (high < 0 || dup2(input, 0) < 0 || dup2(high, 1) < 0)
		return -1;
	return fd_close_from(2);
}

static void give_up_resources(void)
{
	static const unsigned char kinds[] = { RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_CORE,
					       RLIMIT_FSIZE, RLIMIT_MEMLOCK };
	const struct rlimit nothing = { 0 };

	for (size_t i = 0; i < sizeof(kinds); i++)
		setrlimit(kinds[i], &nothing);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/*
 * A process that has a filter cannot have strict mode as well, so this is what it is, as one more
 * filter. The numbers are not ambiguous: what these are in another calling convention of the same
 * processor gives no rights (i386's 0, 1 and 60 are restart_syscall, exit and umask).
 */
static int filter_all(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = sizeof(code) / sizeof(*code), .filter = code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static enum record_sandbox enter_sandbox(void)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0)
		return SANDBOX_STRICT;
	if (filter_all() == 0)
		return SANDBOX_FILTER;
	if (process_set_groups(NULL, 0) == 0 && process_set_gid(NOBODY) == 0 &&
	    process_set_uid(NOBODY) == 0)
		return SANDBOX_NOBODY;
	return SANDBOX_NONE;
}

/* The parent's buffers, as they were at the fork. */
static void let_go(void *memory, size_t size)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t start = ((uintptr_t)memory + page - 1) & ~(page - 1);
	const uintptr_t end = ((uintptr_t)memory + size) & ~(page - 1);

	if (start < end)
		madvise((unsigned char *)memory + (start - (uintptr_t)memory), end - start,
			MADV_DONTNEED);
}

static void child_run(const struct reader_request *request) __attribute__((noreturn));
static void child_run(const struct reader_request *request)
{
	const struct reader_request moved = {
		.input = 0,
		.output = 1,
		.compression = request->compression,
		.limits = request->limits,
		.digest = request->digest,
		.digest_wanted = request->digest_wanted,
		.bare = request->bare,
		.compared = request->compared,
	};
	struct record_ready ready;
	struct reader reader;
	sigset_t all;

	/* No handler of the parent's is ever run here; it ends by its pipes or by SIGKILL. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (keep_pipes(request->input, request->output) < 0)
		leave(1);
	if (reader_setup(&reader, &moved) < 0 && !reader.memory)
		leave(1);
	give_up_resources();
	ready.sandbox = enter_sandbox();
	if (reader_send(&reader, RECORD_READY, sizeof(ready)) < 0)
		leave(1);
	reader_put(&reader, &ready, sizeof(ready));
	leave(reader_run(&reader) < 0 ? 1 : 0);
}

pid_t child_start(const struct reader_request *request, void *unneeded, size_t size)
{
	bool cloned_into;
	const pid_t pid = clone_process(0, -1, &cloned_into);

	if (pid < 0)
		return fail(-pid, "start the reader of archives");
	if (pid == 0) {
		let_go(unneeded, size);
		child_run(request);
	}
	return pid;
}
