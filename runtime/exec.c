/* SPDX-License-Identifier: Apache-2.0 */
/* `exec`: one more process in a running container. P is the runtime; X and Y: see exec_child.c. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/clone.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/process.h"
#include "runtime/become.h"
#include "runtime/console.h"
#include "runtime/credentials.h"
#include "runtime/exec.h"
#include "runtime/foreground.h"
#include "runtime/launch.h"
#include "runtime/open.h"
#include "runtime/pid_file.h"

/*
 * Hold on to the container's first process: it is its namespaces that we join, whoever may have its
 * pid by then.
 */
static int open_running(struct execution *execution)
{
	const struct state_record *record = &execution->record;

	execution->pidfd = process_open(record->pid, record->start_time);
	if (execution->pidfd == -ESRCH ||
	    (execution->pidfd == -ENOSYS && !process_alive(record->pid, record->start_time)))
		return fail_as(ERROR_STATE, 0, "cannot exec in a stopped container");
	if (execution->pidfd < 0 && execution->pidfd != -ENOSYS)
		return fail(-execution->pidfd, "container %s: its first process", record->id);
	if (!execution->request->ignore_paused && state_is_paused(record))
		return fail_as(ERROR_STATE, 0,
			       "cannot exec in a paused container: use "
			       "--ignore-paused to override");
	return 0;
}

/* Which namespaces of its first process X joins: all that config.json gave the container. */
static int namespaces_to_join(const struct spec *spec)
{
	int flags = 0;

	for (int type = 0; type < NAMESPACE_TYPES; type++)
		if (spec->namespaces[type].present)
			flags |= spec_namespace_flag((enum spec_namespace_type)type);
	return flags;
}

static int plan_groups(struct execution *execution)
{
	const struct container_exec_request *request = execution->request;
	struct cgroup *cgroup = cgroup_from_record(execution->arena, execution->record.cgroup);

	for (size_t i = 0; cgroup && i < request->cgroup_count; i++)
		cgroup = cgroup_sub(execution->arena, cgroup, request->cgroups[i]);
	if (!cgroup)
		return error_result();
	execution->cgroup = cgroup;
	if (cgroup_needs_enter(cgroup, cgroup_clone_fd(cgroup) >= 0))
		return cgroup_open_enter(cgroup);
	return 0;
}

static int plan_console(struct execution *execution)
{
	const struct container_exec_request *request = execution->request;
	int pair[2];

	if (!execution->process.terminal) {
		if (request->console_socket && !request->tty_set && !request->process)
			return fail_as(ERROR_USAGE, 0, "--console-socket needs a terminal (--tty)");
		return 0;
	}
	if (request->console_socket) {
		execution->console_socket = console_connect(request->console_socket);
		return execution->console_socket < 0 ? execution->console_socket : 0;
	}
	if (request->detach)
		return fail_as(ERROR_USAGE, 0,
			       "cannot allocate tty if cruet will detach without setting console "
			       "socket");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(errno, "make a socket pair for the terminal");
	console_own_size(&execution->process.console_height, &execution->process.console_width);
	execution->console = pair[0];
	execution->console_socket = pair[1];
	return 0;
}

/* The host's /proc where it is needed, and the container's root where that is not its mount
 * namespace's. */
static int open_root(struct execution *execution)
{
	const struct state_record *record = &execution->record;
	char path[64];

	execution->proc = -1;
	if (execution->pidfd < 0 || !(execution->namespaces & CLONE_NEWNS) ||
	    execution->process.oom_score_adj.set || execution->process.apparmor_profile ||
	    execution->process.selinux_label) {
		execution->proc = path_open_proc();
		if (execution->proc < 0)
			return execution->proc;
	}
	if (execution->namespaces & CLONE_NEWNS)
		return 0;
	snprintf(path, sizeof(path), "%d/root", (int)record->pid);
	execution->root = openat(execution->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return execution->root < 0 ? fail(errno, "open the root of container %s", record->id) : 0;
}

static int plan(struct execution *execution)
{
	int result = exec_plan_process(execution);

	if (result < 0)
		return result;
	result = credentials_check_labels(&execution->process);
	execution->namespaces = namespaces_to_join(execution->spec);
	/* Where it could run out of memory, that must not be the end of us both. */
	execution->shares = !execution->wait_parent && !(execution->namespaces & CLONE_NEWUSER) &&
			    !execution->spec->resources.memory.limit.set &&
			    execution->spec->resources.unified_count == 0;
	if (result == 0)
		result = open_root(execution);
	if (result == 0)
		result = plan_groups(execution);
	if (result == 0 && IS_ENABLED(CONFIG_SECCOMP) && execution->spec->seccomp.present)
		result = seccomp_prepare(execution->arena, &execution->spec->seccomp,
					 execution->context->root_fd, &execution->seccomp);
	return result == 0 ? plan_console(execution) : result;
}

/* One setns(2) for all of them; before 5.8, or without a pidfd, one for each file. */
int exec_join(const struct execution *execution, int flags)
{
	struct namespace_plan each = { .join_flags = 0 };
	char path[64];
	int result = 0;

	if (flags == 0 || (execution->pidfd >= 0 && setns(execution->pidfd, flags) == 0))
		return 0;
	if (execution->pidfd >= 0 && errno != EINVAL)
		return fail(errno, "join the namespaces of container %s", execution->record.id);
	for (int type = 0; type < NAMESPACE_TYPES; type++) {
		each.join[type] = -1;
		if (!(flags & spec_namespace_flag((enum spec_namespace_type)type)))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)execution->record.pid,
			 spec_namespace_file((enum spec_namespace_type)type));
		each.join[type] = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
		if (each.join[type] < 0)
			return fail(errno, "open %s", path);
		each.join_flags |= spec_namespace_flag((enum spec_namespace_type)type);
	}
	if (!process_alive(execution->record.pid, execution->record.start_time))
		return fail(ESRCH, "container %s: its first process", execution->record.id);
	result = namespace_join(&each, flags);
	namespace_close(&each);
	return result;
}

/* What only the host's root may set. */
static int set_from_outside(const struct execution *execution, pid_t pid)
{
	const struct spec_process *process = &execution->process;
	int result = 0;

	if (!execution->wait_parent)
		return 0;
	if (execution->namespaces & CLONE_NEWUSER)
		result = credentials_rlimits(process, pid);
	if (result == 0)
		result = credentials_oom_score(process, execution->proc, pid);
	if (result == 0)
		result = credentials_scheduler(process, pid);
	return result == 0 ? launch_send(execution->parent_socket, STEP_ENTERED) : result;
}

/* X is gone without having made Y: why? */
static int explain_end(pid_t first)
{
	int status = 0;

	waitpid(first, &status, 0);
	if (!WIFSIGNALED(status))
		return fail_as(ERROR_PROCESS, 0, "the process ended early");
	/* Nobody else would kill it: the memory limit is reached. */
	return fail_as(ERROR_PROCESS, 0, "the process was killed by signal %d%s", WTERMSIG(status),
		       WTERMSIG(status) == SIGKILL ?
			       ": linux.resources.memory.limit may be too low" :
			       "");
}

/* X in our memory, with a copy of what it changes; -ENOSYS: it was not made. */
static int make_sharing(struct execution *execution, pid_t *pid)
{
	const int group = cgroup_clone_fd(execution->cgroup);
	struct execution copy = *execution;
	pid_t first;

	error_clear();
	copy.cloned_into = group >= 0;
	first = clone_process_sharing(0, group, exec_child_sharing, &copy);
	if (first < 0)
		return first;
	close_fd(&execution->child_socket);
	*pid = copy.pid;
	if (*pid == 0 && !error_last()->text[0])
		return explain_end(first);
	waitpid(first, NULL, 0);
	return *pid > 0 ? 0 : error_result();
}

static int make_talking(struct execution *execution, pid_t *pid)
{
	pid_t first = clone_process(0, cgroup_clone_fd(execution->cgroup), &execution->cloned_into);
	int result;

	if (first < 0)
		return fail(-first, "clone the process");
	if (first == 0)
		exec_child(execution);
	close_fd(&execution->child_socket);
	result = set_from_outside(execution, first);
	if (result < 0)
		kill(first, SIGKILL);
	else
		result = launch_expect(execution->parent_socket, STEP_CHILD, pid, sizeof(*pid));
	if (result == -EPIPE)
		return explain_end(first);
	waitpid(first, NULL, 0);
	return result;
}

static int launch(struct execution *execution, pid_t *pid)
{
	int pair[2], result = -ENOSYS;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(errno, "make a socket pair");
	execution->parent_socket = pair[0];
	execution->child_socket = pair[1];
	/* We wait for what we make, whatever our caller did with its own children. */
	signal(SIGCHLD, SIG_DFL);
	/* X, and Y until it executes, are not to be looked at from where they go. */
	if (process_is_root())
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (execution->shares)
		result = make_sharing(execution, pid);
	if (result == -ENOSYS) {
		execution->shares = false;
		result = make_talking(execution, pid);
	}
	close_fd(&execution->console_socket);
	if (result == 0)
		result = launch_expect(execution->parent_socket, STEP_EXECUTING, NULL, 0);
	return result == -EPIPE ? 0 : result;
}

static int report(const struct container_exec_request *request, pid_t pid)
{
	int result = 0;

	if (request->pid_file)
		result = pid_file_write(request->pid_file, pid);
	if (result == 0 && IS_ENABLED(CONFIG_PIDFD_SOCKET) && request->pidfd_socket)
		result = pidfd_socket_send(request->pidfd_socket, pid);
	return result;
}

/*
 * On v2 a group whose controllers are given to groups below takes no process of its own: an init
 * that has moved into one of these (systemd does) has its company there. False: that is not why it
 * failed.
 */
static bool go_where_init_is(struct execution *execution)
{
	const int no = error_last()->no;
	struct cgroup *below;

	if (no != EBUSY && no != EOPNOTSUPP)
		return false;
	below = cgroup_where(execution->arena, execution->cgroup, execution->record.pid);
	if (!below)
		return false;
	cgroup_close(execution->cgroup);
	execution->cgroup = below;
	return !cgroup_needs_enter(below, cgroup_clone_fd(below) >= 0) ||
	       cgroup_open_enter(below) == 0;
}

static int carry_out(struct execution *execution, int *exit_status)
{
	const struct container_exec_request *request = execution->request;
	pid_t pid = 0;
	int result;

	if (!request->detach)
		foreground_prepare();
	result = launch(execution, &pid);
	if (result < 0 && pid == 0 && go_where_init_is(execution))
		result = launch(execution, &pid);
	if (result == 0)
		result = report(request, pid);
	if (result < 0) {
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		return result;
	}
	return request->detach ? 0 : foreground_wait(pid, execution->console, exit_status);
}

int container_exec(const struct container_context *context,
		   const struct container_exec_request *request, int *exit_status)
{
	auto_arena struct arena arena = { 0 };
	struct execution execution = {
		.arena = &arena,
		.context = context,
		.request = request,
		.console = -1,
		.console_socket = -1,
		.root = -1,
		.runtime = getpid(),
	};
	int result;

	*exit_status = 0;
	execution.state =
		container_open(context, execution.arena, request->id, 0, &execution.record);
	if (execution.state < 0)
		return execution.state;
	result = open_running(&execution);
	if (result == 0)
		result = plan(&execution);
	return result == 0 ? carry_out(&execution, exit_status) : result;
}
