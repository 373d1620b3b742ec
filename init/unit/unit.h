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

#include "lib/config.h"

struct arena;

struct unit_problem {
	bool warning; /* the plan is good nevertheless */
	const char *file;
	unsigned int line; /* 0: of no line */
	const char *property, *reason;
};

struct unit_report {
	void *context;
	/* Called for each problem found: "file:line: property: reason". */
	void (*problem)(void *context, bool warning, const char *text);
	const struct unit_problem *current; /* its parts, while that is called */
	uint32_t errors, warnings;
};

void unit_tell(struct unit_report *report, const struct unit_problem *problem);
/* The recorded error, which is about the file that it calls `file`, and we `shown`. */
void unit_tell_recorded(struct unit_report *report, const char *file, const char *shown);

/* For what machine: like this one, unless it says otherwise. */
enum unit_target {
	UNIT_TARGET_OTHER_ORDER = 1, /* of the other byte order */
	UNIT_TARGET_MIPS = 2,	     /* signals are numbered as on MIPS */
	UNIT_TARGET_NO_MIPS = 4,
};

/*
 * A revision's units, laid over those of the folder: one of the same name goes instead of it. What
 * is early has started before anybody knows which revision runs, so neither are the revision's
 * units early, nor does it take away or replace one that is.
 */
struct unit_over {
	const char *folder;	    /* its NAME.json */
	const char *const *without; /* units that are taken away; NULL-terminated, or NULL */
	uint32_t revision;	    /* its number, for the plan */
	bool trial;
};

/*
 * Make the block for the units in `folder` (NAME.json; others are ignored, hidden ones too), with
 * `over` over them (NULL: nothing), and `system` (may be missing: defaults), for a machine of
 * `target` (enum unit_target). From the arena; NULL with at least one error reported. `size`: its
 * bytes. The same files give the same bytes, on every machine and in any folder of that name.
 */
#if IS_ENABLED(CONFIG_INIT_JSON)
void *unit_compile_over(struct arena *arena, const char *folder, const struct unit_over *over,
			const char *system, unsigned int target, struct unit_report *report,
			size_t *size);
#else
static inline void *unit_compile_over(struct arena *arena, const char *folder,
				      const struct unit_over *over, const char *system,
				      unsigned int target, struct unit_report *report, size_t *size)
{
	(void)arena;
	(void)folder;
	(void)over;
	(void)system;
	(void)target;
	(void)size;
	report->errors++;
	report->problem(report->context, false,
			"there is no plan, and units are not read: CONFIG_INIT_JSON is not set");
	return NULL;
}
#endif

static inline void *unit_compile(struct arena *arena, const char *folder, const char *system,
				 unsigned int target, struct unit_report *report, size_t *size)
{
	return unit_compile_over(arena, folder, NULL, system, target, report, size);
}

/*
 * Is the plan file at `plan` at least as new as all that it was made from? 1 yes, 0 no, -ENOENT:
 * there is no plan file. A few stat(2) calls; allocates nothing.
 */
int unit_plan_is_current(const char *plan, const char *folder, const char *system);

#endif
