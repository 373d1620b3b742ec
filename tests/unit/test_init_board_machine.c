/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1's first and last steps, for real, in namespaces of their own with a root of tmpfs. */
/* link: -Wl,--wrap=mount */
#include "tests/unit/test_lib.h"
#include "tests/unit/process_child.h"

#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "init/unit/unit.h"
#include "lib/arena.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "tests/unit/init_plan.h"

#define WORLD "/tmp"

static bool has_tmpfs = true;

int __real_mount(const char *source, const char *target, const char *type, unsigned long flags,
		 const void *data);
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
		 const void *data);
/* A kernel without devtmpfs: the machine's own /dev is nobody's to touch here. */
int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
		 const void *data)
{
	if (access(target, F_OK) < 0)
		return -1; /* the kernel looks there first */
	if (type && (strcmp(type, "devtmpfs") == 0 || (!has_tmpfs && strcmp(type, "tmpfs") == 0))) {
		errno = ENODEV;
		return -1;
	}
	return __real_mount(source, target, type, flags, data);
}

/* Run `what` as the first process of its namespaces, in an empty root; its exit status. */
static void as_init(void (*what)(void))
{
	int status;
	pid_t pid;

	if (geteuid() != 0 || unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNET |
				      CLONE_NEWIPC | CLONE_NEWCGROUP) < 0)
		_exit(CHILD_SKIPS);
	pid = fork();
	if (pid == 0) {
		check(getpid() == 1);
		check(__real_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
		check(__real_mount("world", WORLD, "tmpfs", 0, "mode=0755") == 0);
		check(chroot(WORLD) == 0 && chdir("/") == 0);
		umask(022);
		what();
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid);
	check(WIFEXITED(status));
	_exit(WEXITSTATUS(status));
}

static bool is_type(const char *path, unsigned long type)
{
	struct statfs status;

	return statfs(path, &status) == 0 && (unsigned long)status.f_type == type;
}

static unsigned long flags_of(const char *path)
{
	struct statfs status;

	check(statfs(path, &status) == 0);
	return (unsigned long)status.f_flags & (MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

static int count_mounts(void)
{
	char text[32768];
	int count = 0;

	check(file_read_small(AT_FDCWD, "/proc/self/mountinfo", text, sizeof(text)) > 0);
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	return count;
}

static bool is_char(const char *path, unsigned int major, unsigned int minor, mode_t mode)
{
	struct stat status;

	return lstat(path, &status) == 0 && status.st_mode == (S_IFCHR | mode) &&
	       status.st_rdev == makedev(major, minor);
}

static void check_early(void)
{
	struct stat status;

	check(is_type("/proc", PROC_SUPER_MAGIC) && is_type("/sys", SYSFS_MAGIC));
	check(stat("/proc/self", &status) == 0);
	check(flags_of("/proc") == (MS_NOSUID | MS_NODEV | MS_NOEXEC));
	check(flags_of("/sys") == (MS_NOSUID | MS_NODEV | MS_NOEXEC));
	check(flags_of("/run") == (MS_NOSUID | MS_NODEV));
	check(stat("/run", &status) == 0 && (status.st_mode & 07777) == 0755);
	check(is_char("/dev/null", 1, 3, 0666) && is_char("/dev/console", 5, 1, 0600));
	check(is_char("/dev/ptmx", 5, 2, 0666) && is_char("/dev/urandom", 1, 9, 0666));
	check(getenv("PATH") != NULL && getsid(0) == 1);
}

static void start(void)
{
	int count;

	unsetenv("PATH");
	check(board_early() == 0); /* from nothing: not even the folders are there */
	check_early();
	count = count_mounts();
	check(board_early() == 0);
	check(count_mounts() == count);
	check(mkdir("/run/kept", 0700) == 0);
	check(board_early() == 0 && access("/run/kept", F_OK) == 0);
}

static void start_without_descriptors(void)
{
	close(0);
	close(1);
	close(2);
	check(board_early() == 0);
	/* There is no console here; but something is open. */
	if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0 || fcntl(2, F_GETFD) < 0)
		_exit(3);
	if (fcntl(3, F_GETFD) >= 0)
		_exit(4);
}

static void start_without_tmpfs(void)
{
	has_tmpfs = false;
	check(mknod("/null", S_IFCHR | 0600, makedev(1, 3)) == 0);
	check(board_early() == 0);
	check(is_type("/run", RAMFS_MAGIC) && is_type("/dev", RAMFS_MAGIC));
	check_early();
}

/* A /dev that somebody has filled stays. */
static void start_with_full_dev(void)
{
	static const char *const names[] = { "null", "zero", "full",	"random", "urandom",
					     "kmsg", "tty",  "console", "ptmx",	  "sda9" };
	char path[32];

	check(mkdir("/dev", 0755) == 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/dev/%s", names[i]);
		check(mknod(path, S_IFREG | 0600, 0) == 0);
	}
	check(board_early() == 0);
	check(access("/dev/sda9", F_OK) == 0);
}

static void set_up_simply(void)
{
	static struct made_plan made;
	static char name[] = "device-7";
	char text[64];
	int count;

	made.header.system = offsetof(struct made_plan, system);
	memcpy(made.names[0], name, sizeof(name) > 8 ? 8 : sizeof(name));
	made.names[0][7] = '\0';
	made.system.hostname = offsetof(struct made_plan, names);
	made.plan = (struct plan){ .header = &made.header, .system = &made.system };
	check(board_early() == 0);
	check(board_is_simple(&made.plan));
	check(board_set_up(&made.plan) == 0);
	check(gethostname(text, sizeof(text)) == 0 && strcmp(text, made.names[0]) == 0);
	check(is_type("/dev/pts", DEVPTS_SUPER_MAGIC) && access("/dev/pts/ptmx", F_OK) == 0);
	check(flags_of("/dev/shm") == (MS_NOSUID | MS_NODEV));
	check(readlink("/dev/stderr", text, sizeof(text)) == 15);
	check(file_read_small(AT_FDCWD, "/sys/class/net/lo/flags", text, sizeof(text)) > 0);
	check(strtoul(text, NULL, 16) & 1); /* IFF_UP */
	count = count_mounts();
	check(board_set_up(&made.plan) == 0 && count_mounts() == count);
	check(board_is_contained());
}

/* ---- what system.json says ---- */

static void problem(void *context, bool warning, const char *text)
{
	(void)context;
	(void)warning;
	fprintf(stderr, "%s\n", text);
}

/* board_set_up() by this system.json; its messages go to /said. */
static int set_up_by(const char *json)
{
	auto_arena struct arena arena = { 0 };
	struct unit_report report = { .problem = problem };
	struct plan plan;
	size_t size;
	void *block;
	int result, before = dup(2);
	auto_fd int fd = open("/system.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	auto_fd int said = open("/said", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	check(write(fd, json, strlen(json)) == (ssize_t)strlen(json));
	block = unit_compile(&arena, "/units", "/system.json", 0, &report, &size);
	check(block && plan_from_block(&plan, block, size, "test") == 0);
	check(!board_is_simple(&plan));
	check(dup2(said, 2) == 2);
	result = board_set_up(&plan);
	check(dup2(before, 2) == 2 && close(before) == 0);
	check(error_last()->code == ERROR_NONE);
	return result;
}

static bool was_said(const char *text)
{
	char said[8192];

	return file_read_small(AT_FDCWD, "/said", said, sizeof(said)) >= 0 && strstr(said, text);
}

static void set_up_by_system_json(void)
{
	static const char json[] =
		"{\"hostname\": \"gateway\","
		"\"sysctl\": {\"net.ipv4.ip_forward\": \"1\", \"net/ipv4/conf/lo/forwarding\": \"0\","
		" \"net.no.such\": \"1\"},"
		"\"mounts\": ["
		"{\"source\": \"tmpfs\", \"target\": \"/data/x\", \"type\": \"tmpfs\","
		" \"options\": \"size=64k,mode=0700,noexec\", \"make\": true, \"required\": true},"
		"{\"source\": \"/data/x\", \"target\": \"/bound\", \"options\": \"bind,ro,nodev\","
		" \"make\": true},"
		"{\"source\": \"/dev/none\", \"target\": \"/none\", \"type\": \"ext4\", \"make\": true,"
		" \"wait\": \"100ms\"},"
		"{\"source\": \"LABEL=none-such\", \"target\": \"/none\"},"
		"{\"source\": \"tmpfs\", \"target\": \"/missing\", \"type\": \"tmpfs\"},"
		"{\"source\": \"/said\", \"target\": \"/none\"},"
		"{\"source\": \"x\", \"target\": \"/none\", \"type\": \"no-such-fs\","
		" \"options\": \"nofail\", \"required\": true}"
		"]}";
	char text[64];
	struct stat status;
	int count;

	check(mkdir("/units", 0755) == 0 && board_early() == 0);
	check(set_up_by(json) == 0);
	check(gethostname(text, sizeof(text)) == 0 && strcmp(text, "gateway") == 0);
	check(file_read_small(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", text, sizeof(text)) > 0);
	check(text[0] == '1');
	check(is_type("/data/x", TMPFS_MAGIC) && flags_of("/data/x") == MS_NOEXEC);
	check(stat("/data/x", &status) == 0 && (status.st_mode & 07777) == 0700);
	check(flags_of("/bound") == MS_NODEV && mkdir("/bound/y", 0755) < 0 && errno == EROFS);
	check(was_said("sysctl net.no.such") && was_said("mount /dev/none on /none"));
	check(was_said("mount LABEL=none-such on /none") && was_said("mount point /missing"));
	check(was_said("mount /said on /none") && was_said("mount x on /none: no such device"));
	/* Once more, as after the emergency shell: new options, no second mounts. */
	count = count_mounts();
	check(set_up_by("{\"mounts\": [{\"source\": \"tmpfs\", \"target\": \"/data/x\","
			"\"type\": \"tmpfs\", \"options\": \"size=64k,nosuid\"}]}") == 0);
	check(count_mounts() == count && flags_of("/data/x") == MS_NOSUID);
	check(set_up_by("{\"mounts\": [{\"source\": \"x\", \"target\": \"/none\","
			"\"type\": \"no-such-fs\", \"required\": true}]}") < 0);
}

/* ---- the emergency shell ---- */

/* What is shown on the terminal, until this text comes; false: it never does. */
static bool shows(int terminal, const char *text)
{
	struct pollfd wait = { .fd = terminal, .events = POLLIN };
	char shown[8192];
	size_t used = 0;

	while (used < sizeof(shown) - 1 && poll(&wait, 1, 10000) > 0) {
		const ssize_t size = read(terminal, shown + used, sizeof(shown) - 1 - used);

		if (size <= 0)
			break;
		used += (size_t)size;
		shown[used] = '\0';
		if (strstr(shown, text))
			return true;
	}
	fprintf(stderr, "no '%s' in: %s\n", text, shown);
	return false;
}

/* On a pseudo-terminal of its own, with the machine's shell. */
static void shell_on_console(void)
{
	static const char input[] = "(: </dev/tty) && echo has-$((40 + 2))-tty; exit 3\n";
	int terminal, held, unlock = 0, status;
	pid_t pid;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		_exit(CHILD_SKIPS);
	check(__real_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	check(__real_mount("d", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666") == 0);
	terminal = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	check(terminal >= 0 && ioctl(terminal, TIOCSPTLCK, &unlock) == 0);
	held = open("/dev/pts/0", O_RDWR | O_NOCTTY | O_CLOEXEC); /* or it hangs up in between */
	check(held >= 0);
	check(board_emergency_shell("pts/0", "/no/shell", "all is lost") == -ENOENT);
	check(shows(terminal, "cruet: all is lost"));
	check(board_emergency_shell("pts/0", "/no/shell", "all is lost") == -ENOENT);
	check(shows(terminal, "no emergency shell"));
	pid = board_emergency_shell("pts/0", NULL, "because");
	check(pid > 0 && shows(terminal, "emergency shell: /bin/sh"));
	check(write(terminal, input, strlen(input)) == (ssize_t)strlen(input));
	check(shows(terminal, "has-42-tty"));
	check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void test_shell_on_console(void **state)
{
	(void)state;
	in_child(shell_on_console);
}

/* ---- the end ---- */

static volatile sig_atomic_t got;

static void take(int number)
{
	(void)number;
	got = 1;
}

/* Processes of all kinds. */
static pid_t run(void (*what)(void))
{
	const pid_t pid = fork();

	if (pid == 0) {
		what();
		for (;;)
			pause();
	}
	return pid;
}

static void nothing(void)
{
}

static void stubborn(void)
{
	signal(SIGTERM, SIG_IGN);
}

static void stopped(void)
{
	raise(SIGSTOP);
}

/* As soon as one is killed another one is there. */
static void fork_for_ever(void)
{
	signal(SIGTERM, SIG_IGN);
	for (;;) {
		const pid_t pid = fork();

		if (pid > 0)
			_exit(0);
	}
}

static void spare(void)
{
	signal(SIGTERM, take);
	signal(SIGHUP, take);
	for (;;) {
		pause();
		if (got)
			_exit(9);
	}
}

static void kill_them(bool hard)
{
	pid_t kept, pid;
	int status;

	check(board_early() == 0);
	kept = run(spare);
	run(nothing);
	run(stopped);
	if (hard) {
		run(stubborn);
		run(fork_for_ever);
	}
	usleep(50000);
	pid = fork();
	if (pid == 0)
		_exit(board_kill_rest(kept) == 0 ? 0 : 1);
	check(waitpid(pid, &status, 0) == pid);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* The spared one heard nothing, and runs. */
	check(waitpid(kept, &status, WNOHANG) == 0);
	check(kill(kept, SIGHUP) == 0);
	check(waitpid(kept, &status, 0) == kept);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 9);
	while (waitpid(-1, &status, WNOHANG) > 0)
		;
	check(waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD);
}

static void kill_softly(void)
{
	kill_them(false);
}

static void kill_hard(void)
{
	kill_them(true);
}

static void end_contained(void)
{
	check(board_early() == 0);
	board_end(BOARD_POWEROFF);
}

/* ---- switch-root ---- */

static struct made_plan *made_switch(void)
{
	static struct made_plan made;

	strcpy(made.names[0], "/new");
	strcpy(made.names[1], "/link");
	made.header.system = offsetof(struct made_plan, system);
	made.system.root = offsetof(struct made_plan, names[0]);
	made.system.init = offsetof(struct made_plan, names[1]);
	made.plan = (struct plan){ .header = &made.header, .system = &made.system };
	return &made;
}

static void put(const char *path, mode_t mode)
{
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	check(fd >= 0);
}

static void switch_root(void)
{
	const struct plan *plan = &made_switch()->plan;
	char *argv[] = { (char *)"init", NULL };

	check(board_early() == 0);
	check(mkdir("/a", 0755) == 0 && mkdir("/a/b", 0755) == 0);
	put("/a/b/old", 0644);
	check(mkdir("/kept", 0755) == 0);
	check(__real_mount("t", "/kept", "tmpfs", 0, "") == 0);
	put("/kept/other", 0644);
	/* Whatever is missing is found out before anything has moved. */
	check(board_switch_root(plan, argv) == -ENOENT);
	check(mkdir("/new", 0755) == 0);
	check(board_switch_root(plan, argv) == -EINVAL); /* nothing is mounted there */
	check(__real_mount("t", "/new", "tmpfs", 0, "mode=0755") == 0);
	check(board_switch_root(plan, argv) == -ENOENT);
	for (const char *const *name = (const char *const[]){ "dev", "proc", "sys", "run", NULL };
	     *name; name++) {
		char path[32];

		snprintf(path, sizeof(path), "/new/%s", *name);
		check(mkdir(path, 0755) == 0);
	}
	check(board_switch_root(plan, argv) == -ENOENT);
	check(symlink("/program", "/new/link") == 0); /* of the new root */
	put("/program", 0755);
	check(board_switch_root(plan, argv) == -ENOENT);
	put("/new/program", 0644);
	check(board_switch_root(plan, argv) == -EACCES);
	check(access("/a/b/old", F_OK) == 0 && access("/run", F_OK) == 0);
	check(is_type("/proc", PROC_SUPER_MAGIC));
	/* Now it goes, but for the program, which is none. */
	check(chmod("/new/program", 0755) == 0);
	check(board_switch_root(plan, argv) == -ENOEXEC);
	check(strcmp(argv[0], "/link") == 0);
	check(access("/program", F_OK) == 0 && access("/new", F_OK) < 0);
	check(is_type("/proc", PROC_SUPER_MAGIC) && is_char("/dev/null", 1, 3, 0666));
	check(is_type("/sys", SYSFS_MAGIC) && access("/a", F_OK) < 0);
}

/* ---- each in a child ---- */

#define TEST(name) \
	static void in_##name(void) \
	{ \
		as_init(name); \
	} \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		in_child(in_##name); \
	}

TEST(start)
TEST(start_without_descriptors)
TEST(start_without_tmpfs)
TEST(start_with_full_dev)
TEST(set_up_simply)
TEST(set_up_by_system_json)
TEST(kill_softly)
TEST(kill_hard)
TEST(end_contained)
TEST(switch_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_start_without_descriptors),
		cmocka_unit_test(test_start_without_tmpfs),
		cmocka_unit_test(test_start_with_full_dev),
		cmocka_unit_test(test_set_up_simply),
		cmocka_unit_test(test_set_up_by_system_json),
		cmocka_unit_test(test_shell_on_console),
		cmocka_unit_test(test_kill_softly),
		cmocka_unit_test(test_kill_hard),
		cmocka_unit_test(test_end_contained),
		cmocka_unit_test(test_switch_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
