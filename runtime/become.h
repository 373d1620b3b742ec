/* SPDX-License-Identifier: Apache-2.0 */
/* The last steps of a container's process, the same for its first one and for exec: from a prepared
 * child to the user's program. */
#ifndef RUNTIME_BECOME_H
#define RUNTIME_BECOME_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/seccomp/seccomp.h"

struct arena;
struct spec;
struct spec_process;

struct become {
	struct arena *arena;
	const struct spec *spec; /* of the container: personality */
	const struct spec_process *process;
	const struct seccomp_program *seccomp; /* count 0: none */
	int proc;	     /* verified procfs for labels; closed once they are set */
	bool user_namespace; /* limits were set from outside; a user made it: setgroups is denied */
	bool first;	     /* the container's first process: umask 0022 unless given */
	/* filled by become_prepare() */
	const char *program;
	char **environment;
};

/*
 * Signals as a program expects them, whatever our caller did: none blocked, and those of `ignored`
 * (bit n - 1: signal n) with their default action.
 */
void become_reset_signals(uint64_t ignored);

/*
 * Ids 0 of a user namespace that was just entered, without groups: what is done next must be done
 * by its root. 0 or -errno recorded.
 */
int become_namespace_root(void);

/* What callers are known to ignore: nohup(1), a shell's background jobs, Python, systemd. */
extern const uint64_t become_often_ignored;

/*
 * All but the system call filter and execve(2), in the one order that is safe: limits, umask,
 * personality, labels, working directory, bounding set, ids, capabilities, no_new_privs; and the
 * search for the program as the user. 0 or -errno recorded. Afterwards only what the user may.
 */
int become_prepare(struct become *become);

/* The filter, then the program: two system calls. Returns only on error, -errno recorded. */
int become_execute(const struct become *become);

#endif
