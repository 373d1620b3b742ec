/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a container: what the runtime (P) and the container's first process (C) know in common,
 * and how they talk. P fills `struct launch` completely before the clone; C inherits it.
 *
 *   P -> C  STEP_ENTERED   id maps and what only P may set are there  (only if `wait_parent`)
 *   C -> P  STEP_BUILT     namespaces and mounts are there            (only if `wait_hooks`)
 *   P -> C  STEP_HOOKED    prestart and createRuntime hooks succeeded
 *   C -> P  STEP_READY     all done but start
 *   P -> C  STEP_RECORDED  the state is on disk: C outlives P from here
 *
 * C then waits on the `start` fifo (create) or goes on (run), and its end of the socket closes
 * when the user's program is executed. At any point C may send STEP_ERROR and its error record
 * instead; a closed socket tells C that P is gone. To `start`, C answers on the `result` fifo:
 * STEP_EXECUTING and the end of file, or STEP_ERROR and the record.
 */
#ifndef RUNTIME_LAUNCH_H
#define RUNTIME_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/namespace.h"
#include "runtime/seccomp/seccomp.h"
#include "runtime/state.h"

struct cgroup;
struct rootfs;
struct spec;

enum launch_step {
	STEP_ERROR, /* followed by a message that is struct error */
	STEP_CHILD, /* the intermediate process made C: followed by its pid_t */
	STEP_ENTERED,
	STEP_BUILT,
	STEP_HOOKED,
	STEP_READY,
	STEP_RECORDED,
	STEP_EXECUTING, /* on the result fifo: the next thing is execve(2) */
};

struct launch {
	struct arena *arena; /* of spec, plans and texts: one, also when C runs in our memory */
	struct spec *spec;
	const char *config; /* the text that spec was read from, for the state folder */
	size_t config_size;
	struct state_record record;
	struct namespace_plan namespaces;
	struct rootfs *rootfs;
	struct cgroup *cgroup;
	struct seccomp_program seccomp; /* count 0: none */
	int *container_hooks;		/* executables of the createContainer hooks, or NULL */
	int proc;			/* the host's /proc, verified */
	int parent_socket, child_socket;
	int state;		  /* the state folder, which is also the lock */
	int console_socket;	  /* -1: no terminal */
	int start, result;	  /* fifos, or -1 for run */
	unsigned int passed_fds;  /* N descriptors from 3 on stay open */
	char *listen_pid;	  /* LISTEN_PID's digits, 11 at most; NULL: not told */
	uint64_t ignored_signals; /* by our caller: bit n - 1 is signal n */
	bool wait_parent;	  /* C waits for STEP_ENTERED */
	bool wait_hooks;	  /* there are prestart or createRuntime hooks */
	bool intermediate;	  /* namespaces are joined before others are made: two clones */
	bool cloned_into;	  /* C was born in its v2 group */
	bool notify;		  /* there is a notify folder in the state folder */
	bool shares;	/* C runs in P's memory, which tells all: no socket, no waiting for P */
	bool executing; /* C: the next thing is execve(2), and it has not failed */
};

/* One step, or one with data after it. 0, or -errno recorded. */
int launch_send(int fd, enum launch_step step);
int launch_send_data(int fd, enum launch_step step, const void *data, size_t size);
/* The recorded error; failures to send are ignored: nobody is left to be told. */
void launch_send_error(int fd);

/*
 * Wait for a step (and the data that follows it, if size is not 0). An error record of the other
 * side becomes ours. -EPIPE, with nothing recorded, when the other side is gone.
 */
int launch_expect(int fd, enum launch_step step, void *data, size_t size);

/* As launch_child(), for clone_process_sharing(). */
void launch_child_sharing(void *launch);

/* C: everything from the clone to execve(2). `launch->intermediate`: joins and clones once more
 * first. */
_Noreturn void launch_child(struct launch *launch);

#endif
