/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups in the kernel, below the group that the test is in: made, limited, frozen, killed,
 * removed. Whatever hierarchies the machine has; needs root.
 */
#include "tests/unit/test_lib.h"

#include <poll.h>
#include <signal.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "runtime/cgroup/internal.h"
#include "runtime/cgroup/limits.h"

static struct arena arena;
static unsigned int number;

/* What is to be gone after a test, even one that failed. */
static struct cgroup *planned[64];
static size_t planned_count;

static const char *why(void)
{
	static char text[2048];

	return error_format(error_last(), text, sizeof(text));
}

#define assert_done(expression) \
	do { \
		if ((expression) < 0) \
			fail_msg("%s: %s", #expression, why()); \
	} while (0)

static struct cgroup *plan_at(const char *path, const struct spec_resources *resources)
{
	struct cgroup *cgroup;
	char id[64];

	error_clear();
	snprintf(id, sizeof(id), "cruet-unit-%d-%u", (int)getpid(), number++);
	cgroup = cgroup_plan(&arena, CGROUP_MANAGER_FS, path, id, resources);
	if (cgroup && planned_count < sizeof(planned) / sizeof(planned[0]))
		planned[planned_count++] = cgroup;
	return cgroup;
}

static struct cgroup *make_with(const struct spec_resources *resources)
{
	struct cgroup *cgroup = plan_at(NULL, resources);

	if (!cgroup)
		fail_msg("plan: %s", why());
	assert_done(cgroup_make(cgroup));
	assert_done(cgroup_apply(cgroup, resources));
	return cgroup;
}

static bool is_in(struct cgroup *cgroup, pid_t pid, ssize_t count)
{
	pid_t *pids;

	if (cgroup_processes(&arena, cgroup, &pids) != count)
		return false;
	for (ssize_t i = 0; i < count; i++) {
		if (pids[i] == pid)
			return true;
	}
	return false;
}

/* A process that does nothing, in the groups; `children` of its own. */
static pid_t start_process(struct cgroup *cgroup, int children)
{
	pid_t pid;

	assert_done(cgroup_open_enter(cgroup));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (cgroup_enter(cgroup, 0, false) < 0)
			_exit(1);
		while (children-- > 0 && fork() > 0)
			;
		for (;;)
			pause();
	}
	for (int i = 0; i < 1000 && !is_in(cgroup, pid, children + 1); i++)
		poll(NULL, 0, 5);
	if (!is_in(cgroup, pid, children + 1)) {
		pid_t *pids;
		ssize_t count = cgroup_processes(&arena, cgroup, &pids);

		kill(pid, SIGKILL);
		fail_msg("%d processes instead of %d", (int)count, children + 1);
	}
	return pid;
}

static int ended_by(pid_t pid)
{
	int status = 0;

	for (int i = 0; i < 1000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
		poll(NULL, 0, 5);
	}
	return 0;
}

static void remove_all(struct cgroup *cgroup)
{
	assert_done(cgroup_remove(cgroup));
	for (size_t i = 0; i < cgroup->count; i++)
		assert_int_equal(access(cgroup->groups[i].path, F_OK), -1);
	cgroup_close(cgroup);
}

/* ---- tests ---- */

static void test_make_and_remove(void **state)
{
	struct cgroup *cgroup = make_with(NULL), *again;

	(void)state;
	for (size_t i = 0; i < cgroup->count; i++)
		assert_int_equal(access(cgroup->groups[i].path, F_OK), 0);
	again = cgroup_from_record(&arena, cgroup_record(cgroup));
	assert_non_null(again);
	assert_int_equal(again->count, cgroup->count);
	cgroup_close(cgroup);
	remove_all(again);
}

static void test_enter_and_list(void **state)
{
	struct cgroup *cgroup = make_with(NULL);
	pid_t pid = start_process(cgroup, 3);

	(void)state;
	for (size_t i = 0; i < cgroup->count; i++)
		assert_int_equal(group_populated(&cgroup->groups[i]), 1);
	assert_done(cgroup_signal_all(cgroup, SIGKILL));
	assert_int_equal(ended_by(pid), SIGKILL);
	remove_all(cgroup);
}

static void test_other_signal(void **state)
{
	struct cgroup *cgroup = make_with(NULL);
	pid_t pid = start_process(cgroup, 2), *pids;

	(void)state;
	assert_done(cgroup_signal_all(cgroup, SIGUSR1));
	assert_int_equal(ended_by(pid), SIGUSR1);
	for (int i = 0; i < 1000 && cgroup_processes(&arena, cgroup, &pids) > 0; i++)
		poll(NULL, 0, 5);
	assert_int_equal(cgroup_processes(&arena, cgroup, &pids), 0);
	assert_done(cgroup_signal_all(cgroup, SIGUSR1));
	remove_all(cgroup);
}

static void test_remove_kills(void **state)
{
	struct cgroup *cgroup = make_with(NULL), *later;
	pid_t pid = start_process(cgroup, 5);

	(void)state;
	later = cgroup_from_record(&arena, cgroup_record(cgroup));
	cgroup_close(cgroup);
	remove_all(later);
	assert_int_equal(ended_by(pid), SIGKILL);
}

static void test_freeze(void **state)
{
	struct cgroup *cgroup = make_with(NULL), *later;
	pid_t pid = start_process(cgroup, 1);

	(void)state;
	assert_int_equal(cgroup_is_frozen(cgroup), 0);
	assert_done(cgroup_freeze(cgroup));
	assert_int_equal(cgroup_is_frozen(cgroup), 1);
	/* Signals do not thaw it; v1 holds back even a deadly one, but for SIGKILL. */
	assert_done(cgroup_signal_all(cgroup, SIGUSR1));
	assert_int_equal(cgroup_is_frozen(cgroup), 1);
	if (!group_is_v2(group_freezer(cgroup)))
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_done(cgroup_thaw(cgroup));
	assert_int_equal(cgroup_is_frozen(cgroup), 0);
	assert_int_equal(ended_by(pid), SIGUSR1);

	pid = start_process(cgroup, 0);
	assert_done(cgroup_freeze(cgroup));
	assert_done(cgroup_signal_all(cgroup, SIGKILL));
	assert_int_equal(ended_by(pid), SIGKILL);
	/* cgroup.kill needs no thaw, and does none. */
	assert_done(cgroup_thaw(cgroup));

	pid = start_process(cgroup, 2);
	assert_done(cgroup_freeze(cgroup));
	later = cgroup_from_record(&arena, cgroup_record(cgroup));
	cgroup_close(cgroup);
	remove_all(later);
	assert_int_equal(ended_by(pid), SIGKILL);
}

static void test_groups_below(void **state)
{
	struct cgroup *cgroup = make_with(NULL), *below;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < cgroup->count; i++) {
		struct group *group = &cgroup->groups[i];

		assert_true(group_open(group) >= 0);
		assert_int_equal(mkdirat(group->dir, "a", 0755), 0);
		assert_int_equal(mkdirat(group->dir, "b", 0755), 0);
		assert_int_equal(mkdirat(group->dir, "b/c", 0755), 0);
		if (word_in(group->controllers, ',', "cpuset")) {
			assert_int_equal(group_write(group, "b/cpuset.cpus", "0"), 0);
			assert_int_equal(group_write(group, "b/cpuset.mems", "0"), 0);
			assert_int_equal(group_write(group, "b/c/cpuset.cpus", "0"), 0);
			assert_int_equal(group_write(group, "b/c/cpuset.mems", "0"), 0);
		}
	}
	assert_null(cgroup_sub(&arena, cgroup, "../x"));
	assert_null(cgroup_sub(&arena, cgroup, "b/../../x"));
	assert_null(cgroup_sub(&arena, cgroup, "missing"));
	assert_null(cgroup_sub(&arena, cgroup, "nothing:b"));
	below = cgroup_sub(&arena, cgroup, "/b/c");
	if (!below)
		fail_msg("%s", why());
	pid = start_process(below, 0);
	for (size_t i = 0; i < cgroup->count; i++)
		assert_int_equal(group_populated(&cgroup->groups[i]), 1);
	/* Where the init has moved to, as cgroup_where() finds it, is where it is. */
	if (group_v2(cgroup)) {
		struct cgroup *where = cgroup_where(&arena, cgroup, pid);

		assert_non_null(where);
		assert_string_equal(group_v2(where)->path, group_v2(below)->path);
		cgroup_close(where);
	}
	/* Removing what is not one's own does nothing. */
	assert_done(cgroup_remove(below));
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	cgroup_close(below);
	remove_all(cgroup);
	assert_int_equal(ended_by(pid), SIGKILL);
}

static void test_deep(void **state)
{
	struct cgroup *cgroup = make_with(NULL);
	struct group *group = &cgroup->groups[0];
	int dir, made = 0;
	char text[16];
	pid_t pid;

	(void)state;
	assert_true(group_open(group) >= 0);
	dir = openat(group->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (; made < 400 && mkdirat(dir, "d", 0755) == 0; made++) {
		int next = openat(dir, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		assert_true(next >= 0);
		close(dir);
		dir = next;
	}
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (;;)
			pause();
	}
	snprintf(text, sizeof(text), "%d", (int)pid);
	if (file_write(dir, "cgroup.procs", text, strlen(text)) < 0)
		kill(pid, SIGKILL); /* a cpuset, as long as it is empty, takes none */
	close(dir);
	assert_true(made > 0);
	remove_all(cgroup);
	assert_int_equal(ended_by(pid), SIGKILL);
}

static void test_taken(void **state)
{
	struct cgroup *first = make_with(NULL), *second;
	struct group *group = &first->groups[0];
	const char *path = group->path + group->mount_length;
	pid_t pid = start_process(first, 0);

	(void)state;
	second = plan_at(path, NULL);
	assert_null(second);
	assert_non_null(strstr(why(), "not empty"));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(ended_by(pid), SIGKILL);
	/* Empty it may be used; but a frozen one would hang. */
	if (group_v1(first, "freezer") ||
	    group_read(group, "cgroup.freeze", (char[8]){ 0 }, 8) > 0) {
		assert_done(cgroup_freeze(first));
		second = plan_at(group_freezer(first)->path + group_freezer(first)->mount_length,
				 NULL);
		assert_null(second);
		assert_non_null(strstr(why(), "frozen"));
		assert_done(cgroup_thaw(first));
	}
	remove_all(first);
}

/* The record is lost: the same groups are found again, with what is in them. */
static void test_guess(void **state)
{
	struct cgroup *cgroup, *guessed;
	char path[64];
	pid_t pid;

	(void)state;
	snprintf(path, sizeof(path), "cruet-unit-%d-lost", (int)getpid());
	cgroup = plan_at(path, NULL);
	assert_non_null(cgroup);
	assert_done(cgroup_make(cgroup));
	pid = start_process(cgroup, 1);
	guessed = cgroup_guess(&arena, CGROUP_MANAGER_FS, path, "other");
	assert_non_null(guessed);
	assert_string_equal(cgroup_record(guessed), cgroup_record(cgroup));
	assert_done(cgroup_remove(guessed));
	assert_int_equal(ended_by(pid), SIGKILL);
	for (size_t i = 0; i < cgroup->count; i++)
		assert_int_equal(access(cgroup->groups[i].path, F_OK), -1);
	cgroup_close(guessed);
}

static void test_made_meanwhile(void **state)
{
	struct cgroup *cgroup = plan_at(NULL, NULL);

	(void)state;
	assert_non_null(cgroup);
	assert_int_equal(mkdir(cgroup->groups[cgroup->count - 1].path, 0755), 0);
	assert_true(cgroup_make(cgroup) < 0);
	assert_non_null(strstr(why(), "somebody else"));
	for (size_t i = 0; i + 1 < cgroup->count; i++)
		assert_int_equal(access(cgroup->groups[i].path, F_OK), -1);
	assert_done(cgroup_remove(cgroup));
	assert_int_equal(rmdir(cgroup->groups[cgroup->count - 1].path), 0);
	cgroup_close(cgroup);
}

static void test_parents(void **state)
{
	struct cgroup *first, *second;
	char path[96], one[128], two[128];

	(void)state;
	snprintf(path, sizeof(path), "cruet-unit-%d-parent/deep", (int)getpid());
	snprintf(one, sizeof(one), "%s/one", path);
	snprintf(two, sizeof(two), "%s/two", path);
	first = plan_at(one, NULL);
	assert_non_null(first);
	assert_int_equal(first->groups[0].own, 3);
	assert_done(cgroup_make(first));
	second = plan_at(two, NULL);
	assert_non_null(second);
	assert_int_equal(second->groups[0].own, 1);
	assert_done(cgroup_make(second));
	remove_all(second);
	remove_all(first);
	for (size_t i = 0; i < first->count; i++) {
		char *above = strdup(first->groups[i].path);

		*strrchr(above, '/') = '\0';
		*strrchr(above, '/') = '\0';
		assert_int_equal(access(above, F_OK), -1);
		free(above);
	}
}

/* The value of a control file, wherever its controller is. */
static const char *value_of(struct cgroup *cgroup, const char *controller, const char *v1,
			    const char *v2)
{
	static char text[4096];
	struct group *group = group_v1(cgroup, controller);

	if (group_read(group ? group : group_v2(cgroup), group ? v1 : v2, text, sizeof(text)) < 0)
		return "(none)";
	return text;
}

static bool have(struct cgroup *cgroup, const char *controller)
{
	return group_v1(cgroup, controller) || group_v2_has(cgroup, controller);
}

/* The controllers are there, and the group that we are in lets them through. */
static bool can_limit(void)
{
	struct spec_resources resources = { .pids_limit = { 5, true } };
	struct cgroup *cgroup = plan_at(NULL, NULL);

	assert_non_null(cgroup);
	if (!have(cgroup, "memory") || !have(cgroup, "cpu") || !have(cgroup, "cpuset") ||
	    !have(cgroup, "pids"))
		return false;
	cgroup = plan_at(NULL, &resources);
	assert_non_null(cgroup);
	if (cgroup_make(cgroup) == 0)
		return true;
	assert_non_null(strstr(why(), "which has processes itself"));
	return false;
}

static void test_limits(void **state)
{
	struct cgroup *cgroup;
	struct spec_resources resources = { .present = true };

	(void)state;
	if (!can_limit())
		skip();
	resources.memory.limit.set = true;
	resources.memory.limit.value = 64 << 20;
	resources.memory.reservation.set = true;
	resources.memory.reservation.value = 32 << 20;
	resources.cpu.quota.set = true;
	resources.cpu.quota.value = 20000;
	resources.cpu.period.set = true;
	resources.cpu.period.value = 50000;
	resources.cpu.shares.set = true;
	resources.cpu.shares.value = 512;
	resources.pids_limit.set = true;
	resources.pids_limit.value = 0;
	cgroup = make_with(&resources);
	assert_string_equal(value_of(cgroup, "memory", "memory.limit_in_bytes", "memory.max"),
			    "67108864");
	assert_string_equal(value_of(cgroup, "pids", "pids.max", "pids.max"), "0");
	assert_string_equal(value_of(cgroup, "cpu", "cpu.cfs_quota_us", "cpu.max"),
			    group_v1(cgroup, "cpu") ? "20000" : "20000 50000");

	/* Down and up again, in one go each. */
	resources.pids_limit.value = 10;
	resources.memory.limit.value = 16 << 20;
	resources.memory.reservation.value = 8 << 20;
	resources.cpu.quota.value = 5000;
	resources.cpu.period.value = 10000;
	assert_done(cgroup_update(cgroup, &resources));
	assert_string_equal(value_of(cgroup, "memory", "memory.limit_in_bytes", "memory.max"),
			    "16777216");
	assert_string_equal(value_of(cgroup, "pids", "pids.max", "pids.max"), "10");

	/* The last one fails: nothing has changed. */
	resources.memory.limit.value = 32 << 20;
	resources.pids_limit.value = 20;
	resources.cpu.cpus = "4000-5000";
	assert_true(cgroup_update(cgroup, &resources) < 0);
	assert_non_null(strstr(why(), "cpu"));
	assert_string_equal(value_of(cgroup, "memory", "memory.limit_in_bytes", "memory.max"),
			    "16777216");
	assert_string_equal(value_of(cgroup, "pids", "pids.max", "pids.max"), "10");
	remove_all(cgroup);
}

static void test_memory_and_swap(void **state)
{
	static const int64_t sizes[][2] = {
		{ 64 << 20, 128 << 20 }, { 256 << 20, 512 << 20 },
		{ 16 << 20, 16 << 20 },	 { -1, -1 },
		{ 32 << 20, 64 << 20 },
	};
	struct cgroup *cgroup;
	struct spec_resources resources = { .present = true };

	(void)state;
	if (!can_limit())
		skip();
	cgroup = make_with(NULL);
	resources.memory.limit.set = resources.memory.swap.set = true;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char wanted[32];

		resources.memory.limit.value = sizes[i][0];
		resources.memory.swap.value = sizes[i][1];
		assert_done(cgroup_update(cgroup, &resources));
		if (sizes[i][0] < 0)
			continue;
		snprintf(wanted, sizeof(wanted), "%lld", (long long)sizes[i][0]);
		assert_string_equal(value_of(cgroup, "memory", "memory.limit_in_bytes",
					     "memory.max"),
				    wanted);
	}
	/* Without a word about swap, "no limit" must lift the one of memory and swap too. */
	resources.memory.limit.value = -1;
	resources.memory.swap.set = false;
	assert_done(cgroup_update(cgroup, &resources));
	remove_all(cgroup);
}

/* The first disk of the machine; false: it has none. */
static bool find_disk(struct spec_throttle *throttle)
{
	DIR *folder = opendir("/sys/block");
	const struct dirent *entry;
	bool found = false;

	while (folder && !found && (entry = readdir(folder))) {
		char path[300], text[32] = "";
		unsigned int major, minor;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/block/%s/dev", entry->d_name);
		found = file_read_small(AT_FDCWD, path, text, sizeof(text)) > 0 &&
			sscanf(text, "%u:%u", &major, &minor) == 2;
		if (found) {
			throttle->major = major;
			throttle->minor = minor;
		}
	}
	if (folder)
		closedir(folder);
	return found;
}

static void test_throttle(void **state)
{
	struct spec_throttle read_bps = { .rate = 1 << 20 }, write_iops = { .rate = 100 };
	struct spec_resources resources = {
		.read_bps = { &read_bps, 1 },
		.write_iops = { &write_iops, 1 },
	};
	struct cgroup *cgroup;
	char wanted[128];

	(void)state;
	if (!can_limit() || !have(planned[0], group_v1(planned[0], "blkio") ? "blkio" : "io") ||
	    !find_disk(&read_bps))
		skip();
	write_iops.major = read_bps.major;
	write_iops.minor = read_bps.minor;
	cgroup = make_with(&resources);
	if (group_v1(cgroup, "blkio"))
		snprintf(wanted, sizeof(wanted), "%d:%d 1048576", (int)read_bps.major,
			 (int)read_bps.minor);
	else
		snprintf(wanted, sizeof(wanted), "%d:%d rbps=1048576 wbps=max riops=max wiops=100",
			 (int)read_bps.major, (int)read_bps.minor);
	assert_string_equal(value_of(cgroup, "blkio", "blkio.throttle.read_bps_device", "io.max"),
			    wanted);
	/* 0 takes a limit away. */
	read_bps.rate = write_iops.rate = 0;
	assert_done(cgroup_update(cgroup, &resources));
	assert_string_equal(value_of(cgroup, "blkio", "blkio.throttle.read_bps_device", "io.max"),
			    "");
	/* A failing update sets it back. */
	read_bps.rate = 4096;
	resources.cpu.cpus = "4000-5000";
	assert_true(cgroup_update(cgroup, &resources) < 0);
	assert_string_equal(value_of(cgroup, "blkio", "blkio.throttle.read_bps_device", "io.max"),
			    "");
	remove_all(cgroup);
}

static void test_hugepages(void **state)
{
	struct spec_hugepage_limit limit = { "2MB", 4 << 20 };
	struct spec_resources resources = { .hugepages = &limit, .hugepage_count = 1 };
	struct cgroup *cgroup;

	(void)state;
	if (!can_limit() || !have(planned[0], "hugetlb") ||
	    access("/sys/kernel/mm/hugepages/hugepages-2048kB", F_OK) < 0)
		skip();
	cgroup = make_with(&resources);
	assert_string_equal(value_of(cgroup, "hugetlb", "hugetlb.2MB.limit_in_bytes",
				     "hugetlb.2MB.max"),
			    "4194304");
	remove_all(cgroup);
}

static void test_unified(void **state)
{
	struct spec_unified items[] = { { "cgroup.max.depth", "3" }, { "pids.max", "9" } };
	struct spec_resources resources = { .unified = items, .unified_count = 1 };
	struct cgroup *cgroup = plan_at(NULL, NULL);
	char text[32];

	(void)state;
	assert_non_null(cgroup);
	if (!group_v2(cgroup) || !can_limit())
		skip();
	cgroup = make_with(&resources);
	assert_true(group_read(group_v2(cgroup), "cgroup.max.depth", text, sizeof(text)) > 0);
	assert_string_equal(text, "3");
	resources.unified_count = 2;
	if (group_v2_has(cgroup, "pids")) {
		assert_done(cgroup_update(cgroup, &resources));
		assert_true(group_read(group_v2(cgroup), "pids.max", text, sizeof(text)) > 0);
		assert_string_equal(text, "9");
	} else {
		assert_true(cgroup_update(cgroup, &resources) < 0);
	}
	remove_all(cgroup);
}

/* ---- devices ---- */

/* Can a process in the groups open this device? errno, or 0. */
static int try_device(struct cgroup *cgroup, unsigned int minor, int flags)
{
	char path[64];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "/tmp/cruet-unit-node-%d", (int)getpid());
	assert_int_equal(mknod(path, S_IFCHR | 0666, makedev(1, minor)), 0);
	assert_done(cgroup_open_enter(cgroup));
	pid = fork();
	if (pid == 0) {
		if (cgroup_enter(cgroup, 0, false) < 0)
			_exit(200);
		_exit(open(path, flags) < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(path);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_devices(void **state)
{
	enum { KMSG = 11, FULL = 7 };
	struct spec_device_rule rules[] = {
		{ .allow = false,
		  .type = 'a',
		  .major = -1,
		  .minor = -1,
		  .read = true,
		  .write = true,
		  .mknod = true },
		{ .allow = true, .type = 'c', .major = 1, .minor = KMSG, .read = true },
	};
	struct spec_resources resources = {
		.present = true,
		.devices = rules,
		.device_count = 1,
	};
	struct cgroup *cgroup = make_with(&resources);

	(void)state;
	assert_int_equal(try_device(cgroup, FULL, O_RDWR), 0);
	assert_int_equal(try_device(cgroup, KMSG, O_RDONLY), EPERM);
	resources.device_count = 2;
	assert_done(cgroup_update(cgroup, &resources));
	assert_int_equal(try_device(cgroup, KMSG, O_RDONLY), 0);
	assert_int_equal(try_device(cgroup, KMSG, O_WRONLY), EPERM);
	resources.device_count = 1;
	assert_done(cgroup_update(cgroup, &resources));
	assert_int_equal(try_device(cgroup, KMSG, O_RDONLY), EPERM);
	assert_int_equal(try_device(cgroup, FULL, O_RDWR), 0);
	rules[0].allow = true;
	assert_done(cgroup_update(cgroup, &resources));
	assert_int_equal(try_device(cgroup, KMSG, O_WRONLY), 0);
	remove_all(cgroup);

	/* As an engine's --privileged gives it. */
	cgroup = make_with(&resources);
	assert_int_equal(try_device(cgroup, KMSG, O_WRONLY), 0);
	rules[0].allow = false;
	assert_done(cgroup_update(cgroup, &resources));
	assert_int_equal(try_device(cgroup, KMSG, O_WRONLY), EPERM);
	remove_all(cgroup);
}

/* The same by BPF on the v2 tree, also where v1 would do it. */
static void test_devices_bpf(void **state)
{
	enum { KMSG = 11, FULL = 7 };
	struct spec_device_rule rules[] = {
		{ .allow = false,
		  .type = 'a',
		  .major = -1,
		  .minor = -1,
		  .read = true,
		  .write = true,
		  .mknod = true },
		{ .allow = true, .type = 'c', .major = 1, .minor = KMSG, .read = true },
	};
	struct spec_resources resources = { .devices = rules, .device_count = 1 };
	struct cgroup *cgroup = plan_at(NULL, NULL);

	(void)state;
	assert_non_null(cgroup);
	if (!group_v2(cgroup))
		skip();
	cgroup->groups[0] = *group_v2(cgroup);
	cgroup->count = 1;
	assert_done(cgroup_make(cgroup));
	assert_done(cgroup_apply(cgroup, &resources));
	assert_int_equal(try_device(cgroup, FULL, O_RDWR), 0);
	assert_int_equal(try_device(cgroup, KMSG, O_RDONLY), EPERM);
	resources.device_count = 2;
	assert_done(cgroup_update(cgroup, &resources));
	assert_int_equal(try_device(cgroup, KMSG, O_RDONLY), 0);
	assert_int_equal(try_device(cgroup, KMSG, O_RDWR), EPERM);
	rules[0].allow = true;
	resources.device_count = 1;
	assert_done(cgroup_update(cgroup, &resources));
	assert_int_equal(try_device(cgroup, KMSG, O_RDWR), 0);
	rules[0].allow = false;
	assert_done(cgroup_update(cgroup, &resources));
	assert_int_equal(try_device(cgroup, KMSG, O_RDONLY), EPERM);
	remove_all(cgroup);
}

static void test_no_leaked_descriptor(void **state)
{
	const int before = count_open();
	struct cgroup *cgroup = make_with(NULL);
	pid_t pid = start_process(cgroup, 0);

	(void)state;
	remove_all(cgroup);
	assert_int_equal(ended_by(pid), SIGKILL);
	assert_int_equal(count_open(), before);
}

static int clear(void **state)
{
	(void)state;
	for (size_t i = 0; i < planned_count; i++) {
		cgroup_remove(planned[i]);
		cgroup_close(planned[i]);
	}
	planned_count = 0;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_make_and_remove, clear),
		cmocka_unit_test_teardown(test_enter_and_list, clear),
		cmocka_unit_test_teardown(test_other_signal, clear),
		cmocka_unit_test_teardown(test_remove_kills, clear),
		cmocka_unit_test_teardown(test_freeze, clear),
		cmocka_unit_test_teardown(test_groups_below, clear),
		cmocka_unit_test_teardown(test_deep, clear),
		cmocka_unit_test_teardown(test_taken, clear),
		cmocka_unit_test_teardown(test_guess, clear),
		cmocka_unit_test_teardown(test_made_meanwhile, clear),
		cmocka_unit_test_teardown(test_parents, clear),
		cmocka_unit_test_teardown(test_limits, clear),
		cmocka_unit_test_teardown(test_memory_and_swap, clear),
		cmocka_unit_test_teardown(test_throttle, clear),
		cmocka_unit_test_teardown(test_hugepages, clear),
		cmocka_unit_test_teardown(test_unified, clear),
		cmocka_unit_test_teardown(test_devices, clear),
		cmocka_unit_test_teardown(test_devices_bpf, clear),
		cmocka_unit_test_teardown(test_no_leaked_descriptor, clear),
	};
	struct cgroup *probe = geteuid() == 0 ? plan_at(NULL, NULL) : NULL;

	if (!probe || probe->count == 0) {
		printf("1..0 # SKIP %s\n", geteuid() == 0 ? "no cgroup hierarchy is mounted" :
							    "making cgroups needs root");
		return 0;
	}
	clear(NULL);
	return cmocka_run_group_tests_name("cgroup_live", tests, NULL, NULL);
}
