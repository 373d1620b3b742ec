/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making, joining and ending a container: by our own runtime in this very process, or by a program
 * with runc's command line (runc(8)). Both get the same derived bundle.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/launch/internal.h"
#include "init/network/network.h"
#include "init/paths.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/listen.h"
#include "lib/str.h"
#include "runtime/container.h"

#define OTHER_ROOT INIT_RUN "/oci" /* state of other runtimes */
#define OWN_BINARY "/proc/self/exe"

struct oci {
	const char *program; /* NULL: our own, here */
	struct container_context context;
	char root[PATH_MAX];
};

/* `make`: to put processes into the container, which our own may only do where it is safe. */
static int open_runtime(struct oci *oci, const struct run *run, bool make)
{
	oci->program = run_text(run, run->unit->runtime);
	oci->context = (struct container_context){ .root = OTHER_ROOT, .root_fd = -1 };
	if (oci->program)
		return IS_ENABLED(CONFIG_LAUNCH_RUNTIMES) ?
			       0 :
			       fail_as(ERROR_UNSUPPORTED, 0,
				       "runtime %s: CONFIG_LAUNCH_RUNTIMES is not set",
				       oci->program);
	oci->context.root = state_default_root(oci->root, sizeof(oci->root));
	if (!oci->context.root)
		return -ENAMETOOLONG;
	/* Else the commands of our own binary do what is needed. */
	if (make && !container_may_make()) {
		oci->program = OWN_BINARY;
		return 0;
	}
	oci->context.root_fd = state_open_root(oci->context.root);
	return oci->context.root_fd < 0 ? oci->context.root_fd : 0;
}

/* ---- another program ---- */

/* What it is told: `create` of the unit's sockets. */
struct call {
	const char *program;
	char *environment[RUN_LISTEN_MAX + 2], *listen_pid;
};

static int begin_call(struct call *call, const struct run *run, const char *program,
		      const char *command)
{
	*call = (struct call){ .program = program, .environment = { (char *)RUN_PATH } };
	return strcmp(command, "create") == 0 ?
		       run_listen_told(run, call->environment + 1, &call->listen_pid) :
		       0;
}

static int wait_for(pid_t pid, const char *program, const char *command)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(errno, "wait for %s", program);
	if (status == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return fail_as(ERROR_PROCESS, 0, "%s cannot be executed", program);
	return fail_as(ERROR_PROCESS, 0, "%s %s failed (status %d): its own message says why",
		       program, command, run_status(status));
}

static pid_t spawn(const struct call *call, char **argv, bool own, bool apart)
{
	const pid_t pid = vfork();

	if (pid != 0)
		return pid;
	run_listen_pid(call->listen_pid);
	/* A probe that hangs is to be found with all its children: not in our process group, with
	 * which the supervisor would end us all; so we take it along. */
	if (apart) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	}
	/* What it mounts for itself goes with it, also when it is killed. */
	if (!own)
		unshare(CLONE_NEWNS);
	execve(call->program, argv, call->environment);
	_exit(127);
}

static size_t count_words(const char *const *words)
{
	size_t count = 0;

	while (words[count])
		count++;
	return count;
}

/* RUNTIME --root ROOT WORDS... MORE..., to its end; `more` is the command line of a probe. */
static int call(const struct oci *oci, const struct run *run, const char *const *words,
		const char *const *more)
{
	const bool own = strcmp(oci->program, OWN_BINARY) == 0;
	const size_t count = count_words(words), more_count = more ? count_words(more) : 0;
	const char **argv = arena_array(run->arena, count + more_count + 4, sizeof(*argv));
	struct call call;
	pid_t pid;

	if (!argv || begin_call(&call, run, oci->program, words[0]) < 0)
		return -ENOMEM;
	argv[0] = own ? "cruet" : oci->program;
	argv[1] = "--root";
	argv[2] = oci->context.root;
	memcpy(argv + 3, words, count * sizeof(*words));
	if (more)
		memcpy(argv + 3 + count, more, more_count * sizeof(*more));
	pid = spawn(&call, (char **)argv, own, more != NULL);
	return pid < 0 ? fail(errno, "fork") : wait_for(pid, oci->program, words[0]);
}

/* ---- start ---- */

static pid_t read_pid(const struct run *run, const char *name)
{
	char text[16];
	const ssize_t size = file_read_small(run->folder, name, text, sizeof(text));
	uint32_t pid;

	if (size > 0)
		text[strcspn(text, "\n")] = '\0';
	if (size <= 0 || !str_uint32(text, &pid) || pid == 0)
		return fail(size < 0 ? (int)-size : EPROTO, "pid file %s/%s", run->path, name);
	return (pid_t)pid;
}

int oci_pass_descriptors(struct launch *launch, unsigned int count, int number)
{
	const int behind = LISTEN_FIRST_FD + (int)count;
	const int last = launch->ready < 0 ? behind - 1 : number;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(launch->output, STDOUT_FILENO) < 0 ||
	    dup2(launch->output, STDERR_FILENO) < 0)
		return fail(errno, "set up the standard streams");
	/* Out of the way first of all, also of each other. */
	null = fcntl(null, F_DUPFD_CLOEXEC, last + 2);
	launch->report = fcntl(launch->report, F_DUPFD_CLOEXEC, last + 2);
	if (launch->ready >= 0)
		launch->ready = fcntl(launch->ready, F_DUPFD_CLOEXEC, last + 2);
	if (count && listen_place(launch->sockets, count) < 0)
		return error_result();
	/* What lies between is to be open as well: it is nothing. */
	for (int fd = behind; fd <= last; fd++)
		if (dup2(fd == last ? launch->ready : null, fd) < 0)
			return fail(errno, "descriptor %d for readiness", number);
	launch->report = dup3(launch->report, last + 1, O_CLOEXEC);
	if (launch->report < 0)
		return fail(errno, "descriptors");
	/* PID 1's: whatever hangs with the container must not hold them, the watchdog least of all.
	 */
	return fd_close_from(last + 2);
}

/* Those behind the sockets. */
static unsigned int passed(const struct run *run)
{
	return run->launch->ready < 0 ?
		       0 :
		       run->unit->ready.number + 1 - LISTEN_FIRST_FD - run_sockets(run->launch);
}

static int attach(void *given, pid_t pid)
{
	const struct run *run = given;

	return network_attach(run->plan, run->launch->unit, pid);
}

/* This process's own environment: the runtime looks there. */
static int tell_own(const struct run *run)
{
	char *texts[RUN_LISTEN_MAX], *pid;
	const int told = run_listen_told(run, texts, &pid);

	run_listen_pid(pid);
	for (int i = 0; i < told; i++)
		if (putenv(texts[i]) != 0)
			return fail(errno, "environment");
	return told < 0 ? told : 0;
}

/* Both in one, which is the cheapest: only a network has to be made in between. */
static int run_own(const struct oci *oci, struct run *run)
{
	const struct container_run_request request = {
		.create = { .id = run->name,
			    .bundle = run_path(run, RUN_BUNDLE),
			    .pid_file = run_path(run, RUN_PID),
			    .preserve_fds = passed(run),
			    .bare_groups = true,
			    .ready = run->unit->network.mode == NETWORK_BRIDGE ? attach : NULL,
			    .data = run },
		.detach = true,
	};
	int ignored;

	if (!request.create.bundle || !request.create.pid_file || tell_own(run) < 0)
		return -ENOMEM;
	return container_run(&oci->context, &request, &ignored);
}

static int create(const struct oci *oci, const struct run *run)
{
	char count[16];
	const char *const words[] = {
		"create",
		"--bundle",
		run_path(run, RUN_BUNDLE),
		"--pid-file",
		run_path(run, RUN_PID),
		"--preserve-fds",
		count,
		run->name,
		NULL,
	};

	if (!words[2] || !words[4])
		return -ENOMEM;
	snprintf(count, sizeof(count), "%u", passed(run));
	return call(oci, run, words, NULL);
}

/* The container is there. With our own runtime its program runs already. */
static int go(const struct oci *oci, const struct run *run)
{
	const char *const words[] = { "start", run->name, NULL };
	const pid_t pid = read_pid(run, RUN_PID);
	int result = pid < 0 ? pid : 0;

	if (result == 0 && oci->program && run_owns_network(run))
		result = network_attach(run->plan, run->launch->unit, pid);
	if (result == 0)
		result = report_pid(run->launch->report, pid);
	if (result == 0 && oci->program)
		result = call(oci, run, words, NULL);
	return result == 0 ? report_done(run->launch->report) : result;
}

int oci_start(struct run *run, struct cgroup *cgroup)
{
	/* Runtimes do not agree where a relative path begins. */
	const char *groups = cgroup_common_path(cgroup);
	struct oci oci;
	int result = open_runtime(&oci, run, true);

	if (!groups)
		groups = run_groups(run);
	if (result == 0)
		result = groups ? bundle_derive(run, groups) : -ENOMEM;
	if (result == 0)
		result = oci.program ? create(&oci, run) : run_own(&oci, run);
	return result == 0 ? go(&oci, run) : result;
}

/* ---- exec, delete ---- */

pid_t oci_exec(const struct run *run, char **words)
{
	const char *pid_file = run_path(run, RUN_PROBE);
	const struct container_exec_request request = {
		.id = run->name,
		.pid_file = pid_file,
		.detach = true,
		.args = words,
	};
	const char *const first[] = { "exec", "--detach", "--pid-file", pid_file, run->name, NULL };
	struct oci oci;
	int ignored;
	int result = pid_file ? open_runtime(&oci, run, true) : -ENOMEM;

	if (result < 0)
		return result;
	if (oci.program)
		result = call(&oci, run, first, (const char *const *)words);
	else if (IS_ENABLED(CONFIG_CMD_EXEC))
		result = container_exec(&oci.context, &request, &ignored);
	else
		result = fail_as(ERROR_UNSUPPORTED, 0, "CONFIG_CMD_EXEC is not set");
	return result < 0 ? result : read_pid(run, RUN_PROBE);
}

int oci_delete(const struct run *run)
{
	const char *const words[] = { "delete", "--force", run->name, NULL };
	struct oci oci;
	int result = open_runtime(&oci, run, false);

	if (result < 0)
		return result;
	if (!oci.program)
		return container_delete(&oci.context, run->name, true);
	/* A program that has made nothing has nothing to remove, and may be gone itself. */
	snprintf(oci.root, sizeof(oci.root), OTHER_ROOT "/%s", run->name);
	return access(oci.root, F_OK) < 0 ? 0 : call(&oci, run, words, NULL);
}
