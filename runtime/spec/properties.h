/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table: every property of config.json that Linux knows (runtime-spec 1.3, config.md and
 * config-linux.md). A property that is not here is unknown and ignored, as
 * config.md#extensibility demands. What is below a property whose symbol is off is never looked at.
 *
 * PROPERTY(name, object that has it, what is read and where to, what it needs, flags). table.c
 * includes this twice: for the rows, and for their names.
 */
/* clang-format off */
PROPERTY("ociVersion", CONFIG, AT(struct spec, version, VERSION, 0), .flags = REQUIRED)
PROPERTY("root", CONFIG, HERE(OBJECT_ROOT), .flags = REQUIRED)
PROPERTY("mounts", CONFIG, LIST(struct spec, mounts, mount_count, OBJECTS, OBJECT_MOUNT))
PROPERTY("process", CONFIG, AT(struct spec, process, OBJECT, OBJECT_PROCESS))
PROPERTY("hostname", CONFIG, AT(struct spec, hostname, STRING, TEXT_HOST_NAME),
	 .flags = ZERO_ABSENT)
PROPERTY("domainname", CONFIG, AT(struct spec, domainname, STRING, TEXT_HOST_NAME),
	 .flags = ZERO_ABSENT)
PROPERTY("hooks", CONFIG, HERE(OBJECT_HOOKS))
PROPERTY("annotations", CONFIG, LIST(struct spec, annotations, annotations_size, ANNOTATIONS, 0))
PROPERTY("linux", CONFIG, HERE(OBJECT_LINUX))

/* root and mounts: applied by rootfs.c, mount.c */
PROPERTY("path", ROOT, AT(struct spec, root.path, STRING, TEXT_NONEMPTY), .flags = REQUIRED)
PROPERTY("readonly", ROOT, AT(struct spec, root.readonly, BOOL, 0))

PROPERTY("destination", MOUNT, AT(struct spec_mount, destination, STRING, TEXT_NONEMPTY),
	 .flags = REQUIRED)
PROPERTY("type", MOUNT, AT(struct spec_mount, type, STRING, TEXT_ANY), .flags = ZERO_ABSENT)
PROPERTY("source", MOUNT, AT(struct spec_mount, source, STRING, TEXT_ANY), .flags = ZERO_ABSENT)
PROPERTY("options", MOUNT, AT(struct spec_mount, options, STRINGS, TEXT_ANY))
PROPERTY("uidMappings", MOUNT, ONLY(OBJECTS, OBJECT_NONE), NEEDS(IDMAP_MOUNTS))
PROPERTY("gidMappings", MOUNT, ONLY(OBJECTS, OBJECT_NONE), NEEDS(IDMAP_MOUNTS))

/* process: applied by credentials.c and the container's first process */
PROPERTY("terminal", PROCESS, AT(struct spec_process, terminal, BOOL, 0))
PROPERTY("consoleSize", PROCESS, HERE(OBJECT_CONSOLE))
PROPERTY("user", PROCESS, AT(struct spec_process, user, OBJECT, OBJECT_USER))
PROPERTY("args", PROCESS, AT(struct spec_process, args, STRINGS, TEXT_ANY), .flags = REQUIRED)
PROPERTY("env", PROCESS, AT(struct spec_process, env, STRINGS, TEXT_ENVIRONMENT))
PROPERTY("cwd", PROCESS, AT(struct spec_process, cwd, STRING, TEXT_ABSOLUTE), .flags = REQUIRED)
PROPERTY("capabilities", PROCESS,
	 AT(struct spec_process, capabilities, OBJECT, OBJECT_CAPABILITIES))
PROPERTY("rlimits", PROCESS,
	 LIST(struct spec_process, rlimits, rlimit_count, OBJECTS, OBJECT_RLIMIT))
PROPERTY("noNewPrivileges", PROCESS, AT(struct spec_process, no_new_privileges, BOOL, 0))
PROPERTY("oomScoreAdj", PROCESS, AT(struct spec_process, oom_score_adj, INT, RANGE_OOM))
PROPERTY("scheduler", PROCESS, AT(struct spec_process, scheduler, OBJECT, OBJECT_SCHEDULER),
	 NEEDS(SCHEDULER))
PROPERTY("apparmorProfile", PROCESS, AT(struct spec_process, apparmor_profile, STRING, TEXT_ANY),
	 NEEDS(APPARMOR), .flags = ZERO_ABSENT)
PROPERTY("selinuxLabel", PROCESS, AT(struct spec_process, selinux_label, STRING, TEXT_ANY),
	 NEEDS(SELINUX), .flags = ZERO_ABSENT)
PROPERTY("ioPriority", PROCESS, HERE(OBJECT_NONE), NEEDS(IO_PRIORITY), .flags = PRESENCE)
PROPERTY("execCPUAffinity", PROCESS, HERE(OBJECT_NONE), NEEDS(EXEC_AFFINITY))

PROPERTY("height", CONSOLE, AT(struct spec_process, console_height, UINT32, RANGE_UINT32),
	 .flags = REQUIRED)
PROPERTY("width", CONSOLE, AT(struct spec_process, console_width, UINT32, RANGE_UINT32),
	 .flags = REQUIRED)

PROPERTY("uid", USER, AT(struct spec_user, uid, UINT32, RANGE_ID))
PROPERTY("gid", USER, AT(struct spec_user, gid, UINT32, RANGE_ID))
PROPERTY("umask", USER, AT(struct spec_user, umask, UINT, RANGE_UMASK))
PROPERTY("additionalGids", USER,
	 LIST(struct spec_user, additional_gids, additional_gid_count, IDS, RANGE_ID))

PROPERTY("bounding", CAPABILITIES, AT(struct spec_capabilities, bounding, CAPABILITIES, 0))
PROPERTY("effective", CAPABILITIES, AT(struct spec_capabilities, effective, CAPABILITIES, 0))
PROPERTY("permitted", CAPABILITIES, AT(struct spec_capabilities, permitted, CAPABILITIES, 0))
PROPERTY("inheritable", CAPABILITIES, AT(struct spec_capabilities, inheritable, CAPABILITIES, 0))
PROPERTY("ambient", CAPABILITIES, AT(struct spec_capabilities, ambient, CAPABILITIES, 0))

PROPERTY("type", RLIMIT, AT(struct spec_rlimit, resource, WORD, WORDS_RLIMITS), .flags = REQUIRED)
PROPERTY("soft", RLIMIT, AT(struct spec_rlimit, soft, UINT64, RANGE_UINT64), .flags = REQUIRED)
PROPERTY("hard", RLIMIT, AT(struct spec_rlimit, hard, UINT64, RANGE_UINT64), .flags = REQUIRED)

#if IS_ENABLED(CONFIG_SCHEDULER)
PROPERTY("policy", SCHEDULER, AT(struct spec_scheduler, policy, WORD, WORDS_POLICIES),
	 .flags = REQUIRED)
PROPERTY("nice", SCHEDULER, AT(struct spec_scheduler, nice, INT32, RANGE_NICE))
PROPERTY("priority", SCHEDULER, AT(struct spec_scheduler, priority, INT32, RANGE_PRIORITY))
PROPERTY("flags", SCHEDULER, AT(struct spec_scheduler, flags, BITS64, WORDS_SCHED_FLAGS))
PROPERTY("runtime", SCHEDULER, AT(struct spec_scheduler, runtime, UINT64, RANGE_UINT64))
PROPERTY("deadline", SCHEDULER, AT(struct spec_scheduler, deadline, UINT64, RANGE_UINT64))
PROPERTY("period", SCHEDULER, AT(struct spec_scheduler, period, UINT64, RANGE_UINT64))
#endif

/* hooks: hook.c; in the order of enum spec_hook_kind */
PROPERTY("prestart", HOOKS, AT(struct spec, hooks[HOOK_PRESTART], OBJECTS, OBJECT_HOOK))
PROPERTY("createRuntime", HOOKS, AT(struct spec, hooks[HOOK_CREATE_RUNTIME], OBJECTS, OBJECT_HOOK))
PROPERTY("createContainer", HOOKS,
	 AT(struct spec, hooks[HOOK_CREATE_CONTAINER], OBJECTS, OBJECT_HOOK),
	 NEEDS(HOOKS_CONTAINER))
PROPERTY("startContainer", HOOKS,
	 AT(struct spec, hooks[HOOK_START_CONTAINER], OBJECTS, OBJECT_HOOK), NEEDS(HOOKS_CONTAINER))
PROPERTY("poststart", HOOKS, AT(struct spec, hooks[HOOK_POSTSTART], OBJECTS, OBJECT_HOOK),
	 NEEDS(HOOKS_CONTAINER))
PROPERTY("poststop", HOOKS, AT(struct spec, hooks[HOOK_POSTSTOP], OBJECTS, OBJECT_HOOK),
	 NEEDS(HOOKS_CONTAINER))

PROPERTY("path", HOOK, AT(struct spec_hook, path, STRING, TEXT_ABSOLUTE), .flags = REQUIRED)
PROPERTY("args", HOOK, AT(struct spec_hook, args, STRINGS, TEXT_ANY))
PROPERTY("env", HOOK, AT(struct spec_hook, env, STRINGS, TEXT_ENVIRONMENT))
PROPERTY("timeout", HOOK, AT(struct spec_hook, timeout, UINT32, RANGE_TIMEOUT))

/* linux */
PROPERTY("namespaces", LINUX, AT(struct spec, namespaces, NAMESPACES, 0))
PROPERTY("uidMappings", LINUX,
	 LIST(struct spec, uid_mappings, uid_mapping_count, OBJECTS, OBJECT_ID_MAPPING),
	 NEEDS(USER_NAMESPACE))
PROPERTY("gidMappings", LINUX,
	 LIST(struct spec, gid_mappings, gid_mapping_count, OBJECTS, OBJECT_ID_MAPPING),
	 NEEDS(USER_NAMESPACE))
PROPERTY("timeOffsets", LINUX, HERE(OBJECT_NONE), NEEDS(TIME_NAMESPACE))
PROPERTY("devices", LINUX, LIST(struct spec, devices, device_count, OBJECTS, OBJECT_DEVICE))
PROPERTY("netDevices", LINUX, HERE(OBJECT_NONE), NEEDS(NETDEVICES))
PROPERTY("cgroupsPath", LINUX, AT(struct spec, cgroups_path, STRING, TEXT_CGROUP_PATH),
	 .flags = ZERO_ABSENT)
PROPERTY("resources", LINUX, AT(struct spec, resources, OBJECT, OBJECT_RESOURCES))
PROPERTY("rootfsPropagation", LINUX, AT(struct spec, rootfs_propagation, PROPAGATION, 0))
PROPERTY("seccomp", LINUX, AT(struct spec, seccomp, OBJECT, OBJECT_SECCOMP), NEEDS(SECCOMP),
	 .flags = PRESENCE)
PROPERTY("maskedPaths", LINUX, AT(struct spec, masked_paths, STRINGS, TEXT_ABSOLUTE))
PROPERTY("readonlyPaths", LINUX, AT(struct spec, readonly_paths, STRINGS, TEXT_ABSOLUTE))
PROPERTY("mountLabel", LINUX, AT(struct spec, mount_label, STRING, TEXT_ANY), NEEDS(SELINUX),
	 .flags = ZERO_ABSENT)
PROPERTY("sysctl", LINUX, LIST(struct spec, sysctls, sysctl_count, MAP, TEXT_ANY))
PROPERTY("personality", LINUX, HERE(OBJECT_PERSONALITY), NEEDS(PERSONALITY), .flags = PRESENCE)
PROPERTY("intelRdt", LINUX, HERE(OBJECT_NONE), NEEDS(INTEL_RDT), .flags = PRESENCE)
PROPERTY("memoryPolicy", LINUX, HERE(OBJECT_NONE), NEEDS(MEMORY_POLICY), .flags = PRESENCE)

PROPERTY("type", NAMESPACE, AT(struct spec_namespace_item, type, WORD, WORDS_NAMESPACES),
	 .flags = REQUIRED)
PROPERTY("path", NAMESPACE, AT(struct spec_namespace_item, path, STRING, TEXT_ABSOLUTE),
	 .flags = ZERO_ABSENT)

#if IS_ENABLED(CONFIG_USER_NAMESPACE)
PROPERTY("containerID", ID_MAPPING, AT(struct spec_id_mapping, container_id, UINT32, RANGE_ID),
	 .flags = REQUIRED)
PROPERTY("hostID", ID_MAPPING, AT(struct spec_id_mapping, host_id, UINT32, RANGE_ID),
	 .flags = REQUIRED)
PROPERTY("size", ID_MAPPING, AT(struct spec_id_mapping, size, UINT32, RANGE_SIZE),
	 .flags = REQUIRED)
#endif

PROPERTY("type", DEVICE, AT(struct spec_device, type, DEVICE_TYPE, 0), .flags = REQUIRED)
PROPERTY("path", DEVICE, AT(struct spec_device, path, STRING, TEXT_ABSOLUTE), .flags = REQUIRED)
PROPERTY("major", DEVICE, AT(struct spec_device, major, INT64, RANGE_MAJOR))
PROPERTY("minor", DEVICE, AT(struct spec_device, minor, INT64, RANGE_MINOR))
PROPERTY("fileMode", DEVICE, AT(struct spec_device, file_mode, UINT, RANGE_MODE))
PROPERTY("uid", DEVICE, AT(struct spec_device, uid, UINT32, RANGE_ID))
PROPERTY("gid", DEVICE, AT(struct spec_device, gid, UINT32, RANGE_ID))

#if IS_ENABLED(CONFIG_PERSONALITY)
PROPERTY("domain", PERSONALITY, ONLY(PERSONALITY, 0), .flags = REQUIRED)
PROPERTY("flags", PERSONALITY, ONLY(NEVER_ARRAY, 0))
#endif

/* linux.resources: cgroup/ */
PROPERTY("devices", RESOURCES,
	 LIST(struct spec_resources, devices, device_count, OBJECTS, OBJECT_DEVICE_RULE))
PROPERTY("memory", RESOURCES, HERE(OBJECT_MEMORY))
PROPERTY("cpu", RESOURCES, HERE(OBJECT_CPU))
PROPERTY("pids", RESOURCES, HERE(OBJECT_PIDS))
PROPERTY("blockIO", RESOURCES, HERE(OBJECT_BLOCK_IO))
PROPERTY("hugepageLimits", RESOURCES,
	 LIST(struct spec_resources, hugepages, hugepage_count, OBJECTS, OBJECT_HUGEPAGE),
	 NEEDS(HUGEPAGES))
PROPERTY("network", RESOURCES, HERE(OBJECT_NETWORK))
PROPERTY("rdma", RESOURCES, LIST(struct spec_resources, rdma, rdma_count, RDMA, 0), NEEDS(RDMA))
PROPERTY("unified", RESOURCES,
	 LIST(struct spec_resources, unified, unified_count, MAP, TEXT_CGROUP_FILE))

PROPERTY("allow", DEVICE_RULE, AT(struct spec_device_rule, allow, BOOL, 0), .flags = REQUIRED)
PROPERTY("type", DEVICE_RULE, AT(struct spec_device_rule, type, RULE_TYPE, 0), .flags = ZERO_ABSENT)
PROPERTY("major", DEVICE_RULE, AT(struct spec_device_rule, major, INT64, RANGE_ANY_NUMBER))
PROPERTY("minor", DEVICE_RULE, AT(struct spec_device_rule, minor, INT64, RANGE_ANY_NUMBER))
PROPERTY("access", DEVICE_RULE, ONLY(ACCESS, 0))

PROPERTY("limit", MEMORY, AT(struct spec_resources, memory.limit, INT, RANGE_LIMIT),
	 .flags = ZERO_ABSENT)
PROPERTY("reservation", MEMORY, AT(struct spec_resources, memory.reservation, INT, RANGE_LIMIT),
	 .flags = ZERO_ABSENT)
PROPERTY("swap", MEMORY, AT(struct spec_resources, memory.swap, INT, RANGE_LIMIT),
	 .flags = ZERO_ABSENT)
PROPERTY("kernel", MEMORY, ONLY(IGNORED, RANGE_INT64))
PROPERTY("kernelTCP", MEMORY, ONLY(IGNORED, RANGE_INT64))
PROPERTY("swappiness", MEMORY, AT(struct spec_resources, memory.swappiness, UINT, RANGE_SWAPPINESS),
	 NEEDS(MEMORY_SWAPPINESS))
PROPERTY("disableOOMKiller", MEMORY, AT(struct spec_resources, memory.disable_oom_killer, BOOL, 0),
	 NEEDS(MEMORY_SWAPPINESS))
PROPERTY("useHierarchy", MEMORY, ONLY(NEVER_BOOL, 0))
PROPERTY("checkBeforeUpdate", MEMORY,
	 AT(struct spec_resources, memory.check_before_update, BOOL, 0))

PROPERTY("shares", CPU, AT(struct spec_resources, cpu.shares, UINT, RANGE_UINT64),
	 .flags = ZERO_ABSENT)
PROPERTY("quota", CPU, AT(struct spec_resources, cpu.quota, INT, RANGE_LIMIT), .flags = ZERO_ABSENT)
PROPERTY("burst", CPU, AT(struct spec_resources, cpu.burst, UINT, RANGE_UINT64))
PROPERTY("period", CPU, AT(struct spec_resources, cpu.period, UINT, RANGE_PERIOD),
	 .flags = ZERO_ABSENT)
PROPERTY("realtimeRuntime", CPU, AT(struct spec_resources, cpu.realtime_runtime, INT, RANGE_LIMIT),
	 NEEDS(CPU_REALTIME), .flags = ZERO_ABSENT)
PROPERTY("realtimePeriod", CPU, AT(struct spec_resources, cpu.realtime_period, UINT, RANGE_UINT32),
	 NEEDS(CPU_REALTIME), .flags = ZERO_ABSENT)
PROPERTY("cpus", CPU, AT(struct spec_resources, cpu.cpus, STRING, TEXT_ANY), .flags = ZERO_ABSENT)
PROPERTY("mems", CPU, AT(struct spec_resources, cpu.mems, STRING, TEXT_ANY), .flags = ZERO_ABSENT)
PROPERTY("idle", CPU, AT(struct spec_resources, cpu.idle, INT, RANGE_FLAG))

PROPERTY("limit", PIDS, AT(struct spec_resources, pids_limit, INT, RANGE_LIMIT), .flags = REQUIRED)

PROPERTY("weight", BLOCK_IO, AT(struct spec_resources, blkio_weight, UINT, RANGE_WEIGHT),
	 NEEDS(BLKIO_WEIGHT), .flags = ZERO_ABSENT)
PROPERTY("leafWeight", BLOCK_IO, ONLY(NEVER_NUMBER, RANGE_WEIGHT))
PROPERTY("weightDevice", BLOCK_IO,
	 LIST(struct spec_resources, weight_devices, weight_device_count, OBJECTS,
	      OBJECT_WEIGHT_DEVICE),
	 NEEDS(BLKIO_WEIGHT))
PROPERTY("throttleReadBpsDevice", BLOCK_IO,
	 AT(struct spec_resources, read_bps, OBJECTS, OBJECT_THROTTLE), NEEDS(IO_THROTTLE))
PROPERTY("throttleWriteBpsDevice", BLOCK_IO,
	 AT(struct spec_resources, write_bps, OBJECTS, OBJECT_THROTTLE), NEEDS(IO_THROTTLE))
PROPERTY("throttleReadIOPSDevice", BLOCK_IO,
	 AT(struct spec_resources, read_iops, OBJECTS, OBJECT_THROTTLE), NEEDS(IO_THROTTLE))
PROPERTY("throttleWriteIOPSDevice", BLOCK_IO,
	 AT(struct spec_resources, write_iops, OBJECTS, OBJECT_THROTTLE), NEEDS(IO_THROTTLE))

#if IS_ENABLED(CONFIG_BLKIO_WEIGHT)
PROPERTY("major", WEIGHT_DEVICE, AT(struct spec_weight_device, major, INT64, RANGE_MAJOR),
	 .flags = REQUIRED)
PROPERTY("minor", WEIGHT_DEVICE, AT(struct spec_weight_device, minor, INT64, RANGE_MINOR),
	 .flags = REQUIRED)
PROPERTY("weight", WEIGHT_DEVICE, AT(struct spec_weight_device, weight, UINT16, RANGE_WEIGHT),
	 .flags = REQUIRED)
PROPERTY("leafWeight", WEIGHT_DEVICE, ONLY(NEVER_NUMBER, RANGE_WEIGHT))
#endif

#if IS_ENABLED(CONFIG_IO_THROTTLE)
PROPERTY("major", THROTTLE, AT(struct spec_throttle, major, INT64, RANGE_MAJOR), .flags = REQUIRED)
PROPERTY("minor", THROTTLE, AT(struct spec_throttle, minor, INT64, RANGE_MINOR), .flags = REQUIRED)
PROPERTY("rate", THROTTLE, AT(struct spec_throttle, rate, UINT64, RANGE_UINT64), .flags = REQUIRED)
#endif

#if IS_ENABLED(CONFIG_HUGEPAGES)
PROPERTY("pageSize", HUGEPAGE, AT(struct spec_hugepage_limit, page_size, STRING, TEXT_PAGE_SIZE),
	 .flags = REQUIRED)
PROPERTY("limit", HUGEPAGE, AT(struct spec_hugepage_limit, limit, UINT64, RANGE_UINT64),
	 .flags = REQUIRED)
#endif

PROPERTY("classID", NETWORK, AT(struct spec_resources, network_class, UINT, RANGE_UINT32),
	 NEEDS(NET_CLS), .flags = ZERO_ABSENT)
PROPERTY("priorities", NETWORK,
	 LIST(struct spec_resources, network_priorities, network_priority_count, OBJECTS,
	      OBJECT_NETWORK_PRIORITY),
	 NEEDS(NET_CLS))

#if IS_ENABLED(CONFIG_NET_CLS)
PROPERTY("name", NETWORK_PRIORITY, AT(struct spec_network_priority, name, STRING, TEXT_INTERFACE),
	 .flags = REQUIRED)
PROPERTY("priority", NETWORK_PRIORITY,
	 AT(struct spec_network_priority, priority, UINT32, RANGE_UINT32), .flags = REQUIRED)
#endif

#if IS_ENABLED(CONFIG_RDMA)
PROPERTY("hcaHandles", RDMA, AT(struct spec_rdma, handles, UINT, RANGE_UINT32))
PROPERTY("hcaObjects", RDMA, AT(struct spec_rdma, objects, UINT, RANGE_UINT32))
#endif

#if IS_ENABLED(CONFIG_SECCOMP)
/* linux.seccomp: seccomp/ */
PROPERTY("defaultAction", SECCOMP, AT(struct spec_seccomp, default_action, WORD, WORDS_ACTIONS),
	 .flags = REQUIRED)
PROPERTY("defaultErrnoRet", SECCOMP,
	 AT(struct spec_seccomp, default_errno_ret, UINT32, RANGE_RETURN))
PROPERTY("architectures", SECCOMP,
	 AT(struct spec_seccomp, architectures, STRINGS, TEXT_ARCHITECTURE))
PROPERTY("flags", SECCOMP, AT(struct spec_seccomp, flags, BITS32, WORDS_SECCOMP_FLAGS))
PROPERTY("syscalls", SECCOMP,
	 LIST(struct spec_seccomp, syscalls, syscall_count, OBJECTS, OBJECT_SYSCALL))
/* To be ignored where SCMP_ACT_NOTIFY is not used (config-linux.md#seccomp). */
PROPERTY("listenerPath", SECCOMP, ONLY(UNUSED_STRING, 0))
PROPERTY("listenerMetadata", SECCOMP, ONLY(UNUSED_STRING, 0))

PROPERTY("names", SYSCALL, AT(struct spec_syscall, names, STRINGS, TEXT_NONEMPTY),
	 .flags = REQUIRED)
PROPERTY("action", SYSCALL, AT(struct spec_syscall, action, WORD, WORDS_ACTIONS), .flags = REQUIRED)
PROPERTY("errnoRet", SYSCALL, AT(struct spec_syscall, errno_ret, UINT32, RANGE_RETURN))
PROPERTY("args", SYSCALL, LIST(struct spec_syscall, args, arg_count, OBJECTS, OBJECT_SYSCALL_ARG))

PROPERTY("index", SYSCALL_ARG, AT(struct spec_syscall_arg, index, UINT32, RANGE_ARGUMENT),
	 .flags = REQUIRED)
PROPERTY("value", SYSCALL_ARG, AT(struct spec_syscall_arg, value, UINT64, RANGE_UINT64),
	 .flags = REQUIRED)
PROPERTY("valueTwo", SYSCALL_ARG, AT(struct spec_syscall_arg, value_two, UINT64, RANGE_UINT64))
PROPERTY("op", SYSCALL_ARG, AT(struct spec_syscall_arg, op, WORD, WORDS_OPERATORS),
	 .flags = REQUIRED)
#endif
