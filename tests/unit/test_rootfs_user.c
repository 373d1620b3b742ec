/* SPDX-License-Identifier: Apache-2.0 */
/* The file system of a container with a user namespace: its root is user 100000 here. */
#include "tests/unit/rootfs_world.h"

enum { FIRST_ID = 100000, IDS = 65536 };

static void write_map(pid_t pid, const char *name)
{
	char path[64], text[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	snprintf(text, sizeof(text), "0 %d %d", FIRST_ID, IDS);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* The first process of the PID namespace: a procfs of it can be mounted by it alone. */
static void run_first(struct world *world, void (*what)(struct world *world))
{
	int status;
	pid_t pid = fork();

	check(pid >= 0);
	if (pid == 0) {
		what(world);
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	_exit(WEXITSTATUS(status));
}

/*
 * Plan and open here, as P does; the rest in a process with new namespaces. Its exit status says
 * how it was.
 */
static int with_user_namespace(struct world *world, int namespaces,
			       void (*what)(struct world *world))
{
	int made[2], mapped[2], status;
	char byte;
	pid_t pid;

	world->options.user_namespace = true;
	check(plan(world) == 0 && rootfs_open_sources(world->rootfs) == 0);
	check(pipe(made) == 0 && pipe(mapped) == 0);
	pid = fork();
	check(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | namespaces) < 0)
			_exit(CHILD_SKIPS);
		check(write(made[1], "", 1) == 1 && read(mapped[0], &byte, 1) == 1);
		check(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
		run_first(world, what);
	}
	close(made[1]);
	if (read(made[0], &byte, 1) == 1) {
		write_map(pid, "gid_map");
		write_map(pid, "uid_map");
		check(write(mapped[1], "", 1) == 1);
	}
	check(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	rootfs_close(world->rootfs);
	if (WEXITSTATUS(status) == CHILD_SKIPS)
		_exit(CHILD_SKIPS);
	return WEXITSTATUS(status);
}

static void go_in(struct world *world)
{
	check(rootfs_build(world->rootfs) == 0);
	check(rootfs_enter(world->rootfs) == 0);
	check(rootfs_finish(world->rootfs) == 0);
	/* Neither the old root nor what was put on it is left. */
	check(!exists("/.." OUTSIDE "/file") && !exists("/../f") && !exists("/etc/passwd"));
}

static void give_rootfs(void)
{
	check(chown(ROOTFS, FIRST_ID, FIRST_ID) == 0);
}

static void look_at_default(struct world *world)
{
	struct stat info;

	go_in(world);
	check(flags_at("/") & MS_RDONLY);
	check(stat("/dev/null", &info) == 0 && S_ISCHR(info.st_mode) &&
	      info.st_rdev == makedev(1, 3));
	check(stat("/dev/tty", &info) == 0 && info.st_rdev == makedev(5, 0));
	check(type_at("/proc") == PROC_SUPER_MAGIC && type_at("/sys") == SYSFS_MAGIC);
	check(flags_at("/proc/sys") & MS_RDONLY && flags_at("/sys") & MS_RDONLY);
	check(flags_at("/sys/firmware") & MS_RDONLY && type_at("/sys/firmware") == TMPFS_MAGIC);
}

static void test_default(struct world *world)
{
	give_rootfs();
	add_default_mounts(world);
	world->spec.root.readonly = true;
	world->spec.masked_paths = (struct spec_strings)WORDS("/sys/firmware", "/proc/keys");
	world->spec.readonly_paths = (struct spec_strings)WORDS("/proc/sys");
	check(with_user_namespace(world, CLONE_NEWNET, look_at_default) == 0);
}
BOTH_KERNELS(test_default)

static void test_without_pivot(struct world *world)
{
	world->options.no_pivot = true;
	test_default(world);
}
BOTH_KERNELS(test_without_pivot)

static void look_at_sysfs(struct world *world)
{
	look_at_default(world);
	/* What is mounted below comes with it, and is no more writable than it. */
	check(exists("/sys/fs/cgroup/file"));
	check(flags_at("/sys/fs/cgroup") == (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC));
}

/* Without a network namespace of its own the kernel refuses a new sysfs. */
static void test_sysfs_of_the_host(struct world *world)
{
	give_rootfs();
	add_default_mounts(world);
	world->spec.readonly_paths = (struct spec_strings)WORDS("/proc/sys");
	world->spec.masked_paths = (struct spec_strings)WORDS("/sys/firmware");
	world->spec.root.readonly = true;
	check(mount("cgroup", "/sys/fs/cgroup", "tmpfs", 0, "mode=777") == 0);
	make_file_at("/sys/fs/cgroup/file", "");
	check(with_user_namespace(world, 0, look_at_sysfs) == 0);
}

static void test_sysfs_in_child(void)
{
	static struct world world;

	make_world(&world);
	test_sysfs_of_the_host(&world);
}

static void test_sysfs(void **state)
{
	(void)state;
	in_child(test_sysfs_in_child);
}

static void look_at_unreachable(struct world *world)
{
	go_in(world);
	check(file_is("/secret", "secret") && flags_at("/secret") == MS_RDONLY);
	check(exists("/proc/self"));
}

/* The mapped root may not walk to the bundle or to the source: P opened both. */
static void test_unreachable(struct world *world)
{
	give_rootfs();
	make_folder_at(OUTSIDE "/closed");
	make_file_at(OUTSIDE "/closed/file", "secret");
	check(chmod(OUTSIDE "/closed", 0700) == 0 && chmod(BUNDLE, 0700) == 0);
	add_default_mounts(world);
	add_mount(world, (struct spec_mount){ "/secret", "bind", OUTSIDE "/closed/file",
					      WORDS("rbind", "ro", "rprivate") });
	check(with_user_namespace(world, CLONE_NEWNET, look_at_unreachable) == 0);
}
BOTH_KERNELS(test_unreachable)

/* What P opened for C, and where it went for that, is over after the clone. */
static void test_close_goes_back(struct world *world)
{
	struct stat before, after;

	give_rootfs();
	make_folder_at(OUTSIDE "/cwd");
	check(chdir(OUTSIDE "/cwd") == 0 && stat("/proc/self/ns/mnt", &before) == 0);
	add_mount(world, (struct spec_mount){ "/a", "bind", OUTSIDE, WORDS("rbind") });
	world->options.user_namespace = true;
	check(plan(world) == 0 && rootfs_open_sources(world->rootfs) == 0);
	check(rootfs_close(world->rootfs) == 0);
	check(stat("/proc/self/ns/mnt", &after) == 0 && before.st_ino == after.st_ino);
	check(stat(".", &before) == 0 && stat(OUTSIDE "/cwd", &after) == 0);
	check(before.st_ino == after.st_ino && before.st_dev == after.st_dev);
	check(!exists("/mnt/root"));
}
BOTH_KERNELS(test_close_goes_back)

static void look_at_volume(struct world *world)
{
	go_in(world);
	check(mount("sub", "/vol/sub", "tmpfs", 0, NULL) == 0);
	check(mount("sub", "/mnt", "tmpfs", 0, NULL) == 0);
	make_file_at("/vol/sub/reached", "");
}

/* P's clones are of the host's peer groups: that must end before anything is mounted. */
static void test_nothing_reaches_the_host(struct world *world)
{
	give_rootfs();
	check(mount(NULL, WORLD, NULL, MS_SHARED, NULL) == 0);
	make_folder_at(OUTSIDE "/sub");
	make_folder_at(ROOTFS "/mnt");
	add_default_mounts(world);
	add_mount(world, (struct spec_mount){ "/vol", "bind", OUTSIDE, WORDS("rbind") });
	add_mount(world,
		  (struct spec_mount){ "/vol2", "bind", OUTSIDE, WORDS("rbind", "rshared") });
	check(with_user_namespace(world, CLONE_NEWNET, look_at_volume) == 0);
	check(!exists(OUTSIDE "/sub/reached"));
	check(type_at(ROOTFS "/mnt") == TMPFS_MAGIC && !exists(ROOTFS "/proc/self"));
}
BOTH_KERNELS(test_nothing_reaches_the_host)

static void look_at_locked(struct world *world)
{
	go_in(world);
	check(flags_at("/kept") == (MS_NOSUID | MS_NODEV | MS_RDONLY));
}

/* The flags of the source's mount are locked there: they are kept, not dropped. */
static void test_locked_flags(struct world *world)
{
	give_rootfs();
	make_folder_at(OUTSIDE "/strict");
	check(mount("strict", OUTSIDE "/strict", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOATIME,
		    "mode=755") == 0);
	add_mount(world,
		  (struct spec_mount){ "/kept", "bind", OUTSIDE "/strict", WORDS("bind", "ro") });
	check(with_user_namespace(world, CLONE_NEWNET, look_at_locked) == 0);
}
BOTH_KERNELS(test_locked_flags)

static void see_locked(struct world *world)
{
	check(rootfs_build(world->rootfs) == -EPERM && says("/kept"));
}

/* ... and not cleared, not even on purpose. */
static void test_clear_locked_flags(struct world *world)
{
	give_rootfs();
	make_folder_at(OUTSIDE "/strict");
	check(mount("strict", OUTSIDE "/strict", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") == 0);
	add_mount(world, (struct spec_mount){ "/kept", "bind", OUTSIDE "/strict",
					      WORDS("bind", "ro", "suid") });
	check(with_user_namespace(world, CLONE_NEWNET, see_locked) == 0);
}
BOTH_KERNELS(test_clear_locked_flags)

static void look_at_device(struct world *world)
{
	struct stat info;

	go_in(world);
	check(stat("/dev/net/tun", &info) == 0 && info.st_rdev == makedev(10, 200));
}

static void test_device_of_the_host(struct world *world)
{
	struct spec_device device = { "/dev/net/tun", 'c', 10, 200, { 0, false }, 0, 0 };

	give_rootfs();
	if (!exists("/dev/net/tun"))
		_exit(CHILD_SKIPS);
	add_default_mounts(world);
	world->spec.devices = &device;
	world->spec.device_count = 1;
	check(with_user_namespace(world, CLONE_NEWNET, look_at_device) == 0);
}
BOTH_KERNELS(test_device_of_the_host)

static void see_wrong_device(struct world *world)
{
	check(rootfs_build(world->rootfs) == -ENODEV && says("/dev/null"));
}

/* The host has another device by that name: not taken for the one wanted. */
static void test_other_device_on_the_host(struct world *world)
{
	struct spec_device device = { "/dev/null", 'c', 1, 5, { 0, false }, 0, 0 };

	give_rootfs();
	add_default_mounts(world);
	world->spec.devices = &device;
	world->spec.device_count = 1;
	check(with_user_namespace(world, CLONE_NEWNET, see_wrong_device) == 0);
}
BOTH_KERNELS(test_other_device_on_the_host)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_default),
		TEST_BOTH(test_without_pivot),
		cmocka_unit_test(test_sysfs),
		TEST_BOTH(test_unreachable),
		TEST_BOTH(test_close_goes_back),
		TEST_BOTH(test_nothing_reaches_the_host),
		TEST_BOTH(test_locked_flags),
		TEST_BOTH(test_clear_locked_flags),
		TEST_BOTH(test_device_of_the_host),
		TEST_BOTH(test_other_device_on_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
