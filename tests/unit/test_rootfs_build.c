/* SPDX-License-Identifier: Apache-2.0 */
/* The default container: mounts, devices, links, masks, read-only paths, the new root. */
#include "tests/unit/rootfs_world.h"

static bool is_device(const char *path, unsigned int major_number, unsigned int minor_number)
{
	struct stat info;

	return lstat(path, &info) == 0 && S_ISCHR(info.st_mode) &&
	       info.st_rdev == makedev(major_number, minor_number) &&
	       (info.st_mode & 07777) == 0666;
}

static bool is_link(const char *path, const char *target)
{
	char found[64] = "";

	return readlink(path, found, sizeof(found) - 1) > 0 && strcmp(found, target) == 0;
}

static void default_spec(struct world *world)
{
	add_default_mounts(world);
	world->spec.root.readonly = true;
	world->spec.masked_paths =
		(struct spec_strings)WORDS("/proc/acpi", "/proc/keys", "/proc/timer_list",
					   "/proc/kcore", "/sys/firmware", "/not/there", "/masked",
					   "/masked-folder");
	/* The list lives in this frame: it is used here. */
	make_folder_at(ROOTFS "/masked-folder");
	make_file_at(ROOTFS "/masked-folder/secret", "secret");
	make_file_at(ROOTFS "/masked", "secret");
	make_folder_at(ROOTFS "/kept");
	make_file_at(ROOTFS "/kept/file", "kept");
	world->spec.readonly_paths =
		(struct spec_strings)WORDS("/proc/bus", "/proc/sys", "/proc/irq", "/kept", "/none");
	enter(world);
}

static void check_devices(void)
{
	check(is_device("/dev/null", 1, 3));
	check(is_device("/dev/zero", 1, 5));
	check(is_device("/dev/full", 1, 7));
	check(is_device("/dev/random", 1, 8));
	check(is_device("/dev/urandom", 1, 9));
	check(is_device("/dev/tty", 5, 0));
	check(is_link("/dev/fd", "/proc/self/fd"));
	check(is_link("/dev/stdin", "/proc/self/fd/0"));
	check(is_link("/dev/stdout", "/proc/self/fd/1"));
	check(is_link("/dev/stderr", "/proc/self/fd/2"));
	check(is_link("/dev/core", "/proc/kcore"));
	check(is_link("/dev/ptmx", "pts/ptmx"));
	check(!exists("/dev/console"));
}

static void check_mask(const char *path, bool folder)
{
	struct stat info;

	check(stat(path, &info) == 0);
	check(S_ISDIR(info.st_mode) == folder);
	check(type_at(path) == TMPFS_MAGIC);
	check(flags_at(path) == (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC));
	check(folder || (info.st_size == 0 && file_is(path, "")));
}

static void test_default(struct world *world)
{
	const mode_t mask = umask(027);

	default_spec(world);
	check(umask(mask) == 027);
	check(flags_at("/") & MS_RDONLY);
	check(type_at("/proc") == PROC_SUPER_MAGIC);
	check(flags_at("/dev") == MS_NOSUID && type_at("/dev") == TMPFS_MAGIC);
	check(flags_at("/dev/pts") == (MS_NOSUID | MS_NOEXEC) &&
	      type_at("/dev/pts") == DEVPTS_SUPER_MAGIC);
	check(flags_at("/dev/shm") == (MS_NOSUID | MS_NODEV | MS_NOEXEC));
	check(flags_at("/sys") == (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC));
	check_devices();
	if (exists("/proc/keys"))
		check_mask("/proc/keys", false);
	if (exists("/proc/acpi"))
		check_mask("/proc/acpi", true);
	check_mask("/sys/firmware", true);
	check_mask("/masked", false);
	check_mask("/masked-folder", true);
	check(!exists("/masked-folder/secret"));
	check(flags_at("/proc/sys") & MS_RDONLY);
	check(flags_at("/proc/irq") & MS_RDONLY);
	check(file_is("/kept/file", "kept"));
	check(open("/kept/file", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
	check(!(flags_at("/proc") & MS_RDONLY));
	rootfs_close(world->rootfs);
}
BOTH_KERNELS(test_default)

/* Neither by path, nor by "..", nor as a line of mountinfo. */
static void test_old_root_is_gone(struct world *world)
{
	char text[8192] = "";
	int fd;

	default_spec(world);
	check(!exists(OUTSIDE) && !exists("/.." OUTSIDE) && !exists("/etc/passwd"));
	fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	check(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	check(!strstr(text, " /tmp "));
	check(strstr(text, " /proc/sys "));
}
BOTH_KERNELS(test_old_root_is_gone)

static void test_without_pivot(struct world *world)
{
	world->options.no_pivot = true;
	test_old_root_is_gone(world);
	check(chroot("/kept") == 0 && chdir("..") == 0 && chdir("../../..") == 0);
	check(exists("./masked") && !exists("." OUTSIDE));
}
BOTH_KERNELS(test_without_pivot)

/* What was open before is open after, and no more, once the room is left. */
static void test_no_descriptor_leaks(struct world *world)
{
	int before = 0, after = 0;

	for (int fd = 0; fd < 256; fd++)
		before += fcntl(fd, F_GETFD) >= 0;
	default_spec(world);
	rootfs_close(world->rootfs);
	for (int fd = 0; fd < 256; fd++)
		after += fcntl(fd, F_GETFD) >= 0;
	check(before == after);
}
BOTH_KERNELS(test_no_descriptor_leaks)

static void test_devices_of_the_configuration(struct world *world)
{
	struct spec_device devices[] = {
		{ "/dev/net/tun", 'c', 10, 200, { 0640, true }, 5, 6 },
		{ "/dev/loop7", 'b', 7, 7, { 0, false }, 0, 0 },
		{ "/dev/null", 'c', 1, 3, { 0600, true }, 7, 0 },
		{ "/run/pipe", 'p', 0, 0, { 0622, true }, 0, 0 },
	};
	struct stat info;

	add_default_mounts(world);
	world->spec.devices = devices;
	world->spec.device_count = 4;
	world->spec.process.terminal = true;
	enter(world);
	check(lstat("/dev/net/tun", &info) == 0 && S_ISCHR(info.st_mode));
	check(info.st_rdev == makedev(10, 200) && (info.st_mode & 07777) == 0640);
	check(info.st_uid == 5 && info.st_gid == 6);
	check(lstat("/dev/loop7", &info) == 0 && S_ISBLK(info.st_mode));
	check(info.st_rdev == makedev(7, 7) && (info.st_mode & 07777) == 0666);
	/* The default one does not undo what the configuration says. */
	check(lstat("/dev/null", &info) == 0 && (info.st_mode & 07777) == 0600 && info.st_uid == 7);
	check(lstat("/run/pipe", &info) == 0 && S_ISFIFO(info.st_mode));
	check((info.st_mode & 07777) == 0622);
	check(lstat("/dev/console", &info) == 0 && S_ISREG(info.st_mode));
}
BOTH_KERNELS(test_devices_of_the_configuration)

static void test_device_that_is_something_else(struct world *world)
{
	struct spec_device device = { "/dev/thing", 'c', 1, 3, { 0, false }, 0, 0 };

	make_folder_at(ROOTFS "/dev");
	make_file_at(ROOTFS "/dev/thing", "");
	world->spec.devices = &device;
	world->spec.device_count = 1;
	check(build(world) == -EEXIST && says("/dev/thing"));
}
BOTH_KERNELS(test_device_that_is_something_else)

/* An image with a plain file for /dev/null would let it collect what is thrown away. */
static void test_default_device_that_is_something_else(struct world *world)
{
	make_folder_at(ROOTFS "/dev");
	make_file_at(ROOTFS "/dev/null", "");
	check(build(world) == -EEXIST && says("/dev/null"));
}
BOTH_KERNELS(test_default_device_that_is_something_else)

static void test_same_device_is_fine(struct world *world)
{
	struct spec_device device = { "/dev/thing", 'c', 1, 3, { 0, false }, 0, 0 };

	make_folder_at(ROOTFS "/dev");
	check(mknod(ROOTFS "/dev/thing", S_IFCHR | 0600, makedev(1, 3)) == 0);
	check(symlink("elsewhere", ROOTFS "/dev/ptmx") == 0);
	world->spec.devices = &device;
	world->spec.device_count = 1;
	enter(world);
	check(is_link("/dev/ptmx", "pts/ptmx"));
	/* No /proc, no links into it. */
	check(!exists("/dev/fd") && !exists("/dev/core"));
}
BOTH_KERNELS(test_same_device_is_fine)

static void test_bound_dev_is_left_alone(struct world *world)
{
	make_folder_at(OUTSIDE "/dev");
	add_mount(world, (struct spec_mount){ "/dev", "bind", OUTSIDE "/dev", WORDS("rbind") });
	enter(world);
	check(exists("/dev") && !exists("/dev/null") && !exists("/dev/ptmx"));
}
BOTH_KERNELS(test_bound_dev_is_left_alone)

/* A rootfs that cannot be written to and lacks the mount points: a clear error. */
static void test_readonly_image(struct world *world)
{
	check(mount("image", ROOTFS, "tmpfs", MS_RDONLY, NULL) == 0);
	add_mount(world, (struct spec_mount){ "/data/here", "tmpfs", "tmpfs", NO_WORDS });
	check(build(world) == -EROFS && says("/data/here") && says("read-only"));
}
BOTH_KERNELS(test_readonly_image)

static void test_in_place(struct world *world)
{
	world->spec.root.path = "/";
	add_mount(world, (struct spec_mount){ OUTSIDE, "tmpfs", "tmpfs", WORDS("nosuid") });
	world->spec.masked_paths = (struct spec_strings)WORDS(BUNDLE, "/etc/hostname");
	world->options.bundle = BUNDLE;
	check(mount("dev", "/dev", "tmpfs", 0, NULL) == 0);
	/* The scratch has no place: the null device stands for it. */
	check(mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	enter(world);
	check(type_at(OUTSIDE) == TMPFS_MAGIC && !exists(OUTSIDE "/file"));
	check(!exists(ROOTFS) && flags_at(BUNDLE) & MS_RDONLY);
	check(exists("/etc/passwd"));
	check(!exists("/etc/hostname") || file_is("/etc/hostname", ""));
}
BOTH_KERNELS(test_in_place)

/* No mount namespace of its own: the mounts are made, the root is changed, no more. */
static void test_inherited_namespace(struct world *world)
{
	world->options.new_mount_namespace = false;
	make_file_at(ROOTFS "/masked", "secret");
	add_mount(world, (struct spec_mount){ "/data", "tmpfs", "tmpfs", WORDS("ro", "nosuid") });
	world->spec.masked_paths = (struct spec_strings)WORDS("/masked");
	enter(world);
	check(flags_at("/data") == (MS_RDONLY | MS_NOSUID));
	check(file_is("/masked", ""));
	check(!exists(OUTSIDE));
}
BOTH_KERNELS(test_inherited_namespace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_default),
		TEST_BOTH(test_old_root_is_gone),
		TEST_BOTH(test_without_pivot),
		TEST_BOTH(test_no_descriptor_leaks),
		TEST_BOTH(test_devices_of_the_configuration),
		TEST_BOTH(test_device_that_is_something_else),
		TEST_BOTH(test_default_device_that_is_something_else),
		TEST_BOTH(test_same_device_is_fine),
		TEST_BOTH(test_bound_dev_is_left_alone),
		TEST_BOTH(test_readonly_image),
		TEST_BOTH(test_in_place),
		TEST_BOTH(test_inherited_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
