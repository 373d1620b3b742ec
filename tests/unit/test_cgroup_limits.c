/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources: which values go into which files, and how the list is carried out when the
 * kernel insists on an order. Control files are a table here, with the kernel's rules for some.
 * link: -Wl,--wrap=group_write,--wrap=group_read
 */
#include "tests/unit/test_lib.h"

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/cgroup/devices.h"
#include "runtime/cgroup/limits.h"

static struct arena arena;

/* ---- the control files ---- */

static struct {
	char name[64], value[256];
	int refuse; /* errno of every write */
} files[32];
static size_t file_count;
static char writes[4096]; /* what was written, as "file=value;" */

static void put_file(const char *name, const char *value)
{
	size_t i = 0;

	while (i < file_count && strcmp(files[i].name, name) != 0)
		i++;
	if (i == file_count)
		file_count++;
	strcpy(files[i].name, name);
	strcpy(files[i].value, value);
	files[i].refuse = 0;
}

static const char *get_file(const char *name)
{
	for (size_t i = 0; i < file_count; i++) {
		if (strcmp(files[i].name, name) == 0)
			return files[i].value;
	}
	return NULL;
}

static long long number(const char *name)
{
	const char *value = get_file(name);

	return value ? strtoll(value, NULL, 10) : -1;
}

static unsigned long long amount(const char *text)
{
	return text[0] == '-' ? UINT64_MAX : strtoull(text, NULL, 10);
}

/* The kernel's conditions between files. */
static bool is_valid(const char *name, const char *value)
{
	if (strcmp(name, "memory.limit_in_bytes") == 0 && get_file("memory.memsw.limit_in_bytes"))
		return amount(value) <= amount(get_file("memory.memsw.limit_in_bytes"));
	if (strcmp(name, "memory.memsw.limit_in_bytes") == 0)
		return amount(value) >= amount(get_file("memory.limit_in_bytes"));
	/* As if the parent had half of a processor. */
	if (strcmp(name, "cpu.cfs_quota_us") == 0)
		return atoll(value) * 2 <= number("cpu.cfs_period_us");
	if (strcmp(name, "cpu.cfs_period_us") == 0)
		return number("cpu.cfs_quota_us") * 2 <= atoll(value);
	return true;
}

int __wrap_group_write(struct group *group, const char *file, const char *value);
int __wrap_group_write(struct group *group, const char *file, const char *value)
{
	(void)group;
	for (size_t i = 0; i < file_count; i++) {
		if (strcmp(files[i].name, file) != 0)
			continue;
		if (files[i].refuse)
			return -files[i].refuse;
		if (!is_valid(file, value))
			return -EINVAL;
		strcpy(files[i].value, value);
		sprintf(writes + strlen(writes), "%s=%s;", file, value);
		return 0;
	}
	return -ENOENT;
}

ssize_t __wrap_group_read(struct group *group, const char *file, char *buffer, size_t size);
ssize_t __wrap_group_read(struct group *group, const char *file, char *buffer, size_t size)
{
	const char *value = get_file(file);

	(void)group;
	if (!value)
		return -ENOENT;
	snprintf(buffer, size, "%s", value);
	return (ssize_t)strlen(buffer);
}

/* ---- groups ---- */

static struct cgroup cgroup;
static struct group groups[GROUP_MAX];
static struct spec_resources resources;

static int reset(void **state)
{
	(void)state;
	file_count = 0;
	writes[0] = '\0';
	cgroup = (struct cgroup){
		.arena = &arena, .groups = groups, .enabled = "", .available = ""
	};
	resources = (struct spec_resources){ .present = true };
	error_clear();
	return 0;
}

static int clear(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void add_group(const char *controllers)
{
	cgroup.groups[cgroup.count++] = (struct group){
		.controllers = controllers,
		.path = "/fake/group",
		.mount_length = 5,
		.v2 = controllers[0] == '\0',
		.dir = AT_FDCWD,
		.procs = -1,
	};
}

static int use_v1(void **state)
{
	reset(state);
	add_group("cpu,cpuacct");
	add_group("cpuset");
	add_group("memory");
	add_group("pids");
	add_group("blkio");
	add_group("net_cls,net_prio");
	add_group("hugetlb");
	add_group("rdma");
	add_group("devices");
	return 0;
}

static int use_v2(void **state)
{
	reset(state);
	add_group("");
	cgroup.enabled = "cpuset cpu io memory hugetlb pids rdma misc";
	return 0;
}

static struct spec_int set(int64_t value)
{
	return (struct spec_int){ value, true };
}

static struct spec_uint set_u(uint64_t value)
{
	return (struct spec_uint){ value, true };
}

/* The list as "file=value;" in order. */
static const char *listed(bool fresh)
{
	static char text[4096];
	struct limits *limits = limits_make(&cgroup, &resources, fresh);

	text[0] = '\0';
	if (!limits)
		return NULL;
	for (size_t i = 0; i < limits->count; i++)
		sprintf(text + strlen(text), "%s=%s;", limits->settings[i].file,
			limits->settings[i].value);
	return text;
}

#define assert_listed(fresh, wanted) \
	do { \
		const char *list = listed(fresh); \
		if (!list) \
			fail_msg("%s", error_last()->text); \
		assert_string_equal(list, wanted); \
	} while (0)

static void assert_refused(const char *property, const char *text)
{
	error_clear();
	assert_null(listed(true));
	assert_string_equal(error_last()->property, property);
	assert_non_null(strstr(error_last()->text, text));
}

/* ---- values ---- */

#ifdef CONFIG_RDMA
#define RDMA_LISTED "rdma.max=mlx5_1 hca_handle=3;"
#define RDMA_NEEDED " rdma"
#else
#define RDMA_LISTED ""
#define RDMA_NEEDED ""
#endif

static void give_everything(void)
{
	static struct spec_throttle throttles[] = { { 8, 0, 1000 }, { 8, 16, 0 } };
	static struct spec_weight_device weights[] = { { 8, 0, 1000 } };
	static struct spec_hugepage_limit pages[] = { { "2MB", 4194304 } };
	static struct spec_rdma rdma[] = { { "mlx5_1", { 3, true }, { 0, false } } };

	resources.memory.limit = set(100);
	resources.memory.swap = set(300);
	resources.memory.reservation = set(50);
	resources.cpu.shares = set_u(1024);
	resources.cpu.quota = set(20000);
	resources.cpu.period = set_u(50000);
	resources.cpu.burst = set_u(1000);
	resources.cpu.cpus = "0-1";
	resources.cpu.mems = "0";
	resources.pids_limit = set(7);
	resources.blkio_weight = set_u(500);
	resources.weight_devices = weights;
	resources.weight_device_count = 1;
	resources.read_bps = (struct spec_throttles){ throttles, 2 };
	resources.write_iops = (struct spec_throttles){ throttles, 1 };
	resources.hugepages = pages;
	resources.hugepage_count = 1;
	resources.rdma = rdma;
	resources.rdma_count = 1;
}

static void test_v1(void **state)
{
	static struct spec_network_priority priorities[] = { { "eth0", 5 } };

	(void)state;
	give_everything();
	resources.network_class = set_u(0x100001);
	resources.network_priorities = priorities;
	resources.network_priority_count = 1;
	resources.memory.swappiness = set_u(0);
	resources.memory.disable_oom_killer = true;
	resources.cpu.realtime_runtime = set(950);
	resources.cpu.realtime_period = set_u(1000);
	assert_listed(true,
		      "memory.limit_in_bytes=100;memory.memsw.limit_in_bytes=300;"
		      "memory.soft_limit_in_bytes=50;memory.swappiness=0;memory.oom_control=1;"
		      "cpu.shares=1024;cpu.rt_period_us=1000;cpu.rt_runtime_us=950;"
		      "cpu.cfs_period_us=50000;cpu.cfs_quota_us=20000;cpu.cfs_burst_us=1000;"
		      "cpuset.cpus=0-1;cpus=0-1;cpuset.mems=0;mems=0;pids.max=7;"
		      "blkio.weight=500;blkio.bfq.weight=500;"
		      "blkio.weight_device=8:0 1000;blkio.bfq.weight_device=8:0 1000;"
		      "blkio.throttle.read_bps_device=8:0 1000;"
		      "blkio.throttle.read_bps_device=8:16 0;"
		      "blkio.throttle.write_iops_device=8:0 1000;"
		      "hugetlb.2MB.rsvd.limit_in_bytes=4194304;"
		      "hugetlb.2MB.limit_in_bytes=4194304;" RDMA_LISTED
		      "net_cls.classid=1048577;net_prio.ifpriomap=eth0 5;");
}

static void test_v2(void **state)
{
	(void)state;
	give_everything();
	assert_listed(true, "memory.swap.max=200;memory.max=100;memory.low=50;"
			    "cpu.weight=100;cpu.max=20000 50000;cpu.max.burst=1000;"
			    "cpuset.cpus=0-1;cpuset.mems=0;pids.max=7;"
			    "io.bfq.weight=500;io.weight=4950;"
			    "io.bfq.weight=8:0 1000;io.weight=8:0 10000;"
			    "io.max=8:0 rbps=1000;io.max=8:16 rbps=max;io.max=8:0 wiops=1000;"
			    "hugetlb.2MB.rsvd.max=4194304;hugetlb.2MB.max=4194304;" RDMA_LISTED);
	assert_string_equal(cgroup.needed, " memory cpu cpuset pids io hugetlb" RDMA_NEEDED);
}

static void test_no_limit(void **state)
{
	(void)state;
	resources.memory.limit = set(-1);
	resources.memory.swap = set(-1);
	resources.memory.reservation = set(-1);
	resources.cpu.quota = set(-1);
	resources.pids_limit = set(-1);
	assert_listed(
		true,
		"memory.swap.max=max;memory.max=max;memory.low=max;cpu.max=max;pids.max=max;");
	use_v1(state);
	resources.memory.limit = set(-1);
	resources.memory.swap = set(-1);
	resources.cpu.quota = set(-1);
	resources.pids_limit = set(-1);
	assert_listed(true, "memory.limit_in_bytes=-1;memory.memsw.limit_in_bytes=-1;"
			    "cpu.cfs_quota_us=-1;pids.max=max;");
	/* Taking a limit away takes that of memory and swap away too. */
	resources = (struct spec_resources){ .present = true };
	resources.memory.limit = set(-1);
	assert_listed(false, "memory.limit_in_bytes=-1;memory.memsw.limit_in_bytes=-1;");
}

/* Docker sends the whole object on every update, zeros and all. */
static void test_zeros(void **state)
{
	(void)state;
	resources.memory.limit = resources.memory.swap = resources.memory.reservation = set(0);
	resources.cpu.quota = set(0);
	resources.cpu.shares = resources.cpu.period = set_u(0);
	resources.cpu.realtime_runtime = set(0);
	resources.cpu.realtime_period = set_u(0);
	resources.blkio_weight = set_u(0);
	assert_listed(true, "");
	assert_listed(false, "");
	use_v1(state);
	resources.memory.limit = resources.memory.swap = set(0);
	resources.cpu.shares = set_u(0);
	assert_listed(false, "");
	resources.pids_limit = set(0);
	assert_listed(true, "pids.max=0;");
}

static void test_burst_and_idle(void **state)
{
	(void)state;
	resources.cpu.burst = set_u(0);
	resources.cpu.idle = set(0);
	assert_listed(true, "");
	assert_listed(false, "cpu.idle=0;cpu.max.burst=0;");
	resources.cpu.idle = set(1);
	resources.cpu.shares = set_u(2);
	assert_listed(true, "cpu.idle=1;cpu.max.burst=0;"); /* an idle group takes no weight */
}

/* A period alone, while the container runs: the quota stays. */
static void test_period_alone(void **state)
{
	(void)state;
	put_file("cpu.max", "25000 100000");
	resources.cpu.period = set_u(50000);
	assert_listed(true, "cpu.max=max 50000;");
	assert_listed(false, "cpu.max=25000 50000;");
}

static void test_swap_v2(void **state)
{
	(void)state;
	resources.memory.swap = set(100);
	assert_refused("linux.resources.memory.swap", "memory.limit");
	resources.memory.limit = set(200);
	assert_refused("linux.resources.memory.swap", "less than");
	resources.memory.swap = set(200);
	assert_listed(true, "memory.swap.max=0;memory.max=200;");
	resources.memory.swap = set(-1);
	assert_listed(true, "memory.swap.max=max;memory.max=200;");
}

static void test_not_on_v2(void **state)
{
	(void)state;
	resources.memory.swappiness = set_u(1);
	assert_refused("linux.resources.memory.swappiness", "v2");
	use_v2(state);
	resources.memory.disable_oom_killer = true;
	assert_refused("linux.resources.memory.disableOOMKiller", "v2");
	use_v2(state);
	resources.cpu.realtime_runtime = set(1);
	assert_refused("linux.resources.cpu.realtimeRuntime", "v2");
	use_v2(state);
	resources.network_class = set_u(1);
	assert_refused("linux.resources.network.classID", "net_cls");
}

static void test_no_controller(void **state)
{
	struct spec_device_rule deny = {
		.type = 'a', .major = -1, .minor = -1, .read = true, .write = true, .mknod = true
	};
	struct spec_device_rule allow = deny;

	allow.allow = true;
	reset(state);
	assert_listed(true, "");
	resources.cpu.quota = set(1);
	assert_refused("linux.resources.cpu.quota", "no cpu controller is mounted");
	resources = (struct spec_resources){ 0 };
	resources.pids_limit = set(1);
	assert_refused("linux.resources.pids.limit", "no pids controller is mounted");
	resources = (struct spec_resources){ .devices = &deny, .device_count = 1 };
	assert_refused("linux.resources.devices", "no devices controller is mounted");
	resources.devices = &allow;
	assert_listed(true, "");

	/* Hybrid: the one that there is, on whichever version. */
	add_group("");
	add_group("memory");
	cgroup.available = "hugetlb pids";
	resources = (struct spec_resources){ 0 };
	resources.memory.limit = set(5);
	resources.pids_limit = set(6);
	assert_listed(true, "memory.limit_in_bytes=5;pids.max=6;");
	assert_string_equal(cgroup.needed, " pids");
	resources.cpu.quota = set(1);
	assert_refused("linux.resources.cpu.quota", "no cpu controller is mounted");
}

static void test_unified(void **state)
{
	struct spec_unified items[3] = {
		{ "memory.high", "100" },
		{ "io.max", "8:0 rbps=1\n8:16 rbps=2\n" },
		{ "cgroup.max.depth", "3" },
	};

	(void)state;
	resources.unified = items;
	resources.unified_count = 3;
	resources.memory.limit = set(5);
	assert_listed(true, "memory.max=5;memory.high=100;io.max=8:0 rbps=1;io.max=8:16 rbps=2;"
			    "cgroup.max.depth=3;");
	assert_string_equal(cgroup.needed, " memory io");
	resources.unified_count = 1;
	items[0].file = "dmem.max";
	assert_refused("linux.resources.unified.dmem.max", "dmem controller");
	items[0].file = "../memory.max";
	assert_refused("linux.resources.unified.../memory.max", "not the name");
	items[0].file = "..";
	assert_refused("linux.resources.unified...", "not the name");
	items[0].file = "";
	assert_refused("linux.resources.unified.", "not the name");
	use_v1(state);
	items[0].file = "memory.high";
	resources.unified = items;
	resources.unified_count = 1;
	assert_refused("linux.resources.unified.memory.high", "no cgroup v2");
}

/* ---- carrying out ---- */

static int write_all(bool undo)
{
	struct limits *limits = limits_make(&cgroup, &resources, !undo);

	writes[0] = '\0';
	if (!limits)
		fail_msg("%s", error_last()->text);
	return settings_write(limits, undo);
}

static void memory_files(const char *limit, const char *swap)
{
	put_file("memory.limit_in_bytes", limit);
	put_file("memory.memsw.limit_in_bytes", swap);
}

static void test_memory_order(void **state)
{
	(void)state;
	resources.memory.limit = set(1000);
	resources.memory.swap = set(2000);
	memory_files("100", "200");
	assert_int_equal(write_all(false), 0);
	assert_string_equal(writes, "memory.memsw.limit_in_bytes=2000;memory.limit_in_bytes=1000;");
	memory_files("5000", "6000");
	assert_int_equal(write_all(false), 0);
	assert_string_equal(writes, "memory.limit_in_bytes=1000;memory.memsw.limit_in_bytes=2000;");
	memory_files("-1", "-1");
	assert_int_equal(write_all(false), 0);
	/* Impossible in any order. */
	resources.memory.swap = set(500);
	memory_files("-1", "-1");
	assert_int_equal(write_all(false), -EINVAL);
	assert_string_equal(error_last()->property, "linux.resources.memory.swap");
}

static void test_quota_order(void **state)
{
	(void)state;
	put_file("cpu.cfs_quota_us", "50000");
	put_file("cpu.cfs_period_us", "100000");
	resources.cpu.quota = set(5000);
	resources.cpu.period = set_u(10000);
	assert_int_equal(write_all(false), 0);
	assert_string_equal(writes, "cpu.cfs_quota_us=5000;cpu.cfs_period_us=10000;");
	resources.cpu.quota = set(50000);
	resources.cpu.period = set_u(100000);
	assert_int_equal(write_all(false), 0);
	assert_string_equal(writes, "cpu.cfs_period_us=100000;cpu.cfs_quota_us=50000;");
}

static void test_alternatives(void **state)
{
	(void)state;
	resources.blkio_weight = set_u(100);
	put_file("blkio.bfq.weight", "1");
	assert_int_equal(write_all(false), 0);
	assert_string_equal(writes, "blkio.bfq.weight=100;");
	put_file("blkio.weight", "1");
	assert_int_equal(write_all(false), 0);
	assert_string_equal(writes, "blkio.weight=100;");
	/* Neither: the limit cannot be kept. */
	file_count = 0;
	assert_int_equal(write_all(false), -ENOENT);
	assert_string_equal(error_last()->property, "linux.resources.blockIO.weight");
}

static void test_refused_write(void **state)
{
	(void)state;
	resources.pids_limit = set(5);
	put_file("pids.max", "max");
	files[0].refuse = EPERM;
	assert_int_equal(write_all(false), -EPERM);
	assert_non_null(strstr(error_last()->text, "pids.max"));
	assert_string_equal(error_last()->property, "linux.resources.pids.limit");
}

static void test_undo(void **state)
{
	static struct spec_throttle throttles[] = { { 8, 0, 1000 }, { 8, 16, 7 } };

	(void)state;
	memory_files("100", "200");
	put_file("memory.oom_control", "oom_kill_disable 0\nunder_oom 0");
	put_file("cpu.shares", "1024");
	put_file("pids.max", "max");
	put_file("blkio.throttle.read_bps_device", "8:0 5\n8:32 6");
	resources.memory.limit = set(1000);
	resources.memory.swap = set(2000);
	resources.memory.disable_oom_killer = true;
	resources.cpu.shares = set_u(2);
	resources.pids_limit = set(4);
	resources.read_bps = (struct spec_throttles){ throttles, 2 };
	files[file_count - 2].refuse = EBUSY; /* pids.max */
	assert_int_equal(write_all(true), -EBUSY);
	assert_string_equal(error_last()->property, "linux.resources.pids.limit");
	assert_string_equal(get_file("memory.limit_in_bytes"), "100");
	assert_string_equal(get_file("memory.memsw.limit_in_bytes"), "200");
	assert_string_equal(get_file("memory.oom_control"), "0");
	assert_string_equal(get_file("cpu.shares"), "1024");
	/* One device had a limit, the other none. */
	assert_non_null(strstr(writes, "read_bps_device=8:16 0;"));
	assert_non_null(strstr(writes, "read_bps_device=8:0 5;"));
}

static void test_check_before_update(void **state)
{
	(void)state;
	put_file("memory.max", "max");
	put_file("memory.current", "4096");
	resources.memory.limit = set(4095);
	resources.memory.check_before_update = true;
	assert_int_equal(write_all(true), -EINVAL);
	assert_string_equal(get_file("memory.max"), "max");
	resources.memory.limit = set(4096);
	assert_int_equal(write_all(true), 0);
	assert_string_equal(get_file("memory.max"), "4096");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_v1, use_v1, clear),
		cmocka_unit_test_setup_teardown(test_v2, use_v2, clear),
		cmocka_unit_test_setup_teardown(test_no_limit, use_v2, clear),
		cmocka_unit_test_setup_teardown(test_zeros, use_v2, clear),
		cmocka_unit_test_setup_teardown(test_burst_and_idle, use_v2, clear),
		cmocka_unit_test_setup_teardown(test_period_alone, use_v2, clear),
		cmocka_unit_test_setup_teardown(test_swap_v2, use_v2, clear),
		cmocka_unit_test_setup_teardown(test_not_on_v2, use_v2, clear),
		cmocka_unit_test_setup_teardown(test_no_controller, reset, clear),
		cmocka_unit_test_setup_teardown(test_unified, use_v2, clear),
		cmocka_unit_test_setup_teardown(test_memory_order, use_v1, clear),
		cmocka_unit_test_setup_teardown(test_quota_order, use_v1, clear),
		cmocka_unit_test_setup_teardown(test_alternatives, use_v1, clear),
		cmocka_unit_test_setup_teardown(test_refused_write, use_v1, clear),
		cmocka_unit_test_setup_teardown(test_undo, use_v1, clear),
		cmocka_unit_test_setup_teardown(test_check_before_update, use_v2, clear),
	};

	return cmocka_run_group_tests_name("cgroup_limits", tests, NULL, NULL);
}
