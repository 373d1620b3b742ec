/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out a planned creation, each effect undone on error: see create.h. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clone.h"
#include "lib/config.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/process.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/console.h"
#include "runtime/create.h"
#include "runtime/credentials.h"
#include "runtime/destroy.h"
#include "runtime/notify.h"
#include "runtime/open.h"
#include "runtime/pid_file.h"
#include "runtime/rootfs.h"
#include "runtime/rootfs_host.h"

/* What must be on disk before the first side effect elsewhere, so that anybody can undo it. */
static int begin_on_disk(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	auto_fd int config = -1;
	int result;

	launch->state = state_make(creation->context->root_fd, launch->record.id);
	if (launch->state == -EEXIST && container_roll_back(creation->context, launch->record.id))
		launch->state = state_make(creation->context->root_fd, launch->record.id);
	if (launch->state < 0)
		return launch->state;
	result = state_write_intent(launch->state, &launch->record, &creation->intent);
	if (result < 0)
		return result;
	config = openat(launch->state, STATE_CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (config < 0 || fd_write_all(config, launch->config, launch->config_size) < 0)
		return fail(errno, "keep a copy of config.json");
	return IS_ENABLED(CONFIG_NOTIFY_SOCKET) && launch->notify ?
		       notify_make_folder(launch->state) :
		       0;
}

/* Read and write: so neither side ever waits for the other to open its end, or sees a false end. */
static int make_fifo(int state, const char *name)
{
	int fd;

	if (mknodat(state, name, S_IFIFO | 0600, 0) < 0)
		return fail(errno, "make the fifo %s", name);
	fd = openat(state, name, O_RDWR | O_CLOEXEC);
	return fd < 0 ? fail(errno, "open the fifo %s", name) : fd;
}

static int make_fifos(struct creation *creation)
{
	struct launch *launch = &creation->launch;

	if (creation->run)
		return 0;
	launch->start = make_fifo(launch->state, STATE_START);
	if (launch->start < 0)
		return launch->start;
	launch->result = make_fifo(launch->state, STATE_RESULT);
	return launch->result < 0 ? launch->result : 0;
}

static int make_sockets(struct launch *launch)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(errno, "make a socket pair");
	launch->parent_socket = pair[0];
	launch->child_socket = pair[1];
	return 0;
}

static int prepare_groups(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	int result = creation->request->bare_groups ? cgroup_make_bare(launch->cgroup) :
						      cgroup_make(launch->cgroup);

	if (result == 0)
		result = cgroup_apply(launch->cgroup, &launch->spec->resources);
	if (result == 0 && cgroup_needs_enter(launch->cgroup, cgroup_clone_fd(launch->cgroup) >= 0))
		result = cgroup_open_enter(launch->cgroup);
	return result;
}

/* Why did C end without a word? */
static int explain_end(struct creation *creation)
{
	int status = 0;
	uint64_t kills = cgroup_oom_kills(creation->launch.cgroup);

	if (waitpid(creation->pid, &status, 0) == creation->pid)
		creation->pid = 0;
	if (kills > 0)
		return fail(ENOMEM, "the container's first process was killed: "
				    "linux.resources.memory.limit is too low");
	if (WIFSIGNALED(status))
		return fail_as(ERROR_PROCESS, 0,
			       "the container's first process was killed by signal %d",
			       WTERMSIG(status));
	return fail_as(ERROR_PROCESS, 0, "the container's first process ended early");
}

static int expect(struct creation *creation, enum launch_step step, void *data, size_t size)
{
	int result = launch_expect(creation->launch.parent_socket, step, data, size);

	return result == -EPIPE ? explain_end(creation) : result;
}

static int tell(const struct creation *creation, enum launch_step step)
{
	return launch_send(creation->launch.parent_socket, step);
}

/*
 * C in our memory, with a copy of what it changes. When this returns it executes its program, or it
 * has ended and said why, or -ENOSYS: it was not made.
 */
static int clone_sharing(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	const int group = cgroup_clone_fd(launch->cgroup);
	struct launch copy = *launch;
	pid_t pid;

	error_clear();
	copy.cloned_into = group >= 0;
	pid = clone_process_sharing(launch->namespaces.new_flags & ~CLONE_NEWCGROUP, group,
				    launch_child_sharing, &copy);
	if (pid < 0)
		return pid;
	creation->pid = pid;
	if (copy.executing)
		return 0;
	return error_last()->text[0] ? error_result() : explain_end(creation);
}

/*
 * Children of ours were born in the PID namespace that C joins, hooks are not to be
 * (config.md#posix-platform-hooks: "in the runtime namespace").
 */
static int leave_pid_namespace(const struct launch *launch)
{
	auto_fd int own = -1;

	if (!launch->wait_hooks && !launch->record.has_poststart)
		return 0;
	own = host_open("/proc/self/ns/pid", O_RDONLY);
	return own >= 0 && setns(own, CLONE_NEWPID) == 0 ?
		       0 :
		       fail(errno, "return to the PID namespace of the hooks");
}

static int clone_talking(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	int flags = launch->namespaces.new_flags & ~CLONE_NEWCGROUP;
	int result = make_sockets(launch);
	pid_t pid;

	if (result < 0)
		return result;
	if (launch->intermediate)
		flags = 0;
	else if (launch->namespaces.join_flags & CLONE_NEWPID)
		result = namespace_join(&launch->namespaces, CLONE_NEWPID);
	if (result < 0)
		return result;
	pid = clone_process(flags, cgroup_clone_fd(launch->cgroup), &launch->cloned_into);
	if (pid < 0)
		return fail(-pid, "clone the container's first process");
	if (pid == 0)
		launch_child(launch);
	creation->pid = pid;
	close_fd(&launch->child_socket);
	if (!launch->intermediate)
		return launch->namespaces.join_flags & CLONE_NEWPID ? leave_pid_namespace(launch) :
								      0;
	result = expect(creation, STEP_CHILD, &pid, sizeof(pid));
	if (result < 0)
		return result;
	waitpid(creation->pid, NULL, 0);
	creation->pid = pid;
	return 0;
}

static int clone_first_process(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	int result = -ENOSYS;

	/* Nobody in a namespace that C joins may look at C, or through it at us (CVE-2016-9962). */
	if (process_is_root() &&
	    (launch->namespaces.join_flags || !launch->record.own_pid_namespace))
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (launch->shares)
		result = clone_sharing(creation);
	if (result != -ENOSYS)
		return result;
	launch->shares = false;
	return clone_talking(creation);
}

/* What C may not do itself: to its user namespace from outside, and to its own importance. */
static int set_from_outside(const struct creation *creation)
{
	const struct launch *launch = &creation->launch;
	const struct spec *spec = launch->spec;
	int result = 0;

	if (launch->namespaces.new_flags & CLONE_NEWUSER)
		result = namespace_write_maps(spec, launch->proc, creation->pid);
	if (result == 0 && spec->namespaces[NAMESPACE_USER].present)
		result = credentials_rlimits(&spec->process, creation->pid);
	if (result == 0)
		result = credentials_oom_score(&spec->process, launch->proc, creation->pid);
	return result == 0 ? tell(creation, STEP_ENTERED) : result;
}

static int run_runtime_hooks(struct creation *creation)
{
	const struct launch *launch = &creation->launch;
	const struct spec_hooks *hooks = launch->spec->hooks;
	int result = expect(creation, STEP_BUILT, NULL, 0);

	if (result == 0)
		result = container_run_hooks(&hooks[HOOK_PRESTART], "prestart", &launch->record,
					     STATUS_CREATED, false);
	if (result == 0)
		result = container_run_hooks(&hooks[HOOK_CREATE_RUNTIME], "createRuntime",
					     &launch->record, STATUS_CREATING, false);
	return result == 0 ? tell(creation, STEP_HOOKED) : result;
}

static int note_process(struct creation *creation)
{
	struct state_record *record = &creation->launch.record;
	struct process_stat stat;
	int result = process_stat_read(creation->pid, &stat);

	if (result < 0)
		return fail(-result, "read the start time of the container's first process");
	record->pid = creation->pid;
	record->start_time = stat.start_time;
	return 0;
}

/* From here the container outlives us. */
static int hand_over(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	const struct container_create_request *request = creation->request;
	int result = credentials_scheduler(&launch->spec->process, creation->pid);

	launch->record.created = true;
	if (result == 0)
		result = state_write_created(launch->state, &launch->record, creation->intent);
	if (result == 0 && request->pid_file)
		result = pid_file_write(request->pid_file, creation->pid);
	if (result == 0 && IS_ENABLED(CONFIG_PIDFD_SOCKET) && request->pidfd_socket)
		result = pidfd_socket_send(request->pidfd_socket, creation->pid);
	return result == 0 && !launch->shares ? tell(creation, STEP_RECORDED) : result;
}

/* The conversation of launch.h. */
static int launch(struct creation *creation)
{
	int result = clone_first_process(creation);

	if (result == 0 && !creation->launch.shares)
		result = rootfs_close(creation->launch.rootfs);
	if (result == 0)
		result = note_process(creation);
	if (result == 0 && creation->launch.wait_parent)
		result = set_from_outside(creation);
	if (result == 0 && creation->launch.wait_hooks)
		result = run_runtime_hooks(creation);
	if (result == 0 && !creation->launch.shares)
		result = expect(creation, STEP_READY, NULL, 0);
	if (result == 0 && creation->request->ready)
		result = creation->request->ready(creation->request->data, creation->pid);
	return result == 0 ? hand_over(creation) : result;
}

static void undo(struct creation *creation)
{
	struct launch *launch = &creation->launch;
	struct error first = *error_last();

	if (launch->state < 0)
		return;
	if (creation->pid > 0) {
		kill(creation->pid, SIGKILL);
		waitpid(creation->pid, NULL, 0);
	}
	container_destroy(creation->context, launch->state, &launch->record,
			  first.code == ERROR_HOOK);
	*error_last() = first;
}

int creation_carry_out(struct creation *creation)
{
	int result = begin_on_disk(creation);

	/* We wait for what we make, whatever our caller did with its own children. */
	if (creation->launch.ignored_signals & (UINT64_C(1) << (SIGCHLD - 1)))
		signal(SIGCHLD, SIG_DFL);
	if (result == 0)
		result = prepare_groups(creation);
	if (result == 0)
		result = rootfs_open_sources(creation->launch.rootfs);
	if (result == 0)
		result = make_fifos(creation);
	if (result == 0)
		result = launch(creation);
	if (result < 0)
		undo(creation);
	return result;
}

int container_create(const struct container_context *context,
		     const struct container_create_request *request)
{
	struct creation creation = { .context = context, .request = request };
	int result = creation_plan(&creation);

	return result == 0 ? creation_carry_out(&creation) : result;
}
