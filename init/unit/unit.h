/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON to a plan: reads a folder of units and system.json, checks each property, checks the
 * whole, sorts, and lays out the block. Errors name file, line and property; all errors of a set
 * are reported, not only the first. Runs on the build host, or in a child of PID 1.
 */
#ifndef INIT_UNIT_UNIT_H
#define INIT_UNIT_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Called for each problem found: "file:line: property: reason". warning: the plan is good
 * nevertheless. */
struct unit_report {
	void *context;
	void (*problem)(void *context, bool warning, const char *text);
	uint32_t errors, warnings;
};

/*
 * Make the block for the units in `folder` (NAME.json; others are ignored, hidden ones too) and
 * `system` (may be missing: defaults). From the arena; NULL with at least one error reported.
 * `size`: its bytes. other_order: for a machine of the other byte order.
 */
void *unit_compile(struct arena *arena, const char *folder, const char *system, bool other_order,
		   struct unit_report *report, size_t *size);

/*
 * Is the plan file at `plan` at least as new as all that it was made from? 1 yes, 0 no, -ENOENT:
 * there is no plan file. A few stat(2) calls; allocates nothing.
 */
int unit_plan_is_current(const char *plan, const char *folder, const char *system);

#endif
