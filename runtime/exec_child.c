/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `exec` makes: X, which joins the container and gives up all that is not the user's, and Y,
 * its clone in the container's pid namespace, which executes the program.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/clone.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/become.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/console.h"
#include "runtime/credentials.h"
#include "runtime/exec.h"
#include "runtime/launch.h"

/* X in P's memory has said it all by recording it. */
static _Noreturn void give_up(const struct execution *execution)
{
	if (!execution->shares)
		launch_send_error(execution->child_socket);
	_exit(1);
}

static int enter_namespaces(struct execution *execution)
{
	int result = 0;

	if (execution->wait_parent && launch_expect(execution->child_socket, STEP_ENTERED, NULL, 0))
		_exit(1);
	if (cgroup_needs_enter(execution->cgroup, execution->cloned_into))
		result = cgroup_enter(execution->cgroup, 0, execution->cloned_into);
	if (result == 0)
		result = exec_join(execution, execution->namespaces);
	if (result < 0)
		return result;
	if ((execution->namespaces & CLONE_NEWUSER) && become_namespace_root() < 0)
		return error_result();
	if (execution->root >= 0 && (fchdir(execution->root) < 0 || chroot(".") < 0))
		return fail(errno, "change to the root of container %s", execution->record.id);
	if (!IS_ENABLED(CONFIG_KEYRING) || !execution->record.own_keyring)
		return 0;
	/* The caller's session keyring is not the container's. */
	return credentials_keyring(execution->record.id, false);
}

static int attach_terminal(const struct execution *execution)
{
	const struct spec_process *process = &execution->process;

	if (execution->console_socket < 0)
		return 0;
	return console_attach(execution->console_socket, process->console_height,
			      process->console_width, process->user.uid, NULL);
}

/* Keep what the user's program gets, and the socket to P behind it. */
static int close_the_rest(struct execution *execution)
{
	const int last = 3 + (int)execution->passed_fds;

	if (execution->child_socket != last && dup3(execution->child_socket, last, O_CLOEXEC) < 0)
		return fail(errno, "move the socket to the runtime");
	execution->child_socket = last;
	return fd_close_from(last + 1);
}

/*
 * Y is the container's: it comes into its pid namespace, and thereby into sight of what runs there,
 * with nothing of the host's any more: not its root, no descriptor, no capability (CVE-2016-9962
 * and its kin, also for a container that has CAP_SYS_PTRACE).
 */
static _Noreturn void execute(struct execution *execution, const struct become *become)
{
	execution->shares = false; /* Y has memory of its own */
	if (setsid() < 0)
		fail(errno, "begin a session");
	else if (!execution->process.terminal || console_control() == 0)
		become_execute(become);
	give_up(execution);
}

void exec_child(struct execution *execution)
{
	struct become become = {
		.arena = execution->arena,
		.spec = execution->spec,
		.process = &execution->process,
		.seccomp = &execution->seccomp,
		.proc = execution->proc,
		.user_namespace = execution->namespaces & CLONE_NEWUSER,
	};
	bool ignored;
	pid_t pid;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) {
		fail(errno, "set the signal for our parent's death");
		give_up(execution);
	}
	if (getppid() != execution->runtime) /* it was faster */
		_exit(1);
	become_reset_signals(become_often_ignored);
	if (enter_namespaces(execution) < 0 || attach_terminal(execution) < 0 ||
	    become_prepare(&become) < 0 || close_the_rest(execution) < 0)
		give_up(execution);
	pid = clone_process(CLONE_PARENT, -1, &ignored);
	if (pid == 0)
		execute(execution, &become);
	if (pid < 0) {
		fail(-pid, "clone the process");
		give_up(execution);
	}
	execution->pid = pid;
	if (!execution->shares)
		launch_send_data(execution->child_socket, STEP_CHILD, &pid, sizeof(pid));
	_exit(0);
}

void exec_child_sharing(void *execution)
{
	exec_child(execution);
}
