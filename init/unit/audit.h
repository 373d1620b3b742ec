/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `cruet check` asks beyond the units themselves: does what they run exist, is there enough
 * memory, can the kernel do it? Findings go to the report; nothing is changed and nothing run.
 */
#ifndef INIT_UNIT_AUDIT_H
#define INIT_UNIT_AUDIT_H

#include <stdint.h>

#include <cJSON.h>

#include "init/plan.h"
#include "init/unit/unit.h"

struct arena;

struct audit {
	struct arena *arena;
	struct unit_report *report;
	const struct plan *plan; /* NULL: only the bundle in configs[0] */
	const char *folder;	 /* of the units, for messages; or the bundle */
	const char *over;	 /* folder whose units lie over them; or NULL */
	const char *system;	 /* file, for messages */
	const char *only;	 /* look at the unit of this name only; NULL: at all */
	int root;		 /* folder below which paths are looked up; -1: they are not */
	const char *root_path;	 /* the same for messages */
	const cJSON **configs;	 /* of each unit: its bundle's config.json, NULL if not known */
};

/* Bundles and programs exist below the root; fills configs. */
void audit_files(struct audit *audit);

/* The bundle that the root is; `file`: its config.json, for messages. Fills configs[0]. */
void audit_bundle(struct audit *audit, const char *file);

/* Limits, log rings and boot volumes against so many bytes; `whose` memory, for the message. */
void audit_memory(struct audit *audit, uint64_t memory, const char *whose);

/*
 * What the units need of the kernel. `config`: the text of its .config, `name`: its file; NULL:
 * the running kernel, as far as /proc tells.
 */
void audit_kernel(struct audit *audit, const char *config, const char *name);

/* Is unit `i` looked at? */
bool audit_has(const struct audit *audit, uint32_t i);

/* Report something about unit `i`, PLAN_NONE: about the system; or the bundle. */
void audit_say(struct audit *audit, bool warning, uint32_t i, const char *property,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
