/* SPDX-License-Identifier: Apache-2.0 */
/* The line of the state record, and the paths that a plan makes of linux.cgroupsPath. */
#include "tests/unit/test_lib.h"

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/cgroup/internal.h"

/* link: -Wl,--wrap=cgroup_find,--wrap=mkdir */
static struct arena arena;
static struct found fake;
static char folder[64];
static int folder_fd;

int __wrap_cgroup_find(struct arena *into, bool need_own, struct found *found);
int __wrap_cgroup_find(struct arena *into, bool need_own, struct found *found)
{
	(void)into;
	(void)need_own;
	*found = fake;
	return 0;
}

/* The mkdir(2) that fails, counted down; 0: none. */
static unsigned int failing;

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	if (failing > 0 && --failing == 0) {
		errno = ENOMEM;
		return -1;
	}
	return __real_mkdir(path, mode);
}

static const char good[] = "cgroup2 14 1 /sys/fs/cgroup/web\t"
			   "cpu,cpuacct 26 2 /sys/fs/cgroup/cpu,cpuacct/a/web b\t"
			   "name=systemd 22 1 /sys/fs/cgroup/systemd/web";

static void test_read(void **state)
{
	struct cgroup *cgroup = cgroup_from_record(&arena, good);

	(void)state;
	assert_non_null(cgroup);
	assert_string_equal(cgroup_record(cgroup), good);
	assert_int_equal(cgroup->count, 3);
	assert_true(cgroup->groups[0].v2);
	assert_string_equal(cgroup->groups[0].controllers, "");
	assert_string_equal(cgroup->groups[1].path, "/sys/fs/cgroup/cpu,cpuacct/a/web b");
	assert_int_equal(cgroup->groups[1].own, 2);
	assert_int_equal(cgroup->groups[1].mount_length, 26);
	assert_true(cgroup->groups[2].ours);
	assert_ptr_equal(group_v1(cgroup, "cpu"), &cgroup->groups[1]);
	assert_null(group_v1(cgroup, "memory"));
}

static void test_write(void **state)
{
	struct cgroup *cgroup = cgroup_from_record(&arena, good);

	(void)state;
	assert_non_null(cgroup);
	cgroup->record = NULL;
	assert_int_equal(group_record(cgroup), 0);
	assert_string_equal(cgroup->record, good);
}

static void test_disabled(void **state)
{
	struct cgroup *cgroup = cgroup_plan(&arena, CGROUP_MANAGER_DISABLED, "/x", "id", NULL);
	pid_t *pids;

	(void)state;
	assert_non_null(cgroup);
	assert_string_equal(cgroup_record(cgroup), "disabled");
	cgroup = cgroup_from_record(&arena, "disabled");
	assert_non_null(cgroup);
	assert_int_equal(cgroup_make(cgroup), 0);
	assert_int_equal(cgroup_apply(cgroup, NULL), 0);
	assert_int_equal(cgroup_clone_fd(cgroup), -1);
	assert_false(cgroup_needs_enter(cgroup, false));
	assert_int_equal(cgroup_enter(cgroup, 0, false), 0);
	assert_int_equal(cgroup_is_frozen(cgroup), 0);
	assert_int_equal(cgroup_processes(&arena, cgroup, &pids), 0);
	assert_true(cgroup_freeze(cgroup) < 0);
	assert_true(cgroup_update(cgroup, NULL) < 0);
	assert_true(cgroup_signal_all(cgroup, 9) < 0);
	assert_int_equal(cgroup_oom_kills(cgroup), 0);
	assert_int_equal(cgroup_remove(cgroup), 0);
	/* No hierarchy at all. */
	cgroup = cgroup_from_record(&arena, "");
	assert_non_null(cgroup);
	assert_int_equal(cgroup->count, 0);
}

static void test_damaged(void **state)
{
	static const char *const bad[] = {
		"x",
		"cgroup2",
		"cgroup2 14 1",
		"cgroup2 14 1 ",
		"cgroup2 14 1 sys/fs/cgroup/web",
		"cgroup2 14 0 /sys/fs/cgroup/web", /* nothing of our own */
		"cgroup2 14 2 /sys/fs/cgroup/web", /* more than there is below the mount */
		"cgroup2 13 1 /sys/fs/cgroup/web", /* not at a "/" */
		"cgroup2 18 1 /sys/fs/cgroup/web", /* the mount itself */
		"cgroup2 99 1 /sys/fs/cgroup/web",
		"cgroup2 -1 1 /sys/fs/cgroup/web",
		"cgroup2 14 1 /sys/fs/cgroup/../../etc",
		"cgroup2 14 1 /sys/fs/cgroup/..",
		"cgroup2 14 1 /sys/fs/cgroup/./web",
		"cgroup2 14 1 /sys/fs/cgroup//web",
		"cgroup2 14 1 /sys/fs/cgroup/",
		"cgroup2 14 1 /sys/fs/cgroup/web\t",
		"cgroup2 14 1 /sys/fs/cgroup/web\tcpu",
	};
	char longer[PATH_MAX + 100];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	memcpy(longer, "cgroup2 14 1 /sys/fs/cgroup/", 28);
	longer[sizeof(longer) - 1] = '\0';
	assert_null(cgroup_from_record(&arena, longer));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear();
		if (cgroup_from_record(&arena, bad[i]))
			fail_msg("accepted: %s", bad[i]);
		assert_true(error_last()->text[0] != '\0');
	}
}

/* ---- plans on a folder that looks like two mounts ---- */

static char mount_v1[128], mount_v2[128];

static int make_mounts(void **state)
{
	(void)state;
	folder_fd = make_folder(folder);
	snprintf(mount_v1, sizeof(mount_v1), "%s/memory", folder);
	snprintf(mount_v2, sizeof(mount_v2), "%s/unified", folder);
	assert_int_equal(mkdir(mount_v1, 0755), 0);
	assert_int_equal(mkdir(mount_v2, 0755), 0);
	fake = (struct found){ .count = 2 };
	fake.items[0] =
		(struct found_group){ .controllers = "memory", .mount = mount_v1, .own = "" };
	fake.items[1] =
		(struct found_group){ .controllers = "", .mount = mount_v2, .own = "", .v2 = true };
	return 0;
}

static int remove_mounts(void **state)
{
	(void)state;
	remove_folder(folder_fd, folder);
	arena_free(&arena);
	return 0;
}

static struct cgroup *plan(const char *path)
{
	error_clear();
	return cgroup_plan(&arena, CGROUP_MANAGER_FS, path, "box", NULL);
}

static void assert_planned(const char *path, const char *v1, const char *v2)
{
	struct cgroup *cgroup = plan(path);

	if (!cgroup)
		fail_msg("%s: %s", path ? path : "(none)", error_last()->text);
	assert_int_equal(cgroup->count, 2);
	assert_string_equal(cgroup->groups[0].path + strlen(mount_v1), v1);
	assert_string_equal(cgroup->groups[1].path + strlen(mount_v2), v2);
}

static void test_paths(void **state)
{
	(void)state;
	assert_planned(NULL, "/box", "/box");
	assert_planned("", "/box", "/box");
	assert_planned("/a/b", "/a/b", "/a/b");
	assert_planned("a", "/a", "/a");
	assert_planned("/a/../../../b", "/b", "/b");
	assert_planned("../../x", "/x", "/x");
	assert_planned("//a/./b/", "/a/b", "/a/b");
	assert_planned("system.slice:cri:0123", "/system.slice:cri:0123", "/system.slice:cri:0123");
}

static void test_paths_below_own(void **state)
{
	char path[256];
	FILE *file;

	(void)state;
	fake.items[0].own = "/me/inner";
	fake.items[1].own = "/me/inner";
	assert_planned(NULL, "/me/inner/box", "/me/inner/box");
	assert_planned("../x", "/me/inner/x", "/me/inner/x");
	assert_planned("/abs", "/abs", "/abs");
	/* With controllers to give, v2 groups with processes cannot have children. */
	snprintf(path, sizeof(path), "%s/cgroup.controllers", mount_v2);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("hugetlb misc\n", file);
	fclose(file);
	assert_planned(NULL, "/me/inner/box", "/me/inner/box");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("cpuset cpu io memory pids\n", file);
	fclose(file);
	assert_planned(NULL, "/me/inner/box", "/me/box");
	fake.items[1].own = "/me";
	assert_planned(NULL, "/me/inner/box", "/box");
	fake.items[1].own = "";
	assert_planned(NULL, "/me/inner/box", "/box");
}

static void test_refused_paths(void **state)
{
	static const char *const bad[] = { "/", "/..", ".", "..", "/a\nb", "/a\tb", "/\x7f" };
	char *longer = malloc(5000);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(plan(bad[i]));
		assert_string_equal(error_last()->property, "linux.cgroupsPath");
	}
	memset(longer, 'a', 4999);
	longer[4999] = '\0';
	assert_null(plan(longer));
	free(longer);
}

static void test_own_components(void **state)
{
	struct cgroup *cgroup = plan("/a/b/c");
	char path[256];

	(void)state;
	assert_non_null(cgroup);
	assert_int_equal(cgroup->groups[0].own, 3);
	snprintf(path, sizeof(path), "%s/a", mount_v1);
	assert_int_equal(mkdir(path, 0755), 0);
	cgroup = plan("/a/b/c");
	assert_non_null(cgroup);
	assert_int_equal(cgroup->groups[0].own, 2);
	assert_int_equal(cgroup->groups[1].own, 3);
	/* Our own group, or above: never ours to remove. */
	fake.items[0].own = "/me";
	cgroup = plan("x");
	assert_non_null(cgroup);
	assert_int_equal(cgroup->groups[0].own, 1);
}

static void test_make_and_unmake(void **state)
{
	struct cgroup *cgroup = plan("/a/b");

	(void)state;
	assert_non_null(cgroup);
	assert_int_equal(cgroup_make(cgroup), 0);
	assert_int_equal(access(cgroup->groups[0].path, F_OK), 0);
	group_unmake(cgroup);
	assert_int_equal(access(cgroup->groups[0].path, F_OK), -1);
	assert_int_equal(faccessat(folder_fd, "memory/a", F_OK, 0), -1);
	assert_int_equal(faccessat(folder_fd, "unified/a", F_OK, 0), -1);
	cgroup_close(cgroup);
}

static bool is_empty(void)
{
	return rmdir(mount_v1) == 0 && __real_mkdir(mount_v1, 0755) == 0 && rmdir(mount_v2) == 0 &&
	       __real_mkdir(mount_v2, 0755) == 0;
}

/* Whichever folder cannot be made, nothing is left. */
static void test_make_fails(void **state)
{
	unsigned int at = 0;
	int result = -1;

	(void)state;
	while (result < 0) {
		struct cgroup *cgroup = plan("/a/b/c");

		assert_non_null(cgroup);
		failing = ++at;
		result = cgroup_make(cgroup);
		failing = 0;
		if (result == 0)
			assert_int_equal(cgroup_remove(cgroup), 0);
		cgroup_close(cgroup);
		assert_true(is_empty());
	}
	assert_true(at > 6);
}

/* Killed after any folder: the record is enough to remove what there is. */
static void test_killed_in_make(void **state)
{
	static const char *const made[] = { "memory/a",	 "memory/a/b",	"memory/a/b/c",
					    "unified/a", "unified/a/b", "unified/a/b/c" };

	(void)state;
	for (size_t killed = 0; killed <= 6; killed++) {
		struct cgroup *cgroup = plan("/a/b/c"), *later;

		assert_non_null(cgroup);
		for (size_t i = 0; i < killed; i++)
			assert_int_equal(mkdirat(folder_fd, made[i], 0755), 0);
		later = cgroup_from_record(&arena, cgroup_record(cgroup));
		assert_non_null(later);
		assert_int_equal(cgroup_remove(later), 0);
		assert_true(is_empty());
	}
}

/* Parents that others use or that were there stay. */
static void test_parents_stay(void **state)
{
	struct cgroup *first, *second;

	(void)state;
	assert_int_equal(mkdirat(folder_fd, "memory/a", 0755), 0);
	first = plan("/a/b/one");
	assert_non_null(first);
	assert_int_equal(cgroup_make(first), 0);
	second = plan("/a/b/two");
	assert_non_null(second);
	assert_int_equal(cgroup_make(second), 0);
	assert_int_equal(cgroup_remove(first), 0);
	assert_int_equal(faccessat(folder_fd, "memory/a/b/two", F_OK, 0), 0);
	assert_int_equal(cgroup_remove(second), 0);
	assert_int_equal(faccessat(folder_fd, "memory/a/b/two", F_OK, 0), -1);
	assert_int_equal(faccessat(folder_fd, "memory/a", F_OK, 0), 0);
	cgroup_close(first);
	cgroup_close(second);
}

static void test_not_a_folder(void **state)
{
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/tasks", mount_v1);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_null(plan("/tasks"));
	assert_null(plan("/tasks/x"));
}

static void test_readonly(void **state)
{
	struct cgroup *cgroup;

	(void)state;
	fake.items[0].readonly = true;
	cgroup = plan(NULL);
	assert_non_null(cgroup);
	assert_int_equal(cgroup->count, 1);
	assert_true(cgroup->groups[0].v2);
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
		cmocka_unit_test_teardown(test_read, clear),
		cmocka_unit_test_teardown(test_write, clear),
		cmocka_unit_test_teardown(test_disabled, clear),
		cmocka_unit_test_teardown(test_damaged, clear),
		cmocka_unit_test_setup_teardown(test_paths, make_mounts, remove_mounts),
		cmocka_unit_test_setup_teardown(test_paths_below_own, make_mounts, remove_mounts),
		cmocka_unit_test_setup_teardown(test_refused_paths, make_mounts, remove_mounts),
		cmocka_unit_test_setup_teardown(test_own_components, make_mounts, remove_mounts),
		cmocka_unit_test_setup_teardown(test_make_and_unmake, make_mounts, remove_mounts),
		cmocka_unit_test_setup_teardown(test_make_fails, make_mounts, remove_mounts),
		cmocka_unit_test_setup_teardown(test_killed_in_make, make_mounts, remove_mounts),
		cmocka_unit_test_setup_teardown(test_parents_stay, make_mounts, remove_mounts),
		cmocka_unit_test_setup_teardown(test_not_a_folder, make_mounts, remove_mounts),
		cmocka_unit_test_setup_teardown(test_readonly, make_mounts, remove_mounts),
	};

	return cmocka_run_group_tests_name("cgroup_record", tests, NULL, NULL);
}
