/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources: which controller each part needs, and where that controller is. */
#include "runtime/cgroup/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/cgroup/devices.h"

enum { SETTINGS_STEP = 16 };

static void limits_failed(struct limits *limits, int result)
{
	if (limits->error == 0)
		limits->error = result;
}

static struct setting *limits_next(struct limits *limits)
{
	if (limits->count == limits->capacity) {
		struct setting *more =
			arena_array(limits->arena, limits->capacity + SETTINGS_STEP, sizeof(*more));

		if (!more)
			return NULL;
		if (limits->count > 0)
			memcpy(more, limits->settings, limits->count * sizeof(*more));
		limits->settings = more;
		limits->capacity += SETTINGS_STEP;
	}
	return &limits->settings[limits->count];
}

struct setting *limits_add(struct limits *limits, struct group *group, const char *property,
			   const char *file, unsigned int flags, const char *format, ...)
{
	struct setting *setting = limits_next(limits);
	char value[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	if (setting)
		*setting = (struct setting){
			.group = group,
			.file = file,
			.value = arena_strdup(limits->arena, value),
			.property = property,
			.flags = flags,
		};
	if (!setting || !setting->value) {
		limits_failed(limits, -ENOMEM);
		return &limits->lost;
	}
	limits->count++;
	return setting;
}

static bool note_needed(struct cgroup *cgroup, const char *controller)
{
	const char *needed = cgroup->needed ? cgroup->needed : "";

	if (!word_in(needed, ' ', controller))
		cgroup->needed = arena_printf(cgroup->arena, "%s %s", needed, controller);
	return cgroup->needed;
}

/* v1 names of controllers that v2 calls otherwise. */
static const char *v2_name(const char *controller)
{
	return strcmp(controller, "blkio") == 0 ? "io" : controller;
}

struct group *limits_home(struct cgroup *cgroup, struct limits *limits, const char *controller,
			  const char *property)
{
	struct group *group = group_v1(cgroup, controller);

	if (limits->error)
		return NULL;
	if (group)
		return group;
	if (group_v2_has(cgroup, v2_name(controller))) {
		if (note_needed(cgroup, v2_name(controller)))
			return group_v2(cgroup);
		limits_failed(limits, -ENOMEM);
		return NULL;
	}
	limits_failed(limits, fail_property(property, "no %s controller is mounted", controller));
	error_last()->code = ERROR_UNSUPPORTED;
	return NULL;
}

/* ---- which parts are given ---- */

static const char *memory_given(const struct spec_resources *resources)
{
	/* 0 is what Go's JSON writes for "not given". */
	if (resources->memory.limit.set && resources->memory.limit.value)
		return "linux.resources.memory.limit";
	if (resources->memory.swap.set && resources->memory.swap.value)
		return "linux.resources.memory.swap";
	if (resources->memory.reservation.set && resources->memory.reservation.value)
		return "linux.resources.memory.reservation";
	if (!IS_ENABLED(CONFIG_MEMORY_SWAPPINESS))
		return NULL;
	if (resources->memory.swappiness.set)
		return "linux.resources.memory.swappiness";
	return resources->memory.disable_oom_killer ? "linux.resources.memory.disableOOMKiller" :
						      NULL;
}

static const char *cpu_given(const struct spec_resources *resources)
{
	if (resources->cpu.quota.set && resources->cpu.quota.value)
		return "linux.resources.cpu.quota";
	if (resources->cpu.period.set && resources->cpu.period.value)
		return "linux.resources.cpu.period";
	if (resources->cpu.shares.set && resources->cpu.shares.value)
		return "linux.resources.cpu.shares";
	if (resources->cpu.burst.set && resources->cpu.burst.value)
		return "linux.resources.cpu.burst";
	if (resources->cpu.idle.set && resources->cpu.idle.value)
		return "linux.resources.cpu.idle";
	if (!IS_ENABLED(CONFIG_CPU_REALTIME))
		return NULL;
	if (resources->cpu.realtime_runtime.set && resources->cpu.realtime_runtime.value)
		return "linux.resources.cpu.realtimeRuntime";
	return resources->cpu.realtime_period.set && resources->cpu.realtime_period.value ?
		       "linux.resources.cpu.realtimePeriod" :
		       NULL;
}

/* A burst or an idle of 0 alone asks for nothing, but takes back what an update gave before. */
static bool cpu_zeroes(const struct spec_resources *resources)
{
	return resources->cpu.burst.set || resources->cpu.idle.set;
}

static const char *cpuset_given(const struct spec_resources *resources)
{
	if (resources->cpu.cpus)
		return "linux.resources.cpu.cpus";
	return resources->cpu.mems ? "linux.resources.cpu.mems" : NULL;
}

static const char *blkio_given(const struct spec_resources *resources)
{
	if (IS_ENABLED(CONFIG_IO_THROTTLE)) {
		if (resources->read_bps.count)
			return "linux.resources.blockIO.throttleReadBpsDevice";
		if (resources->write_bps.count)
			return "linux.resources.blockIO.throttleWriteBpsDevice";
		if (resources->read_iops.count)
			return "linux.resources.blockIO.throttleReadIOPSDevice";
		if (resources->write_iops.count)
			return "linux.resources.blockIO.throttleWriteIOPSDevice";
	}
	if (!IS_ENABLED(CONFIG_BLKIO_WEIGHT))
		return NULL;
	if (resources->blkio_weight.set && resources->blkio_weight.value)
		return "linux.resources.blockIO.weight";
	return resources->weight_device_count ? "linux.resources.blockIO.weightDevice" : NULL;
}

static void add_part(struct cgroup *cgroup, struct limits *limits, const char *property,
		     const char *controller, limits_function *v1, limits_function *v2,
		     const struct spec_resources *resources)
{
	struct group *group = property ? limits_home(cgroup, limits, controller, property) : NULL;

	if (group)
		(group_is_v2(group) ? v2 : v1)(limits, group, resources);
}

static void add_network(struct cgroup *cgroup, struct limits *limits,
			const struct spec_resources *resources)
{
	const char *classes = "linux.resources.network.classID";
	const char *priorities = "linux.resources.network.priorities";
	struct group *group;

	/* v2 has neither, and nothing that would do instead. */
	if (resources->network_class.set && resources->network_class.value) {
		group = limits_home(cgroup, limits, "net_cls", classes);
		if (group)
			limits_v1_net_cls(limits, group, resources);
	}
	if (resources->network_priority_count) {
		group = limits_home(cgroup, limits, "net_prio", priorities);
		if (group)
			limits_v1_net_prio(limits, group, resources);
	}
}

/* ---- unified: any file of the v2 group ---- */

static bool unified_check(struct cgroup *cgroup, struct limits *limits, const char *file,
			  const char *property)
{
	char controller[64];
	size_t length = strcspn(file, ".");

	if (file[0] == '\0' || strchr(file, '/') || strcmp(file, ".") == 0 ||
	    strcmp(file, "..") == 0) {
		limits_failed(limits,
			      fail_property(property, "is not the name of a cgroup v2 file"));
		return false;
	}
	if (!group_v2(cgroup)) {
		limits_failed(limits, fail_property(property, "there is no cgroup v2"));
		return false;
	}
	if (length >= sizeof(controller) || file[length] == '\0')
		return true; /* the kernel will tell */
	memcpy(controller, file, length);
	controller[length] = '\0';
	if (strcmp(controller, "cgroup") == 0)
		return true;
	if (group_v2_has(cgroup, controller))
		return note_needed(cgroup, controller);
	limits_failed(limits,
		      fail_property(property, "the %s controller is not on cgroup v2", controller));
	return false;
}

/* One write(2) for each line: that is all a control file takes. */
static void add_unified(struct cgroup *cgroup, struct limits *limits,
			const struct spec_unified *unified)
{
	const char *property =
		arena_printf(limits->arena, "linux.resources.unified.%.64s", unified->file);
	const char *line = unified->value, *end;

	if (!property || !unified_check(cgroup, limits, unified->file, property)) {
		limits_failed(limits, -ENOMEM);
		return;
	}
	do {
		struct setting *setting;
		char *value;

		end = strchr(line, '\n');
		value = arena_strndup(limits->arena, line,
				      end ? (size_t)(end - line) : strlen(line));
		setting =
			limits_add(limits, group_v2(cgroup), property, unified->file, 0, "%s", "");
		setting->value = value;
		if (!value)
			limits_failed(limits, -ENOMEM);
		line = end ? end + 1 : NULL;
	} while (line && *line);
}

struct limits *limits_make(struct cgroup *cgroup, const struct spec_resources *resources,
			   bool fresh)
{
	static const struct spec_resources nothing;
	struct limits *limits = arena_alloc(cgroup->arena, sizeof(*limits));
	const char *cpu;

	if (!limits)
		return NULL;
	limits->arena = cgroup->arena;
	limits->fresh = fresh;
	if (!resources)
		resources = &nothing;
	cpu = cpu_given(resources);
	if (!cpu && !fresh && cpu_zeroes(resources))
		cpu = "linux.resources.cpu";
	add_part(cgroup, limits, memory_given(resources), "memory", limits_v1_memory,
		 limits_v2_memory, resources);
	add_part(cgroup, limits, cpu, "cpu", limits_v1_cpu, limits_v2_cpu, resources);
	add_part(cgroup, limits, cpuset_given(resources), "cpuset", limits_v1_cpuset,
		 limits_v2_cpuset, resources);
	add_part(cgroup, limits, resources->pids_limit.set ? "linux.resources.pids.limit" : NULL,
		 "pids", limits_v1_pids, limits_v2_pids, resources);
	add_part(cgroup, limits, blkio_given(resources), "blkio", limits_v1_blkio, limits_v2_io,
		 resources);
	if (IS_ENABLED(CONFIG_HUGEPAGES) && resources->hugepage_count)
		add_part(cgroup, limits, "linux.resources.hugepageLimits", "hugetlb",
			 limits_v1_hugetlb, limits_v2_hugetlb, resources);
	if (IS_ENABLED(CONFIG_RDMA) && resources->rdma_count)
		add_part(cgroup, limits, "linux.resources.rdma", "rdma", limits_rdma, limits_rdma,
			 resources);
	if (IS_ENABLED(CONFIG_NET_CLS))
		add_network(cgroup, limits, resources);
	limits->unified = limits->count;
	for (size_t i = 0; i < resources->unified_count; i++)
		add_unified(cgroup, limits, &resources->unified[i]);
	if (limits->error == 0 && (fresh || resources->device_count > 0))
		limits->error = devices_plan(cgroup, limits, resources);
	return limits->error ? NULL : limits;
}

int limits_plan(struct cgroup *cgroup, const struct spec_resources *resources)
{
	cgroup->limits = limits_make(cgroup, resources, true);
	cgroup->limits_of = resources;
	if (cgroup->limits)
		return 0;
	return error_last()->no > 0 ? -error_last()->no : -EINVAL;
}

static int apply(struct cgroup *cgroup, struct limits *limits, bool undo)
{
	int result = settings_write(limits, undo);

	if (result == 0 && limits->devices)
		result = devices_apply(cgroup, limits);
	if (result < 0 && undo)
		settings_undo(limits);
	return result;
}

int cgroup_apply(struct cgroup *cgroup, const struct spec_resources *resources)
{
	if (cgroup->disabled)
		return 0;
	if (!cgroup->limits || cgroup->limits_of != resources) {
		int result = limits_plan(cgroup, resources);

		if (result < 0)
			return result;
	}
	return apply(cgroup, cgroup->limits, false);
}

int cgroup_update(struct cgroup *cgroup, const struct spec_resources *resources)
{
	struct group *group = group_v2(cgroup);
	char enabled[GROUP_FILE_SIZE];
	struct limits *limits;
	int result;

	if (cgroup->disabled)
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
			       "update: the container has no cgroups (manager disabled)");
	if (group && !cgroup->enabled) {
		if (group_read(group, "cgroup.controllers", enabled, sizeof(enabled)) < 0)
			enabled[0] = '\0';
		cgroup->enabled = arena_strdup(cgroup->arena, enabled);
	}
	limits = limits_make(cgroup, resources, false);
	if (!limits)
		return error_last()->no > 0 ? -error_last()->no : -EINVAL;
	result = cgroup->needed ? group_enable(cgroup) : 0;
	return result == 0 ? apply(cgroup, limits, true) : result;
}
