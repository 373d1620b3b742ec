/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a container: what the runtime (P) and the container's first process (C) know in common,
 * and how they talk. P fills `struct launch` completely before the clone; C inherits it.
 *
 *   P -> C  STEP_ENTERED   id maps are written, C is in its groups      (only if `wait_parent`)
 *   C -> P  STEP_BUILT     namespaces and mounts are there               (only if `runtime_hooks`)
 *   P -> C  STEP_HOOKED    prestart and createRuntime hooks succeeded
 *   C -> P  STEP_READY     all done but start
 *   P -> C  STEP_RECORDED  the state is on disk: C outlives P from here
 * C then waits on the `start` fifo (create) or goes on (run), and its end of the socket closes
 * when the user's program is executed. At any point C may send an error record instead; a closed
 * socket tells C that P is gone.
 */
#ifndef RUNTIME_LAUNCH_H
#define RUNTIME_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/error.h"
#include "runtime/namespace.h"
#include "runtime/seccomp/seccomp.h"
#include "runtime/state.h"

struct arena;
struct cgroup;
struct rootfs;
struct spec;

enum launch_step {
	STEP_ERROR, /* followed by struct error */
	STEP_ENTERED,
	STEP_BUILT,
	STEP_HOOKED,
	STEP_READY,
	STEP_RECORDED,
	STEP_EXECUTING, /* on the result fifo: the next thing is execve(2) */
};

struct launch {
	struct arena *arena;
	const struct spec *spec;
	struct state_record record;
	struct namespace_plan namespaces;
	struct rootfs *rootfs;
	struct cgroup *cgroup;
	struct seccomp_program seccomp;
	int proc;	    /* the host's /proc, verified */
	int socket;	    /* to the other side */
	int state;	    /* the state folder (P only) */
	int console_socket; /* -1: no terminal */
	int start, result;  /* fifos, or -1 for run */
	unsigned int preserve_fds; /* with those of LISTEN_FDS */
	unsigned int listen_fds;
	bool wait_parent;	   /* C waits for STEP_ENTERED */
	bool wait_hooks;	   /* there are prestart or createRuntime hooks */
	bool cloned_into;	   /* C was born in its v2 group */
	bool no_new_keyring;
	const char *notify_socket; /* path in the container, or NULL */
};

/* One message; the error record follows STEP_ERROR in the same message. 0, or -errno recorded. */
int launch_send(int fd, enum launch_step step);
/* The recorded error; failures to send are ignored: nobody is left to be told. */
void launch_send_error(int fd);
/* Waits for a step. An error record of the other side becomes ours; -EPIPE when it is gone. */
int launch_expect(int fd, enum launch_step step);

/* C: everything from the clone to execve(2); never returns. */
_Noreturn void launch_child(struct launch *launch);

#endif
