/* SPDX-License-Identifier: Apache-2.0 */
/* What `linux` and the resources of `update` are read as. */
/* link: -Wl,--wrap=log_message */
#include <sys/mount.h>
#include <sys/personality.h>

#include "tests/unit/spec_accept.h"

static const struct spec_resources *accept_resources(const char *text)
{
	const struct spec_resources *resources =
		spec_parse_resources(&arena, text, strlen(text), "resources.json");

	if (!resources)
		fail_msg("%s\nrefused: %s", text, error_last()->text);
	assert_true(resources->present);
	return resources;
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

/* Zero tasks since 1.3.0; before, those who wrote it meant no limit. */
static void pids_of_versions(void **state)
{
	static const char *const old[] = { "1.0.2-dev", "1.2.1", "1.0.0+3.0" };
	static const char *const current[] = { "1.3.0", "1.3.0-rc.1", "1.12.0" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < 2 * 3; i++) {
		const char *version = i < 3 ? old[i] : current[i - 3];
		const struct spec *spec;

		snprintf(text, sizeof(text),
			 "{\"ociVersion\": \"%s\", \"root\": {\"path\": \"r\"}, "
			 "\"linux\": {\"resources\": {\"pids\": {\"limit\": 0}}}}",
			 version);
		spec = accept(text);
		assert_int_equal(spec->resources.pids_limit.set, i >= 3);
		assert_int_equal(spec->resources.pids_limit.value, 0);
	}
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
		"\"realtimePeriod\": 0, \"cpus\": \"\", \"mems\": \"\"}, "
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(namespaces),   TEST(devices), TEST(small_parts),
		TEST(sysctls),	    TEST(limits),  TEST(zeros_are_not_given),
		TEST(device_rules), TEST(seccomp), TEST(pids_of_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
