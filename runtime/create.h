/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The making of a container, step by step, for `create` and `run`: plan (no side effect), carry
 * out, undo. Descriptors and memory are left to the end of the process, which makes one container.
 */
#ifndef RUNTIME_CREATE_H
#define RUNTIME_CREATE_H

#include "runtime/container.h"
#include "runtime/launch.h"

struct creation {
	const struct container_context *context;
	const struct container_create_request *request;
	bool run;	 /* C does not wait for `start` */
	bool foreground; /* we wait for its end, and relay its terminal */
	struct arena arena;
	struct launch launch;
	int bundle;  /* descriptor of the bundle */
	int intent;  /* the intent record, open */
	int console; /* foreground: where the terminal's master arrives, else -1 */
	pid_t pid;   /* C, 0 before the clone */
};

/* Read, check, and decide all that can be decided. `creation` holds the request, run and
 * foreground. */
int creation_plan(struct creation *creation);

/*
 * Make it: state folder, intent record, groups, C, hooks, created record, pid file. On success C
 * waits for `start`, or executes the program (run). On error everything is undone and poststop
 * hooks ran if a hook had failed.
 */
int creation_carry_out(struct creation *creation);

#endif
