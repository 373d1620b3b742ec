/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What these units need of the kernel, and whether it is there. Each feature is asked for by
 * somebody, who is named; a kernel's .config tells about all of them, the running kernel's /proc
 * about most.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/unit/audit.h"
#include "lib/arena.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

/* How the running kernel is asked for a feature. */
enum question {
	ASK_NOT = '-',	       /* it cannot say: a driver that may be loaded, a socket option */
	ASK_FILE_SYSTEM = 'f', /* /proc/filesystems; the module's name is the type */
	ASK_FILE_SYSTEM_SOFTLY = 'F', /* likewise; there is a way without it */
	ASK_GROUP = 'c',	      /* /proc/cgroups */
	ASK_NAMESPACE = 'n',	      /* /proc/self/ns */
	ASK_PATH = 'p',
};

struct feature {
	char question;
	char what[24];	 /* for messages; a file system's: empty */
	char symbol[24]; /* of Kconfig */
	char name[32];	 /* what is asked for, and the module's name */
};

enum feature_index {
	NEED_EPOLL,
	NEED_SIGNALFD,
	NEED_TIMERFD,
	NEED_INOTIFY,
	NEED_UNIX,
	NEED_PROC,
	NEED_SYSFS,
	NEED_DEVTMPFS,
	NEED_TMPFS,
	NEED_CGROUPS,
	NEED_WATCHDOG,
	NEED_PID_NS,
	NEED_NET_NS,
	NEED_UTS_NS,
	NEED_IPC_NS,
	NEED_USER_NS,
	NEED_TIME_NS,
	NEED_MEMORY,
	NEED_CPU,
	NEED_QUOTA,
	NEED_PIDS,
	NEED_CPUSET,
	NEED_IO,
	NEED_HUGETLB,
	NEED_RDMA,
	NEED_DEVICE_V1,
	NEED_DEVICE_V2,
	NEED_FREEZER,
	NEED_SECCOMP,
	NEED_VETH,
	NEED_BRIDGE,
	NEED_INET,
	NEED_OVERLAY,
	NEED_MODULES,
	NEED_FILE_SYSTEMS, /* from here on: by the type of a mount */
};

/* In the order of enum feature_index: the question, what it is, the symbol, the name. */
/* clang-format off */
static const char features[] =
	"-epoll|EPOLL|\0"
	"-signalfd|SIGNALFD|\0"
	"-timerfd|TIMERFD|\0"
	"pinotify|INOTIFY_USER|/proc/sys/fs/inotify\0"
	"punix sockets|UNIX|/proc/net/unix\0"
	"fprocfs|PROC_FS|proc\0"
	"fsysfs|SYSFS|sysfs\0"
	"Fdevtmpfs|DEVTMPFS|devtmpfs\0"
	"ftmpfs|TMPFS|tmpfs\0"
	"pcontrol groups|CGROUPS|/proc/cgroups\0"
	"-hardware watchdogs|WATCHDOG|\0"
	"nPID namespaces|PID_NS|pid\0"
	"nnetwork namespaces|NET_NS|net\0"
	"nUTS namespaces|UTS_NS|uts\0"
	"nIPC namespaces|IPC_NS|ipc\0"
	"nuser namespaces|USER_NS|user\0"
	"ntime namespaces|TIME_NS|time\0"
	"cmemory limits|MEMCG|memory\0"
	"cCPU shares|FAIR_GROUP_SCHED|cpu\0"
	"cCPU quotas|CFS_BANDWIDTH|cpu\0"
	"climits of processes|CGROUP_PIDS|pids\0"
	"cCPU sets|CPUSETS|cpuset\0"
	"cI/O limits|BLK_CGROUP|blkio\0"
	"chuge page limits|CGROUP_HUGETLB|hugetlb\0"
	"cRDMA limits|CGROUP_RDMA|rdma\0"
	"cdevice rules|CGROUP_DEVICE|devices\0"
	"-device rules|CGROUP_BPF|\0"
	"cthe freezer|CGROUP_FREEZER|freezer\0"
	"pseccomp|SECCOMP_FILTER|/proc/sys/kernel/seccomp\0"
	"-veth pairs|VETH|veth\0"
	"-bridges|BRIDGE|bridge\0"
	"pTCP/IP|INET|/proc/net/tcp\0"
	"foverlayfs|OVERLAY_FS|overlay\0"
	"pmodules|MODULES|/proc/modules\0"
	"f|SQUASHFS|squashfs\0"
	"f|EROFS_FS|erofs\0"
	"f|EXT4_FS|ext4\0"
	"f|VFAT_FS|vfat\0"
	"f|EXFAT_FS|exfat\0"
	"f|F2FS_FS|f2fs\0"
	"f|UBIFS_FS|ubifs\0"
	"f|JFFS2_FS|jffs2\0"
	"f|BTRFS_FS|btrfs\0"
	"f|XFS_FS|xfs\0"
	"f|ISO9660_FS|iso9660\0"
	"f|NFS_FS|nfs\0"
	"f|9P_FS|9p\0"
	"f|FUSE_FS|fuse\0"
	"f|DEBUG_FS|debugfs\0"
	"f|TRACING|tracefs\0"
	"f|CONFIGFS_FS|configfs\0"
	"f|SECURITYFS|securityfs\0"
	"f|PSTORE|pstore\0"
	"f|HUGETLBFS|hugetlbfs\0"
	"f|POSIX_MQUEUE|mqueue\0"
	"f|UNIX98_PTYS|devpts\0";
/* clang-format on */
enum { FEATURES = NEED_FILE_SYSTEMS + 22 };

/* A field of a row, up to '|' or the end; where it ended. */
static const char *take_field(const char *row, char *field, size_t size)
{
	const size_t length = strcspn(row, "|");

	snprintf(field, size, "%.*s", (int)length, row);
	return row + length + 1;
}

static struct feature feature_at(unsigned int index)
{
	const char *row = features;
	struct feature feature;

	while (index--)
		row += strlen(row) + 1;
	feature.question = *row;
	row = take_field(row + 1, feature.what, sizeof(feature.what));
	row = take_field(row, feature.symbol, sizeof(feature.symbol));
	take_field(row, feature.name, sizeof(feature.name));
	return feature;
}

/* Who needs each feature first, as a unit's index or PLAN_NONE. */
struct needs {
	struct audit *audit;
	uint32_t unit;
	uint32_t who[FEATURES];
	bool needed[FEATURES];
};

static void need(struct needs *needs, unsigned int feature)
{
	if (!needs->needed[feature])
		needs->who[feature] = needs->unit;
	needs->needed[feature] = true;
}

static void need_file_system(struct needs *needs, const char *type)
{
	if (!type)
		return;
	for (unsigned int i = 0; i < FEATURES; i++) {
		const struct feature feature = feature_at(i);

		if ((feature.question | 0x20) == ASK_FILE_SYSTEM && strcmp(feature.name, type) == 0)
			need(needs, i);
	}
}

static const cJSON *member(const cJSON *object, const char *name)
{
	return object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

static const char *text_member(const cJSON *object, const char *name)
{
	const cJSON *node = member(object, name);

	return cJSON_IsString(node) ? node->valuestring : NULL;
}

static bool is_v1(const struct needs *needs)
{
	return needs->audit->plan && needs->audit->plan->system->cgroups == CGROUP_LAYOUT_V1;
}

/* ---- what is needed ---- */

static void need_resources(struct needs *needs, const cJSON *resources)
{
	static const struct {
		char key[16], below[8];
		uint8_t feature;
	} keys[] = {
		{ "memory", "", NEED_MEMORY },	{ "cpu", "shares", NEED_CPU },
		{ "cpu", "quota", NEED_QUOTA }, { "cpu", "cpus", NEED_CPUSET },
		{ "cpu", "mems", NEED_CPUSET }, { "pids", "", NEED_PIDS },
		{ "blockIO", "", NEED_IO },	{ "hugepageLimits", "", NEED_HUGETLB },
		{ "rdma", "", NEED_RDMA },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const cJSON *node = member(resources, keys[i].key);

		if (keys[i].below[0])
			node = member(node, keys[i].below);
		if (node && (node->child || !cJSON_IsObject(node)))
			need(needs, keys[i].feature);
	}
	need(needs, is_v1(needs) ? NEED_DEVICE_V1 : NEED_DEVICE_V2);
}

static void need_namespaces(struct needs *needs, const cJSON *namespaces)
{
	static const struct {
		char type[8];
		uint8_t feature;
	} types[] = {
		{ "pid", NEED_PID_NS }, { "network", NEED_NET_NS }, { "uts", NEED_UTS_NS },
		{ "ipc", NEED_IPC_NS }, { "user", NEED_USER_NS },   { "time", NEED_TIME_NS }
	};

	for (const cJSON *node = namespaces ? namespaces->child : NULL; node; node = node->next)
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			if (str_equal(text_member(node, "type"), types[i].type))
				need(needs, types[i].feature);
}

static void need_bundle(struct needs *needs, const cJSON *config)
{
	const cJSON *linux_part = member(config, "linux");
	const cJSON *mounts = member(config, "mounts");

	need_namespaces(needs, member(linux_part, "namespaces"));
	need_resources(needs, member(linux_part, "resources"));
	if (member(linux_part, "seccomp"))
		need(needs, NEED_SECCOMP);
	for (const cJSON *node = mounts ? mounts->child : NULL; node; node = node->next)
		need_file_system(needs, text_member(node, "type"));
}

static void need_unit(struct needs *needs, const struct plan_unit *unit)
{
	const struct audit *audit = needs->audit;
	const struct plan *plan = audit->plan;
	const char *resources = plan_text(plan, unit->resources);

	if (resources)
		need_resources(needs,
			       json_parse(audit->arena, resources, strlen(resources), "resources"));
	if (unit->network.mode == NETWORK_NONE || unit->network.mode == NETWORK_BRIDGE)
		need(needs, NEED_NET_NS);
	if (unit->network.mode == NETWORK_BRIDGE) {
		need(needs, NEED_VETH);
		need(needs, NEED_BRIDGE);
	}
	if (unit->ready.kind == CHECK_TCP || unit->health.kind == CHECK_TCP)
		need(needs, NEED_INET);
	if (unit->layer != LAYER_NONE)
		need(needs, NEED_OVERLAY);
}

static void need_system(struct needs *needs)
{
	const struct plan *plan = needs->audit->plan;
	const struct plan_system *system = plan->system;
	const struct plan_mount *mounts = plan_at(plan, system->mounts);
	const struct plan_interface *interfaces = plan_at(plan, system->interfaces);

	for (unsigned int i = NEED_EPOLL; i <= NEED_CGROUPS; i++)
		need(needs, i);
	if (is_v1(needs))
		need(needs, NEED_FREEZER);
	if (system->watchdog_device)
		need(needs, NEED_WATCHDOG);
	if (system->modules.count || system->coldplug)
		need(needs, NEED_MODULES);
	if (system->interfaces.count)
		need(needs, NEED_INET);
	for (uint32_t i = 0; i < system->interfaces.count; i++)
		if (interfaces[i].is_bridge)
			need(needs, NEED_BRIDGE);
	for (uint32_t i = 0; i < system->mounts.count; i++)
		need_file_system(needs, plan_given(plan, mounts[i].type));
}

static void need_all(struct needs *needs)
{
	const struct audit *audit = needs->audit;

	if (!audit->plan) {
		need_bundle(needs, audit->configs[0]);
		return;
	}
	need_system(needs);
	for (uint32_t i = 0; i < audit->plan->unit_count; i++) {
		if (!audit_has(audit, i))
			continue;
		needs->unit = i;
		need_unit(needs, &audit->plan->units[i]);
		if (audit->configs[i])
			need_bundle(needs, audit->configs[i]);
	}
}

/* ---- what is there ---- */

enum answer { IS_MISSING, IS_THERE, IS_MODULE, IS_UNKNOWN };

/* "CONFIG_X=y" at the beginning of a line. */
static enum answer ask_config(const char *config, const char *symbol)
{
	const size_t length = strlen(symbol);

	for (const char *at = config; (at = strstr(at, "CONFIG_")) != NULL;) {
		const bool begins = at == config || at[-1] == '\n';

		at += 7;
		if (begins && strncmp(at, symbol, length) == 0 && at[length] == '=')
			return at[length + 1] == 'y' ? IS_THERE :
			       at[length + 1] == 'm' ? IS_MODULE :
						       IS_MISSING;
	}
	return IS_MISSING;
}

/* Does a line of a file have this word, as its first or its last one? */
static bool has_word(const char *text, const char *word, bool last)
{
	const size_t length = strlen(word);

	for (; text && *text; text += *text == '\n') {
		const size_t line = strcspn(text, "\n");
		const char *at = last ? text + line - length : text;

		if (line >= length && strncmp(at, word, length) == 0 &&
		    (last ? line == length || at[-1] == '\t' : strchr("\t\n", at[length]) != NULL))
			return true;
		text += line;
	}
	return false;
}

static enum answer ask_running(struct arena *arena, const struct feature *feature)
{
	enum { PROC_MAX = 64 << 10 };
	char path[64];

	switch (feature->question) {
	case ASK_FILE_SYSTEM:
	case ASK_FILE_SYSTEM_SOFTLY:
		/* One that is not there may be a module. */
		return has_word(file_read(arena, AT_FDCWD, "/proc/filesystems", PROC_MAX, NULL),
				feature->name, true) ?
			       IS_THERE :
			       IS_UNKNOWN;
	case ASK_GROUP:
		return has_word(file_read(arena, AT_FDCWD, "/proc/cgroups", PROC_MAX, NULL),
				feature->name, false) ?
			       IS_THERE :
			       IS_MISSING;
	case ASK_NAMESPACE:
		snprintf(path, sizeof(path), "/proc/self/ns/%s", feature->name);
		return access(path, F_OK) == 0 ? IS_THERE : IS_MISSING;
	case ASK_PATH:
		return access(feature->name, F_OK) == 0 ? IS_THERE : IS_MISSING;
	default:
		return IS_UNKNOWN;
	}
}

/* A module is fine if somebody loads it. */
static bool is_loaded(const struct plan *plan, const char *module)
{
	const size_t length = strlen(module);

	for (uint32_t i = 0; plan && i < plan->system->modules.count; i++) {
		const char *text = plan_list_text(plan, plan->system->modules, i);

		if (strncmp(text, module, length) == 0 && strchr(" ", text[length]))
			return true;
	}
	return false;
}

static void judge(struct audit *audit, const struct feature *feature, uint32_t who,
		  enum answer answer, const char *kernel)
{
	const bool is_type = !*feature->what;
	char what[80];

	snprintf(what, sizeof(what), "%s%s (CONFIG_%s)", is_type ? "file system " : "",
		 is_type ? feature->name : feature->what, feature->symbol);
	if (answer == IS_MISSING)
		audit_say(audit, feature->question == ASK_FILE_SYSTEM_SOFTLY, who, "kernel",
			  "%s has no %s", kernel, what);
	else if (answer == IS_MODULE && !is_loaded(audit->plan, feature->name) &&
		 !(is_type && audit->plan && who == PLAN_NONE)) /* mounts load theirs */
		audit_say(audit, true, who, "kernel",
			  "%s has %s as a module: \"modules\" of system.json does not load it",
			  kernel, what);
	else if (answer == IS_UNKNOWN && feature->question != ASK_NOT)
		audit_say(audit, true, who, "kernel",
			  "%s does not know %s unless a module brings it", kernel, what);
}

/*
 * Said to be off, not merely unsaid: kernels before 5.1 always have it. musl asks by the calls with
 * 32 bits whenever the time fits (clock_nanosleep.c), so without them every sleep ends at once.
 */
static void judge_time(struct audit *audit, const char *config, const char *name)
{
	if (ask_config(config, "64BIT") == IS_MISSING &&
	    strstr(config, "# CONFIG_COMPAT_32BIT_TIME is not set"))
		audit_say(
			audit, false, PLAN_NONE, "kernel",
			"%s has no times of 32 bits (CONFIG_COMPAT_32BIT_TIME): nothing can sleep",
			name);
}

void audit_kernel(struct audit *audit, const char *config, const char *name)
{
	struct needs *needs = arena_alloc(audit->arena, sizeof(*needs));

	if (!needs)
		return;
	needs->audit = audit;
	needs->unit = PLAN_NONE;
	if (config)
		judge_time(audit, config, name);
	need_all(needs);
	for (unsigned int i = 0; i < FEATURES; i++) {
		const struct feature feature = feature_at(i);
		enum answer answer;

		if (!needs->needed[i])
			continue;
		answer = config ? ask_config(config, feature.symbol) :
				  ask_running(audit->arena, &feature);
		judge(audit, &feature, needs->who[i], answer, name);
	}
}
