/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `exec` share. */
#ifndef RUNTIME_EXEC_H
#define RUNTIME_EXEC_H

#include "lib/arena.h"
#include "runtime/container.h"
#include "runtime/seccomp/seccomp.h"
#include "runtime/spec/spec.h"

struct execution {
	struct arena *arena; /* one, also when X runs in our memory */
	const struct container_context *context;
	const struct container_exec_request *request;
	int state; /* the state folder */
	struct state_record record;
	struct spec *spec;	     /* what the container was made from */
	struct spec_process process; /* what is to run */
	struct seccomp_program seccomp;
	struct cgroup *cgroup;
	int namespaces; /* CLONE_NEW* to join */
	int pidfd;	/* the container's first process, or -ENOSYS */
	int proc, root; /* the host's /proc; the root to change to; or -1 */
	int parent_socket, child_socket;
	int console, console_socket; /* where the terminal's master arrives, and is sent */
	unsigned int passed_fds;
	bool wait_parent, cloned_into;
	bool shares;	    /* X runs in our memory, which tells all */
	pid_t runtime, pid; /* P, Y */
};

/* P: read the container's config.json and the request into execution->process. */
int exec_plan_process(struct execution *execution);

/* Join namespaces of the container's first process. */
int exec_join(const struct execution *execution, int flags);

/* X and Y: everything from the clone to execve(2). For clone_process_sharing() too. */
_Noreturn void exec_child(struct execution *execution);
void exec_child_sharing(void *execution);

#endif
