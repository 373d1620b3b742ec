/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.devices: a list of rules of which, for each kind of access, the last one that
 * matches counts (config-linux.md#allowed-device-list). v1 gets them as writes to devices.allow
 * and devices.deny, v2 as a BPF program.
 */
#ifndef RUNTIME_CGROUP_DEVICES_H
#define RUNTIME_CGROUP_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/cgroup/limits.h"

/* BPF_DEVCG_ACC_*: the numbers of the kernel. */
enum device_access { DEVICE_MKNOD = 1, DEVICE_READ = 2, DEVICE_WRITE = 4, DEVICE_ALL = 7 };

enum { DEVICE_ANY = -1 };

struct device_rule {
	bool allow;
	bool optional; /* one of the defaults: nobody asked for it */
	char type;     /* 'a', 'b', 'c' */
	int32_t major, minor;
	unsigned int access;
};

struct device_rules {
	struct group *group;
	bool allow; /* what no rule matches */
	bool asked; /* the configuration has rules: they must be put into effect */
	size_t count;
	struct device_rule *items;
};

/*
 * The rules in effect: those after the last one that matches everything, and then the devices that
 * every container gets. `defaults`: whether to append these. NULL: out of memory.
 */
struct device_rules *devices_rules(struct arena *arena, const struct spec_resources *resources);

/*
 * Finds who can enforce them; limits->devices stays NULL where nothing has to be done. 0 or -errno
 * recorded.
 */
int devices_plan(struct cgroup *cgroup, struct limits *limits,
		 const struct spec_resources *resources);
int devices_apply(struct cgroup *cgroup, struct limits *limits);

/*
 * Is every device that `inner` matches matched by `outer`? Do they have a device in common? (Access
 * is not looked at.)
 */
bool device_covers(const struct device_rule *outer, const struct device_rule *inner);
bool device_overlaps(const struct device_rule *a, const struct device_rule *b);

/* ---- devices_v1.c ---- */

/*
 * v1 knows a default and exceptions from it; this makes the exceptions that amount to the rules,
 * merged, in the listed order. -ENOTSUP: v1 cannot express it; *failed is the index of the rule.
 */
int devices_v1_exceptions(const struct device_rules *rules, struct device_rule *exceptions,
			  size_t *count, size_t *failed);
/* The text of a rule for devices.allow and devices.deny: "c 1:3 rwm". */
enum { DEVICE_TEXT_SIZE = 40 };
char *device_text(const struct device_rule *rule, char text[DEVICE_TEXT_SIZE]);
int devices_v1_apply(struct limits *limits, bool fresh);

/* ---- devices_program.c, devices_bpf.c ---- */

/* struct bpf_insn of linux/bpf.h, which may be older than what we need. */
struct device_insn {
	uint8_t code;
	uint8_t destination : 4, source : 4;
	int16_t offset;
	int32_t value;
};

/* At most this many instructions for so many rules. */
static inline size_t devices_program_size(size_t rules)
{
	return rules * 7 + 16;
}

/* Writes the program; returns its length. */
size_t devices_program(const struct device_rules *rules, struct device_insn *program);
int devices_bpf_apply(struct limits *limits, bool fresh);

#endif
