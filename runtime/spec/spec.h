/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json as the runtime works with it: read, checked, defaults filled in. Everything lives
 * in one arena. The table in table.c says for each property its name, type, bounds, where it is
 * stored here, and the Kconfig symbol it needs; reader, checker and `features` are driven by it.
 * Source: runtime-spec 1.3 (config.md, config-linux.md).
 */
#ifndef RUNTIME_SPEC_SPEC_H
#define RUNTIME_SPEC_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cJSON.h>

struct arena;

/*
 * An array of strings; items[count] is NULL (fit for execve). items itself is never NULL when
 * present.
 */
struct spec_strings {
	const char **items;
	size_t count;
	bool present;
};

/* Optional numbers: value counts only if set. */
struct spec_int {
	int64_t value;
	bool set;
};
struct spec_uint {
	uint64_t value;
	bool set;
};

struct spec_user {
	uint32_t uid, gid;
	struct spec_uint umask;
	uint32_t *additional_gids;
	size_t additional_gid_count;
};

/* Bit n = capability n; names unknown to us were warned about and left out. */
struct spec_capabilities {
	bool present;
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

struct spec_rlimit {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
	const char *name; /* "RLIMIT_NOFILE" */
};

struct spec_scheduler {
	bool present;
	uint32_t policy; /* SCHED_* */
	int32_t nice, priority;
	uint64_t flags;			    /* SCHED_FLAG_* bits */
	uint64_t runtime, deadline, period; /* ns */
};

struct spec_process {
	bool present; /* start fails without one */
	bool terminal;
	uint32_t console_height, console_width; /* 0: not given */
	const char *cwd;
	struct spec_strings env, args;
	struct spec_user user;
	struct spec_capabilities capabilities;
	struct spec_rlimit *rlimits;
	size_t rlimit_count;
	bool no_new_privileges;
	struct spec_int oom_score_adj;
	struct spec_scheduler scheduler;
	const char *apparmor_profile; /* NULL: none; never "" */
	const char *selinux_label;
};

struct spec_hook {
	const char *path;
	struct spec_strings args; /* absent, or without any: path alone (then present is false) */
	struct spec_strings env;  /* absent: empty, but for startContainer: the process's */
	uint32_t timeout;	  /* seconds; 0: none given */
};

struct spec_hooks {
	struct spec_hook *items;
	size_t count;
};

enum spec_hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KINDS,
};

struct spec_mount {
	const char *destination; /* absolute and clean; a relative one was taken from "/" */
	const char *type;	 /* NULL: none given */
	const char *source;	 /* as written (a bind's is relative to the bundle), or NULL */
	struct spec_strings options;
};

/* linux.namespaces: one slot per type, in this order. */
enum spec_namespace_type {
	NAMESPACE_PID,
	NAMESPACE_NETWORK,
	NAMESPACE_MOUNT,
	NAMESPACE_IPC,
	NAMESPACE_UTS,
	NAMESPACE_USER,
	NAMESPACE_CGROUP,
	NAMESPACE_TIME,
	NAMESPACE_TYPES,
};

struct spec_namespace {
	bool present;	  /* absent: inherit the runtime's */
	const char *path; /* NULL: a new one */
};

struct spec_id_mapping {
	uint32_t container_id, host_id, size;
};

struct spec_device {
	const char *path;
	char type; /* 'c', 'b', 'p' ("u" is read as 'c') */
	int64_t major, minor;
	struct spec_uint file_mode;
	uint32_t uid, gid;
};

/* One row of linux.resources.devices. -1: any. */
struct spec_device_rule {
	bool allow;
	char type; /* 'a' (both, the numbers and accesses below still hold), 'c', 'b' */
	int64_t major, minor;
	bool read, write, mknod;
};

struct spec_throttle {
	int64_t major, minor;
	uint64_t rate;
};

struct spec_throttles {
	struct spec_throttle *items;
	size_t count;
};

struct spec_unified {
	const char *file, *value; /* "memory.high"; no slash in it */
};

struct spec_weight_device {
	int64_t major, minor;
	uint16_t weight; /* 10..1000 */
};

struct spec_network_priority {
	const char *name; /* of the interface, in the runtime's network namespace */
	uint32_t priority;
};

struct spec_hugepage_limit {
	const char *page_size; /* "2MB", "64KB": what stands in the names of the hugetlb files */
	uint64_t limit;	       /* bytes */
};

struct spec_rdma {
	const char *device; /* "mlx5_1" */
	struct spec_uint handles, objects;
};

/*
 * Numbers that mean "not given" for the clients which send the whole object with zeros
 * (memory.limit 0, cpu.shares 0, quota 0, period 0, weight 0 ...) are not set here. Of a property
 * whose symbol is off nothing is set: it was refused.
 */
struct spec_resources {
	bool present;
	struct spec_device_rule *devices;
	size_t device_count;
	struct {
		struct spec_int limit, reservation, swap; /* bytes, -1: no limit */
		struct spec_uint swappiness; /* 0..100; CONFIG_MEMORY_SWAPPINESS, as the next */
		bool disable_oom_killer;
		bool check_before_update;
	} memory;
	struct {
		struct spec_uint shares, period;
		struct spec_int quota;
		struct spec_uint burst; /* this and idle: 0 is what the kernel starts with */
		struct spec_int idle;	/* 0, 1 */
		struct spec_int realtime_runtime; /* us, CONFIG_CPU_REALTIME */
		struct spec_uint realtime_period;
		const char *cpus, *mems; /* NULL: not given (an empty string is not given) */
	} cpu;
	struct spec_int pids_limit; /* -1: no limit; 0 is 0, since 1.3.0 */
	struct spec_throttles read_bps, write_bps, read_iops, write_iops;
	struct spec_unified *unified;
	size_t unified_count;
	struct spec_uint blkio_weight; /* 10..1000; CONFIG_BLKIO_WEIGHT, as the next */
	struct spec_weight_device *weight_devices;
	size_t weight_device_count;
	struct spec_uint network_class; /* CONFIG_NET_CLS, as the next */
	struct spec_network_priority *network_priorities;
	size_t network_priority_count;
	struct spec_hugepage_limit *hugepages; /* CONFIG_HUGEPAGES */
	size_t hugepage_count;
	struct spec_rdma *rdma; /* CONFIG_RDMA */
	size_t rdma_count;
};

struct spec_sysctl {
	const char *name, *value; /* name with slashes: "net/ipv4/ip_forward" */
};

struct spec_syscall_arg {
	uint32_t index;
	uint64_t value, value_two;
	int op; /* enum scmp_compare's order: NE LT LE EQ GE GT MASKED_EQ = 1..7 */
};

enum spec_seccomp_action {
	SECCOMP_KILL_THREAD, /* also SCMP_ACT_KILL */
	SECCOMP_KILL_PROCESS,
	SECCOMP_TRAP,
	SECCOMP_ERRNO,
	SECCOMP_TRACE,
	SECCOMP_ALLOW,
	SECCOMP_LOG,
	SECCOMP_NOTIFY,
};

struct spec_syscall {
	struct spec_strings names;
	enum spec_seccomp_action action;
	uint32_t errno_ret; /* default EPERM */
	struct spec_syscall_arg *args;
	size_t arg_count;
};

enum spec_seccomp_flag {
	SECCOMP_TSYNC = 1,
	SECCOMP_LOG_FLAG = 2,
	SECCOMP_SPEC_ALLOW = 4,
	SECCOMP_WAIT_KILLABLE = 8,
};

struct spec_seccomp {
	bool present;
	enum spec_seccomp_action default_action;
	uint32_t default_errno_ret;
	struct spec_strings architectures; /* "SCMP_ARCH_X86_64" ... */
	bool flags_present;
	uint32_t flags; /* enum spec_seccomp_flag */
	struct spec_syscall *syscalls;
	size_t syscall_count;
	const char *source; /* the JSON text of linux.seccomp, for the digest; not NUL-terminated */
	size_t source_size;
};

struct spec {
	const char *version;
	struct {
		const char *path; /* as written in config.json */
		bool readonly;
	} root;
	struct spec_mount *mounts;
	size_t mount_count;
	const char *hostname, *domainname; /* NULL: not given */
	struct spec_process process;
	struct spec_hooks hooks[HOOK_KINDS];
	const char *annotations; /* the JSON object's text, or NULL */
	size_t annotations_size;

	/* linux: all zero when the object is missing */
	struct spec_namespace namespaces[NAMESPACE_TYPES];
	struct spec_id_mapping *uid_mappings;
	size_t uid_mapping_count;
	struct spec_id_mapping *gid_mappings;
	size_t gid_mapping_count;
	struct spec_device *devices;
	size_t device_count;
	const char *cgroups_path; /* NULL: not given */
	struct spec_resources resources;
	unsigned long rootfs_propagation; /* MS_SHARED ... (| MS_REC); 0: not given */
	struct spec_seccomp seccomp;
	struct spec_strings masked_paths, readonly_paths;
	struct spec_sysctl *sysctls;
	size_t sysctl_count;
	bool personality_set;
	unsigned long personality; /* PER_LINUX or PER_LINUX32 */
	const char *mount_label;   /* CONFIG_SELINUX; NULL: none */
};

/*
 * Read and check a config.json of `size` bytes; `name` is the file for messages. Everything that
 * can be refused without touching the system is refused here, with the property's path and line.
 * `text` must live as long as the result, which points into it. NULL: error recorded.
 */
struct spec *spec_parse(struct arena *arena, const char *text, size_t size, const char *name);

/* As above, for a process object alone (exec --process FILE). */
struct spec_process *spec_parse_process(struct arena *arena, const char *text, size_t size,
					const char *name);

/* A resources object alone (update --resources FILE). */
struct spec_resources *spec_parse_resources(struct arena *arena, const char *text, size_t size,
					    const char *name);

/*
 * Only what delete and start need of a checked copy: hooks of one kind; faster than the whole.
 */
int spec_parse_hooks(struct arena *arena, const char *text, size_t size, const char *name,
		     struct spec_hooks hooks[HOOK_KINDS]);

/* The number of a capability name ("CAP_KILL", any case, prefix optional) or -1. */
int spec_capability_number(const char *name);
/*
 * The name of a namespace type as in config.json ("network"), its CLONE_NEW* flag, its name in
 * /proc/PID/ns ("net").
 */
const char *spec_namespace_name(enum spec_namespace_type type);
int spec_namespace_flag(enum spec_namespace_type type);
const char *spec_namespace_file(enum spec_namespace_type type);

/*
 * Which namespace confines a kernel setting ("net/ipv4/ip_forward"; namespaces(7))?
 * NAMESPACE_TYPES: none does, it would change the host. spec_parse() has refused those, and those
 * whose namespace is not listed in linux.namespaces.
 */
enum spec_namespace_type spec_sysctl_namespace(const char *path);

/*
 * The features document (features.md) as JSON text with tabs, no newline at the end, from the
 * same tables. NULL on error.
 */
char *spec_features(struct arena *arena);

/*
 * The default config.json of `cruet spec` as JSON text with tabs, no newline at the end (as runc
 * writes it). rootless: for a user without privileges, mapped to root in a user namespace.
 */
char *spec_template(struct arena *arena, bool rootless, uint32_t uid, uint32_t gid);

#endif
