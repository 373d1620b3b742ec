/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table: every property of config.json that Linux knows (runtime-spec 1.3, config.md and
 * config-linux.md). A property that is not here is unknown and ignored, as config.md#extensibility
 * demands.
 */
#include "runtime/spec/table.h"

#include <stdint.h>
#include <string.h>

#include "lib/config.h"
#include "runtime/spec/spec.h"

/* A property stored in `member` of a structure. */
#define AT(structure, member, kind_, detail_) \
	.kind = KIND_##kind_, .detail = (detail_), .offset = offsetof(structure, member)
/* An array: a pointer, and the count right behind it. */
#define LIST(structure, member, count_, kind_, detail_) \
	AT(structure, member, kind_, detail_) + \
		0 * sizeof(char[offsetof(structure, count_) == \
						offsetof(structure, member) + sizeof(void *) ? \
					1 : \
					-1])
/* An object that has its members in the structure around it. */
#define HERE(object_) .kind = KIND_OBJECT, .detail = (object_)
/* Nothing is stored. */
#define ONLY(kind_, detail_) .kind = KIND_##kind_, .detail = (detail_)
#define NEEDS(symbol_) .symbol = SYMBOL_##symbol_

const struct spec_property spec_properties[] = {
	{ "ociVersion", OBJECT_CONFIG, AT(struct spec, version, VERSION, 0), .flags = REQUIRED },
	{ "root", OBJECT_CONFIG, HERE(OBJECT_ROOT), .flags = REQUIRED },
	{ "mounts", OBJECT_CONFIG, LIST(struct spec, mounts, mount_count, OBJECTS, OBJECT_MOUNT) },
	{ "process", OBJECT_CONFIG, AT(struct spec, process, OBJECT, OBJECT_PROCESS) },
	{ "hostname", OBJECT_CONFIG, AT(struct spec, hostname, STRING, TEXT_HOST_NAME),
	  .flags = ZERO_ABSENT },
	{ "domainname", OBJECT_CONFIG, AT(struct spec, domainname, STRING, TEXT_HOST_NAME),
	  .flags = ZERO_ABSENT },
	{ "hooks", OBJECT_CONFIG, HERE(OBJECT_HOOKS) },
	{ "annotations", OBJECT_CONFIG,
	  LIST(struct spec, annotations, annotations_size, ANNOTATIONS, 0) },
	{ "linux", OBJECT_CONFIG, HERE(OBJECT_LINUX) },

	/* root and mounts: applied by rootfs.c, mount.c */
	{ "path", OBJECT_ROOT, AT(struct spec, root.path, STRING, TEXT_NONEMPTY),
	  .flags = REQUIRED },
	{ "readonly", OBJECT_ROOT, AT(struct spec, root.readonly, BOOL, 0) },

	{ "destination", OBJECT_MOUNT, AT(struct spec_mount, destination, STRING, TEXT_NONEMPTY),
	  .flags = REQUIRED },
	{ "type", OBJECT_MOUNT, AT(struct spec_mount, type, STRING, TEXT_ANY),
	  .flags = ZERO_ABSENT },
	{ "source", OBJECT_MOUNT, AT(struct spec_mount, source, STRING, TEXT_ANY),
	  .flags = ZERO_ABSENT },
	{ "options", OBJECT_MOUNT, AT(struct spec_mount, options, STRINGS, TEXT_ANY) },
	{ "uidMappings", OBJECT_MOUNT, ONLY(OBJECTS, OBJECT_NONE), NEEDS(IDMAP_MOUNTS) },
	{ "gidMappings", OBJECT_MOUNT, ONLY(OBJECTS, OBJECT_NONE), NEEDS(IDMAP_MOUNTS) },

	/* process: applied by credentials.c and the container's first process */
	{ "terminal", OBJECT_PROCESS, AT(struct spec_process, terminal, BOOL, 0) },
	{ "consoleSize", OBJECT_PROCESS, HERE(OBJECT_CONSOLE) },
	{ "user", OBJECT_PROCESS, AT(struct spec_process, user, OBJECT, OBJECT_USER) },
	{ "args", OBJECT_PROCESS, AT(struct spec_process, args, STRINGS, TEXT_ANY),
	  .flags = REQUIRED },
	{ "env", OBJECT_PROCESS, AT(struct spec_process, env, STRINGS, TEXT_ENVIRONMENT) },
	{ "cwd", OBJECT_PROCESS, AT(struct spec_process, cwd, STRING, TEXT_ABSOLUTE),
	  .flags = REQUIRED },
	{ "capabilities", OBJECT_PROCESS,
	  AT(struct spec_process, capabilities, OBJECT, OBJECT_CAPABILITIES) },
	{ "rlimits", OBJECT_PROCESS,
	  LIST(struct spec_process, rlimits, rlimit_count, OBJECTS, OBJECT_RLIMIT) },
	{ "noNewPrivileges", OBJECT_PROCESS, AT(struct spec_process, no_new_privileges, BOOL, 0) },
	{ "oomScoreAdj", OBJECT_PROCESS, AT(struct spec_process, oom_score_adj, INT, RANGE_OOM) },
	{ "scheduler", OBJECT_PROCESS, AT(struct spec_process, scheduler, OBJECT, OBJECT_SCHEDULER),
	  NEEDS(SCHEDULER) },
	{ "apparmorProfile", OBJECT_PROCESS,
	  AT(struct spec_process, apparmor_profile, STRING, TEXT_ANY), NEEDS(APPARMOR),
	  .flags = ZERO_ABSENT },
	{ "selinuxLabel", OBJECT_PROCESS, AT(struct spec_process, selinux_label, STRING, TEXT_ANY),
	  NEEDS(SELINUX), .flags = ZERO_ABSENT },
	{ "ioPriority", OBJECT_PROCESS, HERE(OBJECT_NONE), NEEDS(IO_PRIORITY), .flags = PRESENCE },
	{ "execCPUAffinity", OBJECT_PROCESS, HERE(OBJECT_NONE), NEEDS(EXEC_AFFINITY) },

	{ "height", OBJECT_CONSOLE, AT(struct spec_process, console_height, UINT32, RANGE_UINT32),
	  .flags = REQUIRED },
	{ "width", OBJECT_CONSOLE, AT(struct spec_process, console_width, UINT32, RANGE_UINT32),
	  .flags = REQUIRED },

	{ "uid", OBJECT_USER, AT(struct spec_user, uid, UINT32, RANGE_ID) },
	{ "gid", OBJECT_USER, AT(struct spec_user, gid, UINT32, RANGE_ID) },
	{ "umask", OBJECT_USER, AT(struct spec_user, umask, UINT, RANGE_UMASK) },
	{ "additionalGids", OBJECT_USER,
	  LIST(struct spec_user, additional_gids, additional_gid_count, IDS, RANGE_ID) },

	{ "bounding", OBJECT_CAPABILITIES,
	  AT(struct spec_capabilities, bounding, CAPABILITIES, 0) },
	{ "effective", OBJECT_CAPABILITIES,
	  AT(struct spec_capabilities, effective, CAPABILITIES, 0) },
	{ "permitted", OBJECT_CAPABILITIES,
	  AT(struct spec_capabilities, permitted, CAPABILITIES, 0) },
	{ "inheritable", OBJECT_CAPABILITIES,
	  AT(struct spec_capabilities, inheritable, CAPABILITIES, 0) },
	{ "ambient", OBJECT_CAPABILITIES, AT(struct spec_capabilities, ambient, CAPABILITIES, 0) },

	{ "type", OBJECT_RLIMIT, AT(struct spec_rlimit, resource, WORD, WORDS_RLIMITS),
	  .flags = REQUIRED },
	{ "soft", OBJECT_RLIMIT, AT(struct spec_rlimit, soft, UINT64, RANGE_UINT64),
	  .flags = REQUIRED },
	{ "hard", OBJECT_RLIMIT, AT(struct spec_rlimit, hard, UINT64, RANGE_UINT64),
	  .flags = REQUIRED },

#if IS_ENABLED(CONFIG_SCHEDULER)
	{ "policy", OBJECT_SCHEDULER, AT(struct spec_scheduler, policy, WORD, WORDS_POLICIES),
	  .flags = REQUIRED },
	{ "nice", OBJECT_SCHEDULER, AT(struct spec_scheduler, nice, INT32, RANGE_NICE) },
	{ "priority", OBJECT_SCHEDULER,
	  AT(struct spec_scheduler, priority, INT32, RANGE_PRIORITY) },
	{ "flags", OBJECT_SCHEDULER, AT(struct spec_scheduler, flags, BITS64, WORDS_SCHED_FLAGS) },
	{ "runtime", OBJECT_SCHEDULER, AT(struct spec_scheduler, runtime, UINT64, RANGE_UINT64) },
	{ "deadline", OBJECT_SCHEDULER, AT(struct spec_scheduler, deadline, UINT64, RANGE_UINT64) },
	{ "period", OBJECT_SCHEDULER, AT(struct spec_scheduler, period, UINT64, RANGE_UINT64) },
#endif

	/* hooks: hook.c; in the order of enum spec_hook_kind */
	{ "prestart", OBJECT_HOOKS, AT(struct spec, hooks[HOOK_PRESTART], OBJECTS, OBJECT_HOOK) },
	{ "createRuntime", OBJECT_HOOKS,
	  AT(struct spec, hooks[HOOK_CREATE_RUNTIME], OBJECTS, OBJECT_HOOK) },
	{ "createContainer", OBJECT_HOOKS,
	  AT(struct spec, hooks[HOOK_CREATE_CONTAINER], OBJECTS, OBJECT_HOOK),
	  NEEDS(HOOKS_CONTAINER) },
	{ "startContainer", OBJECT_HOOKS,
	  AT(struct spec, hooks[HOOK_START_CONTAINER], OBJECTS, OBJECT_HOOK),
	  NEEDS(HOOKS_CONTAINER) },
	{ "poststart", OBJECT_HOOKS, AT(struct spec, hooks[HOOK_POSTSTART], OBJECTS, OBJECT_HOOK),
	  NEEDS(HOOKS_CONTAINER) },
	{ "poststop", OBJECT_HOOKS, AT(struct spec, hooks[HOOK_POSTSTOP], OBJECTS, OBJECT_HOOK),
	  NEEDS(HOOKS_CONTAINER) },

	{ "path", OBJECT_HOOK, AT(struct spec_hook, path, STRING, TEXT_ABSOLUTE),
	  .flags = REQUIRED },
	{ "args", OBJECT_HOOK, AT(struct spec_hook, args, STRINGS, TEXT_ANY) },
	{ "env", OBJECT_HOOK, AT(struct spec_hook, env, STRINGS, TEXT_ENVIRONMENT) },
	{ "timeout", OBJECT_HOOK, AT(struct spec_hook, timeout, UINT32, RANGE_TIMEOUT) },

	/* linux */
	{ "namespaces", OBJECT_LINUX, AT(struct spec, namespaces, NAMESPACES, 0) },
	{ "uidMappings", OBJECT_LINUX,
	  LIST(struct spec, uid_mappings, uid_mapping_count, OBJECTS, OBJECT_ID_MAPPING),
	  NEEDS(USER_NAMESPACE) },
	{ "gidMappings", OBJECT_LINUX,
	  LIST(struct spec, gid_mappings, gid_mapping_count, OBJECTS, OBJECT_ID_MAPPING),
	  NEEDS(USER_NAMESPACE) },
	{ "timeOffsets", OBJECT_LINUX, HERE(OBJECT_NONE), NEEDS(TIME_NAMESPACE) },
	{ "devices", OBJECT_LINUX,
	  LIST(struct spec, devices, device_count, OBJECTS, OBJECT_DEVICE) },
	{ "netDevices", OBJECT_LINUX, HERE(OBJECT_NONE), NEEDS(NETDEVICES) },
	{ "cgroupsPath", OBJECT_LINUX, AT(struct spec, cgroups_path, STRING, TEXT_CGROUP_PATH),
	  .flags = ZERO_ABSENT },
	{ "resources", OBJECT_LINUX, AT(struct spec, resources, OBJECT, OBJECT_RESOURCES) },
	{ "rootfsPropagation", OBJECT_LINUX, AT(struct spec, rootfs_propagation, PROPAGATION, 0) },
	{ "seccomp", OBJECT_LINUX, AT(struct spec, seccomp, OBJECT, OBJECT_SECCOMP), NEEDS(SECCOMP),
	  .flags = PRESENCE },
	{ "maskedPaths", OBJECT_LINUX, AT(struct spec, masked_paths, STRINGS, TEXT_ABSOLUTE) },
	{ "readonlyPaths", OBJECT_LINUX, AT(struct spec, readonly_paths, STRINGS, TEXT_ABSOLUTE) },
	{ "mountLabel", OBJECT_LINUX, AT(struct spec, mount_label, STRING, TEXT_ANY),
	  NEEDS(SELINUX), .flags = ZERO_ABSENT },
	{ "sysctl", OBJECT_LINUX, LIST(struct spec, sysctls, sysctl_count, MAP, TEXT_ANY) },
	{ "personality", OBJECT_LINUX, HERE(OBJECT_PERSONALITY), NEEDS(PERSONALITY),
	  .flags = PRESENCE },
	{ "intelRdt", OBJECT_LINUX, HERE(OBJECT_NONE), NEEDS(INTEL_RDT), .flags = PRESENCE },
	{ "memoryPolicy", OBJECT_LINUX, HERE(OBJECT_NONE), NEEDS(MEMORY_POLICY),
	  .flags = PRESENCE },

	{ "type", OBJECT_NAMESPACE, AT(struct spec_namespace_item, type, WORD, WORDS_NAMESPACES),
	  .flags = REQUIRED },
	{ "path", OBJECT_NAMESPACE, AT(struct spec_namespace_item, path, STRING, TEXT_ABSOLUTE),
	  .flags = ZERO_ABSENT },

#if IS_ENABLED(CONFIG_USER_NAMESPACE)
	{ "containerID", OBJECT_ID_MAPPING,
	  AT(struct spec_id_mapping, container_id, UINT32, RANGE_ID), .flags = REQUIRED },
	{ "hostID", OBJECT_ID_MAPPING, AT(struct spec_id_mapping, host_id, UINT32, RANGE_ID),
	  .flags = REQUIRED },
	{ "size", OBJECT_ID_MAPPING, AT(struct spec_id_mapping, size, UINT32, RANGE_SIZE),
	  .flags = REQUIRED },
#endif

	{ "type", OBJECT_DEVICE, AT(struct spec_device, type, DEVICE_TYPE, 0), .flags = REQUIRED },
	{ "path", OBJECT_DEVICE, AT(struct spec_device, path, STRING, TEXT_ABSOLUTE),
	  .flags = REQUIRED },
	{ "major", OBJECT_DEVICE, AT(struct spec_device, major, INT64, RANGE_MAJOR) },
	{ "minor", OBJECT_DEVICE, AT(struct spec_device, minor, INT64, RANGE_MINOR) },
	{ "fileMode", OBJECT_DEVICE, AT(struct spec_device, file_mode, UINT, RANGE_MODE) },
	{ "uid", OBJECT_DEVICE, AT(struct spec_device, uid, UINT32, RANGE_ID) },
	{ "gid", OBJECT_DEVICE, AT(struct spec_device, gid, UINT32, RANGE_ID) },

#if IS_ENABLED(CONFIG_PERSONALITY)
	{ "domain", OBJECT_PERSONALITY, ONLY(PERSONALITY, 0), .flags = REQUIRED },
	{ "flags", OBJECT_PERSONALITY, ONLY(NEVER_ARRAY, 0) },
#endif

	/* linux.resources: cgroup/ */
	{ "devices", OBJECT_RESOURCES,
	  LIST(struct spec_resources, devices, device_count, OBJECTS, OBJECT_DEVICE_RULE) },
	{ "memory", OBJECT_RESOURCES, HERE(OBJECT_MEMORY) },
	{ "cpu", OBJECT_RESOURCES, HERE(OBJECT_CPU) },
	{ "pids", OBJECT_RESOURCES, HERE(OBJECT_PIDS) },
	{ "blockIO", OBJECT_RESOURCES, HERE(OBJECT_BLOCK_IO) },
	{ "hugepageLimits", OBJECT_RESOURCES,
	  LIST(struct spec_resources, hugepages, hugepage_count, OBJECTS, OBJECT_HUGEPAGE),
	  NEEDS(HUGEPAGES) },
	{ "network", OBJECT_RESOURCES, HERE(OBJECT_NETWORK) },
	{ "rdma", OBJECT_RESOURCES, LIST(struct spec_resources, rdma, rdma_count, RDMA, 0),
	  NEEDS(RDMA) },
	{ "unified", OBJECT_RESOURCES,
	  LIST(struct spec_resources, unified, unified_count, MAP, TEXT_CGROUP_FILE) },

	{ "allow", OBJECT_DEVICE_RULE, AT(struct spec_device_rule, allow, BOOL, 0),
	  .flags = REQUIRED },
	{ "type", OBJECT_DEVICE_RULE, AT(struct spec_device_rule, type, RULE_TYPE, 0),
	  .flags = ZERO_ABSENT },
	{ "major", OBJECT_DEVICE_RULE,
	  AT(struct spec_device_rule, major, INT64, RANGE_ANY_NUMBER) },
	{ "minor", OBJECT_DEVICE_RULE,
	  AT(struct spec_device_rule, minor, INT64, RANGE_ANY_NUMBER) },
	{ "access", OBJECT_DEVICE_RULE, ONLY(ACCESS, 0) },

	{ "limit", OBJECT_MEMORY, AT(struct spec_resources, memory.limit, INT, RANGE_LIMIT),
	  .flags = ZERO_ABSENT },
	{ "reservation", OBJECT_MEMORY,
	  AT(struct spec_resources, memory.reservation, INT, RANGE_LIMIT), .flags = ZERO_ABSENT },
	{ "swap", OBJECT_MEMORY, AT(struct spec_resources, memory.swap, INT, RANGE_LIMIT),
	  .flags = ZERO_ABSENT },
	{ "kernel", OBJECT_MEMORY, ONLY(IGNORED, RANGE_INT64) },
	{ "kernelTCP", OBJECT_MEMORY, ONLY(IGNORED, RANGE_INT64) },
	{ "swappiness", OBJECT_MEMORY,
	  AT(struct spec_resources, memory.swappiness, UINT, RANGE_SWAPPINESS),
	  NEEDS(MEMORY_SWAPPINESS) },
	{ "disableOOMKiller", OBJECT_MEMORY,
	  AT(struct spec_resources, memory.disable_oom_killer, BOOL, 0), NEEDS(MEMORY_SWAPPINESS) },
	{ "useHierarchy", OBJECT_MEMORY, ONLY(NEVER_BOOL, 0) },
	{ "checkBeforeUpdate", OBJECT_MEMORY,
	  AT(struct spec_resources, memory.check_before_update, BOOL, 0) },

	{ "shares", OBJECT_CPU, AT(struct spec_resources, cpu.shares, UINT, RANGE_UINT64),
	  .flags = ZERO_ABSENT },
	{ "quota", OBJECT_CPU, AT(struct spec_resources, cpu.quota, INT, RANGE_LIMIT),
	  .flags = ZERO_ABSENT },
	{ "burst", OBJECT_CPU, AT(struct spec_resources, cpu.burst, UINT, RANGE_UINT64) },
	{ "period", OBJECT_CPU, AT(struct spec_resources, cpu.period, UINT, RANGE_PERIOD),
	  .flags = ZERO_ABSENT },
	{ "realtimeRuntime", OBJECT_CPU,
	  AT(struct spec_resources, cpu.realtime_runtime, INT, RANGE_LIMIT), NEEDS(CPU_REALTIME),
	  .flags = ZERO_ABSENT },
	{ "realtimePeriod", OBJECT_CPU,
	  AT(struct spec_resources, cpu.realtime_period, UINT, RANGE_UINT32), NEEDS(CPU_REALTIME),
	  .flags = ZERO_ABSENT },
	{ "cpus", OBJECT_CPU, AT(struct spec_resources, cpu.cpus, STRING, TEXT_ANY),
	  .flags = ZERO_ABSENT },
	{ "mems", OBJECT_CPU, AT(struct spec_resources, cpu.mems, STRING, TEXT_ANY),
	  .flags = ZERO_ABSENT },
	{ "idle", OBJECT_CPU, AT(struct spec_resources, cpu.idle, INT, RANGE_FLAG) },

	{ "limit", OBJECT_PIDS, AT(struct spec_resources, pids_limit, INT, RANGE_LIMIT) },

	{ "weight", OBJECT_BLOCK_IO, AT(struct spec_resources, blkio_weight, UINT, RANGE_WEIGHT),
	  NEEDS(BLKIO_WEIGHT), .flags = ZERO_ABSENT },
	{ "leafWeight", OBJECT_BLOCK_IO, ONLY(NEVER_NUMBER, RANGE_WEIGHT) },
	{ "weightDevice", OBJECT_BLOCK_IO,
	  LIST(struct spec_resources, weight_devices, weight_device_count, OBJECTS,
	       OBJECT_WEIGHT_DEVICE),
	  NEEDS(BLKIO_WEIGHT) },
	{ "throttleReadBpsDevice", OBJECT_BLOCK_IO,
	  AT(struct spec_resources, read_bps, OBJECTS, OBJECT_THROTTLE), NEEDS(IO_THROTTLE) },
	{ "throttleWriteBpsDevice", OBJECT_BLOCK_IO,
	  AT(struct spec_resources, write_bps, OBJECTS, OBJECT_THROTTLE), NEEDS(IO_THROTTLE) },
	{ "throttleReadIOPSDevice", OBJECT_BLOCK_IO,
	  AT(struct spec_resources, read_iops, OBJECTS, OBJECT_THROTTLE), NEEDS(IO_THROTTLE) },
	{ "throttleWriteIOPSDevice", OBJECT_BLOCK_IO,
	  AT(struct spec_resources, write_iops, OBJECTS, OBJECT_THROTTLE), NEEDS(IO_THROTTLE) },

#if IS_ENABLED(CONFIG_BLKIO_WEIGHT)
	{ "major", OBJECT_WEIGHT_DEVICE, AT(struct spec_weight_device, major, INT64, RANGE_MAJOR),
	  .flags = REQUIRED },
	{ "minor", OBJECT_WEIGHT_DEVICE, AT(struct spec_weight_device, minor, INT64, RANGE_MINOR),
	  .flags = REQUIRED },
	{ "weight", OBJECT_WEIGHT_DEVICE,
	  AT(struct spec_weight_device, weight, UINT16, RANGE_WEIGHT), .flags = REQUIRED },
	{ "leafWeight", OBJECT_WEIGHT_DEVICE, ONLY(NEVER_NUMBER, RANGE_WEIGHT) },
#endif

#if IS_ENABLED(CONFIG_IO_THROTTLE)
	{ "major", OBJECT_THROTTLE, AT(struct spec_throttle, major, INT64, RANGE_MAJOR),
	  .flags = REQUIRED },
	{ "minor", OBJECT_THROTTLE, AT(struct spec_throttle, minor, INT64, RANGE_MINOR),
	  .flags = REQUIRED },
	{ "rate", OBJECT_THROTTLE, AT(struct spec_throttle, rate, UINT64, RANGE_UINT64),
	  .flags = REQUIRED },
#endif

#if IS_ENABLED(CONFIG_HUGEPAGES)
	{ "pageSize", OBJECT_HUGEPAGE,
	  AT(struct spec_hugepage_limit, page_size, STRING, TEXT_PAGE_SIZE), .flags = REQUIRED },
	{ "limit", OBJECT_HUGEPAGE, AT(struct spec_hugepage_limit, limit, UINT64, RANGE_UINT64),
	  .flags = REQUIRED },
#endif

	{ "classID", OBJECT_NETWORK, AT(struct spec_resources, network_class, UINT, RANGE_UINT32),
	  NEEDS(NET_CLS), .flags = ZERO_ABSENT },
	{ "priorities", OBJECT_NETWORK,
	  LIST(struct spec_resources, network_priorities, network_priority_count, OBJECTS,
	       OBJECT_NETWORK_PRIORITY),
	  NEEDS(NET_CLS) },

#if IS_ENABLED(CONFIG_NET_CLS)
	{ "name", OBJECT_NETWORK_PRIORITY,
	  AT(struct spec_network_priority, name, STRING, TEXT_INTERFACE), .flags = REQUIRED },
	{ "priority", OBJECT_NETWORK_PRIORITY,
	  AT(struct spec_network_priority, priority, UINT32, RANGE_UINT32), .flags = REQUIRED },
#endif

#if IS_ENABLED(CONFIG_RDMA)
	{ "hcaHandles", OBJECT_RDMA, AT(struct spec_rdma, handles, UINT, RANGE_UINT32) },
	{ "hcaObjects", OBJECT_RDMA, AT(struct spec_rdma, objects, UINT, RANGE_UINT32) },
#endif

#if IS_ENABLED(CONFIG_SECCOMP)
	/* linux.seccomp: seccomp/ */
	{ "defaultAction", OBJECT_SECCOMP,
	  AT(struct spec_seccomp, default_action, WORD, WORDS_ACTIONS), .flags = REQUIRED },
	{ "defaultErrnoRet", OBJECT_SECCOMP,
	  AT(struct spec_seccomp, default_errno_ret, UINT32, RANGE_RETURN) },
	{ "architectures", OBJECT_SECCOMP,
	  AT(struct spec_seccomp, architectures, STRINGS, TEXT_ARCHITECTURE) },
	{ "flags", OBJECT_SECCOMP, AT(struct spec_seccomp, flags, BITS32, WORDS_SECCOMP_FLAGS) },
	{ "syscalls", OBJECT_SECCOMP,
	  LIST(struct spec_seccomp, syscalls, syscall_count, OBJECTS, OBJECT_SYSCALL) },
	/* To be ignored where SCMP_ACT_NOTIFY is not used (config-linux.md#seccomp). */
	{ "listenerPath", OBJECT_SECCOMP, ONLY(UNUSED_STRING, 0) },
	{ "listenerMetadata", OBJECT_SECCOMP, ONLY(UNUSED_STRING, 0) },

	{ "names", OBJECT_SYSCALL, AT(struct spec_syscall, names, STRINGS, TEXT_NONEMPTY),
	  .flags = REQUIRED },
	{ "action", OBJECT_SYSCALL, AT(struct spec_syscall, action, WORD, WORDS_ACTIONS),
	  .flags = REQUIRED },
	{ "errnoRet", OBJECT_SYSCALL, AT(struct spec_syscall, errno_ret, UINT32, RANGE_RETURN) },
	{ "args", OBJECT_SYSCALL,
	  LIST(struct spec_syscall, args, arg_count, OBJECTS, OBJECT_SYSCALL_ARG) },

	{ "index", OBJECT_SYSCALL_ARG, AT(struct spec_syscall_arg, index, UINT32, RANGE_ARGUMENT),
	  .flags = REQUIRED },
	{ "value", OBJECT_SYSCALL_ARG, AT(struct spec_syscall_arg, value, UINT64, RANGE_UINT64),
	  .flags = REQUIRED },
	{ "valueTwo", OBJECT_SYSCALL_ARG,
	  AT(struct spec_syscall_arg, value_two, UINT64, RANGE_UINT64) },
	{ "op", OBJECT_SYSCALL_ARG, AT(struct spec_syscall_arg, op, WORD, WORDS_OPERATORS),
	  .flags = REQUIRED },
#endif
};

_Static_assert(offsetof(struct spec_hooks, count) == sizeof(void *) &&
		       offsetof(struct spec_throttles, count) == sizeof(void *),
	       "these are lists as they are");

const size_t spec_property_count = sizeof(spec_properties) / sizeof(*spec_properties);

const struct spec_limits spec_ranges[RANGES] = {
	[RANGE_UINT64] = { 0, UINT64_MAX },
	[RANGE_UINT32] = { 0, UINT32_MAX },
	[RANGE_INT64] = { INT64_MIN, INT64_MAX },
	[RANGE_ID] = { 0, UINT32_MAX - 1 },
	[RANGE_LIMIT] = { -1, INT64_MAX },
	[RANGE_OOM] = { -1000, 1000 },
	[RANGE_UMASK] = { 0, 0777 },
	[RANGE_MODE] = { 0, 07777 },
	[RANGE_NICE] = { -20, 19 },
	[RANGE_PRIORITY] = { 0, 99 },
	[RANGE_MAJOR] = { 0, (1 << 12) - 1 },
	[RANGE_MINOR] = { 0, (1 << 20) - 1 },
	[RANGE_ANY_NUMBER] = { -1, UINT32_MAX },
	[RANGE_SWAPPINESS] = { 0, 100 },
	[RANGE_WEIGHT] = { 10, 1000 },
	[RANGE_PERIOD] = { 1000, 1000000 },
	[RANGE_FLAG] = { 0, 1 },
	[RANGE_TIMEOUT] = { 1, INT32_MAX },
	[RANGE_SIZE] = { 1, UINT32_MAX },
	[RANGE_ARGUMENT] = { 0, 5 },
	[RANGE_RETURN] = { 0, UINT16_MAX },
};

size_t spec_object_size(enum spec_object object)
{
	switch (object) {
	case OBJECT_MOUNT:
		return sizeof(struct spec_mount);
	case OBJECT_RLIMIT:
		return sizeof(struct spec_rlimit);
	case OBJECT_HOOK:
		return sizeof(struct spec_hook);
	case OBJECT_ID_MAPPING:
		return sizeof(struct spec_id_mapping);
	case OBJECT_DEVICE:
		return sizeof(struct spec_device);
	case OBJECT_DEVICE_RULE:
		return sizeof(struct spec_device_rule);
	case OBJECT_WEIGHT_DEVICE:
		return sizeof(struct spec_weight_device);
	case OBJECT_THROTTLE:
		return sizeof(struct spec_throttle);
	case OBJECT_HUGEPAGE:
		return sizeof(struct spec_hugepage_limit);
	case OBJECT_NETWORK_PRIORITY:
		return sizeof(struct spec_network_priority);
	case OBJECT_SYSCALL:
		return sizeof(struct spec_syscall);
	case OBJECT_SYSCALL_ARG:
		return sizeof(struct spec_syscall_arg);
	default:
		return 0;
	}
}

#define OFFERED(name) | (uint32_t)IS_ENABLED(CONFIG_##name) << SYMBOL_##name
#define PLANNED(name)

bool spec_symbol_enabled(enum spec_symbol symbol)
{
	const uint32_t enabled = 1 << SYMBOL_NONE SPEC_SYMBOLS(OFFERED, PLANNED);

	return enabled >> symbol & 1;
}

#define NAME(name) #name "\0"

const char *spec_symbol_name(enum spec_symbol symbol)
{
	const char *name = SPEC_SYMBOLS(NAME, NAME);

	for (unsigned int i = SYMBOL_NONE + 1; i < symbol; i++)
		name += strlen(name) + 1;
	return name;
}
