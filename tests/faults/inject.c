/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inject [-n N] [-e ERRNO | -k | -K] [-t SECONDS] [-o FILE] COMMAND...: run a command and let its
 * Nth system call fail (-e, by number), or kill the process that makes it (-k), or it and all
 * others (-K). One counter runs over all processes that the command starts. A process that executes
 * a program under another root (the container's own) is let go: from there on it is not the
 * runtime.
 *
 * FILE gets one line: "hit NUMBER-OF-SYSCALL PROCESS ARGUMENTS" or "none COUNT"; "hang" is added
 * when time ran out. Exits with the command's status, 128 + signal when it was killed.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <linux/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "written for x86_64"
#endif

enum { TRACEES_MAX = 256 };

enum mode { MODE_COUNT, MODE_ERRNO, MODE_KILL_ONE, MODE_KILL_ALL };

struct tracee {
	pid_t pid;
	bool replace; /* its result is to be replaced */
	bool fresh;   /* its first stop is still to come */
};

struct injector {
	enum mode mode;
	int error;
	bool started; /* the command was executed: count from there */
	long wanted;  /* N; 0: none */
	long count;
	long hit_call; /* number of the system call that was hit, -1: none */
	char hit_by[128];
	bool hang;
	pid_t main;
	int main_status;
	struct tracee tracees[TRACEES_MAX];
	size_t tracee_count;
	struct stat root;
};

static volatile sig_atomic_t time_is_up;

static void on_alarm(int signal)
{
	(void)signal;
	time_is_up = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(125);
}

static struct tracee *find(struct injector *injector, pid_t pid, bool make)
{
	struct tracee *tracee;

	for (size_t i = 0; i < injector->tracee_count; i++)
		if (injector->tracees[i].pid == pid)
			return &injector->tracees[i];
	if (!make || injector->tracee_count == TRACEES_MAX)
		return NULL;
	tracee = &injector->tracees[injector->tracee_count++];
	*tracee = (struct tracee){ .pid = pid, .fresh = true };
	return tracee;
}

static void forget(struct injector *injector, pid_t pid)
{
	struct tracee *tracee = find(injector, pid, false);

	if (tracee)
		*tracee = injector->tracees[--injector->tracee_count];
}

/* Calls that cannot fail in a way worth trying, or whose failure the kernel never reports. */
static bool cannot_fail(long call)
{
	static const long calls[] = {
		SYS_exit,	   SYS_exit_group,	SYS_rt_sigreturn,
		SYS_getpid,	   SYS_gettid,		SYS_getppid,
		SYS_getuid,	   SYS_geteuid,		SYS_getgid,
		SYS_getegid,	   SYS_umask,		SYS_set_tid_address,
		SYS_arch_prctl,	   SYS_rt_sigprocmask,	SYS_rt_sigaction,
		SYS_munmap,	   SYS_set_robust_list, SYS_rseq,
		SYS_clock_gettime, SYS_restart_syscall,
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == call)
			return true;
	return false;
}

/* Which process made it, and the call's arguments: to find the place in the source. */
static void note_hit(struct injector *injector, pid_t pid, const struct user_regs_struct *registers)
{
	injector->hit_call = (long)registers->orig_rax;
	snprintf(injector->hit_by, sizeof(injector->hit_by), "%s %#llx %#llx %#llx at %#llx",
		 pid == injector->main ? "parent" : "child", registers->rdi, registers->rsi,
		 registers->rdx, registers->rip);
}

static void kill_all(struct injector *injector)
{
	for (size_t i = 0; i < injector->tracee_count; i++)
		kill(injector->tracees[i].pid, SIGKILL);
}

/* At the entry of a system call: is it the one? */
static void enter_call(struct injector *injector, struct tracee *tracee)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, tracee->pid, NULL, &registers) < 0)
		return;
	if (injector->mode == MODE_ERRNO && cannot_fail((long)registers.orig_rax))
		return;
	if (!injector->started || ++injector->count != injector->wanted)
		return;
	note_hit(injector, tracee->pid, &registers);
	switch (injector->mode) {
	case MODE_ERRNO:
		tracee->replace = true;
		/* close(2) frees the descriptor whatever it answers: it is carried out. */
		if (registers.orig_rax == SYS_close)
			return;
		/* Another call in its place, and not -1: a seccomp filter may see it. */
		registers.orig_rax = SYS_getpid;
		ptrace(PTRACE_SETREGS, tracee->pid, NULL, &registers);
		return;
	case MODE_KILL_ONE:
		kill(tracee->pid, SIGKILL);
		return;
	case MODE_KILL_ALL:
		kill_all(injector);
		return;
	default:
		return;
	}
}

static void leave_call(struct injector *injector, struct tracee *tracee)
{
	struct user_regs_struct registers;

	if (!tracee->replace || ptrace(PTRACE_GETREGS, tracee->pid, NULL, &registers) < 0)
		return;
	tracee->replace = false;
	registers.rax = (unsigned long long)-injector->error;
	ptrace(PTRACE_SETREGS, tracee->pid, NULL, &registers);
}

static void handle_call(struct injector *injector, struct tracee *tracee)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, (void *)sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter_call(injector, tracee);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave_call(injector, tracee);
}

/* Has it executed a program of the container? */
static bool has_left(const struct injector *injector, pid_t pid)
{
	char path[64];
	struct stat root;

	snprintf(path, sizeof(path), "/proc/%d/root/", (int)pid);
	return stat(path, &root) == 0 &&
	       (root.st_dev != injector->root.st_dev || root.st_ino != injector->root.st_ino);
}

static void handle_stop(struct injector *injector, pid_t pid, int status)
{
	struct tracee *tracee = find(injector, pid, true);
	int signal = WSTOPSIG(status), event = status >> 16;

	if (!tracee)
		die("too many processes");
	if (signal == (SIGTRAP | 0x80)) {
		handle_call(injector, tracee);
		signal = 0;
	} else if (event == PTRACE_EVENT_EXEC) {
		injector->started = true;
		if (has_left(injector, pid)) {
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
			forget(injector, pid);
			return;
		}
		signal = 0;
	} else if (event == PTRACE_EVENT_STOP &&
		   (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN ||
		    signal == SIGTTOU) &&
		   !tracee->fresh) {
		ptrace(PTRACE_LISTEN, pid, NULL, NULL);
		return;
	} else if (event) {
		signal = 0;
	}
	tracee->fresh = false;
	ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal);
}

/* The command has ended: what it left goes on without us, when it has got the result it is to get.
 */
static void let_go(struct injector *injector)
{
	while (injector->tracee_count > 0) {
		struct tracee *tracee = &injector->tracees[0];
		pid_t pid = tracee->pid;
		int status;

		if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 ||
		    waitpid(pid, &status, __WALL) < 0 || !WIFSTOPPED(status)) {
			forget(injector, pid);
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			handle_call(injector, tracee);
		if (tracee->replace) {
			ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
			continue;
		}
		if (status >> 16 == 0 && WSTOPSIG(status) != (SIGTRAP | 0x80) &&
		    WSTOPSIG(status) != SIGTRAP)
			ptrace(PTRACE_DETACH, pid, NULL, (void *)(long)WSTOPSIG(status));
		else
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
		forget(injector, pid);
	}
}

static void trace(struct injector *injector)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (time_is_up) {
			injector->hang = true;
			time_is_up = 0;
			kill_all(injector);
			kill(injector->main, SIGKILL);
		}
		if (pid < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (WIFSTOPPED(status)) {
			handle_stop(injector, pid, status);
			continue;
		}
		forget(injector, pid);
		if (pid == injector->main) {
			injector->main_status = status;
			return;
		}
	}
}

static void start(struct injector *injector, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	int status;

	injector->main = fork();
	if (injector->main < 0)
		die("fork");
	if (injector->main == 0) {
		raise(SIGSTOP);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(injector->main, &status, WUNTRACED) < 0 ||
	    ptrace(PTRACE_SEIZE, injector->main, NULL, (void *)options) < 0)
		die("trace");
	find(injector, injector->main, true);
	kill(injector->main, SIGCONT);
	ptrace(PTRACE_INTERRUPT, injector->main, NULL, NULL);
}

static void report(const struct injector *injector, const char *path)
{
	FILE *file = path ? fopen(path, "we") : stderr;

	if (!file)
		die(path);
	if (injector->hit_call >= 0)
		fprintf(file, "hit %ld %s", injector->hit_call, injector->hit_by);
	else
		fprintf(file, "none %ld", injector->count);
	fprintf(file, "%s\n", injector->hang ? " hang" : "");
	if (path)
		fclose(file);
}

int main(int argc, char **argv)
{
	struct injector injector = { .hit_call = -1 };
	struct sigaction action = { .sa_handler = on_alarm };
	const char *output = NULL;
	int option;

	while ((option = getopt(argc, argv, "+n:e:kKt:o:")) != -1) {
		switch (option) {
		case 'n':
			injector.wanted = atol(optarg);
			break;
		case 'e':
			injector.mode = MODE_ERRNO;
			injector.error = atoi(optarg);
			break;
		case 'k':
			injector.mode = MODE_KILL_ONE;
			break;
		case 'K':
			injector.mode = MODE_KILL_ALL;
			break;
		case 't':
			sigaction(SIGALRM, &action, NULL);
			alarm((unsigned int)atoi(optarg));
			break;
		case 'o':
			output = optarg;
			break;
		default:
			return 125;
		}
	}
	if (optind == argc || stat("/", &injector.root) < 0)
		die("usage");
	start(&injector, argv + optind);
	trace(&injector);
	let_go(&injector);
	report(&injector, output);
	return WIFEXITED(injector.main_status) ? WEXITSTATUS(injector.main_status) :
						 128 + WTERMSIG(injector.main_status);
}
