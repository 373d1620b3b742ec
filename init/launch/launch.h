/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work on one unit's run. Every function here is called in a short-lived child that PID 1
 * forked (signals unblocked and default, in its own process group): it may allocate, block and
 * fail; the host gives it a deadline and kills it. Each returns the child's exit status: 0 when it
 * succeeded, else 1 with the recorded error (the host prints it as the unit's message).
 *
 * Bundles run by our own runtime (runtime/container.h, in this very child) or by another OCI
 * runtime with runc's command line (create, start, kill, delete, exec; --root DIR); both are given
 * the same derived bundle, so both behave alike. Containers are named after their unit and live
 * in the runtime's usual state folder.
 */
#ifndef INIT_LAUNCH_LAUNCH_H
#define INIT_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/plan.h"

/* What a child needs to know, beyond the plan. Descriptors are the child's own. */
struct launch {
	const struct plan *plan;
	uint32_t unit;
	int output; /* write end of the unit's log pipe: stdout and stderr */
	int report; /* launch_start() only: a SOCK_SEQPACKET to PID 1 */
	int ready;  /* write end for CHECK_FD, or -1 */
	int notify; /* the bound datagram socket of the unit is there (INIT_RUN_UNITS/NAME/notify):
		       1, or -1 */
	pid_t pid;  /* clean, check: the main process, or 0 */
	/* launch_start() only: of the unit's plan_socket, all open; NULL: it has none */
	const int32_t *sockets;
	bool trial;	 /* of a revision that has yet to prove itself */
	uint32_t starts; /* how many runs there were before: 0 for the first since boot */
};

/* A packet on `report`, from the child. */
enum launch_report_kind {
	/*
	 * The main process exists, stopped before its program's execution: `pid`. PID 1 remembers
	 * it and answers with one byte; only then it goes on, so that no exit status is ever lost.
	 */
	LAUNCH_PID,
	/*
	 * It has been executed. Exec units on old kernels, or with a network of their own: the
	 * socket's end says the same, after LAUNCH_PID.
	 */
	LAUNCH_DONE,
	LAUNCH_ERROR, /* `text` says why not */
};

struct launch_report {
	uint32_t kind; /* enum launch_report_kind */
	int32_t pid;
	char text[504];
};

/*
 * Start the unit: folders, volumes, derived bundle, groups, network; the process becomes a child of
 * PID 1 (a container's: because this child ends; exec: CLONE_PARENT or by orphaning).
 */
int launch_start(const struct launch *launch);

/*
 * Kill whatever is left of the unit, container or group, and remove what launch_start() made, also
 * when that was killed half way; nothing there is success. Then nothing of the run exists.
 */
int launch_clean(const struct launch *launch);

/* launch_clean(), and throw away the writable layer and the boot volumes. */
int launch_reset(const struct launch *launch);

/*
 * Volumes of class revision whose revision is installed no more: count them, or remove them. Their
 * number, or a negative errno recorded; without a store, or a place for volumes, there are none.
 */
int volumes_sweep(const struct plan *plan, bool removes);

/* After the last unit: remove the groups that they had in common, where nobody is in them. */
int launch_end(void);

/* One probe (plan_unit.ready or .health): 0 when it passed. */
int launch_check(const struct launch *launch, const struct plan_check *check);

#endif
