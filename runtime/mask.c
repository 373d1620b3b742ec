/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.maskedPaths and linux.readonlyPaths. What covers a masked path is an inode of our own, an
 * empty file or an empty folder in one small read-only tmpfs ("scratch"), never the image's
 * /dev/null (CVE-2025-31133). The tmpfs lies in the old tree and goes out of sight with it; each
 * mask is a bind mount of it and inherits that it is read-only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs_host.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

#define SCRATCH_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* The root, a folder "d" and a file "f". */
static const char scratch_data[] = "size=4k,nr_inodes=4,mode=555";

enum { SCRATCH_PATH_SIZE = PATH_FD_SIZE + 2 };

static char *scratch_path(const struct rootfs *rootfs, bool folder, char path[SCRATCH_PATH_SIZE])
{
	snprintf(path, SCRATCH_PATH_SIZE, "/proc/self/fd/%d/%c", rootfs->scratch,
		 folder ? 'd' : 'f');
	return path;
}

/* The tmpfs's options, with the label that the container may read. */
static const char *scratch_options(const struct rootfs *rootfs)
{
	const char *label = rootfs_label(rootfs);

	if (!label)
		return scratch_data;
	return arena_printf(rootfs->arena, "%s,context=\"%s\"", scratch_data, label);
}

int mask_prepare(struct rootfs *rootfs, const char *place)
{
	const struct mount_request tmpfs = {
		.source = "tmpfs",
		.type = "tmpfs",
		.flags = SCRATCH_FLAGS,
		.data = scratch_options(rootfs),
	};
	int result;

	if (rootfs->spec->masked_paths.count == 0)
		return 0;
	if (!tmpfs.data)
		return -ENOMEM;
	result = host_mount(place, &tmpfs);
	if (result < 0)
		return fail(-result, "mask: mount a tmpfs");
	if (strcmp(place, "/") == 0)
		rootfs->on_old_root++;
	rootfs->scratch = host_open_top(place);
	if (rootfs->scratch < 0)
		return fail(-rootfs->scratch, "mask: open the tmpfs");
	if (mkdirat(rootfs->scratch, "d", 0555) < 0 ||
	    mknodat(rootfs->scratch, "f", S_IFREG | 0444, 0) < 0)
		return fail(errno, "mask: make what covers the masked paths");
	result = mount_change(rootfs->scratch, MS_RDONLY, 0);
	return result < 0 ? fail(-result, "mask: make the tmpfs read-only") : 0;
}

/*
 * No place for the scratch (no mount namespace of our own): a tmpfs for each folder, the host's
 * null device for files.
 */
static int mask_without_scratch(int target, bool folder)
{
	const struct mount_request tmpfs = {
		.source = "tmpfs",
		.type = "tmpfs",
		.flags = SCRATCH_FLAGS | MS_RDONLY,
		.data = scratch_data,
	};
	auto_fd int null = -1;
	struct stat info;

	if (folder)
		return mount_here(target, NULL, &tmpfs);
	null = host_open("/dev/null", O_PATH | O_NOFOLLOW);
	if (null < 0)
		return null;
	if (fstat(null, &info) < 0)
		return -errno;
	if (!S_ISCHR(info.st_mode) || info.st_rdev != makedev(1, 3))
		return -ENODEV;
	return mount_bind(null, target, false);
}

static int mask_target(const struct rootfs *rootfs, int target, bool folder)
{
	auto_fd int tree = -1;
	struct mount_request request = { .flags = MS_BIND };
	char source[SCRATCH_PATH_SIZE];

	if (rootfs->scratch < 0)
		return mask_without_scratch(target, folder);
	tree = mount_clone(rootfs->scratch, folder ? "d" : "f", false);
	if (tree >= 0)
		return mount_attach(tree, target);
	request.source = scratch_path(rootfs, folder, source);
	return mount_on(target, &request);
}

/* 1: covered, 0: not there. */
static int mask_path(const struct rootfs *rootfs, const char *path)
{
	auto_fd int target = path_open(rootfs->root, path, O_PATH, 0, PATH_IN_ROOT);
	struct stat info;
	int result;

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return fail(-target, "linux.maskedPaths: %s", path);
	if (fstat(target, &info) < 0)
		return fail(errno, "linux.maskedPaths: %s", path);
	result = mask_target(rootfs, target, S_ISDIR(info.st_mode));
	return result < 0 ? fail(-result, "linux.maskedPaths: cover %s", path) : 1;
}

/* A kernel without open_tree(2): bind it on itself, and find that mount by path. */
static int protect_by_path(const struct rootfs *rootfs, const char *path, int target)
{
	auto_fd int top = -1;
	int result = mount_bind(target, target, true);

	if (result < 0)
		return result;
	top = path_open(rootfs->root, path, O_PATH, 0, PATH_IN_ROOT);
	return top < 0 ? top : mount_change(top, MS_RDONLY, 0);
}

static int protect_path(const struct rootfs *rootfs, const char *path)
{
	auto_fd int target = path_open(rootfs->root, path, O_PATH, 0, PATH_IN_ROOT);
	auto_fd int tree = -1;
	int result;

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return fail(-target, "linux.readonlyPaths: %s", path);
	tree = mount_clone(target, "", true);
	if (tree == -ENOSYS || tree == -EPERM) {
		result = protect_by_path(rootfs, path, target);
	} else {
		result = tree < 0 ? tree : mount_attach(tree, target);
		if (result == 0)
			result = mount_change(tree, MS_RDONLY, 0);
	}
	return result < 0 ? fail(-result, "linux.readonlyPaths: protect %s", path) : 1;
}

/* ---- the short way in /proc ---- */

/*
 * What the kernel itself makes in the root of a procfs, and that is no link: with the working
 * directory there, one system call by name does, since nobody can put something else in its place.
 */
struct proc_entry {
	char name[14];
	bool folder;
};

static const struct proc_entry *find_proc_entry(const char *path)
{
	static const struct proc_entry entries[] = {
		{ "acpi", true },
		{ "asound", true },
		{ "bus", true },
		{ "fs", true },
		{ "irq", true },
		{ "scsi", true },
		{ "sys", true },
		{ "interrupts", false },
		{ "kcore", false },
		{ "keys", false },
		{ "latency_stats", false },
		{ "sched_debug", false },
		{ "sysrq-trigger", false },
		{ "timer_list", false },
		{ "timer_stats", false },
	};

	if (!str_has_prefix(path, "/proc/"))
		return NULL;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (strncmp(path + 6, entries[i].name, sizeof(entries[i].name)) == 0)
			return &entries[i];
	return NULL;
}

/* Go to the container's /proc if it is a procfs. */
static bool go_to_proc(const struct rootfs *rootfs)
{
	auto_fd int proc =
		path_open(rootfs->root, "/proc", O_PATH | O_DIRECTORY, 0, PATH_NO_SYMLINKS);
	struct statfs info;

	return proc >= 0 && fstatfs(proc, &info) == 0 && info.f_type == PROC_SUPER_MAGIC &&
	       fchdir(proc) == 0;
}

static int mask_proc_entry(const struct rootfs *rootfs, const struct proc_entry *entry)
{
	char source[SCRATCH_PATH_SIZE];

	if (mount(scratch_path(rootfs, entry->folder, source), entry->name, NULL, MS_BIND, NULL) ==
	    0)
		return 1;
	return errno == ENOENT ? 0 : fail(errno, "linux.maskedPaths: cover /proc/%s", entry->name);
}

static int protect_proc_entry(const struct proc_entry *entry)
{
	int result;

	if (mount(entry->name, entry->name, NULL, MS_BIND | MS_REC, NULL) < 0)
		return errno == ENOENT ?
			       0 :
			       fail(errno, "linux.readonlyPaths: bind /proc/%s", entry->name);
	result = mount_change_at(AT_FDCWD, entry->name, MS_RDONLY, 0);
	return result < 0 ? fail(-result, "linux.readonlyPaths: protect /proc/%s", entry->name) : 1;
}

/* Read-only ones first: a mask below one is not cloned then. */
int mask_apply(struct rootfs *rootfs)
{
	const struct spec_strings *masked = &rootfs->spec->masked_paths;
	const struct spec_strings *readonly = &rootfs->spec->readonly_paths;
	const bool in_proc = masked->count + readonly->count > 0 && go_to_proc(rootfs);
	bool *covered =
		arena_array(rootfs->arena, masked->count + readonly->count + 1, sizeof(bool));

	if (!covered)
		return -ENOMEM;
	rootfs->covered = covered;
	for (size_t i = 0; i < readonly->count; i++) {
		const char *path = readonly->items[i];
		const struct proc_entry *entry = in_proc ? find_proc_entry(path) : NULL;
		const int result = entry ? protect_proc_entry(entry) : protect_path(rootfs, path);

		if (result < 0)
			return result;
		covered[masked->count + i] = result;
	}
	for (size_t i = 0; i < masked->count; i++) {
		const char *path = masked->items[i];
		const struct proc_entry *entry =
			in_proc && rootfs->scratch >= 0 ? find_proc_entry(path) : NULL;
		const int result = entry ? mask_proc_entry(rootfs, entry) : mask_path(rootfs, path);

		if (result < 0)
			return result;
		covered[i] = result;
	}
	return 0;
}
