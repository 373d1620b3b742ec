/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world for the tests of the container's file system: a mount namespace of its own in a
 * process of its own, a tmpfs with a bundle in it, a specification to change. Each test runs twice:
 * with all system calls, and as on an old kernel (openat2, open_tree, move_mount and mount_setattr
 * answer ENOSYS).
 */
#ifndef TESTS_UNIT_ROOTFS_WORLD_H
#define TESTS_UNIT_ROOTFS_WORLD_H

#include "tests/unit/process_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "lib/arena.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/rootfs.h"
#include "runtime/spec/spec.h"

/* Where the world lies, in the child's namespace only. */
#define WORLD "/tmp"
#define BUNDLE WORLD "/bundle"
#define ROOTFS BUNDLE "/rootfs"
#define OUTSIDE WORLD "/outside"

struct world {
	struct arena arena;
	struct spec spec;
	struct spec_mount mounts[16];
	struct rootfs_options options;
	struct rootfs *rootfs;
};

#define WORDS(...) \
	{ \
		.items = (const char *[]){ __VA_ARGS__, NULL }, \
		.count = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), \
		.present = true, \
	}
#define NO_WORDS \
	{ \
		.items = (const char *[]) \
		{ \
			NULL \
		} \
	}

static inline void filter_calls(const unsigned int *numbers, size_t count, int error)
{
	struct sock_filter program[32];
	struct sock_fprog filter = { .filter = program };
	unsigned short size = 0;

	program[size++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	for (size_t i = 0; i < count; i++) {
		program[size++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], 0, 1);
		program[size++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						     SECCOMP_RET_ERRNO | ((unsigned int)error &
									  SECCOMP_RET_DATA));
	}
	program[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter.len = size;
	check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

/* open_tree, move_mount, openat2, mount_setattr */
static inline void be_old(void)
{
	filter_calls((const unsigned int[]){ 428, 429, 437, 442 }, 4, ENOSYS);
}

static inline void make_folder_at(const char *path)
{
	check(mkdir(path, 0755) == 0 || errno == EEXIST);
}

static inline void make_file_at(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	check(fd >= 0);
	check(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static inline bool file_is(const char *path, const char *text)
{
	char found[256] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, found, sizeof(found) - 1);

	close(fd);
	return size >= 0 && strcmp(found, text) == 0;
}

static inline bool exists(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0;
}

static inline unsigned long flags_at(const char *path)
{
	struct statfs info;

	check(statfs(path, &info) == 0);
	return (unsigned long)info.f_flags & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

static inline long type_at(const char *path)
{
	struct statfs info;

	check(statfs(path, &info) == 0);
	return (long)info.f_type;
}

static inline struct spec_mount *add_mount(struct world *world, struct spec_mount mount)
{
	check(world->spec.mount_count < sizeof(world->mounts) / sizeof(world->mounts[0]));
	world->mounts[world->spec.mount_count] = mount;
	return &world->mounts[world->spec.mount_count++];
}

/* An own mount namespace with a tmpfs in which all happens, and the least specification. */
static inline void make_world(struct world *world)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		_exit(CHILD_SKIPS);
	check(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0);
	check(mount("world", WORLD, "tmpfs", 0, "mode=755") == 0);
	make_folder_at(BUNDLE);
	make_folder_at(ROOTFS);
	make_folder_at(OUTSIDE);
	make_file_at(OUTSIDE "/file", "outside");
	*world = (struct world){
		.spec = { .version = "1.0.2", .root = { .path = "rootfs" } },
		.options = { .bundle = BUNDLE, .new_mount_namespace = true },
	};
	world->spec.mounts = world->mounts;
	world->spec.masked_paths = (struct spec_strings)NO_WORDS;
	world->spec.readonly_paths = (struct spec_strings)NO_WORDS;
}

static inline int plan(struct world *world)
{
	error_clear();
	world->rootfs = rootfs_plan(&world->arena, &world->spec, &world->options);
	return world->rootfs ? 0 : -1;
}

static inline int build(struct world *world)
{
	check(plan(world) == 0);
	check(rootfs_open_sources(world->rootfs) == 0);
	return rootfs_build(world->rootfs);
}

/* All the way into the container. */
static inline void enter(struct world *world)
{
	check(build(world) == 0);
	check(rootfs_enter(world->rootfs) == 0);
	check(rootfs_finish(world->rootfs) == 0);
}

/* Does the recorded error say that? */
static inline bool says(const char *text)
{
	return strstr(error_last()->text, text) || strstr(error_last()->property, text);
}

/* The default mounts of the specification's example, without the control groups. */
static inline void add_default_mounts(struct world *world)
{
	static const char *const dev[] = { "nosuid", "strictatime", "mode=755", "size=65536k",
					   NULL };
	static const char *const pts[] = { "nosuid",	    "noexec",	 "newinstance",
					   "ptmxmode=0666", "mode=0620", NULL };
	static const char *const shm[] = { "nosuid",	"noexec",      "nodev",
					   "mode=1777", "size=65536k", NULL };
	static const char *const sys[] = { "nosuid", "noexec", "nodev", "ro", NULL };

	add_mount(world, (struct spec_mount){ "/proc", "proc", "proc", NO_WORDS });
	add_mount(world,
		  (struct spec_mount){ "/dev", "tmpfs", "tmpfs", { (const char **)dev, 4, true } });
	add_mount(world, (struct spec_mount){
				 "/dev/pts", "devpts", "devpts", { (const char **)pts, 5, true } });
	add_mount(world, (struct spec_mount){
				 "/dev/shm", "tmpfs", "shm", { (const char **)shm, 5, true } });
	add_mount(world,
		  (struct spec_mount){ "/sys", "sysfs", "sysfs", { (const char **)sys, 4, true } });
}

/* Each test once as the kernel is, once as an old one. */
typedef void test_function(struct world *world);

#define BOTH_KERNELS(name) \
	static void name##_on_this_kernel_in_child(void) \
	{ \
		static struct world world; \
\
		make_world(&world); \
		name(&world); \
	} \
	static void name##_on_an_old_kernel_in_child(void) \
	{ \
		static struct world world; \
\
		make_world(&world); \
		be_old(); \
		name(&world); \
	} \
	static void name##_on_this_kernel(void **state) \
	{ \
		(void)state; \
		in_child(name##_on_this_kernel_in_child); \
	} \
	static void name##_on_an_old_kernel(void **state) \
	{ \
		(void)state; \
		in_child(name##_on_an_old_kernel_in_child); \
	}

#define TEST_BOTH(name) \
	cmocka_unit_test(name##_on_this_kernel), cmocka_unit_test(name##_on_an_old_kernel)

#endif
