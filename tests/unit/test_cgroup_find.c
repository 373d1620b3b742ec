/* SPDX-License-Identifier: Apache-2.0 */
/* Where the hierarchies are, from the texts of /proc/self/cgroup and /proc/self/mountinfo. */
#include "tests/unit/test_lib.h"

#include "lib/arena.h"
#include "runtime/cgroup/internal.h"

static struct arena arena;
static struct found found;

static void find(const char *self, const char *mountinfo)
{
	char *self_copy = strdup(self), *mountinfo_copy = strdup(mountinfo);

	assert_int_equal(cgroup_find_in(&arena, self_copy, mountinfo_copy, &found), 0);
	free(self_copy);
	free(mountinfo_copy);
}

static const struct found_group *get(const char *controllers)
{
	for (size_t i = 0; i < found.count; i++) {
		if (strcmp(found.items[i].controllers, controllers) == 0)
			return &found.items[i];
	}
	return NULL;
}

static void assert_at(const char *controllers, const char *mount, const char *own)
{
	const struct found_group *group = get(controllers);

	if (!group)
		fail_msg("no hierarchy \"%s\"", controllers);
	assert_string_equal(group->mount, mount);
	assert_string_equal(group->own, own);
	assert_int_equal(group->v2, controllers[0] == '\0');
}

#define ROOT \
	"23 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n" \
	"25 23 0:22 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
#define TMPFS "31 25 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
#define CPU \
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
#define MEMORY "33 31 0:30 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
#define NAMED "34 31 0:31 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
#define UNIFIED "35 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"

static void test_v2(void **state)
{
	(void)state;
	find("0::/user.slice/a.scope\n", ROOT
	     "31 25 0:28 / /sys/fs/cgroup ro,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
	assert_int_equal(found.count, 1);
	assert_at("", "/sys/fs/cgroup", "/user.slice/a.scope");
	assert_true(get("")->readonly);
}

static void test_hybrid(void **state)
{
	(void)state;
	find("5:name=systemd:/init.scope\n4:memory:/a\n3:cpu,cpuacct:/\n2:rdma:/\n0::/x/y\n",
	     ROOT TMPFS CPU MEMORY NAMED UNIFIED);
	assert_int_equal(found.count, 4);
	assert_at("cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "");
	assert_at("memory", "/sys/fs/cgroup/memory", "/a");
	assert_at("name=systemd", "/sys/fs/cgroup/systemd", "/init.scope");
	assert_at("", "/sys/fs/cgroup/unified", "/x/y");
	assert_false(get("memory")->readonly);
}

static void test_nothing(void **state)
{
	(void)state;
	find("", "");
	assert_int_equal(found.count, 0);
	find("4:memory:/a\n0::/\n", ROOT);
	assert_int_equal(found.count, 0);
	/* Not text that we know. */
	find("memory\n\n:\n::\n7:x", "\n31\n31 25 0:28\n - cgroup\n25 1 0:1 / /x rw - cgroup c\n");
	assert_int_equal(found.count, 0);
}

static void test_other_places(void **state)
{
	(void)state;
	find("4:memory:/\n0::/\n",
	     ROOT "40 23 0:30 / /dev/memcg rw - cgroup none rw,memory\n"
		  "41 23 0:31 / /my\\040groups\\134\\011x rw - cgroup2 none rw");
	assert_at("memory", "/dev/memcg", "");
	assert_at("", "/my groups\\\tx", "");
}

/* In a container without a cgroup namespace: its group is bound over the folder. */
static void test_bound_subtree(void **state)
{
	(void)state;
	find("4:memory:/docker/abc/inner\n0::/docker/abc\n",
	     ROOT "40 25 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
		  "41 25 0:31 /docker/abc /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
	assert_at("memory", "/sys/fs/cgroup/memory", "/inner");
	assert_at("", "/sys/fs/cgroup/unified", "");
	/* A name that only begins alike is another group. */
	find("4:memory:/docker/abcdef\n",
	     ROOT "40 25 0:30 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
	assert_at("memory", "/sys/fs/cgroup/memory", "");
}

/* A mount from outside of the cgroup namespace: what lies between is not known. */
static void test_outside_namespace(void **state)
{
	(void)state;
	find("0::/\n", ROOT "40 25 0:30 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	assert_at("", "/sys/fs/cgroup", "");
	find("0::/../x\n", ROOT "40 25 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	assert_at("", "/sys/fs/cgroup", "");
	find("0::/gone (deleted)\n", ROOT "40 25 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	assert_at("", "/sys/fs/cgroup", "");
}

static void test_best_of_two(void **state)
{
	(void)state;
	find("0::/a/b\n", ROOT "40 25 0:30 /c /mnt/part rw - cgroup2 cgroup2 rw\n"
			       "41 25 0:30 / /mnt/readonly ro - cgroup2 cgroup2 rw\n"
			       "42 25 0:30 / /mnt/whole rw - cgroup2 cgroup2 rw\n"
			       "43 25 0:30 /a /mnt/ours rw - cgroup2 cgroup2 rw\n");
	assert_at("", "/mnt/whole", "/a/b");
}

static void test_hidden(void **state)
{
	(void)state;
	/* A tmpfs over the v2 tree. */
	find("4:memory:/\n0::/\n",
	     ROOT TMPFS MEMORY UNIFIED "50 35 0:40 / /sys/fs/cgroup/unified rw - tmpfs none rw\n");
	assert_null(get(""));
	assert_at("memory", "/sys/fs/cgroup/memory", "");
	/* The v2 tree over all the rest. */
	find("4:memory:/\n0::/\n",
	     ROOT TMPFS MEMORY UNIFIED "50 31 0:32 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	assert_int_equal(found.count, 1);
	assert_at("", "/sys/fs/cgroup", "");
	/* Something over a folder above. */
	find("4:memory:/\n", ROOT TMPFS MEMORY "50 25 0:40 / /sys/fs rw - tmpfs none rw\n");
	assert_int_equal(found.count, 0);
	/* Two at one place: the later is on top. */
	find("4:memory:/\n",
	     ROOT TMPFS "36 25 0:41 / /sys/fs/cgroup rw - tmpfs again rw\n"
			"37 36 0:30 / /sys/fs/cgroup/memory rw - cgroup c rw,memory\n");
	assert_at("memory", "/sys/fs/cgroup/memory", "");
}

/* After switch_root(8) the root is younger than what was moved onto it: it hides nothing. */
static void test_moved_root(void **state)
{
	(void)state;
	find("0::/\n", "20 30 0:22 / /sys rw - sysfs sysfs rw\n"
		       "21 20 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
		       "30 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	assert_at("", "/sys/fs/cgroup", "");
}

static void test_too_many(void **state)
{
	char self[4096] = "", mountinfo[8192] = "";

	(void)state;
	for (unsigned int i = 0; i <= GROUP_MAX; i++) {
		sprintf(self + strlen(self), "%u:name=n%u:/\n", i + 1, i);
		sprintf(mountinfo + strlen(mountinfo),
			"%u 1 0:%u / /n%u rw - cgroup cgroup rw,name=n%u\n", 100 + i, i, i, i);
	}
	assert_int_equal(cgroup_find_in(&arena, self, mountinfo, &found), -E2BIG);
	assert_int_equal(found.count, GROUP_MAX);
}

static void test_words(void **state)
{
	(void)state;
	assert_true(word_in("cpu io memory\n", ' ', "memory"));
	assert_true(word_in("cpu,cpuacct", ',', "cpu"));
	assert_true(word_in("cpu,cpuacct", ',', "cpuacct"));
	assert_false(word_in("cpuacct", ',', "cpu"));
	assert_false(word_in("", ' ', "cpu"));
	assert_false(word_in("cpuset", ' ', "cpu"));
}

/* The real ones of this machine: whatever they are, our own groups are there. */
static void test_here(void **state)
{
	(void)state;
	assert_int_equal(cgroup_find(&arena, true, &found), 0);
	for (size_t i = 0; i < found.count; i++) {
		char *path = arena_printf(&arena, "%s%s/cgroup.procs", found.items[i].mount,
					  found.items[i].own);

		assert_int_equal(access(path, R_OK), 0);
	}
}

static int clear(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_v2, clear),
		cmocka_unit_test_teardown(test_hybrid, clear),
		cmocka_unit_test_teardown(test_nothing, clear),
		cmocka_unit_test_teardown(test_other_places, clear),
		cmocka_unit_test_teardown(test_bound_subtree, clear),
		cmocka_unit_test_teardown(test_outside_namespace, clear),
		cmocka_unit_test_teardown(test_best_of_two, clear),
		cmocka_unit_test_teardown(test_hidden, clear),
		cmocka_unit_test_teardown(test_moved_root, clear),
		cmocka_unit_test_teardown(test_too_many, clear),
		cmocka_unit_test_teardown(test_words, clear),
		cmocka_unit_test_teardown(test_here, clear),
	};

	return cmocka_run_group_tests_name("cgroup_find", tests, NULL, NULL);
}
