/* SPDX-License-Identifier: Apache-2.0 */
/* Bind mounts, tmpfs, flags, propagation. */
#include "tests/unit/rootfs_world.h"

#include <sys/syscall.h>

#include "lib/config.h"

static void make_source(void)
{
	make_folder_at(OUTSIDE "/tree");
	make_file_at(OUTSIDE "/tree/file", "tree");
	make_folder_at(OUTSIDE "/tree/sub");
	check(mount("sub", OUTSIDE "/tree/sub", "tmpfs", 0, NULL) == 0);
	make_file_at(OUTSIDE "/tree/sub/file", "sub");
}

/* podman's -v a:b:bind: what is mounted below stays out. */
static void test_bind_is_not_recursive(struct world *world)
{
	make_source();
	add_mount(world, (struct spec_mount){ "/one", "bind", OUTSIDE "/tree", WORDS("bind") });
	add_mount(world, (struct spec_mount){ "/all", "bind", OUTSIDE "/tree", WORDS("rbind") });
	add_mount(world,
		  (struct spec_mount){ "/ro", "bind", OUTSIDE "/tree", WORDS("bind", "ro") });
	enter(world);
	check(file_is("/one/file", "tree") && !exists("/one/sub/file") && exists("/one/sub"));
	check(file_is("/all/file", "tree") && file_is("/all/sub/file", "sub"));
	check(!exists("/ro/sub/file") && flags_at("/ro") == MS_RDONLY);
	/* "ro" is not "rro". */
	check(flags_at("/all/sub") == 0);
}
BOTH_KERNELS(test_bind_is_not_recursive)

static void test_bind_of_a_file(struct world *world)
{
	struct stat info;

	add_mount(world, (struct spec_mount){ "/etc/new", "bind", OUTSIDE "/file",
					      WORDS("rbind", "ro", "nosuid", "nodev", "noexec") });
	add_mount(world,
		  (struct spec_mount){ "/etc/other", "bind", "../outside/file", WORDS("bind") });
	enter(world);
	check(stat("/etc/new", &info) == 0 && S_ISREG(info.st_mode) &&
	      file_is("/etc/new", "outside"));
	check(flags_at("/etc/new") == (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC));
	/* Relative to the bundle; without flags of its own it is writable. */
	check(file_is("/etc/other", "outside") && flags_at("/etc/other") == 0);
}
BOTH_KERNELS(test_bind_of_a_file)

static void test_missing_source(struct world *world)
{
	add_mount(world,
		  (struct spec_mount){ "/a", "bind", OUTSIDE "/missing", WORDS("bind", "ro") });
	check(build(world) == -ENOENT && says(OUTSIDE "/missing"));
	check(!exists(ROOTFS "/a"));
}
BOTH_KERNELS(test_missing_source)

/* What the source's mount has and nobody took back is kept. */
static void test_flags_of_the_source_are_kept(struct world *world)
{
	make_folder_at(OUTSIDE "/strict");
	check(mount("strict", OUTSIDE "/strict", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NOATIME,
		    NULL) == 0);
	add_mount(world, (struct spec_mount){ "/plain", "bind", OUTSIDE "/strict", WORDS("bind") });
	add_mount(world, (struct spec_mount){ "/more", "bind", OUTSIDE "/strict",
					      WORDS("bind", "nodev") });
	add_mount(world, (struct spec_mount){ "/less", "bind", OUTSIDE "/strict",
					      WORDS("bind", "exec", "ro") });
	add_mount(world, (struct spec_mount){ "/atime", "bind", OUTSIDE "/strict",
					      WORDS("bind", "strictatime") });
	enter(world);
	check(flags_at("/plain") == (MS_NOSUID | MS_NOEXEC));
	check(flags_at("/more") == (MS_NOSUID | MS_NOEXEC | MS_NODEV));
	check(flags_at("/less") == (MS_NOSUID | MS_RDONLY));
	check(flags_at("/atime") == (MS_NOSUID | MS_NOEXEC));
}
BOTH_KERNELS(test_flags_of_the_source_are_kept)

static unsigned long atime_flags(const char *path)
{
	struct statfs info;

	check(statfs(path, &info) == 0);
	return (unsigned long)info.f_flags & (0x400 | 0x800 | 0x1000);
}

static void test_access_times(struct world *world)
{
	add_mount(world, (struct spec_mount){ "/no", "bind", OUTSIDE, WORDS("bind", "noatime") });
	add_mount(world,
		  (struct spec_mount){ "/strict", "bind", OUTSIDE, WORDS("bind", "strictatime") });
	add_mount(world, (struct spec_mount){ "/dir", "bind", OUTSIDE,
					      WORDS("bind", "nodiratime", "ro") });
	add_mount(world, (struct spec_mount){ "/fresh", "tmpfs", "tmpfs",
					      WORDS("noatime", "nodiratime") });
	enter(world);
	check(atime_flags("/no") == 0x400);
	check(atime_flags("/strict") == 0);
	check(atime_flags("/dir") == (0x1000 | 0x800));
	check(atime_flags("/fresh") == (0x400 | 0x800));
}
BOTH_KERNELS(test_access_times)

static void test_tmpfs_mode(struct world *world)
{
	struct stat info;

	make_folder_at(ROOTFS "/private");
	check(chmod(ROOTFS "/private", 01711) == 0);
	add_mount(world,
		  (struct spec_mount){ "/private", "tmpfs", "tmpfs", WORDS("nosuid", "size=64k") });
	add_mount(world, (struct spec_mount){ "/given", "tmpfs", "tmpfs", WORDS("mode=0700") });
	add_mount(world, (struct spec_mount){ "/new", "tmpfs", "tmpfs", NO_WORDS });
	enter(world);
	check(stat("/private", &info) == 0 && (info.st_mode & 07777) == 01711);
	check(flags_at("/private") == MS_NOSUID);
	check(stat("/given", &info) == 0 && (info.st_mode & 07777) == 0700);
	check(stat("/new", &info) == 0 && (info.st_mode & 07777) == 0755);
}
BOTH_KERNELS(test_tmpfs_mode)

/* Places for later mounts are made in it first. */
static void test_readonly_tmpfs(struct world *world)
{
	add_mount(world, (struct spec_mount){ "/run", "tmpfs", "tmpfs",
					      WORDS("ro", "nosuid", "mode=711") });
	add_mount(world, (struct spec_mount){ "/run/data", "bind", OUTSIDE, WORDS("bind") });
	add_mount(world, (struct spec_mount){ "/run/deep/er", "tmpfs", "tmpfs", NO_WORDS });
	add_mount(world,
		  (struct spec_mount){ "/run/file", "bind", OUTSIDE "/file", WORDS("bind", "ro") });
	add_mount(world, (struct spec_mount){ "/dev", "tmpfs", "tmpfs", WORDS("ro", "mode=755") });
	enter(world);
	check(flags_at("/run") == (MS_RDONLY | MS_NOSUID));
	check(mkdir("/run/no", 0755) < 0 && errno == EROFS);
	check(file_is("/run/data/file", "outside") && file_is("/run/file", "outside"));
	check(flags_at("/run/deep/er") == 0);
	check(flags_at("/dev") == MS_RDONLY && exists("/dev/null") && exists("/dev/ptmx"));
}
BOTH_KERNELS(test_readonly_tmpfs)

/*
 * The second hides the first: its flags count, and the fresh folder of the first is no longer used.
 */
static void test_mount_over_mount(struct world *world)
{
	add_mount(world, (struct spec_mount){ "/run", "tmpfs", "one", WORDS("ro", "nosuid") });
	add_mount(world, (struct spec_mount){ "/run/a", "tmpfs", "tmpfs", NO_WORDS });
	add_mount(world, (struct spec_mount){ "/run", "tmpfs", "two", WORDS("nodev") });
	add_mount(world, (struct spec_mount){ "/run/b", "tmpfs", "tmpfs", WORDS("noexec") });
	add_mount(world, (struct spec_mount){ "/run/b", "bind", OUTSIDE, WORDS("bind") });
	enter(world);
	check(flags_at("/run") == MS_NODEV);
	check(!exists("/run/a") && file_is("/run/b/file", "outside"));
}
BOTH_KERNELS(test_mount_over_mount)

static void test_remount(struct world *world)
{
	add_mount(world, (struct spec_mount){ "/data", "tmpfs", "tmpfs", WORDS("nosuid") });
	add_mount(world, (struct spec_mount){ "/data/sub", "tmpfs", "tmpfs", NO_WORDS });
	add_mount(world,
		  (struct spec_mount){ "/data", "none", "none", WORDS("remount", "bind", "ro") });
	add_mount(world, (struct spec_mount){ "/data/sub", "tmpfs", "none",
					      WORDS("remount", "noexec", "size=8k") });
	enter(world);
	check(flags_at("/data") == (MS_NOSUID | MS_RDONLY));
	check(flags_at("/data/sub") == MS_NOEXEC);
}
BOTH_KERNELS(test_remount)

static void test_unknown_options_reach_the_kernel(struct world *world)
{
	add_mount(world, (struct spec_mount){ "/data", "tmpfs", "tmpfs", WORDS("ro", "rosy") });
	check(build(world) == -EINVAL && says("rosy") && says("/data"));
}
BOTH_KERNELS(test_unknown_options_reach_the_kernel)

static void test_mqueue(struct world *world)
{
	check(unshare(CLONE_NEWIPC) == 0);
	add_mount(world, (struct spec_mount){ "/dev", "tmpfs", "tmpfs", WORDS("mode=755") });
	add_mount(world, (struct spec_mount){ "/dev/mqueue", "mqueue", "mqueue", WORDS("nosuid") });
	enter(world);
	check(type_at("/dev/mqueue") == 0x19800202 && flags_at("/dev/mqueue") == MS_NOSUID);
}
BOTH_KERNELS(test_mqueue)

static void test_overlay(struct world *world)
{
	make_folder_at(OUTSIDE "/lower");
	make_folder_at(OUTSIDE "/upper");
	make_folder_at(OUTSIDE "/work");
	make_file_at(OUTSIDE "/lower/file", "lower");
	add_mount(world, (struct spec_mount){ "/merged", "overlay", "overlay",
					      WORDS("lowerdir=" OUTSIDE "/lower",
						    "upperdir=" OUTSIDE "/upper",
						    "workdir=" OUTSIDE "/work") });
	if (build(world) == -ENODEV)
		_exit(CHILD_SKIPS);
	check(rootfs_enter(world->rootfs) == 0 && file_is("/merged/file", "lower"));
}
BOTH_KERNELS(test_overlay)

/* ---- tmpcopyup ---- */

static void make_tree(void)
{
	const struct timespec times[2] = { { 1000, 5 }, { 2000, 7 } };

	make_folder_at(ROOTFS "/etc");
	make_folder_at(ROOTFS "/etc/deep");
	make_file_at(ROOTFS "/etc/deep/file", "deep");
	make_file_at(ROOTFS "/etc/program", "text");
	check(chown(ROOTFS "/etc/program", 12, 34) == 0);
	check(chmod(ROOTFS "/etc/program", 04751) == 0);
	check(utimensat(AT_FDCWD, ROOTFS "/etc/program", times, 0) == 0);
	check(symlink(OUTSIDE "/file", ROOTFS "/etc/link") == 0);
	check(mkfifo(ROOTFS "/etc/pipe", 0622) == 0);
	check(chown(ROOTFS "/etc", 7, 8) == 0);
	check(chmod(ROOTFS "/etc", 0750) == 0);
	make_folder_at(ROOTFS "/etc/other");
	check(mount("other", ROOTFS "/etc/other", "tmpfs", 0, NULL) == 0);
	make_file_at(ROOTFS "/etc/other/file", "other");
}

static void test_copy_up(struct world *world)
{
	char target[64] = "";
	struct stat info;

	if (!IS_ENABLED(CONFIG_TMPCOPYUP))
		_exit(CHILD_SKIPS);
	make_tree();
	add_mount(world, (struct spec_mount){ "/etc", "tmpfs", "tmpfs",
					      WORDS("tmpcopyup", "nosuid", "ro") });
	enter(world);
	check(type_at("/etc") == TMPFS_MAGIC && flags_at("/etc") == (MS_NOSUID | MS_RDONLY));
	check(stat("/etc", &info) == 0 && (info.st_mode & 07777) == 0750);
	check(info.st_uid == 7 && info.st_gid == 8);
	check(file_is("/etc/deep/file", "deep") && file_is("/etc/program", "text"));
	check(lstat("/etc/program", &info) == 0 && (info.st_mode & 07777) == 04751);
	check(info.st_uid == 12 && info.st_gid == 34 && info.st_mtim.tv_sec == 2000);
	check(info.st_mtim.tv_nsec == 7);
	check(readlink("/etc/link", target, sizeof(target) - 1) > 0);
	check(strcmp(target, OUTSIDE "/file") == 0);
	check(lstat("/etc/pipe", &info) == 0 && S_ISFIFO(info.st_mode));
	/* Another file system below is not what lies below the tmpfs. */
	check(!exists("/etc/other/file"));
}
BOTH_KERNELS(test_copy_up)

static void test_copy_up_of_too_much(struct world *world)
{
	static char text[65536];
	int fd;

	if (!IS_ENABLED(CONFIG_TMPCOPYUP))
		_exit(CHILD_SKIPS);
	make_folder_at(ROOTFS "/etc");
	fd = open(ROOTFS "/etc/large", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	check(fd >= 0 && write(fd, text, sizeof(text)) == sizeof(text));
	add_mount(world,
		  (struct spec_mount){ "/etc", "tmpfs", "tmpfs", WORDS("tmpcopyup", "size=4k") });
	check(build(world) == -ENOSPC && says("large") && says("tmpcopyup"));
}
BOTH_KERNELS(test_copy_up_of_too_much)

/* ---- propagation ---- */

/* What mountinfo says of a mount point: "shared:1", "master:1", both, or nothing. */
static const char *propagation_of(const char *point)
{
	static char text[16384];
	char wanted[128];
	char *line, *end;
	ssize_t size;
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	check(fd >= 0);
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	check(size > 0);
	text[size] = 0;
	snprintf(wanted, sizeof(wanted), " %s ", point);
	line = strstr(text, wanted);
	check(line);
	end = strstr(line, " - ");
	check(end);
	*end = 0;
	return line;
}

/* Is nothing mounted over the root? Only "/.." leads there. */
static bool root_is_bare(void)
{
	struct stat root, above;

	return stat("/", &root) == 0 && stat("/..", &above) == 0 && root.st_dev == above.st_dev &&
	       root.st_ino == above.st_ino;
}

/* A process in the namespace that the container came from, to look at what reaches it. */
static void run_outside(int *go, int *answer)
{
	int to[2], from[2];
	pid_t pid;

	check(pipe(to) == 0 && pipe(from) == 0);
	pid = fork();
	check(pid >= 0);
	if (pid == 0) {
		char byte;

		close(to[1]);
		while (read(to[0], &byte, 1) == 1) {
			byte = exists(OUTSIDE "/sub/reached") ? 'y' : 'n';
			/* And nothing of the host's goes. */
			if (!exists(OUTSIDE "/file") || !exists("/proc/self") || !exists(ROOTFS) ||
			    !exists("/sys/kernel") || !root_is_bare() ||
			    (exists("/mnt/sub") && !exists("/mnt/sub/file")))
				byte = 'x';
			check(write(from[1], &byte, 1) == 1);
		}
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	*go = to[1];
	*answer = from[0];
}

static bool reaches_outside(int go, int answer)
{
	char byte = 0;

	check(write(go, "", 1) == 1 && read(answer, &byte, 1) == 1);
	check(byte != 'x');
	return byte == 'y';
}

static void test_propagation_words(struct world *world)
{
	int go, answer;

	check(mount(NULL, WORLD, NULL, MS_SHARED, NULL) == 0);
	run_outside(&go, &answer);
	check(unshare(CLONE_NEWNS) == 0);
	add_default_mounts(world);
	add_mount(world, (struct spec_mount){ "/none", "bind", OUTSIDE, WORDS("bind") });
	add_mount(world, (struct spec_mount){ "/private", "bind", OUTSIDE,
					      WORDS("bind", "rprivate", "ro") });
	add_mount(world,
		  (struct spec_mount){ "/slave", "bind", OUTSIDE, WORDS("rbind", "rslave") });
	add_mount(world,
		  (struct spec_mount){ "/shared", "bind", OUTSIDE, WORDS("bind", "rshared") });
	add_mount(world, (struct spec_mount){ "/fresh", "tmpfs", "tmpfs", WORDS("shared") });
	add_mount(world,
		  (struct spec_mount){ "/no", "bind", OUTSIDE, WORDS("bind", "unbindable") });
	enter(world);
	/* The tree of the namespace is a slave of the host's: nothing goes out. */
	check(strstr(propagation_of("/none"), "master:") &&
	      !strstr(propagation_of("/none"), "shared:"));
	check(!strstr(propagation_of("/private"), ":"));
	check(flags_at("/private") == MS_RDONLY);
	check(strstr(propagation_of("/slave"), "master:"));
	check(strstr(propagation_of("/shared"), "shared:") &&
	      strstr(propagation_of("/shared"), "master:"));
	check(strstr(propagation_of("/fresh"), "shared:"));
	check(strstr(propagation_of("/no"), "unbindable"));
	check(!strstr(propagation_of("/"), "shared:"));
}
BOTH_KERNELS(test_propagation_words)

/*
 * rootfsPropagation rshared and a volume rshared: what the container mounts there, the host sees;
 * but not the rootfs.
 */
static void test_shared_volume_reaches_the_host(struct world *world)
{
	int go, answer;

	check(mount(NULL, WORLD, NULL, MS_PRIVATE, NULL) == 0);
	check(mount(OUTSIDE, OUTSIDE, NULL, MS_BIND, NULL) == 0);
	check(mount(NULL, OUTSIDE, NULL, MS_SHARED, NULL) == 0);
	make_folder_at(OUTSIDE "/sub");
	run_outside(&go, &answer);
	check(unshare(CLONE_NEWNS) == 0);
	add_default_mounts(world);
	world->spec.rootfs_propagation = MS_SHARED | MS_REC;
	world->spec.masked_paths = (struct spec_strings)WORDS("/sys/firmware");
	add_mount(world, (struct spec_mount){ "/vol", "bind", OUTSIDE, WORDS("rbind", "rshared") });
	enter(world);
	check(!reaches_outside(go, answer));
	check(mount("reached", "/vol/sub", "tmpfs", 0, NULL) == 0 &&
	      mkdir("/vol/sub/reached", 0755) == 0);
	check(reaches_outside(go, answer));
	check(strstr(propagation_of("/"), "shared:"));
	check(file_is("/vol/file", "outside") && flags_at("/sys/firmware") & MS_RDONLY);
}
BOTH_KERNELS(test_shared_volume_reaches_the_host)

/* The same where the rootfs is moved to "/", which is shared with the host itself. */
static void test_shared_volume_without_pivot(struct world *world)
{
	world->options.no_pivot = true;
	check(mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL) == 0);
	check(mount("mnt", "/mnt", "tmpfs", 0, NULL) == 0);
	make_folder_at("/mnt/sub");
	check(mount("sub", "/mnt/sub", "tmpfs", 0, NULL) == 0);
	make_file_at("/mnt/sub/file", "");
	test_shared_volume_reaches_the_host(world);
}
BOTH_KERNELS(test_shared_volume_without_pivot)

/* The default: nothing that the container mounts reaches the host, even on a shared file system. */
static void test_nothing_reaches_the_host(struct world *world)
{
	int go, answer;

	check(mount(NULL, WORLD, NULL, MS_SHARED, NULL) == 0);
	make_folder_at(OUTSIDE "/sub");
	run_outside(&go, &answer);
	check(unshare(CLONE_NEWNS) == 0);
	add_default_mounts(world);
	add_mount(world, (struct spec_mount){ "/vol", "bind", OUTSIDE, WORDS("rbind") });
	enter(world);
	check(mount("sub", "/vol/sub", "tmpfs", 0, NULL) == 0 &&
	      mkdir("/vol/sub/reached", 0755) == 0);
	check(!reaches_outside(go, answer));
	check(exists("/vol/sub/reached"));
}
BOTH_KERNELS(test_nothing_reaches_the_host)

static void test_rootfs_private(struct world *world)
{
	int go, answer;

	check(mount(NULL, WORLD, NULL, MS_SHARED, NULL) == 0);
	run_outside(&go, &answer);
	check(unshare(CLONE_NEWNS) == 0);
	add_default_mounts(world);
	world->spec.rootfs_propagation = MS_PRIVATE;
	add_mount(world,
		  (struct spec_mount){ "/slave", "bind", OUTSIDE, WORDS("rbind", "rslave") });
	enter(world);
	check(!strstr(propagation_of("/"), ":"));
	check(strstr(propagation_of("/slave"), "master:"));
}
BOTH_KERNELS(test_rootfs_private)

static void test_rootfs_unbindable(struct world *world)
{
	add_default_mounts(world);
	world->spec.rootfs_propagation = MS_UNBINDABLE;
	enter(world);
	check(strstr(propagation_of("/"), "unbindable"));
}
BOTH_KERNELS(test_rootfs_unbindable)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BOTH(test_bind_is_not_recursive),
		TEST_BOTH(test_bind_of_a_file),
		TEST_BOTH(test_missing_source),
		TEST_BOTH(test_flags_of_the_source_are_kept),
		TEST_BOTH(test_access_times),
		TEST_BOTH(test_tmpfs_mode),
		TEST_BOTH(test_readonly_tmpfs),
		TEST_BOTH(test_mount_over_mount),
		TEST_BOTH(test_remount),
		TEST_BOTH(test_unknown_options_reach_the_kernel),
		TEST_BOTH(test_mqueue),
		TEST_BOTH(test_overlay),
		TEST_BOTH(test_copy_up),
		TEST_BOTH(test_copy_up_of_too_much),
		TEST_BOTH(test_propagation_words),
		TEST_BOTH(test_shared_volume_reaches_the_host),
		TEST_BOTH(test_shared_volume_without_pivot),
		TEST_BOTH(test_nothing_reaches_the_host),
		TEST_BOTH(test_rootfs_private),
		TEST_BOTH(test_rootfs_unbindable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
