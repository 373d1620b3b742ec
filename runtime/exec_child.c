/* SPDX-License-Identifier: Apache-2.0 */
/* The process that `exec` makes (X), from its clone to the user's program. */
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/process.h"
#include "runtime/become.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/console.h"
#include "runtime/exec.h"
#include "runtime/launch.h"

static _Noreturn void give_up(const struct execution *execution)
{
	launch_send_error(execution->child_socket);
	_exit(1);
}

/*
 * Without privileges on the host, X gets them from the container's user namespace, and then needs
 * one more clone to be in its pid namespace.
 */
static int join_by_user_namespace(struct execution *execution)
{
	int result = exec_join(execution, execution->namespaces);
	bool ignored;
	pid_t pid;

	if (result < 0)
		return result;
	pid = launch_clone(CLONE_PARENT, -1, &ignored);
	if (pid < 0)
		return fail(-pid, "clone the process");
	if (pid > 0) {
		launch_send_data(execution->child_socket, STEP_CHILD, &pid, sizeof(pid));
		_exit(0);
	}
	return 0;
}

static int enter_namespaces(struct execution *execution)
{
	int result = 0;

	if (execution->wait_parent && launch_expect(execution->child_socket, STEP_ENTERED, NULL, 0))
		_exit(1);
	if (cgroup_needs_enter(execution->cgroup, execution->cloned_into))
		result = cgroup_enter(execution->cgroup, 0, execution->cloned_into);
	if (result == 0 && process_is_root())
		result = exec_join(execution, execution->namespaces & ~CLONE_NEWPID);
	if (result < 0)
		return result;
	if (execution->namespaces & CLONE_NEWUSER) {
		if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			return fail(errno, "become root of the user namespace");
		if (setgroups(0, NULL) < 0 && errno != EPERM)
			return fail(errno, "drop the groups in the user namespace");
	}
	if (execution->root >= 0 && (fchdir(execution->root) < 0 || chroot(".") < 0))
		return fail(errno, "change to the root of container %s", execution->record.id);
	close_fd(&execution->root);
	return 0;
}

static int attach_terminal(struct execution *execution)
{
	const struct spec_process *process = &execution->process;
	int result;

	setsid();
	if (execution->console_socket < 0)
		return 0;
	result = console_attach(execution->console_socket, process->console_height,
				process->console_width, process->user.uid, NULL);
	close_fd(&execution->console_socket);
	return result;
}

void exec_child(struct execution *execution)
{
	struct become become = {
		.arena = &execution->arena,
		.process = &execution->process,
		.seccomp = &execution->seccomp,
		.proc = execution->proc,
		.passed_fds = execution->passed_fds,
		.user_namespace = execution->namespaces & CLONE_NEWUSER,
	};
	const struct spec *spec = execution->spec;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close_fd(&execution->parent_socket);
	if (!process_is_root() && join_by_user_namespace(execution) < 0)
		give_up(execution);
	if (enter_namespaces(execution) < 0 || attach_terminal(execution) < 0)
		give_up(execution);
	if (IS_ENABLED(CONFIG_PERSONALITY) && spec->personality_set &&
	    personality(spec->personality) < 0) {
		fail(errno, "linux.personality");
		give_up(execution);
	}
	if (become_prepare(&become) < 0)
		give_up(execution);
	/* A process that is executed outlives us; one that cannot be must not. */
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	if (launch_send(execution->child_socket, STEP_READY) < 0)
		_exit(1);
	become_execute(&become);
	give_up(execution);
}
