/* SPDX-License-Identifier: Apache-2.0 */
/* What a good configuration is read as, value by value. */
/* link: -Wl,--wrap=log_message */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"
#include "runtime/spec/spec.h"

#include <cmocka.h> /* last: it defines fail() */

#define WITH(members) \
	"{\"ociVersion\": \"1.0.2-dev\", \"root\": {\"path\": \"rootfs\"}, " members "}"
#define PROCESS(members) WITH("\"process\": {\"cwd\": \"/\", \"args\": [\"sh\"], " members "}")
#define LINUX(members) WITH("\"linux\": {" members "}")

static unsigned int warnings;
static char warning[256];

void __wrap_log_message(enum log_level level, const char *format, ...);
void __wrap_log_message(enum log_level level, const char *format, ...)
{
	va_list arguments;

	if (level != LOG_LEVEL_WARNING)
		return;
	warnings++;
	va_start(arguments, format);
	vsnprintf(warning, sizeof(warning), format, arguments);
	va_end(arguments);
}

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	warnings = 0;
	warning[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static const struct spec *accept(const char *text)
{
	const struct spec *spec = spec_parse(&arena, text, strlen(text), "config.json");

	if (!spec)
		fail_msg("%s\nrefused: %s", text, error_last()->text);
	return spec;
}

static const struct spec_resources *accept_resources(const char *text)
{
	const struct spec_resources *resources =
		spec_parse_resources(&arena, text, strlen(text), "resources.json");

	if (!resources)
		fail_msg("%s\nrefused: %s", text, error_last()->text);
	assert_true(resources->present);
	return resources;
}

static void smallest(void **state)
{
	const struct spec *spec =
		accept("{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"r\"}}");

	(void)state;
	assert_string_equal(spec->version, "1.0.0");
	assert_string_equal(spec->root.path, "r");
	assert_false(spec->root.readonly);
	assert_false(spec->process.present);
	assert_int_equal(spec->mount_count, 0);
	assert_null(spec->hostname);
	assert_null(spec->cgroups_path);
	assert_false(spec->resources.present);
	assert_false(spec->seccomp.present);
	assert_int_equal(spec->rootfs_propagation, 0);
}

static void versions(void **state)
{
	static const char *const good[] = {
		"1.0.0",     "1.0.2-dev",  "1.1.0+dev",		"1.2.1",	 "1.3.0",
		"1.99.1234", "1.0.0-rc.1", "1.0.0-0a.b-c+x.01", "1.1.0-rc.2+g1", "1.0.0-rc5"
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(text, sizeof(text),
			 "{\"ociVersion\": \"%s\", \"root\": {\"path\": \"r\"}}", good[i]);
		assert_string_equal(accept(text)->version, good[i]);
	}
}

static void unknown_is_ignored(void **state)
{
	(void)state;
	accept(WITH(
		"\"x\": 1, \"ROOT\": null, \"process\": {\"cwd\": \"/\", \"args\": [\"a\"], \"y\": {}, "
		"\"commandLine\": 1}, \"linux\": {\"z\": [null], \"resources\": {\"cpu\": {\"w\": 1}}}, "
		"\"vm\": 1, \"solaris\": {}, \"windows\": {}"));
	assert_int_equal(warnings, 0);
}

static void process(void **state)
{
	const struct spec_process *process =
		&accept(PROCESS("\"terminal\": true, \"consoleSize\": {\"height\": 25, \"width\": 80}, "
				"\"env\": [\"A=1\", \"B=\", \"C=x=y\"], "
				"\"user\": {\"uid\": 4294967294, \"gid\": 5, \"umask\": 18, "
				"\"additionalGids\": [7, 8]}, \"oomScoreAdj\": -1000, "
				"\"noNewPrivileges\": true, \"apparmorProfile\": \"p\", \"selinuxLabel\": \"l\""))
			 ->process;

	(void)state;
	assert_true(process->present && process->terminal && process->no_new_privileges);
	assert_int_equal(process->console_height, 25);
	assert_int_equal(process->console_width, 80);
	assert_int_equal(process->args.count, 1);
	assert_string_equal(process->args.items[0], "sh");
	assert_null(process->args.items[1]);
	assert_int_equal(process->env.count, 3);
	assert_string_equal(process->env.items[2], "C=x=y");
	assert_null(process->env.items[3]);
	assert_string_equal(process->cwd, "/");
	assert_int_equal(process->user.uid, 4294967294);
	assert_int_equal(process->user.gid, 5);
	assert_true(process->user.umask.set);
	assert_int_equal(process->user.umask.value, 022);
	assert_int_equal(process->user.additional_gid_count, 2);
	assert_int_equal(process->user.additional_gids[1], 8);
	assert_true(process->oom_score_adj.set);
	assert_int_equal(process->oom_score_adj.value, -1000);
	assert_string_equal(process->apparmor_profile, "p");
	assert_string_equal(process->selinux_label, "l");
}

static void process_without_much(void **state)
{
	const struct spec_process *process =
		&accept(PROCESS("\"apparmorProfile\": \"\", \"selinuxLabel\": \"\", \"env\": [], "
				"\"consoleSize\": {\"height\": 4294967295, \"width\": 80}, "
				"\"execCPUAffinity\": {}"))
			 ->process;

	(void)state;
	assert_null(process->apparmor_profile);
	assert_null(process->selinux_label);
	assert_true(process->env.present);
	assert_non_null(process->env.items);
	assert_int_equal(process->console_height, 0); /* no terminal: to be ignored */
	assert_false(process->user.umask.set);
	assert_false(process->oom_score_adj.set);
	assert_false(process->capabilities.present);
	assert_false(process->scheduler.present);
}

static void capabilities(void **state)
{
	const struct spec_capabilities *set =
		&accept(PROCESS("\"capabilities\": {\"bounding\": [\"CAP_CHOWN\", \"CAP_CHECKPOINT_RESTORE\", "
				"\"CAP_FOO\", \"CAP_FOO\"], \"permitted\": [\"CAP_FOO\", \"CAP_KILL\"]}"))
			 ->process.capabilities;

	(void)state;
	assert_true(set->present);
	assert_int_equal(set->bounding, 1 | UINT64_C(1) << 40);
	assert_int_equal(set->permitted, 1 << 5);
	assert_int_equal(set->effective, 0);
	assert_int_equal(warnings, 1);
	assert_string_equal(warning,
			    "config.json:1: process.capabilities.bounding[2]: unknown capability "
			    "\"CAP_FOO\" is left out");
	assert_true(accept(PROCESS("\"capabilities\": {}"))->process.capabilities.present);
}

static void capability_names(void **state)
{
	(void)state;
	assert_int_equal(spec_capability_number("CAP_CHOWN"), 0);
	assert_int_equal(spec_capability_number("chown"), 0);
	assert_int_equal(spec_capability_number("cap_sys_admin"), 21);
	assert_int_equal(spec_capability_number("BPF"), 39);
	assert_int_equal(spec_capability_number("CAP_CHECKPOINT_RESTORE"), 40);
	assert_int_equal(spec_capability_number("CAP_"), -1);
	assert_int_equal(spec_capability_number(""), -1);
	assert_int_equal(spec_capability_number("CAP_CAP_KILL"), -1);
}

static void rlimits(void **state)
{
	const struct spec_process *process =
		&accept(PROCESS("\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"soft\": 1, \"hard\": 2}, "
				"{\"type\": \"RLIMIT_RTTIME\", \"soft\": 18446744073709551615, "
				"\"hard\": 18446744073709551615}, "
				"{\"type\": \"RLIMIT_AS\", \"soft\": 9007199254740993, "
				"\"hard\": 9007199254740993}]"))
			 ->process;

	(void)state;
	assert_int_equal(process->rlimit_count, 3);
	assert_int_equal(process->rlimits[0].resource, RLIMIT_NOFILE);
	assert_string_equal(process->rlimits[0].name, "RLIMIT_NOFILE");
	assert_int_equal(process->rlimits[0].soft, 1);
	assert_int_equal(process->rlimits[0].hard, 2);
	assert_int_equal(process->rlimits[1].resource, RLIMIT_RTTIME);
	assert_true(process->rlimits[1].hard == UINT64_MAX);
	assert_int_equal(process->rlimits[2].resource, RLIMIT_AS);
	assert_true(process->rlimits[2].soft ==
		    UINT64_C(9007199254740993)); /* no double holds it */
}

static void scheduler(void **state)
{
	const struct spec_scheduler *scheduler =
		&accept(PROCESS("\"scheduler\": {\"policy\": \"SCHED_DEADLINE\", \"runtime\": 1000000, "
				"\"deadline\": 2000000, \"period\": 3000000, "
				"\"flags\": [\"SCHED_FLAG_RESET_ON_FORK\", \"SCHED_FLAG_DL_OVERRUN\"]}"))
			 ->process.scheduler;

	(void)state;
	assert_true(scheduler->present);
	assert_int_equal(scheduler->policy, 6);
	assert_int_equal(scheduler->flags, 5);
	assert_int_equal(scheduler->period, 3000000);
	scheduler =
		&accept(PROCESS("\"scheduler\": {\"policy\": \"SCHED_FIFO\", \"priority\": 99}"))
			 ->process.scheduler;
	assert_int_equal(scheduler->policy, 1);
	assert_int_equal(scheduler->priority, 99);
	scheduler = &accept(PROCESS("\"scheduler\": {\"policy\": \"SCHED_BATCH\", \"nice\": -20}"))
			     ->process.scheduler;
	assert_int_equal(scheduler->nice, -20);
}

static void hooks(void **state)
{
	static const char text[] = WITH(
		"\"hooks\": {\"prestart\": [{\"path\": \"/a\"}], \"createRuntime\": [], "
		"\"poststop\": [{\"path\": \"/b\", \"args\": [\"b\", \"-x\"], \"env\": [\"A=1\"], "
		"\"timeout\": 5}, {\"path\": \"/c\", \"args\": [], \"env\": []}]}");
	const struct spec *spec = accept(text);
	struct spec_hooks alone[HOOK_KINDS];
	const struct spec_hook *hook = spec->hooks[HOOK_POSTSTOP].items;

	(void)state;
	assert_int_equal(spec->hooks[HOOK_PRESTART].count, 1);
	assert_false(spec->hooks[HOOK_PRESTART].items[0].args.present);
	assert_false(spec->hooks[HOOK_PRESTART].items[0].env.present);
	assert_int_equal(spec->hooks[HOOK_CREATE_RUNTIME].count, 0);
	assert_int_equal(spec->hooks[HOOK_POSTSTOP].count, 2);
	assert_string_equal(hook[0].path, "/b");
	assert_string_equal(hook[0].args.items[1], "-x");
	assert_int_equal(hook[0].timeout, 5);
	assert_false(hook[1].args.present);
	assert_true(hook[1].env.present);
	assert_int_equal(hook[1].timeout, 0);

	assert_int_equal(spec_parse_hooks(&arena, text, sizeof(text) - 1, "config.json", alone), 0);
	assert_int_equal(alone[HOOK_POSTSTOP].count, 2);
	assert_string_equal(alone[HOOK_POSTSTOP].items[1].path, "/c");
	assert_int_equal(alone[HOOK_POSTSTART].count, 0);
}

static void hooks_alone(void **state)
{
	static const char escaped[] = "{\"h\\u006foks\": {\"poststart\": [{\"path\": \"/a\"}]}}";
	static const char bad[] = "{\n\"hooks\": {\"poststart\": [{}]}}";
	struct spec_hooks hooks[HOOK_KINDS];

	(void)state;
	/* Without the word there is nothing to parse. */
	assert_int_equal(spec_parse_hooks(&arena, "garbage", 7, "config.json", hooks), 0);
	assert_int_equal(hooks[HOOK_POSTSTOP].count, 0);
	assert_int_equal(spec_parse_hooks(&arena, escaped, sizeof(escaped) - 1, "config.json",
					  hooks),
			 0);
	assert_int_equal(hooks[HOOK_POSTSTART].count, 1);
	assert_true(spec_parse_hooks(&arena, bad, sizeof(bad) - 1, "config.json", hooks) < 0);
	assert_string_equal(error_last()->text,
			    "config.json:2: hooks.poststart[0].path: is required");
}

static void mounts(void **state)
{
	static const char *const paths[][2] = {
		{ "/", "/" },
		{ "//", "/" },
		{ "/a", "/a" },
		{ "/a/", "/a" },
		{ "/a//b", "/a/b" },
		{ "/a/./b", "/a/b" },
		{ "/a/../b", "/b" },
		{ "/../..", "/" },
		{ "/a/b/..", "/a" },
		{ "/..a", "/..a" },
		{ "/a/..b/.c", "/a/..b/.c" },
		{ "/.", "/" },
	};
	const struct spec_mount *mount;
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		snprintf(text, sizeof(text), WITH("\"mounts\": [{\"destination\": \"%s\"}]"),
			 paths[i][0]);
		assert_string_equal(accept(text)->mounts[0].destination, paths[i][1]);
	}
	assert_int_equal(warnings, 0);

	mount = accept(WITH("\"mounts\": [{\"destination\": \"data/\", \"type\": \"bind\", "
			    "\"source\": \"src\", \"options\": [\"rbind\", \"ro\"], \"uidMappings\": []}, "
			    "{\"destination\": \"/b\", \"type\": \"\", \"source\": \"\"}]"))
			->mounts;
	assert_string_equal(mount[0].destination, "/data");
	assert_string_equal(mount[0].source, "src");
	assert_int_equal(mount[0].options.count, 2);
	assert_null(mount[1].type);
	assert_null(mount[1].source);
	assert_false(mount[1].options.present);
	assert_int_equal(warnings, 1);
	assert_string_equal(warning,
			    "config.json:1: mounts[0]: destination \"data/\" is not absolute, "
			    "taken from \"/\"");
}

static void namespaces(void **state)
{
	const struct spec *spec = accept(WITH(
		"\"hostname\": \"box\", \"linux\": {\"namespaces\": [{\"type\": \"uts\"}, "
		"{\"type\": \"network\", \"path\": \"/run/netns/a\"}, {\"type\": \"user\"}, "
		"{\"type\": \"cgroup\", \"path\": \"\"}], "
		"\"uidMappings\": [{\"containerID\": 0, \"hostID\": 0, \"size\": 4294967295}], "
		"\"gidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1}, "
		"{\"containerID\": 1, \"hostID\": 1001, \"size\": 65535}]}"));

	(void)state;
	assert_string_equal(spec->hostname, "box");
	assert_true(spec->namespaces[NAMESPACE_UTS].present);
	assert_null(spec->namespaces[NAMESPACE_UTS].path);
	assert_string_equal(spec->namespaces[NAMESPACE_NETWORK].path, "/run/netns/a");
	assert_true(spec->namespaces[NAMESPACE_CGROUP].present);
	assert_null(spec->namespaces[NAMESPACE_CGROUP].path);
	assert_false(spec->namespaces[NAMESPACE_PID].present);
	assert_int_equal(spec->uid_mapping_count, 1);
	assert_int_equal(spec->uid_mappings[0].size, 4294967295);
	assert_int_equal(spec->gid_mapping_count, 2);
	assert_int_equal(spec->gid_mappings[1].host_id, 1001);
	assert_string_equal(spec_namespace_name(NAMESPACE_MOUNT), "mount");
	assert_string_equal(spec_namespace_file(NAMESPACE_MOUNT), "mnt");
	assert_int_equal(spec_namespace_flag(NAMESPACE_MOUNT), 0x00020000);
}

static void devices(void **state)
{
	const struct spec_device *device =
		accept(LINUX("\"devices\": [{\"path\": \"/dev/a\", \"type\": \"u\", \"major\": 10, "
			     "\"minor\": 229, \"fileMode\": 438, \"uid\": 1, \"gid\": 2}, "
			     "{\"path\": \"/fifo\", \"type\": \"p\"}]"))
			->devices;

	(void)state;
	assert_int_equal(device[0].type, 'c');
	assert_int_equal(device[0].major, 10);
	assert_int_equal(device[0].minor, 229);
	assert_true(device[0].file_mode.set);
	assert_int_equal(device[0].file_mode.value, 0666);
	assert_int_equal(device[0].gid, 2);
	assert_int_equal(device[1].type, 'p');
	assert_false(device[1].file_mode.set);
}

static void small_parts(void **state)
{
	const struct spec *spec = accept(WITH(
		"\"annotations\": {\"a\": \"b\", \"c\": \"\"}, \"linux\": {"
		"\"maskedPaths\": [\"/proc/kcore\"], \"readonlyPaths\": [], "
		"\"rootfsPropagation\": \"rslave\", \"cgroupsPath\": \"a:b:c\", \"mountLabel\": \"m\", "
		"\"personality\": {\"domain\": \"LINUX32\", \"flags\": []}, \"timeOffsets\": {}, "
		"\"netDevices\": {}}"));

	(void)state;
	assert_memory_equal(spec->annotations, "{\"a\": \"b\", \"c\": \"\"}",
			    spec->annotations_size);
	assert_int_equal(spec->annotations_size, 19);
	assert_string_equal(spec->masked_paths.items[0], "/proc/kcore");
	assert_true(spec->readonly_paths.present);
	assert_int_equal(spec->readonly_paths.count, 0);
	assert_int_equal(spec->rootfs_propagation, MS_SLAVE | MS_REC);
	assert_string_equal(spec->cgroups_path, "a:b:c");
	assert_string_equal(spec->mount_label, "m");
	assert_true(spec->personality_set);
	assert_int_equal(spec->personality, PER_LINUX32);
	assert_int_equal(accept(LINUX("\"rootfsPropagation\": \"shared\""))->rootfs_propagation,
			 MS_SHARED);
	assert_int_equal(accept(LINUX("\"rootfsPropagation\": \"unbindable\""))->rootfs_propagation,
			 MS_UNBINDABLE);
	assert_int_equal(accept(LINUX("\"rootfsPropagation\": \"rprivate\""))->rootfs_propagation,
			 MS_PRIVATE | MS_REC);
}

static void sysctls(void **state)
{
	const struct spec *spec = accept(
		LINUX("\"namespaces\": [{\"type\": \"network\"}, {\"type\": \"ipc\"}, "
		      "{\"type\": \"uts\", \"path\": \"/a\"}], \"sysctl\": {"
		      "\"net.ipv4.ip_forward\": \"1\", \"net.ipv4.conf.eth0/1.mtu\": \"2\", "
		      "\"net/ipv4/conf/eth0.1/mtu\": \"3\", \"kernel.shm_rmid_forced\": \"4\", "
		      "\"fs.mqueue.msg_max\": \"5\", \"kernel.domainname\": \"6\"}"));

	(void)state;
	assert_int_equal(spec->sysctl_count, 6);
	assert_string_equal(spec->sysctls[0].name, "net/ipv4/ip_forward");
	assert_string_equal(spec->sysctls[0].value, "1");
	assert_string_equal(spec->sysctls[1].name, "net/ipv4/conf/eth0.1/mtu");
	assert_string_equal(spec->sysctls[2].name, "net/ipv4/conf/eth0.1/mtu");
	assert_string_equal(spec->sysctls[3].name, "kernel/shm_rmid_forced");
	assert_string_equal(spec->sysctls[5].value, "6");
}

static void limits(void **state)
{
	const struct spec_resources *resources = accept_resources(
		"{\"memory\": {\"limit\": 9223372036854775807, \"reservation\": -1, \"swap\": 5, "
		"\"swappiness\": 0, \"disableOOMKiller\": true, \"checkBeforeUpdate\": true}, "
		"\"cpu\": {\"shares\": 2, \"quota\": -1, \"period\": 1000000, \"burst\": 0, \"idle\": 1, "
		"\"realtimeRuntime\": 950000, \"realtimePeriod\": 1000000, \"cpus\": \"0-1\", \"mems\": \"0\"}, "
		"\"pids\": {\"limit\": 0}, \"unified\": {\"memory.high\": \"max\", \"io.max\": \"\"}, "
		"\"blockIO\": {\"weight\": 1000, \"leafWeight\": 0, "
		"\"weightDevice\": [{\"major\": 8, \"minor\": 1, \"weight\": 10, \"leafWeight\": 0}], "
		"\"throttleWriteIOPSDevice\": [{\"major\": 8, \"minor\": 0, \"rate\": 18446744073709551615}]}, "
		"\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 0}], "
		"\"network\": {\"classID\": 1, \"priorities\": [{\"name\": \"eth0\", \"priority\": 3}]}}");

	(void)state;
	assert_true(resources->memory.limit.value == INT64_MAX);
	assert_true(resources->memory.reservation.set && resources->memory.reservation.value == -1);
	assert_int_equal(resources->memory.swap.value, 5);
	assert_true(resources->memory.swappiness.set && resources->memory.disable_oom_killer);
	assert_true(resources->memory.check_before_update);
	assert_int_equal(resources->cpu.shares.value, 2);
	assert_int_equal(resources->cpu.quota.value, -1);
	assert_true(resources->cpu.burst.set && !resources->cpu.burst.value);
	assert_int_equal(resources->cpu.idle.value, 1);
	assert_int_equal(resources->cpu.realtime_runtime.value, 950000);
	assert_string_equal(resources->cpu.cpus, "0-1");
	assert_true(resources->pids_limit.set && !resources->pids_limit.value);
	assert_int_equal(resources->unified_count, 2);
	assert_string_equal(resources->unified[0].file, "memory.high");
	assert_string_equal(resources->unified[0].value, "max");
	assert_int_equal(resources->blkio_weight.value, 1000);
	assert_int_equal(resources->weight_devices[0].weight, 10);
	assert_int_equal(resources->weight_devices[0].minor, 1);
	assert_int_equal(resources->write_iops.count, 1);
	assert_true(resources->write_iops.items[0].rate == UINT64_MAX);
	assert_int_equal(resources->read_bps.count, 0);
	assert_string_equal(resources->hugepages[0].page_size, "2MB");
	assert_int_equal(resources->network_class.value, 1);
	assert_string_equal(resources->network_priorities[0].name, "eth0");
	assert_int_equal(resources->network_priorities[0].priority, 3);
}

/* Docker sends the whole object, with zeros for what is not to change. */
static void zeros_are_not_given(void **state)
{
	const struct spec_resources *resources = accept_resources(
		"{\"memory\": {\"limit\": 0, \"reservation\": 0, \"swap\": 0, \"kernel\": 0, \"kernelTCP\": -1, "
		"\"disableOOMKiller\": false, \"useHierarchy\": false}, "
		"\"cpu\": {\"shares\": 0, \"quota\": 0, \"period\": 0, \"realtimeRuntime\": 0, "
		"\"realtimePeriod\": 0, \"cpus\": \"\", \"mems\": \"\"}, \"pids\": {}, "
		"\"blockIO\": {\"weight\": 0, \"weightDevice\": [], \"throttleReadBpsDevice\": []}, "
		"\"rdma\": {}, \"network\": {\"classID\": 0}, \"devices\": []}");
	const struct spec_resources empty = { .present = true };

	(void)state;
	assert_memory_equal(resources, &empty, sizeof(empty));
	assert_int_equal(warnings, 0);
	accept_resources("{\"memory\": {\"kernel\": 1048576}}");
	assert_string_equal(warning,
			    "resources.json:1: memory.kernel: is ignored, the kernel has no such "
			    "limit any more");
}

static void device_rules(void **state)
{
	const struct spec_device_rule *rule =
		accept_resources(
			"{\"devices\": [{\"allow\": false}, {\"allow\": true, \"type\": \"c\", "
			"\"major\": 1, \"minor\": 3, \"access\": \"mr\"}, "
			"{\"allow\": true, \"type\": \"\", \"major\": -1, \"access\": \"\"}]}")
			->devices;

	(void)state;
	assert_false(rule[0].allow);
	assert_int_equal(rule[0].type, 'a');
	assert_int_equal(rule[0].major, -1);
	assert_int_equal(rule[0].minor, -1);
	assert_true(rule[0].read && rule[0].write && rule[0].mknod);
	assert_true(rule[1].allow);
	assert_int_equal(rule[1].type, 'c');
	assert_int_equal(rule[1].major, 1);
	assert_int_equal(rule[1].minor, 3);
	assert_true(rule[1].read && !rule[1].write && rule[1].mknod);
	assert_int_equal(rule[2].type, 'a');
	assert_true(rule[2].write);
}

static void seccomp(void **state)
{
	const struct spec_seccomp *seccomp =
		&accept(LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, "
			      "\"architectures\": [\"SCMP_ARCH_X86_64\"], \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\", "
			      "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"], \"listenerPath\": \"/a\", \"syscalls\": ["
			      "{\"names\": [\"read\", \"write\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": ["
			      "{\"index\": 1, \"value\": 18446744073709551615, \"valueTwo\": 2, "
			      "\"op\": \"SCMP_CMP_MASKED_EQ\"}, {\"index\": 5, \"value\": 0, \"op\": \"SCMP_CMP_NE\"}]}, "
			      "{\"names\": [\"a\"], \"action\": \"SCMP_ACT_ERRNO\"}, "
			      "{\"names\": [\"b\"], \"action\": \"SCMP_ACT_TRACE\", \"errnoRet\": 65535}, "
			      "{\"names\": [\"c\"], \"action\": \"SCMP_ACT_KILL\"}]}"))
			 ->seccomp;

	(void)state;
	assert_true(seccomp->present && seccomp->flags_present);
	assert_int_equal(seccomp->default_action, SECCOMP_ERRNO);
	assert_int_equal(seccomp->default_errno_ret, 38);
	assert_int_equal(seccomp->flags, SECCOMP_LOG_FLAG | SECCOMP_SPEC_ALLOW);
	assert_string_equal(seccomp->architectures.items[0], "SCMP_ARCH_X86_64");
	assert_int_equal(seccomp->syscall_count, 4);
	assert_string_equal(seccomp->syscalls[0].names.items[1], "write");
	assert_int_equal(seccomp->syscalls[0].action, SECCOMP_ALLOW);
	assert_int_equal(seccomp->syscalls[0].arg_count, 2);
	assert_true(seccomp->syscalls[0].args[0].value == UINT64_MAX);
	assert_int_equal(seccomp->syscalls[0].args[0].value_two, 2);
	assert_int_equal(seccomp->syscalls[0].args[0].op, 7);
	assert_int_equal(seccomp->syscalls[0].args[1].index, 5);
	assert_int_equal(seccomp->syscalls[0].args[1].op, 1);
	assert_int_equal(seccomp->syscalls[1].errno_ret, 1);
	assert_int_equal(seccomp->syscalls[2].errno_ret, 65535);
	assert_int_equal(seccomp->syscalls[3].action, SECCOMP_KILL_THREAD);
	assert_memory_equal(seccomp->source, "{\"defaultAction\"", 16);
	assert_int_equal(seccomp->source[seccomp->source_size - 1], '}');
	assert_false(accept(LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\"}"))
			     ->seccomp.flags_present);
}

static void process_alone(void **state)
{
	static const char good[] =
		"{\"cwd\": \"/\", \"args\": [\"id\"], \"user\": {\"uid\": 1, \"gid\": 2}}";
	static const char bad[] = "{\"cwd\": \"/\",\n\"args\": [7]}";
	const struct spec_process *process =
		spec_parse_process(&arena, good, sizeof(good) - 1, "process.json");

	(void)state;
	assert_non_null(process);
	assert_true(process->present);
	assert_int_equal(process->user.gid, 2);
	assert_null(spec_parse_process(&arena, bad, sizeof(bad) - 1, "process.json"));
	assert_string_equal(error_last()->text,
			    "process.json:2: args[0]: must be a string, found a number");
}

static void own_documents(void **state)
{
	const char *text = spec_template(&arena, false, 0, 0);
	const struct spec *spec = accept(text);

	(void)state;
	assert_non_null(strstr(text, "\n\t\t\"args\": [\n\t\t\t\"sh\"\n\t\t],\n"));
	assert_string_equal(spec->hostname, "cruet");
	assert_true(spec->process.terminal && spec->process.no_new_privileges);
	assert_int_equal(spec->process.capabilities.bounding, 1 << 29 | 1 << 5 | 1 << 10);
	assert_int_equal(spec->mount_count, 7);
	assert_true(spec->namespaces[NAMESPACE_NETWORK].present);
	assert_int_equal(spec->masked_paths.count, 10);

	spec = accept(spec_template(&arena, true, 1000, 1001));
	assert_false(spec->namespaces[NAMESPACE_NETWORK].present);
	assert_true(spec->namespaces[NAMESPACE_USER].present);
	assert_int_equal(spec->uid_mappings[0].host_id, 1000);
	assert_int_equal(spec->gid_mappings[0].host_id, 1001);
	assert_int_equal(spec->mount_count, 6);
	assert_false(spec->resources.present);

	text = spec_features(&arena);
	assert_non_null(text);
	assert_non_null(strstr(text, "\"ociVersionMax\": \"1.3.0\""));
	assert_non_null(strstr(text, "\"SCMP_ACT_KILL\""));
	assert_null(strstr(text, "\"SCMP_ACT_NOTIFY\""));
	assert_non_null(strstr(text, "\"poststop\""));
	assert_null(strstr(text, "\"time\""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(smallest),
		TEST(versions),
		TEST(unknown_is_ignored),
		TEST(process),
		TEST(process_without_much),
		TEST(capabilities),
		TEST(capability_names),
		TEST(rlimits),
		TEST(scheduler),
		TEST(hooks),
		TEST(hooks_alone),
		TEST(mounts),
		TEST(namespaces),
		TEST(devices),
		TEST(small_parts),
		TEST(sysctls),
		TEST(limits),
		TEST(zeros_are_not_given),
		TEST(device_rules),
		TEST(seccomp),
		TEST(process_alone),
		TEST(own_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
