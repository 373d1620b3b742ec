/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources as writes to control files. First a list of settings is made (pure), then it
 * is carried out; so `update` can take back what it did.
 */
#ifndef RUNTIME_CGROUP_LIMITS_H
#define RUNTIME_CGROUP_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/cgroup/internal.h"
#include "runtime/spec/spec.h"

enum setting_flag {
	/* ENOENT is fine: this kernel lacks the file, and the value is what it does anyway. */
	SETTING_OPTIONAL = 1,
	/* ENOENT is fine if there is no swap: then there is nothing to limit. */
	SETTING_SWAP = 2,
	/* Lines with a key in front ("8:0 1048576"): to take it back, the line with our key counts.
	 */
	SETTING_KEYED = 4,
	/* For a file with several lines: to take it back, the number of the first line. */
	SETTING_FIRST_NUMBER = 8,
	/* Write if the one before it was not to be found, and only then. */
	SETTING_ALTERNATIVE = 16,
	/* v2 memory.max: the kernel kills at once what is above; refuse instead
	   (checkBeforeUpdate). */
	SETTING_CHECK_USAGE = 32,
};

struct setting {
	struct group *group;
	const char *file;
	const char *value;
	const char *property;
	const char *undo; /* KEYED: what stands for "nothing was set" */
	char *old;	  /* as it was before an update */
	unsigned int flags;
	enum setting_state {
		SETTING_PENDING,
		SETTING_DONE,
		SETTING_MISSING,
		SETTING_SKIPPED
	} state;
};

struct device_rules;

struct limits {
	struct arena *arena;
	struct setting *settings;
	size_t count, capacity;
	size_t unified;	     /* those from here on are of `unified`: written last */
	struct setting lost; /* takes what is added after an error; never read */
	int error;	     /* first failure while the list was made */
	bool fresh;	     /* for a group just made: what is the default need not be written */
	struct device_rules *devices; /* NULL: leave them alone */
};

/*
 * The list for `resources` (may be NULL: none). Refuses what has no controller. `fresh`: for
 * create, where the default device rules stand even if none are given. NULL: error recorded.
 */
struct limits *limits_make(struct cgroup *cgroup, const struct spec_resources *resources,
			   bool fresh);

/* For cgroup_plan(): makes cgroup->limits. */
int limits_plan(struct cgroup *cgroup, const struct spec_resources *resources);

/* Adds one setting; the value is formatted into the arena. */
struct setting *limits_add(struct limits *limits, struct group *group, const char *property,
			   const char *file, unsigned int flags, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/*
 * Where a controller is: its v1 group, else the v2 group if the tree offers it (noted in
 * cgroup->needed), else NULL and an error that names the property.
 */
struct group *limits_home(struct cgroup *cgroup, struct limits *limits, const char *controller,
			  const char *property);

/* limits_v1.c, limits_v2.c: everything of one controller that is set. */
typedef void limits_function(struct limits *limits, struct group *group,
			     const struct spec_resources *resources);
limits_function limits_v1_memory, limits_v1_cpu, limits_v1_cpuset, limits_v1_pids, limits_v1_blkio,
	limits_v1_net_cls, limits_v1_net_prio, limits_v1_hugetlb;
limits_function limits_v2_memory, limits_v2_cpu, limits_v2_cpuset, limits_v2_pids, limits_v2_io,
	limits_v2_hugetlb, limits_rdma;

/*
 * settings.c: carry the list out. `undo`: remember the old values, and on an error write them
 * again.
 */
int settings_write(struct limits *limits, bool undo);
void settings_undo(struct limits *limits);

/* ---- convert.c ---- */

/* cpu.shares (2..262144) to cpu.weight (1..10000): 1024 is 100. */
unsigned int convert_shares(uint64_t shares);
/* blockIO.weight (10..1000) to io.weight (1..10000), linear. */
unsigned int convert_blkio_weight(unsigned int weight);

#endif
