/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources on v1 controllers (kernel: Documentation/admin-guide/cgroup-v1). */
#include <inttypes.h>

#include "runtime/cgroup/limits.h"

#define MEMORY "linux.resources.memory."
#define CPU "linux.resources.cpu."
#define BLOCK "linux.resources.blockIO."

static bool given(const struct spec_int *number)
{
	return number->set && number->value;
}

void limits_v1_memory(struct limits *limits, struct group *group,
		      const struct spec_resources *resources)
{
	const struct spec_int *limit = &resources->memory.limit, *swap = &resources->memory.swap;

	/*
	 * In the wrong order the kernel says EINVAL to the first: then it is tried again after the
	 * second.
	 */
	if (given(limit))
		limits_add(limits, group, MEMORY "limit", "memory.limit_in_bytes", 0, "%" PRId64,
			   limit->value < 0 ? -1 : limit->value);
	if (given(swap))
		limits_add(limits, group, MEMORY "swap", "memory.memsw.limit_in_bytes",
			   SETTING_SWAP, "%" PRId64, swap->value < 0 ? -1 : swap->value);
	else if (limit->set && limit->value < 0 && !limits->fresh)
		/* Memory without a limit cannot be below a limit of memory and swap. */
		limits_add(limits, group, MEMORY "limit", "memory.memsw.limit_in_bytes",
			   SETTING_OPTIONAL, "-1");
	if (given(&resources->memory.reservation))
		limits_add(limits, group, MEMORY "reservation", "memory.soft_limit_in_bytes", 0,
			   "%" PRId64,
			   resources->memory.reservation.value < 0 ?
				   -1 :
				   resources->memory.reservation.value);
	if (!IS_ENABLED(CONFIG_MEMORY_SWAPPINESS))
		return;
	if (resources->memory.swappiness.set)
		limits_add(limits, group, MEMORY "swappiness", "memory.swappiness", 0, "%" PRIu64,
			   resources->memory.swappiness.value);
	if (resources->memory.disable_oom_killer)
		limits_add(limits, group, MEMORY "disableOOMKiller", "memory.oom_control",
			   SETTING_FIRST_NUMBER, "1");
}

void limits_v1_cpu(struct limits *limits, struct group *group,
		   const struct spec_resources *resources)
{
	const unsigned int optional = resources->cpu.burst.value == 0 ? SETTING_OPTIONAL : 0;

	if (resources->cpu.shares.set && resources->cpu.shares.value)
		limits_add(limits, group, CPU "shares", "cpu.shares", 0, "%" PRIu64,
			   resources->cpu.shares.value);
	if (IS_ENABLED(CONFIG_CPU_REALTIME) && resources->cpu.realtime_period.set &&
	    resources->cpu.realtime_period.value)
		limits_add(limits, group, CPU "realtimePeriod", "cpu.rt_period_us", 0, "%" PRIu64,
			   resources->cpu.realtime_period.value);
	if (IS_ENABLED(CONFIG_CPU_REALTIME) && given(&resources->cpu.realtime_runtime))
		limits_add(limits, group, CPU "realtimeRuntime", "cpu.rt_runtime_us", 0, "%" PRId64,
			   resources->cpu.realtime_runtime.value);
	if (resources->cpu.period.set && resources->cpu.period.value)
		limits_add(limits, group, CPU "period", "cpu.cfs_period_us", 0, "%" PRIu64,
			   resources->cpu.period.value);
	if (given(&resources->cpu.quota))
		limits_add(limits, group, CPU "quota", "cpu.cfs_quota_us", 0, "%" PRId64,
			   resources->cpu.quota.value < 0 ? -1 : resources->cpu.quota.value);
	if (resources->cpu.burst.set)
		limits_add(limits, group, CPU "burst", "cpu.cfs_burst_us", optional, "%" PRIu64,
			   resources->cpu.burst.value);
	if (resources->cpu.idle.set)
		limits_add(limits, group, CPU "idle", "cpu.idle",
			   resources->cpu.idle.value ? 0 : SETTING_OPTIONAL, "%" PRId64,
			   resources->cpu.idle.value);
}

/* A mount with "noprefix" (Android) has "cpus" for "cpuset.cpus". */
void limits_v1_cpuset(struct limits *limits, struct group *group,
		      const struct spec_resources *resources)
{
	if (resources->cpu.cpus) {
		limits_add(limits, group, CPU "cpus", "cpuset.cpus", SETTING_OPTIONAL, "%s", "")
			->value = resources->cpu.cpus;
		limits_add(limits, group, CPU "cpus", "cpus", SETTING_ALTERNATIVE, "%s", "")
			->value = resources->cpu.cpus;
	}
	if (resources->cpu.mems) {
		limits_add(limits, group, CPU "mems", "cpuset.mems", SETTING_OPTIONAL, "%s", "")
			->value = resources->cpu.mems;
		limits_add(limits, group, CPU "mems", "mems", SETTING_ALTERNATIVE, "%s", "")
			->value = resources->cpu.mems;
	}
}

void limits_v1_pids(struct limits *limits, struct group *group,
		    const struct spec_resources *resources)
{
	if (resources->pids_limit.value < 0)
		limits_add(limits, group, "linux.resources.pids.limit", "pids.max", 0, "max");
	else
		limits_add(limits, group, "linux.resources.pids.limit", "pids.max", 0, "%" PRId64,
			   resources->pids_limit.value);
}

static void add_throttles(struct limits *limits, struct group *group, const char *property,
			  const char *file, const struct spec_throttles *throttles)
{
	for (size_t i = 0; i < throttles->count; i++) {
		const struct spec_throttle *throttle = &throttles->items[i];

		limits_add(limits, group, property, file, SETTING_KEYED,
			   "%" PRId64 ":%" PRId64 " %" PRIu64, throttle->major, throttle->minor,
			   throttle->rate)
			->undo = "0";
	}
}

void limits_v1_blkio(struct limits *limits, struct group *group,
		     const struct spec_resources *resources)
{
	if (IS_ENABLED(CONFIG_BLKIO_WEIGHT)) {
		/* "blkio.weight" came with the CFQ scheduler and went with it (Linux 5.0). */
		if (resources->blkio_weight.set && resources->blkio_weight.value) {
			limits_add(limits, group, BLOCK "weight", "blkio.weight", SETTING_OPTIONAL,
				   "%" PRIu64, resources->blkio_weight.value);
			limits_add(limits, group, BLOCK "weight", "blkio.bfq.weight",
				   SETTING_ALTERNATIVE, "%" PRIu64, resources->blkio_weight.value);
		}
		for (size_t i = 0; i < resources->weight_device_count; i++) {
			const struct spec_weight_device *device = &resources->weight_devices[i];

			limits_add(limits, group, BLOCK "weightDevice", "blkio.weight_device",
				   SETTING_OPTIONAL | SETTING_KEYED, "%" PRId64 ":%" PRId64 " %u",
				   device->major, device->minor, device->weight)
				->undo = "0";
			limits_add(limits, group, BLOCK "weightDevice", "blkio.bfq.weight_device",
				   SETTING_ALTERNATIVE | SETTING_KEYED,
				   "%" PRId64 ":%" PRId64 " %u", device->major, device->minor,
				   device->weight)
				->undo = "0";
		}
	}
	if (!IS_ENABLED(CONFIG_IO_THROTTLE))
		return;
	add_throttles(limits, group, BLOCK "throttleReadBpsDevice",
		      "blkio.throttle.read_bps_device", &resources->read_bps);
	add_throttles(limits, group, BLOCK "throttleWriteBpsDevice",
		      "blkio.throttle.write_bps_device", &resources->write_bps);
	add_throttles(limits, group, BLOCK "throttleReadIOPSDevice",
		      "blkio.throttle.read_iops_device", &resources->read_iops);
	add_throttles(limits, group, BLOCK "throttleWriteIOPSDevice",
		      "blkio.throttle.write_iops_device", &resources->write_iops);
}

void limits_v1_net_cls(struct limits *limits, struct group *group,
		       const struct spec_resources *resources)
{
	limits_add(limits, group, "linux.resources.network.classID", "net_cls.classid", 0,
		   "%" PRIu64, resources->network_class.value);
}

void limits_v1_net_prio(struct limits *limits, struct group *group,
			const struct spec_resources *resources)
{
	for (size_t i = 0; i < resources->network_priority_count; i++) {
		const struct spec_network_priority *priority = &resources->network_priorities[i];

		limits_add(limits, group, "linux.resources.network.priorities",
			   "net_prio.ifpriomap", SETTING_KEYED, "%.200s %" PRIu32, priority->name,
			   priority->priority)
			->undo = "0";
	}
}
