/* SPDX-License-Identifier: Apache-2.0 */
/* The container's first process (C), from its clone to the user's program: see launch.h. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/clone.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/netlink.h"
#include "runtime/become.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/console.h"
#include "runtime/credentials.h"
#include "runtime/hook.h"
#include "runtime/launch.h"
#include "runtime/rootfs.h"

/* `fd` -1: P reads our memory. */
static _Noreturn void give_up(int fd)
{
	if (fd >= 0)
		launch_send_error(fd);
	_exit(1);
}

/* Wait for P; if it is gone, go too: there is nobody left to undo what we made. */
static int expect_parent(const struct launch *launch, enum launch_step step)
{
	int result = launch_expect(launch->child_socket, step, NULL, 0);

	if (result == -EPIPE)
		_exit(1);
	return result;
}

/* Until P has recorded us, we die with it. */
static int die_with_parent(bool yes)
{
	if (prctl(PR_SET_PDEATHSIG, yes ? SIGKILL : 0, 0, 0, 0) < 0)
		return fail(errno, "set the signal for our parent's death");
	return 0;
}

static int set_names(const struct spec *spec)
{
	if (spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return fail(errno, "hostname: set %s", spec->hostname);
	if (spec->domainname && setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return fail(errno, "domainname: set %s", spec->domainname);
	return 0;
}

/* Namespaces, groups and names: everything before the file system. */
static int enter_namespaces(struct launch *launch)
{
	const struct spec *spec = launch->spec;
	const bool user = spec->namespaces[NAMESPACE_USER].present;
	int result = 0;

	if (launch->wait_parent)
		result = expect_parent(launch, STEP_ENTERED);
	if (result == 0 && !launch->intermediate)
		result = namespace_join(&launch->namespaces,
					launch->namespaces.join_flags & ~CLONE_NEWPID);
	if (result == 0 && cgroup_needs_enter(launch->cgroup, launch->cloned_into))
		result = cgroup_enter(launch->cgroup, 0, launch->cloned_into);
	if (result == 0 && user)
		result = become_namespace_root();
	/* setresuid(2) cleared it. */
	if (result == 0 && user)
		result = die_with_parent(true);
	/* Only now: the root of a cgroup namespace is the group that its maker is in. */
	if (result == 0 && (launch->namespaces.new_flags & CLONE_NEWCGROUP) &&
	    unshare(CLONE_NEWCGROUP) < 0)
		result = fail(errno, "make a cgroup namespace");
	if (result == 0 && setsid() < 0)
		result = fail(errno, "begin a session");
	if (result < 0)
		return result;
	if (IS_ENABLED(CONFIG_KEYRING) && launch->record.own_keyring)
		result = credentials_keyring(launch->record.id, true);
	if (result == 0)
		result = set_names(spec);
	if (result == 0 && (launch->namespaces.new_flags & CLONE_NEWNET))
		result = netlink_loopback_up();
	return result;
}

/* Hooks that run in the container's namespaces, with its own view of its pid. */
static int run_hooks(struct launch *launch, enum spec_hook_kind kind, const char *name,
		     enum container_status status)
{
	const bool start = kind == HOOK_START_CONTAINER;
	struct hook_run run = { .kind = name, .cwd = -1 };
	char *document;

	if (!IS_ENABLED(CONFIG_HOOKS_CONTAINER) || launch->spec->hooks[kind].count == 0)
		return 0;
	document = state_document(launch->arena, &launch->record, status, getpid(), false);
	if (!document)
		return -ENOMEM;
	run.state = document;
	run.state_size = strlen(document);
	if (start) {
		run.default_env = &launch->spec->process.env;
	} else {
		run.cwd = rootfs_fd(launch->rootfs);
		run.executables = launch->container_hooks;
	}
	return hooks_run(&launch->spec->hooks[kind], &run);
}

static int build(struct launch *launch)
{
	int result = rootfs_build(launch->rootfs);

	if (result == 0 && launch->wait_hooks) {
		result = launch_send(launch->child_socket, STEP_BUILT);
		if (result == 0)
			result = expect_parent(launch, STEP_HOOKED);
	}
	if (result == 0)
		result = run_hooks(launch, HOOK_CREATE_CONTAINER, "createContainer",
				   STATUS_CREATING);
	if (result == 0)
		result = namespace_write_sysctls(launch->spec, launch->proc);
	return result == 0 ? rootfs_enter(launch->rootfs) : result;
}

static int attach_terminal(struct launch *launch)
{
	const struct spec_process *process = &launch->spec->process;
	int result, slave = -1;

	if (launch->console_socket < 0)
		return 0;
	result = console_attach(launch->console_socket, process->console_height,
				process->console_width, process->user.uid, &slave);
	if (result == 0)
		result = console_control();
	if (result == 0)
		result = rootfs_bind_console(launch->rootfs, slave);
	close_fd(&slave);
	close_fd(&launch->console_socket);
	return result;
}

/* Without a process there is nothing to start, but a container there must be: it waits to be
 * deleted. */
static _Noreturn void wait_without_process(struct launch *launch)
{
	char byte;

	if (die_with_parent(false) < 0 || launch_send(launch->child_socket, STEP_READY) < 0 ||
	    expect_parent(launch, STEP_RECORDED) < 0)
		give_up(launch->child_socket);
	while (read(launch->start, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(1);
}

/* Where errors go from now on: to P for run, to `start` for create. */
static int wait_for_start(struct launch *launch)
{
	char byte;
	ssize_t got;

	/* P may end as soon as it has told us that all is recorded. Until then the closed socket
	 * ends us. */
	if (die_with_parent(false) < 0)
		give_up(launch->child_socket);
	if (launch->shares)
		return -1;
	if (launch_send(launch->child_socket, STEP_READY) < 0 ||
	    expect_parent(launch, STEP_RECORDED) < 0)
		give_up(launch->child_socket);
	if (launch->start < 0)
		return launch->child_socket;
	close_fd(&launch->child_socket);
	do
		got = read(launch->start, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1) {
		fail(got < 0 ? errno : EPIPE, "wait for start");
		give_up(launch->result);
	}
	return launch->result;
}

static void close_other_side(struct launch *launch)
{
	close_fd(&launch->parent_socket);
	/* The folder's lock is shared as long as we hold this. */
	close_fd(&launch->state);
}

/* The first of two clones: joins what is to be joined, makes C as our sibling, and ends. */
static void clone_again(struct launch *launch)
{
	int result = namespace_join(&launch->namespaces, launch->namespaces.join_flags);
	bool ignored;
	pid_t pid;

	if (result < 0)
		give_up(launch->child_socket);
	pid = clone_process((launch->namespaces.new_flags & ~CLONE_NEWCGROUP) | CLONE_PARENT, -1,
			    &ignored);
	if (pid < 0) {
		fail(-pid, "clone the container's first process");
		give_up(launch->child_socket);
	}
	if (pid > 0) {
		launch_send_data(launch->child_socket, STEP_CHILD, &pid, sizeof(pid));
		_exit(0);
	}
	if (die_with_parent(true) < 0)
		give_up(launch->child_socket);
}

void launch_child(struct launch *launch)
{
	struct become become = {
		.arena = launch->arena,
		.spec = launch->spec,
		.process = &launch->spec->process,
		.seccomp = &launch->seccomp,
		.proc = launch->proc,
		.user_namespace = launch->spec->namespaces[NAMESPACE_USER].present,
		.first = true,
	};
	int errors;

	if (die_with_parent(true) < 0)
		give_up(launch->child_socket);
	become_reset_signals(launch->ignored_signals);
	close_other_side(launch);
	if (launch->intermediate)
		clone_again(launch);
	if (enter_namespaces(launch) < 0 || build(launch) < 0 || attach_terminal(launch) < 0 ||
	    rootfs_finish(launch->rootfs) < 0)
		give_up(launch->child_socket);
	if (!launch->spec->process.present)
		wait_without_process(launch);
	/* 1, but for a container in somebody else's PID namespace. */
	if (launch->listen_pid)
		snprintf(launch->listen_pid, 12, "%d", (int)getpid());
	if (become_prepare(&become) < 0 || fd_cloexec_from(3 + (int)launch->passed_fds, -1) < 0)
		give_up(launch->child_socket);
	/* Nothing of the host's stays open while C waits, where others may come to look
	 * (CVE-2016-9962). */
	close_fd(&launch->proc);
	errors = wait_for_start(launch);
	if (run_hooks(launch, HOOK_START_CONTAINER, "startContainer", STATUS_CREATED) < 0)
		give_up(errors);
	if (errors >= 0 && errors == launch->result)
		launch_send(errors, STEP_EXECUTING);
	launch->executing = true;
	become_execute(&become);
	launch->executing = false;
	give_up(errors);
}

void launch_child_sharing(void *launch)
{
	launch_child(launch);
}
