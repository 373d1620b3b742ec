/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The units' output. Each unit has one pipe for all its runs, whose two ends PID 1 keeps; one
 * writer process, forked by PID 1, reads them all into rings in shared memory, and forwards lines
 * to the kernel log, a syslog socket (RFC 5424) or a rotating file where the plan says so; files by
 * a child that lives as long as the disk takes (file.c). The writer holds no state that matters:
 * what it read and how far each sink has come stands in the rings before it goes on, so killing it
 * at any instant loses no line (a sink may see one twice). ring.h says how.
 *
 * The rings are a memfd: PID 1 keeps it over re-exec, clients get it read-only and read by
 * themselves. There is one ring more than units: the last one is the supervisor's own.
 */
#ifndef INIT_LOG_LOG_H
#define INIT_LOG_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/plan.h"

/*
 * Make the rings for a plan. `old` (or -1): the rings of the plan before, whose units of the same
 * name keep their lines. Descriptor (close-on-exec), or a negative errno recorded. Called by PID 1:
 * maps, but allocates nothing.
 */
int log_rings_make(const struct plan *plan, int old);

/* Do these rings belong to this plan? After re-exec. */
bool log_rings_fit(int rings, const struct plan *plan);

/*
 * The writer: never returns but by death; runs in a child of PID 1. pipes[i] is the read end for
 * ring i, plan->unit_count + 1 of them (non-blocking). It closes everything else, gives up
 * privileges that no sink needs, and ends when PID 1 does, or by SIGTERM: with all that is in the
 * pipes by then. CLOCK_REALTIME is not to be trusted before the clock is set, so lines carry
 * CLOCK_BOOTTIME, and readers work out the time of the day.
 */
int log_writer(const struct plan *plan, int rings, const int *pipes) __attribute__((noreturn));

/* Clients read with log/read.h. */

#endif
