/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For kernels without open_tree(2) (< 5.2): what the root of a user namespace may not walk to is
 * bound in a place that it can reach, before it is made. That place is a tmpfs over a folder that C
 * has no use for, in a mount namespace which P enters for as long as it takes to clone C, so that
 * the host never sees it. C finds it in its copy of that namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/rootfs_host.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

enum { STAGE_NAME_SIZE = 24 };

/* Remember where we are: setns(2) will change the working directory and the root too. */
static int remember_home(struct rootfs *rootfs)
{
	rootfs->home = host_open("/proc/self/ns/mnt", O_RDONLY);
	rootfs->home_root = host_open("/", O_PATH | O_DIRECTORY);
	rootfs->home_folder = host_open(".", O_PATH | O_DIRECTORY);
	if (rootfs->home < 0 || rootfs->home_root < 0 || rootfs->home_folder < 0)
		return fail(errno, "user namespace: remember the mount namespace");
	return 0;
}

static int put_on_stage(int stage, const char *name, const char *source, bool recursive)
{
	const struct mount_request bind = {
		.source = source,
		.flags = MS_BIND | (recursive ? MS_REC : 0),
	};
	auto_fd int place = -1;
	struct stat info;
	int result = host_stat(source, &info);

	if (result < 0)
		return fail(-result, "user namespace: open %s", source);
	if (S_ISDIR(info.st_mode))
		result = mkdirat(stage, name, 0755);
	else
		result = mknodat(stage, name, S_IFREG | 0644, 0);
	if (result == 0)
		place = openat(stage, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0)
		return fail(errno, "user namespace: make a place for %s", source);
	result = mount_on(place, &bind);
	return result < 0 ? fail(-result, "user namespace: bind %s", source) : 0;
}

static int fill_stage(const struct rootfs *rootfs, int stage)
{
	char name[STAGE_NAME_SIZE];
	int result = 0;

	if (rootfs->options.new_mount_namespace && !rootfs->in_place)
		result = put_on_stage(stage, "root", rootfs->path, true);
	for (size_t i = 0; i < rootfs->spec->mount_count && result == 0; i++) {
		const struct mount_plan *mount = &rootfs->mounts[i];

		if (mount->kind != MOUNT_BIND)
			continue;
		snprintf(name, sizeof(name), "%zu", i);
		result = put_on_stage(stage, name, mount->source, mount->options.set & MS_REC);
	}
	return result;
}

/* Not over "/": there C could not get rid of it. */
static const char *choose_place(void)
{
	static const char *const places[] = { "/mnt", "/tmp", "/etc" };
	struct stat info;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (host_stat(places[i], &info) == 0 && S_ISDIR(info.st_mode) &&
		    (info.st_mode & S_IXOTH))
			return places[i];
	return NULL;
}

/* Filled where it hides nothing (over "/", which only "/.." notices), then moved. */
static int make_stage(struct rootfs *rootfs)
{
	const struct mount_request slave = { .flags = MS_SLAVE | MS_REC };
	const struct mount_request tmpfs = {
		.source = "tmpfs",
		.type = "tmpfs",
		.flags = MS_NOSUID | MS_NODEV | MS_NOEXEC,
		.data = "mode=755",
	};
	auto_fd int stage = -1;
	auto_fd int place = -1;
	int result = host_mount("/", &slave);

	if (result == 0)
		result = host_mount("/", &tmpfs);
	if (result < 0)
		return fail(-result, "user namespace: mount a tmpfs for its sources");
	stage = host_open_top("/");
	place = host_open(rootfs->stage_path, O_PATH | O_DIRECTORY);
	if (stage < 0 || place < 0)
		return fail(stage < 0 ? -stage : -place, "user namespace: open %s",
			    rootfs->stage_path);
	result = fill_stage(rootfs, stage);
	if (result < 0)
		return result;
	result = mount_attach(stage, place);
	return result < 0 ? fail(-result, "user namespace: mount on %s", rootfs->stage_path) : 0;
}

int rootfs_stage(struct rootfs *rootfs)
{
	const char *place = choose_place();
	int result = remember_home(rootfs);

	if (result < 0)
		return result;
	if (!place)
		return fail(ENOENT, "user namespace: find a folder for its sources");
	if (unshare(CLONE_NEWNS) < 0)
		return fail(errno, "user namespace: a mount namespace for its sources");
	rootfs->stage_path = place;
	return make_stage(rootfs);
}

int rootfs_unstage(struct rootfs *rootfs)
{
	int result = 0;

	if (rootfs->stage_path &&
	    (setns(rootfs->home, CLONE_NEWNS) < 0 || fchdir(rootfs->home_root) < 0 ||
	     chroot(".") < 0 || fchdir(rootfs->home_folder) < 0))
		result = fail(errno, "user namespace: go back to the mount namespace");
	rootfs->stage_path = NULL;
	rootfs_forget_home(rootfs);
	return result;
}

void rootfs_forget_home(struct rootfs *rootfs)
{
	close_fd(&rootfs->home);
	close_fd(&rootfs->home_root);
	close_fd(&rootfs->home_folder);
}

int rootfs_use_stage(struct rootfs *rootfs)
{
	const int stage = host_open(rootfs->stage_path, O_PATH | O_DIRECTORY);

	rootfs_forget_home(rootfs);
	rootfs->stage_path = NULL;
	if (stage < 0)
		return fail(-stage, "user namespace: open the tmpfs of its sources");
	rootfs->stage = stage;
	if (rootfs->options.new_mount_namespace && !rootfs->in_place)
		rootfs->path = arena_printf(rootfs->arena, "/proc/self/fd/%d/root", stage);
	for (size_t i = 0; i < rootfs->spec->mount_count; i++) {
		struct mount_plan *mount = &rootfs->mounts[i];

		if (mount->kind != MOUNT_BIND)
			continue;
		mount->source = arena_printf(rootfs->arena, "/proc/self/fd/%d/%zu", stage, i);
		if (!mount->source)
			return -ENOMEM;
	}
	return rootfs->path ? 0 : -ENOMEM;
}
