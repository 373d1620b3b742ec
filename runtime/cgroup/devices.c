/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules: which ones are in effect, and who enforces them. */
#include "runtime/cgroup/devices.h"

#include <fcntl.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"

static const char property[] = "linux.resources.devices";

/*
 * What a container gets whatever its rules say; every runtime appends these: making nodes
 * (using them is another matter), the devices of config-linux.md#default-devices, terminals,
 * and /dev/net/tun, which was once added and is now relied upon.
 */
static const struct device_rule defaults[] = {
	{ true, true, 'c', DEVICE_ANY, DEVICE_ANY, DEVICE_MKNOD },
	{ true, true, 'b', DEVICE_ANY, DEVICE_ANY, DEVICE_MKNOD },
	{ true, true, 'c', 1, 3, DEVICE_ALL },		  /* null */
	{ true, true, 'c', 1, 5, DEVICE_ALL },		  /* zero */
	{ true, true, 'c', 1, 7, DEVICE_ALL },		  /* full */
	{ true, true, 'c', 1, 8, DEVICE_ALL },		  /* random */
	{ true, true, 'c', 1, 9, DEVICE_ALL },		  /* urandom */
	{ true, true, 'c', 5, 0, DEVICE_ALL },		  /* tty */
	{ true, true, 'c', 5, 1, DEVICE_ALL },		  /* console */
	{ true, true, 'c', 5, 2, DEVICE_ALL },		  /* ptmx */
	{ true, true, 'c', 136, DEVICE_ANY, DEVICE_ALL }, /* pts */
	{ true, true, 'c', 10, 200, DEVICE_ALL },	  /* net/tun */
};

enum { DEFAULT_COUNT = sizeof(defaults) / sizeof(defaults[0]) };

static bool number_covers(int32_t outer, int32_t inner)
{
	return outer == DEVICE_ANY || outer == inner;
}

bool device_covers(const struct device_rule *outer, const struct device_rule *inner)
{
	return (outer->type == 'a' || outer->type == inner->type) &&
	       number_covers(outer->major, inner->major) &&
	       number_covers(outer->minor, inner->minor);
}

bool device_overlaps(const struct device_rule *a, const struct device_rule *b)
{
	return (a->type == 'a' || b->type == 'a' || a->type == b->type) &&
	       (number_covers(a->major, b->major) || number_covers(b->major, a->major)) &&
	       (number_covers(a->minor, b->minor) || number_covers(b->minor, a->minor));
}

static bool is_everything(const struct spec_device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 && rule->read &&
	       rule->write && rule->mknod;
}

/* Is the access of an allowing rule granted already by the rules before it? */
static bool is_granted(const struct device_rules *rules, const struct device_rule *rule)
{
	unsigned int missing = rule->access;

	for (size_t i = rules->count; i-- > 0 && missing;) {
		const struct device_rule *before = &rules->items[i];

		if (!before->allow && device_overlaps(before, rule) && (before->access & missing))
			return false;
		if (before->allow && device_covers(before, rule))
			missing &= ~before->access;
	}
	return missing == 0 || rules->allow;
}

static struct device_rule rule_of(const struct spec_device_rule *rule)
{
	return (struct device_rule){
		.allow = rule->allow,
		.type = rule->type,
		.major = rule->major < 0 ? DEVICE_ANY : (int32_t)rule->major,
		.minor = rule->minor < 0 ? DEVICE_ANY : (int32_t)rule->minor,
		.access = (rule->read ? DEVICE_READ : 0u) | (rule->write ? DEVICE_WRITE : 0u) |
			  (rule->mknod ? DEVICE_MKNOD : 0u),
	};
}

struct device_rules *devices_rules(struct arena *arena, const struct spec_resources *resources)
{
	struct device_rules *rules = arena_alloc(arena, sizeof(*rules));
	size_t first = 0;

	if (!rules)
		return NULL;
	rules->asked = resources->device_count > 0;
	for (size_t i = 0; i < resources->device_count; i++) {
		if (is_everything(&resources->devices[i])) {
			rules->allow = resources->devices[i].allow;
			first = i + 1;
		}
	}
	rules->items = arena_array(arena, resources->device_count - first + DEFAULT_COUNT,
				   sizeof(rules->items[0]));
	if (!rules->items)
		return NULL;
	for (size_t i = first; i < resources->device_count; i++) {
		const struct spec_device_rule *rule = &resources->devices[i];

		/* No device has such a number: nothing can match. */
		if (rule->major <= INT32_MAX && rule->minor <= INT32_MAX)
			rules->items[rules->count++] = rule_of(rule);
	}
	for (size_t i = 0; i < DEFAULT_COUNT; i++) {
		if (!is_granted(rules, &defaults[i]))
			rules->items[rules->count++] = defaults[i];
	}
	return rules;
}

/* Everything is allowed: no rule takes anything away. */
static bool allows_all(const struct device_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (!rules->items[i].allow)
			return false;
	}
	return rules->allow;
}

int devices_plan(struct cgroup *cgroup, struct limits *limits,
		 const struct spec_resources *resources)
{
	struct device_rules *rules = devices_rules(cgroup->arena, resources);

	if (!rules)
		return -ENOMEM;
	rules->group = group_v1(cgroup, "devices");
	if (!rules->group && IS_ENABLED(CONFIG_CGROUP_BPF_DEVICES))
		rules->group = group_v2(cgroup);
	if (allows_all(rules)) {
		rules->count = 0;
		/* A v2 group that is new has no program. */
		if (!rules->group || (limits->fresh && group_is_v2(rules->group)))
			return 0;
	}
	if (rules->group) {
		limits->devices = rules;
		return 0;
	}
	if (!rules->asked)
		return 0;
	if (group_v2(cgroup))
		fail_property(property, "CONFIG_CGROUP_BPF_DEVICES is not set");
	else
		fail_property(property, "no devices controller is mounted");
	error_last()->code = ERROR_UNSUPPORTED;
	return -EINVAL;
}

/* The first user namespace maps all ids to themselves. */
static bool in_user_namespace(void)
{
	char text[128];
	ssize_t length = host_read("/proc/self/uid_map", text, sizeof(text));
	const char *count = length > 0 ? strrchr(text, ' ') : NULL;

	return count && strncmp(count + 1, "4294967295", 10) != 0;
}

int devices_apply(struct cgroup *cgroup, struct limits *limits)
{
	int result = IS_ENABLED(CONFIG_CGROUP_BPF_DEVICES) && group_is_v2(limits->devices->group) ?
			     devices_bpf_apply(limits, limits->fresh) :
			     devices_v1_apply(limits, limits->fresh);

	(void)cgroup;
	if (result == -EPERM && in_user_namespace()) {
		/*
		 * The kernel lets nobody there open a device that the outer rules do not allow, nor
		 * make nodes.
		 */
		log_debug("%s: not in effect inside a user namespace", property);
		error_clear();
		return 0;
	}
	if (result < 0 && !limits->devices->asked &&
	    (result == -EINVAL || result == -ENOSYS || result == -EOPNOTSUPP)) {
		log_debug("%s: this kernel cannot restrict devices", property);
		error_clear();
		return 0;
	}
	return result;
}
