/* SPDX-License-Identifier: Apache-2.0 */
/* Users, capabilities, limits, scheduler, keyring and labels of a process. */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "process_child.h"

#include "lib/file.h"
#include "lib/path.h"
#include "runtime/credentials.h"
#include "runtime/spec/spec.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/* A line of /proc/self/status as a hexadecimal number. */
static uint64_t status_bits(const char *name)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");
	unsigned long long value = 0;
	bool found = false;

	check(file);
	while (!found && fgets(line, sizeof(line), file))
		found = strncmp(line, name, strlen(name)) == 0 &&
			sscanf(line + strlen(name), ":%llx", &value) == 1;
	fclose(file);
	check(found);
	return value;
}

static void need_root(void)
{
	if (geteuid() != 0)
		_exit(CHILD_SKIPS);
}

static const struct spec_capabilities some = {
	.present = true,
	.bounding = BIT(CAP_KILL) | BIT(CAP_CHOWN) | BIT(CAP_NET_BIND_SERVICE) | BIT(63),
	.permitted = BIT(CAP_KILL) | BIT(CAP_CHOWN),
	.effective = BIT(CAP_KILL),
	.inheritable = BIT(CAP_KILL) | BIT(CAP_CHOWN),
	.ambient = BIT(CAP_KILL),
};

/* The same of a program that we execute. */
static uint64_t status_bits_of_program(const char *name)
{
	char command[64], line[64] = "";
	unsigned long long value = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "exec grep ^%s: /proc/self/status", name);
	pipe = popen(command, "r");
	check(pipe && fgets(line, sizeof(line), pipe));
	check(sscanf(line + strlen(name), ":%llx", &value) == 1);
	pclose(pipe);
	return value;
}

/* `unshare -r`: setgroups(2) is denied, and an empty list is all that can be had. */
static void fixed_groups(void)
{
	const char map[] = "0 0 1";
	uint32_t groups[] = { 1234 };
	const struct spec_user none = { 0 };
	const struct spec_user some_group = { .additional_gids = groups,
					      .additional_gid_count = 1 };

	need_root();
	check(unshare(CLONE_NEWUSER) == 0);
	check(file_write(AT_FDCWD, "/proc/self/setgroups", "deny", 4) == 0);
	check(file_write(AT_FDCWD, "/proc/self/gid_map", map, strlen(map)) == 0);
	check(file_write(AT_FDCWD, "/proc/self/uid_map", map, strlen(map)) == 0);
	check(credentials_user(&none, false) == 0);
	check(credentials_user(&some_group, false) == -EPERM);
}

/* Without the right to change groups nothing is taken for granted. */
static void no_right_to_groups(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	const struct spec_user none = { 0 };

	need_root();
	check(syscall(SYS_capset, &header, data) == 0);
	check(credentials_user(&none, false) == -EPERM);
}

/* The whole way, as a container's process goes it. */
static void whole_way(void)
{
	uint32_t groups[] = { 1234, 5678 };
	struct spec_user user = {
		.uid = 1000, .gid = 1001, .additional_gids = groups, .additional_gid_count = 2
	};
	gid_t found[4];
	uid_t ids[3];

	need_root();
	check(credentials_bounding(&some) == 0);
	check(status_bits("CapBnd") == (some.bounding & ~BIT(63)));
	check(credentials_user(&user, false) == 0);
	check(credentials_capabilities(&some, 0) == 0);
	check(getresuid(&ids[0], &ids[1], &ids[2]) == 0 && ids[0] == 1000 && ids[1] == 1000 &&
	      ids[2] == 1000);
	check(getresgid(&ids[0], &ids[1], &ids[2]) == 0 && ids[0] == 1001 && ids[1] == 1001 &&
	      ids[2] == 1001);
	check(getgroups(4, found) == 2 && found[0] == 1234 && found[1] == 5678);
	check(status_bits("CapPrm") == some.permitted);
	check(status_bits("CapEff") == some.effective);
	check(status_bits("CapInh") == some.inheritable);
	check(status_bits("CapAmb") == some.ambient);
	check(prctl(PR_GET_KEEPCAPS) == 0);
}

static void with_an_extra(void)
{
	struct spec_user user = { .uid = 1000, .gid = 1000 };

	need_root();
	check(credentials_bounding(&some) == 0);
	check(credentials_user(&user, false) == 0);
	check(credentials_capabilities(&some, BIT(CAP_SYS_ADMIN)) == 0);
	check(status_bits("CapEff") == (some.effective | BIT(CAP_SYS_ADMIN)));
	check(status_bits("CapAmb") == some.ambient);
	check(getgroups(0, NULL) == 0);
	/* What execve(2) leaves. */
	check(status_bits_of_program("CapEff") == some.ambient);
	check(status_bits_of_program("CapPrm") == some.ambient);
}

/* Nothing given: nothing left, not even what the caller had as ambient. */
static void absent_means_none(void)
{
	struct spec_capabilities ambient = { true,	    ~UINT64_C(0),  BIT(CAP_KILL),
					     BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_KILL) };
	struct spec_capabilities none = { .present = false,
					  .bounding = ~UINT64_C(0),
					  .permitted = ~UINT64_C(0) };

	need_root();
	check(credentials_capabilities(&ambient, BIT(CAP_SETPCAP)) == 0);
	check(credentials_bounding(&none) == 0);
	check(status_bits("CapBnd") == 0 && status_bits("CapAmb") == BIT(CAP_KILL));
	check(credentials_capabilities(&none, 0) == 0);
	check(status_bits("CapPrm") == 0 && status_bits("CapEff") == 0 &&
	      status_bits("CapInh") == 0 && status_bits("CapAmb") == 0);
}

/* Ambient ones of the caller go although inheritable and permitted stay. */
static void ambient_is_cleared(void)
{
	struct spec_capabilities set = { true,		~UINT64_C(0),  BIT(CAP_KILL),
					 BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_KILL) };

	need_root();
	check(credentials_capabilities(&set, 0) == 0);
	check(status_bits("CapAmb") == BIT(CAP_KILL));
	set.ambient = 0;
	check(credentials_capabilities(&set, 0) == 0);
	check(status_bits("CapAmb") == 0 && status_bits("CapInh") == BIT(CAP_KILL));
}

/* More than we have: what can be had, a warning, no error. */
static void dropped_with_a_warning(void)
{
	struct spec_capabilities wish = {
		true,	       ~UINT64_C(0),   BIT(CAP_KILL) | BIT(CAP_CHOWN),
		BIT(CAP_KILL), BIT(CAP_CHOWN), BIT(CAP_CHOWN) | BIT(CAP_FOWNER),
	};
	char output[1024] = "";
	int ends[2], lines = 0;

	need_root();
	check(pipe(ends) == 0);
	dup2(ends[1], 2);
	close(ends[1]);
	/* effective is more than permitted; inheritable is not in the bounding set; FOWNER is not
	 * inheritable */
	check(prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0) == 0);
	check(credentials_capabilities(&wish, 0) == 0);
	close(2);
	check(read(ends[0], output, sizeof(output) - 1) > 0);
	for (const char *at = output; (at = strchr(at, '\n')); at++)
		lines++;
	check(lines <= 4 && strstr(output, "process.capabilities.effective"));
	check(status_bits("CapPrm") == BIT(CAP_KILL));
	check(status_bits("CapEff") == BIT(CAP_KILL));
	check(status_bits("CapInh") == 0 && status_bits("CapAmb") == 0);
}

static void bounding_without_right(void)
{
	struct spec_user user = { .uid = 1000, .gid = 1000 };
	struct spec_capabilities all = { .present = true, .bounding = ~UINT64_C(0) };

	need_root();
	check(prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0) == 0);
	check(credentials_user(&user, false) == 0);
	check(credentials_capabilities(&all, 0) == 0);
	check(credentials_bounding(&all) == 0);
	all.bounding &= ~BIT(CAP_CHOWN); /* is not there: nothing to do */
	check(credentials_bounding(&all) == 0);
	all.bounding &= ~BIT(CAP_KILL);
	check(credentials_bounding(&all) == -EPERM);
}

static void groups_denied(void)
{
	uint32_t group = 1;
	struct spec_user user = { .uid = geteuid(), .gid = getegid() };

	check(credentials_user(&user, true) == 0);
	user.additional_gids = &group;
	user.additional_gid_count = 1;
	check(credentials_user(&user, true) < 0);
	check(strcmp(error_last()->property, "process.user.additionalGids") == 0);
}

static void limits(void)
{
	struct spec_rlimit list[] = { { RLIMIT_NOFILE, 100, 200, "RLIMIT_NOFILE" },
				      { RLIMIT_CORE, 0, 0, "RLIMIT_CORE" } };
	struct spec_process process = { .rlimits = list, .rlimit_count = 2 };
	struct rlimit found;

	check(credentials_rlimits(&process, 0) == 0);
	check(getrlimit(RLIMIT_NOFILE, &found) == 0 && found.rlim_cur == 100 &&
	      found.rlim_max == 200);
	check(getrlimit(RLIMIT_CORE, &found) == 0 && found.rlim_cur == 0 && found.rlim_max == 0);
	list[0].soft = 300;
	check(credentials_rlimits(&process, 0) == -EINVAL);
	check(strstr(error_last()->text, "RLIMIT_NOFILE"));
}

static int oom_score(void)
{
	char text[16] = "";
	int fd = open("/proc/self/oom_score_adj", O_RDONLY);

	check(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return atoi(text);
}

static void oom(void)
{
	struct spec_process process = { .oom_score_adj = { 777, false } };
	int proc = open("/proc", O_PATH | O_DIRECTORY), before = oom_score();

	check(credentials_oom_score(&process, proc, 0) == 0 && oom_score() == before);
	process.oom_score_adj.set = true;
	check(credentials_oom_score(&process, proc, 0) == 0 && oom_score() == 777);
	process.oom_score_adj.value = 778;
	check(credentials_oom_score(&process, proc, getpid()) == 0 && oom_score() == 778);
	process.oom_score_adj.value = 5000;
	check(credentials_oom_score(&process, proc, 0) < 0);
}

/* In a pid namespace of its own, whose first process has number 1 as the machine's has on our
 * /proc. */
static void oom_of_number_one(void)
{
	struct spec_process process = { .oom_score_adj = { 779, true } };
	int proc = open("/proc", O_PATH | O_DIRECTORY), status;
	pid_t pid;

	need_root();
	if (unshare(CLONE_NEWPID) < 0)
		_exit(CHILD_SKIPS);
	pid = fork();
	if (pid == 0) {
		check(getpid() == 1);
		check(credentials_oom_score(&process, proc, 0) == 0);
		check(oom_score() == 779);
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid && status == 0);
}

static void scheduling(void)
{
	struct spec_process process = {
		.scheduler = { .present = true, .policy = SCHED_BATCH, .nice = 7 }
	};

	check(credentials_scheduler(&process, 0) == 0);
	check(sched_getscheduler(0) == SCHED_BATCH && getpriority(PRIO_PROCESS, 0) == 7);
	process.scheduler =
		(struct spec_scheduler){ .present = true, .policy = SCHED_FIFO, .priority = 200 };
	check(credentials_scheduler(&process, 0) == -EINVAL);
	process.scheduler.present = false;
	check(credentials_scheduler(&process, 0) == 0);
}

static void keyring(void)
{
	char text[256];
	long serial;

	if (syscall(SYS_keyctl, 0, -3, 0) < 0 && errno == ENOSYS)
		_exit(CHILD_SKIPS);
	check(credentials_keyring("a-test", true) == 0);
	serial = syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3 /* session */, 0);
	check(serial > 0);
	check(syscall(SYS_keyctl, 6 /* DESCRIBE */, serial, text, sizeof(text)) > 0);
	check(strstr(text, ";3f1b0000;_ses.a-test"));
	/* By the same name: the same one. */
	check(credentials_keyring("another", true) == 0);
	check(syscall(SYS_keyctl, 0, -3, 0) != serial);
	check(credentials_keyring("another", true) == 0);
}

static void labels(void)
{
	struct spec_process process = { .apparmor_profile = NULL };

	check(credentials_check_labels(&process) == 0);
	process.apparmor_profile = "unconfined";
	check(credentials_check_labels(&process) == 0);
	process.apparmor_profile = "no-such-profile";
	if (access("/sys/module/apparmor/parameters/enabled", F_OK) < 0) {
		check(credentials_check_labels(&process) < 0);
		check(strcmp(error_last()->property, "process.apparmorProfile") == 0);
		check(error_last()->code == ERROR_UNSUPPORTED);
		process.apparmor_profile = "unconfined";
		check(credentials_apply_labels(&process, open("/proc", O_PATH | O_DIRECTORY)) == 0);
	}
	process = (struct spec_process){ .selinux_label = "system_u:system_r:container_t:s0" };
	if (access("/sys/fs/selinux/enforce", F_OK) < 0) {
		check(credentials_check_labels(&process) < 0);
		check(strcmp(error_last()->property, "process.selinuxLabel") == 0);
	}
}

#define CHILD_TEST(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		in_child(name); \
	}
CHILD_TEST(whole_way)
CHILD_TEST(with_an_extra)
CHILD_TEST(absent_means_none)
CHILD_TEST(ambient_is_cleared)
CHILD_TEST(dropped_with_a_warning)
CHILD_TEST(bounding_without_right)
CHILD_TEST(groups_denied)
CHILD_TEST(fixed_groups)
CHILD_TEST(no_right_to_groups)
CHILD_TEST(limits)
CHILD_TEST(oom)
CHILD_TEST(oom_of_number_one)
CHILD_TEST(scheduling)
CHILD_TEST(keyring)
CHILD_TEST(labels)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_way),
		cmocka_unit_test(test_with_an_extra),
		cmocka_unit_test(test_absent_means_none),
		cmocka_unit_test(test_ambient_is_cleared),
		cmocka_unit_test(test_dropped_with_a_warning),
		cmocka_unit_test(test_bounding_without_right),
		cmocka_unit_test(test_groups_denied),
		cmocka_unit_test(test_fixed_groups),
		cmocka_unit_test(test_no_right_to_groups),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_oom),
		cmocka_unit_test(test_oom_of_number_one),
		cmocka_unit_test(test_scheduling),
		cmocka_unit_test(test_keyring),
		cmocka_unit_test(test_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
