/* SPDX-License-Identifier: Apache-2.0 */
/* Images that try to lead the runtime out of the rootfs, or to fake what it makes. */
#include "tests/unit/rootfs_world.h"

static bool outside_is_untouched(void)
{
	return file_is(OUTSIDE "/file", "outside") && !exists(OUTSIDE "/made") &&
	       !exists(OUTSIDE "/null") && !exists(OUTSIDE "/console") && !exists(OUTSIDE "/pts");
}

/* CVE-2019-19921, CVE-2023-27561, CVE-2023-28642 */
static void test_proc_is_a_link(struct world *world)
{
	make_folder_at(ROOTFS "/fake");
	check(symlink("fake", ROOTFS "/proc") == 0);
	add_mount(world, (struct spec_mount){ "/proc", "proc", "proc", NO_WORDS });
	check(build(world) < 0 && says("/proc"));
	check(type_at(ROOTFS "/fake") == TMPFS_MAGIC);
}
BOTH_KERNELS(test_proc_is_a_link)

static void test_sys_is_a_link(struct world *world)
{
	check(symlink(OUTSIDE, ROOTFS "/sys") == 0);
	add_mount(world, (struct spec_mount){ "/sys", "sysfs", "sysfs", NO_WORDS });
	check(build(world) < 0 && says("/sys"));
}
BOTH_KERNELS(test_sys_is_a_link)

static void test_proc_is_a_file(struct world *world)
{
	make_file_at(ROOTFS "/proc", "");
	add_mount(world, (struct spec_mount){ "/proc", "proc", "proc", NO_WORDS });
	check(build(world) < 0 && says("/proc"));
}
BOTH_KERNELS(test_proc_is_a_file)

/* CVE-2026-41579, CVE-2026-47766: the devices must not be made on the host. */
static void test_dev_is_a_link(struct world *world)
{
	check(symlink(OUTSIDE, ROOTFS "/dev") == 0);
	check(build(world) == 0);
	check(outside_is_untouched());
	check(exists(ROOTFS OUTSIDE "/null"));
}
BOTH_KERNELS(test_dev_is_a_link)

static void test_dev_is_a_relative_link(struct world *world)
{
	check(symlink("../../outside", ROOTFS "/dev") == 0);
	check(build(world) == 0);
	check(outside_is_untouched());
	check(exists(ROOTFS "/outside/null"));
}
BOTH_KERNELS(test_dev_is_a_relative_link)

static void test_dev_mount_on_a_link(struct world *world)
{
	check(symlink(OUTSIDE, ROOTFS "/dev") == 0);
	add_default_mounts(world);
	enter(world);
	check(exists(OUTSIDE "/null") && exists("/dev/null") && type_at("/dev") == TMPFS_MAGIC);
	check(!exists(OUTSIDE "/file"));
}
BOTH_KERNELS(test_dev_mount_on_a_link)

static void test_mount_through_a_link(struct world *world)
{
	check(symlink(OUTSIDE, ROOTFS "/data") == 0);
	add_mount(world, (struct spec_mount){ "/data/made", "tmpfs", "tmpfs", NO_WORDS });
	add_mount(world,
		  (struct spec_mount){ "/data/bound", "bind", "/etc/passwd", WORDS("bind", "ro") });
	check(build(world) == 0);
	check(outside_is_untouched() && !exists(OUTSIDE "/bound"));
	check(exists(ROOTFS OUTSIDE "/made") && flags_at(ROOTFS OUTSIDE "/bound") == MS_RDONLY);
}
BOTH_KERNELS(test_mount_through_a_link)

/* CVE-2019-18837: the last component too. */
static void test_mount_on_a_link(struct world *world)
{
	check(symlink(OUTSIDE "/made", ROOTFS "/data") == 0);
	check(symlink(OUTSIDE "/file", ROOTFS "/file") == 0);
	add_mount(world, (struct spec_mount){ "/data", "tmpfs", "tmpfs", NO_WORDS });
	add_mount(world, (struct spec_mount){ "/file", "bind", "/etc/passwd", WORDS("bind") });
	check(build(world) == 0);
	check(outside_is_untouched());
	check(exists(ROOTFS OUTSIDE "/made") && exists(ROOTFS OUTSIDE "/file"));
}
BOTH_KERNELS(test_mount_on_a_link)

static void test_dot_dot_destination(struct world *world)
{
	add_mount(world, (struct spec_mount){ "/../../outside/made", "tmpfs", "tmpfs", NO_WORDS });
	check(build(world) == 0);
	check(outside_is_untouched());
}
BOTH_KERNELS(test_dot_dot_destination)

/* CVE-2019-16884: a volume over /proc by another name. */
static void test_link_into_proc(struct world *world)
{
	make_folder_at(ROOTFS "/proc");
	check(symlink("/proc/sys", ROOTFS "/data") == 0);
	add_mount(world, (struct spec_mount){ "/proc", "proc", "proc", NO_WORDS });
	add_mount(world, (struct spec_mount){ "/data", "tmpfs", "tmpfs", NO_WORDS });
	check(build(world) < 0 && says("leads into /proc"));
}
BOTH_KERNELS(test_link_into_proc)

static void test_magic_link(struct world *world)
{
	make_folder_at(ROOTFS "/proc");
	check(symlink("/proc/self/root/outside", ROOTFS "/data") == 0);
	check(symlink("/proc/1/root", ROOTFS "/more") == 0);
	add_mount(world, (struct spec_mount){ "/proc", "proc", "proc", NO_WORDS });
	add_mount(world, (struct spec_mount){ "/more/made", "tmpfs", "tmpfs", NO_WORDS });
	check(build(world) < 0 && !exists("/made"));
}
BOTH_KERNELS(test_magic_link)

static void test_bind_over_proc_of_something_else(struct world *world)
{
	add_mount(world, (struct spec_mount){ "/proc", "none", OUTSIDE, WORDS("bind") });
	check(build(world) < 0 && says("is not a procfs"));
}
BOTH_KERNELS(test_bind_over_proc_of_something_else)

static void test_bind_over_proc_of_a_part(struct world *world)
{
	add_mount(world, (struct spec_mount){ "/proc", "none", "/proc/sys", WORDS("bind") });
	check(build(world) < 0 && says("is not a procfs"));
}
BOTH_KERNELS(test_bind_over_proc_of_a_part)

/* podman --pid=host does this. */
static void test_bind_of_the_hosts_proc(struct world *world)
{
	add_mount(world, (struct spec_mount){ "/proc", "none", "/proc", WORDS("rbind", "nosuid") });
	world->spec.readonly_paths = (struct spec_strings)WORDS("/proc/sys");
	enter(world);
	check(type_at("/proc") == PROC_SUPER_MAGIC && flags_at("/proc") & MS_NOSUID);
	check(flags_at("/proc/sys") & MS_RDONLY);
}
BOTH_KERNELS(test_bind_of_the_hosts_proc)

/* CVE-2025-31133: what covers a masked path is ours, whatever the image has for /dev/null. */
static void test_mask_with_a_fake_null(struct world *world)
{
	make_folder_at(ROOTFS "/dev");
	make_file_at(ROOTFS "/secret", "secret");
	check(symlink("/secret", ROOTFS "/dev/zero0") == 0);
	add_mount(world, (struct spec_mount){ "/dev", "tmpfs", "tmpfs", NO_WORDS });
	world->spec.masked_paths = (struct spec_strings)WORDS("/secret");
	enter(world);
	check(file_is("/secret", ""));
	check(open("/secret", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
}
BOTH_KERNELS(test_mask_with_a_fake_null)

static void test_mask_through_links(struct world *world)
{
	make_folder_at(ROOTFS "/real");
	make_file_at(ROOTFS "/real/secret", "secret");
	make_file_at(ROOTFS "/real/kept", "kept");
	check(symlink("/real", ROOTFS "/link") == 0);
	check(symlink(OUTSIDE "/file", ROOTFS "/out") == 0);
	world->spec.masked_paths = (struct spec_strings)WORDS("/link/secret", "/out");
	world->spec.readonly_paths = (struct spec_strings)WORDS("/link/kept");
	enter(world);
	check(file_is("/real/secret", "") && file_is("/link/secret", ""));
	check(file_is("/real/kept", "kept") && flags_at("/real/kept") & MS_RDONLY);
}
BOTH_KERNELS(test_mask_through_links)

/* /proc of the image, not a procfs: the short way must not be taken. */
static void test_mask_in_a_fake_proc(struct world *world)
{
	make_folder_at(ROOTFS "/proc");
	make_folder_at(ROOTFS "/proc/sys");
	make_file_at(ROOTFS "/proc/kcore", "secret");
	check(symlink(OUTSIDE "/file", ROOTFS "/proc/keys") == 0);
	world->spec.masked_paths = (struct spec_strings)WORDS("/proc/kcore", "/proc/keys");
	world->spec.readonly_paths = (struct spec_strings)WORDS("/proc/sys");
	check(build(world) == 0);
	check(file_is(OUTSIDE "/file", "outside"));
	check(rootfs_enter(world->rootfs) == 0 && rootfs_finish(world->rootfs) == 0);
	check(file_is("/proc/kcore", "") && flags_at("/proc/sys") & MS_RDONLY);
}
BOTH_KERNELS(test_mask_in_a_fake_proc)

/* CVE-2025-52565, CVE-2026-88264 */
static void test_console_is_a_link(struct world *world)
{
	int terminal;

	make_folder_at(ROOTFS "/dev");
	check(symlink("/target", ROOTFS "/dev/console") == 0);
	world->spec.process.terminal = true;
	check(build(world) == 0 && rootfs_enter(world->rootfs) == 0);
	terminal = open("/dev/null", O_RDWR | O_CLOEXEC);
	check(rootfs_bind_console(world->rootfs, terminal) < 0);
	check(!exists("/target"));
}
BOTH_KERNELS(test_console_is_a_link)

static void test_console(struct world *world)
{
	struct stat info;
	int terminal;

	add_default_mounts(world);
	world->spec.process.terminal = true;
	world->spec.root.readonly = true;
	check(build(world) == 0 && rootfs_enter(world->rootfs) == 0);
	terminal = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	check(terminal >= 0 && rootfs_bind_console(world->rootfs, terminal) == 0);
	check(rootfs_finish(world->rootfs) == 0);
	check(stat("/dev/console", &info) == 0 && S_ISCHR(info.st_mode));
	check(type_at("/dev/console") == DEVPTS_SUPER_MAGIC);
}
BOTH_KERNELS(test_console)

/* A remount that fails must stop everything: here mount_setattr(2) gives ENOMEM. */
static void test_failing_remount_is_fatal_in_child(void)
{
	static struct world own, *world = &own;

	make_world(world);
	add_mount(world, (struct spec_mount){ "/data", "bind", OUTSIDE, WORDS("bind", "ro") });
	check(plan(world) == 0);
	filter_calls((const unsigned int[]){ 442 }, 1, ENOMEM);
	check(rootfs_build(world->rootfs) == -ENOMEM);
}

static void test_failing_remount_is_fatal(void **state)
{
	(void)state;
	in_child(test_failing_remount_is_fatal_in_child);
}

/* Calls that say they did it and did not: mount_setattr(2) is answered with 0 and not made. */
static void be_deceived(struct world *world)
{
	check(plan(world) == 0);
	filter_calls((const unsigned int[]){ 442 }, 1, 0);
	check(rootfs_build(world->rootfs) == 0 && rootfs_enter(world->rootfs) == 0);
}

static void test_lost_flags_are_noticed_in_child(void)
{
	static struct world own, *world = &own;

	make_world(world);
	add_mount(world, (struct spec_mount){ "/data", "bind", OUTSIDE, WORDS("bind", "nosuid") });
	be_deceived(world);
	check(rootfs_finish(world->rootfs) == -EPERM && says("/data"));
}

static void test_lost_readonly_root_is_noticed_in_child(void)
{
	static struct world own, *world = &own;

	make_world(world);
	world->spec.root.readonly = true;
	be_deceived(world);
	check(rootfs_finish(world->rootfs) == -EPERM && says("/ is not read-only"));
}

static void test_lost_readonly_path_is_noticed_in_child(void)
{
	static struct world own, *world = &own;

	make_world(world);
	add_mount(world, (struct spec_mount){ "/proc", "proc", "proc", NO_WORDS });
	world->spec.readonly_paths = (struct spec_strings)WORDS("/proc/sys");
	be_deceived(world);
	check(rootfs_finish(world->rootfs) == -EPERM && says("/proc/sys"));
}

/* A mount over a mask after it was made. */
static void test_lost_mask_is_noticed_in_child(void)
{
	static struct world own, *world = &own;

	make_world(world);
	make_file_at(ROOTFS "/secret", "secret");
	make_file_at(ROOTFS "/other", "secret");
	world->spec.masked_paths = (struct spec_strings)WORDS("/secret");
	check(build(world) == 0 && rootfs_enter(world->rootfs) == 0);
	check(mount("/other", "/secret", NULL, MS_BIND, NULL) == 0);
	check(rootfs_finish(world->rootfs) == -EPERM && says("/secret is not masked"));
}

#define IN_CHILD(name) \
	static void name(void **state) \
	{ \
		(void)state; \
		in_child(name##_in_child); \
	}
IN_CHILD(test_lost_flags_are_noticed)
IN_CHILD(test_lost_readonly_root_is_noticed)
IN_CHILD(test_lost_readonly_path_is_noticed)
IN_CHILD(test_lost_mask_is_noticed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_proc_is_a_link),
		TEST_BOTH(test_sys_is_a_link),
		TEST_BOTH(test_proc_is_a_file),
		TEST_BOTH(test_dev_is_a_link),
		TEST_BOTH(test_dev_is_a_relative_link),
		TEST_BOTH(test_dev_mount_on_a_link),
		TEST_BOTH(test_mount_through_a_link),
		TEST_BOTH(test_mount_on_a_link),
		TEST_BOTH(test_dot_dot_destination),
		TEST_BOTH(test_link_into_proc),
		TEST_BOTH(test_magic_link),
		TEST_BOTH(test_bind_over_proc_of_something_else),
		TEST_BOTH(test_bind_over_proc_of_a_part),
		TEST_BOTH(test_bind_of_the_hosts_proc),
		TEST_BOTH(test_mask_with_a_fake_null),
		TEST_BOTH(test_mask_through_links),
		TEST_BOTH(test_mask_in_a_fake_proc),
		TEST_BOTH(test_console_is_a_link),
		TEST_BOTH(test_console),
		cmocka_unit_test(test_failing_remount_is_fatal),
		cmocka_unit_test(test_lost_flags_are_noticed),
		cmocka_unit_test(test_lost_readonly_root_is_noticed),
		cmocka_unit_test(test_lost_readonly_path_is_noticed),
		cmocka_unit_test(test_lost_mask_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
