/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources on v2 controllers (kernel: Documentation/admin-guide/cgroup-v2.rst). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/cgroup/limits.h"

#define MEMORY "linux.resources.memory."
#define CPU "linux.resources.cpu."
#define BLOCK "linux.resources.blockIO."

static bool given(const struct spec_int *number)
{
	return number->set && number->value;
}

/* Negative: without limit. */
static struct setting *add_amount(struct limits *limits, struct group *group, const char *property,
				  const char *file, unsigned int flags, int64_t amount)
{
	if (amount < 0)
		return limits_add(limits, group, property, file, flags, "max");
	return limits_add(limits, group, property, file, flags, "%" PRId64, amount);
}

/* memory.swap counts memory and swap together; memory.swap.max swap alone (config-linux.md#memory).
 */
static void add_swap(struct limits *limits, struct group *group,
		     const struct spec_resources *resources)
{
	const int64_t swap = resources->memory.swap.value, limit = resources->memory.limit.value;

	if (swap < 0) {
		add_amount(limits, group, MEMORY "swap", "memory.swap.max", SETTING_SWAP, -1);
		return;
	}
	if (!given(&resources->memory.limit) || limit < 0) {
		limits->error =
			fail_property(MEMORY "swap", "needs memory.limit to be counted from");
		return;
	}
	if (swap < limit) {
		limits->error = fail_property(MEMORY "swap", "is less than memory.limit");
		return;
	}
	add_amount(limits, group, MEMORY "swap", "memory.swap.max", SETTING_SWAP, swap - limit);
}

void limits_v2_memory(struct limits *limits, struct group *group,
		      const struct spec_resources *resources)
{
	const struct spec_int *limit = &resources->memory.limit;

	if (IS_ENABLED(CONFIG_MEMORY_SWAPPINESS) &&
	    (resources->memory.swappiness.set || resources->memory.disable_oom_killer)) {
		limits->error =
			fail_property(resources->memory.swappiness.set ? MEMORY "swappiness" :
									 MEMORY "disableOOMKiller",
				      "cgroup v2 has no such setting");
		return;
	}
	if (given(&resources->memory.swap))
		add_swap(limits, group, resources);
	else if (limit->set && limit->value < 0 && !limits->fresh)
		add_amount(limits, group, MEMORY "limit", "memory.swap.max", SETTING_OPTIONAL, -1);
	if (given(limit))
		add_amount(limits, group, MEMORY "limit", "memory.max",
			   resources->memory.check_before_update ? SETTING_CHECK_USAGE : 0,
			   limit->value);
	if (given(&resources->memory.reservation))
		add_amount(limits, group, MEMORY "reservation", "memory.low", 0,
			   resources->memory.reservation.value);
}

/*
 * cpu.max is "QUOTA PERIOD"; with one number it is the quota. A period alone: with the quota that
 * stands.
 */
static void add_cpu_max(struct limits *limits, struct group *group,
			const struct spec_resources *resources)
{
	const char *property = given(&resources->cpu.quota) ? CPU "quota" : CPU "period";
	char quota[32] = "max", now[64];

	if (given(&resources->cpu.quota)) {
		if (resources->cpu.quota.value > 0)
			snprintf(quota, sizeof(quota), "%" PRId64, resources->cpu.quota.value);
	} else if (!limits->fresh && group_read(group, "cpu.max", now, sizeof(now)) > 0) {
		snprintf(quota, sizeof(quota), "%.*s", (int)strcspn(now, " "), now);
	}
	if (resources->cpu.period.set && resources->cpu.period.value)
		limits_add(limits, group, property, "cpu.max", 0, "%s %" PRIu64, quota,
			   resources->cpu.period.value);
	else
		limits_add(limits, group, property, "cpu.max", 0, "%s", quota);
}

void limits_v2_cpu(struct limits *limits, struct group *group,
		   const struct spec_resources *resources)
{
	if (IS_ENABLED(CONFIG_CPU_REALTIME) &&
	    (given(&resources->cpu.realtime_runtime) ||
	     (resources->cpu.realtime_period.set && resources->cpu.realtime_period.value))) {
		limits->error = fail_property(given(&resources->cpu.realtime_runtime) ?
						      CPU "realtimeRuntime" :
						      CPU "realtimePeriod",
					      "cgroup v2 has no such setting");
		return;
	}
	/* An idle group has no weight: the kernel refuses one while idle is 1. */
	if (resources->cpu.idle.set)
		limits_add(limits, group, CPU "idle", "cpu.idle",
			   resources->cpu.idle.value ? 0 : SETTING_OPTIONAL, "%" PRId64,
			   resources->cpu.idle.value);
	if (resources->cpu.shares.set && resources->cpu.shares.value &&
	    !(resources->cpu.idle.set && resources->cpu.idle.value))
		limits_add(limits, group, CPU "shares", "cpu.weight", 0, "%u",
			   convert_shares(resources->cpu.shares.value));
	if (given(&resources->cpu.quota) ||
	    (resources->cpu.period.set && resources->cpu.period.value))
		add_cpu_max(limits, group, resources);
	if (resources->cpu.burst.set)
		limits_add(limits, group, CPU "burst", "cpu.max.burst",
			   resources->cpu.burst.value ? 0 : SETTING_OPTIONAL, "%" PRIu64,
			   resources->cpu.burst.value);
}

void limits_v2_cpuset(struct limits *limits, struct group *group,
		      const struct spec_resources *resources)
{
	if (resources->cpu.cpus)
		limits_add(limits, group, CPU "cpus", "cpuset.cpus", 0, "%s", "")->value =
			resources->cpu.cpus;
	if (resources->cpu.mems)
		limits_add(limits, group, CPU "mems", "cpuset.mems", 0, "%s", "")->value =
			resources->cpu.mems;
}

void limits_v2_pids(struct limits *limits, struct group *group,
		    const struct spec_resources *resources)
{
	add_amount(limits, group, "linux.resources.pids.limit", "pids.max", 0,
		   resources->pids_limit.value);
}

static void add_throttles(struct limits *limits, struct group *group, const char *property,
			  const char *key, const struct spec_throttles *throttles)
{
	for (size_t i = 0; i < throttles->count; i++) {
		const struct spec_throttle *throttle = &throttles->items[i];
		struct setting *setting;

		/*
		 * What is not named keeps its value, so the four kinds need not share a line. 0: no
		 * limit, as on v1.
		 */
		if (throttle->rate)
			setting = limits_add(limits, group, property, "io.max", SETTING_KEYED,
					     "%" PRId64 ":%" PRId64 " %s=%" PRIu64, throttle->major,
					     throttle->minor, key, throttle->rate);
		else
			setting = limits_add(limits, group, property, "io.max", SETTING_KEYED,
					     "%" PRId64 ":%" PRId64 " %s=max", throttle->major,
					     throttle->minor, key);
		setting->undo = "rbps=max wbps=max riops=max wiops=max";
	}
}

static void add_weights(struct limits *limits, struct group *group,
			const struct spec_resources *resources)
{
	const unsigned int weight = (unsigned int)resources->blkio_weight.value;

	/* BFQ's own file takes the value as it is. */
	if (resources->blkio_weight.set && weight) {
		limits_add(limits, group, BLOCK "weight", "io.bfq.weight", SETTING_OPTIONAL, "%u",
			   weight);
		limits_add(limits, group, BLOCK "weight", "io.weight", SETTING_ALTERNATIVE, "%u",
			   convert_blkio_weight(weight));
	}
	for (size_t i = 0; i < resources->weight_device_count; i++) {
		const struct spec_weight_device *device = &resources->weight_devices[i];

		limits_add(limits, group, BLOCK "weightDevice", "io.bfq.weight",
			   SETTING_OPTIONAL | SETTING_KEYED, "%" PRId64 ":%" PRId64 " %u",
			   device->major, device->minor, device->weight)
			->undo = "default";
		limits_add(limits, group, BLOCK "weightDevice", "io.weight",
			   SETTING_ALTERNATIVE | SETTING_KEYED, "%" PRId64 ":%" PRId64 " %u",
			   device->major, device->minor, convert_blkio_weight(device->weight))
			->undo = "default";
	}
}

void limits_v2_io(struct limits *limits, struct group *group,
		  const struct spec_resources *resources)
{
	if (IS_ENABLED(CONFIG_BLKIO_WEIGHT))
		add_weights(limits, group, resources);
	if (!IS_ENABLED(CONFIG_IO_THROTTLE))
		return;
	add_throttles(limits, group, BLOCK "throttleReadBpsDevice", "rbps", &resources->read_bps);
	add_throttles(limits, group, BLOCK "throttleWriteBpsDevice", "wbps", &resources->write_bps);
	add_throttles(limits, group, BLOCK "throttleReadIOPSDevice", "riops",
		      &resources->read_iops);
	add_throttles(limits, group, BLOCK "throttleWriteIOPSDevice", "wiops",
		      &resources->write_iops);
}

/*
 * Both kinds: what is reserved (5.7) so that mmap(2) fails early, and what is used, which every
 * kernel has.
 */
static void add_hugepages(struct limits *limits, struct group *group,
			  const struct spec_resources *resources, const char *end)
{
	static const char property[] = "linux.resources.hugepageLimits";

	for (size_t i = 0; i < resources->hugepage_count; i++) {
		const struct spec_hugepage_limit *limit = &resources->hugepages[i];
		const char *reserved =
			arena_printf(limits->arena, "hugetlb.%s.rsvd.%s", limit->page_size, end);
		const char *used =
			arena_printf(limits->arena, "hugetlb.%s.%s", limit->page_size, end);

		if (!reserved || !used || strchr(limit->page_size, '/')) {
			limits->error = fail_property(property, "pageSize %.16s", limit->page_size);
			return;
		}
		limits_add(limits, group, property, reserved, SETTING_OPTIONAL, "%" PRIu64,
			   limit->limit);
		limits_add(limits, group, property, used, 0, "%" PRIu64, limit->limit);
	}
}

void limits_v1_hugetlb(struct limits *limits, struct group *group,
		       const struct spec_resources *resources)
{
	add_hugepages(limits, group, resources, "limit_in_bytes");
}

void limits_v2_hugetlb(struct limits *limits, struct group *group,
		       const struct spec_resources *resources)
{
	add_hugepages(limits, group, resources, "max");
}

/* The same file on both versions. */
void limits_rdma(struct limits *limits, struct group *group, const struct spec_resources *resources)
{
	for (size_t i = 0; i < resources->rdma_count; i++) {
		const struct spec_rdma *rdma = &resources->rdma[i];
		char handles[40] = "", objects[40] = "";

		if (rdma->handles.set)
			snprintf(handles, sizeof(handles), " hca_handle=%" PRIu64,
				 rdma->handles.value);
		if (rdma->objects.set)
			snprintf(objects, sizeof(objects), " hca_object=%" PRIu64,
				 rdma->objects.value);
		limits_add(limits, group, "linux.resources.rdma", "rdma.max", SETTING_KEYED,
			   "%.64s%s%s", rdma->device, handles, objects)
			->undo = "hca_handle=max hca_object=max";
	}
}
