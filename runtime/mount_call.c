/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/mount_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/path.h"

/* System call numbers since 5.1 are the same on all architectures but alpha, which nobody runs. */
enum {
	NUMBER_OPEN_TREE = 428,
	NUMBER_MOVE_MOUNT = 429,
	NUMBER_MOUNT_SETATTR = 442,
};
#if defined(__mips__)
enum {
	NUMBER_BASE = _MIPS_SIM == 1 /* o32 */ ? 4000 :
		      _MIPS_SIM == 3 /* n64 */ ? 5000 :
						 6000,
};
#else
enum { NUMBER_BASE = 0 };
#endif

enum {
	TREE_CLONE = 1,
	TREE_CLOEXEC = O_CLOEXEC,
	TREE_RECURSIVE = 0x8000,  /* AT_RECURSIVE */
	TREE_EMPTY_PATH = 0x1000, /* AT_EMPTY_PATH */
	MOVE_FROM_EMPTY_PATH = 0x04,
	MOVE_TO_SYMLINKS = 0x10,
	MOVE_TO_EMPTY_PATH = 0x40,
};

/* struct mount_attr of linux/mount.h */
struct mount_attributes {
	uint64_t set, clear, propagation, user_namespace;
};

/* MOUNT_ATTR_*: the first four have the values of their MS_ twins. */
enum {
	ATTRIBUTE_SAME = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
	ATTRIBUTE_NOATIME = 0x10,
	ATTRIBUTE_STRICTATIME = 0x20,
	ATTRIBUTE_ATIME_MASK = 0x70,
	ATTRIBUTE_NODIRATIME = 0x80,
	ATTRIBUTE_NOSYMFOLLOW = 0x200000,
};

#define FLAGS_ATIME (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)

static int result_of(long result)
{
	return result < 0 ? -errno : (int)result;
}

static bool is_missing(int result)
{
	/* EPERM may come from a seccomp filter around us that is older than the call. */
	return result == -ENOSYS || result == -EPERM;
}

int mount_clone(int dir, const char *path, bool recursive)
{
	const unsigned int flags = TREE_CLONE | TREE_CLOEXEC | (*path ? 0 : TREE_EMPTY_PATH) |
				   (recursive ? TREE_RECURSIVE : 0);

	return result_of(syscall(NUMBER_BASE + NUMBER_OPEN_TREE, dir, path, flags));
}

int mount_attach(int tree, int target)
{
	char from[PATH_FD_SIZE], to[PATH_FD_SIZE];
	int result = result_of(syscall(NUMBER_BASE + NUMBER_MOVE_MOUNT, tree, "", target, "",
				       MOVE_FROM_EMPTY_PATH | MOVE_TO_EMPTY_PATH));

	if (!is_missing(result))
		return result;
	return result_of(
		mount(path_of_fd(tree, from), path_of_fd(target, to), NULL, MS_MOVE, NULL));
}

int mount_attach_at(int tree, int dir, const char *path)
{
	return result_of(syscall(NUMBER_BASE + NUMBER_MOVE_MOUNT, tree, "", dir, path,
				 MOVE_FROM_EMPTY_PATH | MOVE_TO_SYMLINKS));
}

int mount_from_here(const char *path, const struct mount_request *request)
{
	return result_of(
		mount(request->source, path, request->type, request->flags, request->data));
}

int mount_on(int target, const struct mount_request *request)
{
	char path[PATH_FD_SIZE];

	return mount_from_here(path_of_fd(target, path), request);
}

int mount_here(int folder, const char *name, const struct mount_request *request)
{
	return fchdir(folder) < 0 ? -errno : mount_from_here(name ? name : ".", request);
}

int mount_bind(int source, int target, bool recursive)
{
	char path[PATH_FD_SIZE];
	const struct mount_request request = {
		.source = path_of_fd(source, path),
		.flags = MS_BIND | (recursive ? MS_REC : 0),
	};

	return mount_on(target, &request);
}

static uint64_t attributes_of(unsigned long flags)
{
	uint64_t attributes = flags & ATTRIBUTE_SAME;

	if (flags & MS_NOATIME)
		attributes |= ATTRIBUTE_NOATIME;
	if (flags & MS_STRICTATIME)
		attributes |= ATTRIBUTE_STRICTATIME;
	if (flags & MS_NODIRATIME)
		attributes |= ATTRIBUTE_NODIRATIME;
	if (flags & MOUNT_FLAG_NOSYMFOLLOW)
		attributes |= ATTRIBUTE_NOSYMFOLLOW;
	return attributes;
}

/* The flags that a mount has now, as MS_*; statfs(2) says them since 2.6.36. */
static unsigned long flags_of(const struct statfs *info)
{
	enum {
		STAT_NOSUID = 2,
		STAT_NODEV = 4,
		STAT_NOEXEC = 8,
		STAT_NOATIME = 0x400,
		STAT_NODIRATIME = 0x800,
		STAT_RELATIME = 0x1000,
		STAT_NOSYMFOLLOW = 0x2000,
	};
	/* The first four are the same bits. */
	unsigned long flags = (unsigned long)info->f_flags & ATTRIBUTE_SAME;

	if (info->f_flags & STAT_NOATIME)
		flags |= MS_NOATIME;
	else if (info->f_flags & STAT_RELATIME)
		flags |= MS_RELATIME;
	else
		flags |= MS_STRICTATIME;
	if (info->f_flags & STAT_NODIRATIME)
		flags |= MS_NODIRATIME;
	if (info->f_flags & STAT_NOSYMFOLLOW)
		flags |= MOUNT_FLAG_NOSYMFOLLOW;
	return flags;
}

int mount_flags(int mount, unsigned long *flags)
{
	struct statfs info;

	if (fstatfs(mount, &info) < 0)
		return -errno;
	*flags = flags_of(&info);
	return 0;
}

/* Before 5.12: a remount replaces all flags, so the old ones must be given again. */
static int change_by_remount(int mount, unsigned long set, unsigned long clear)
{
	struct mount_request request = { 0 };
	unsigned long flags = 0;
	int result = mount_flags(mount, &flags);

	if (result < 0)
		return result;
	if ((set | clear) & FLAGS_ATIME)
		flags &= ~FLAGS_ATIME;
	flags = (flags & ~clear) | set;
	request.flags = MS_REMOUNT | MS_BIND | flags;
	return mount_on(mount, &request);
}

static int set_attributes(int dir, const char *path, int flags,
			  const struct mount_attributes *attributes)
{
	return result_of(syscall(NUMBER_BASE + NUMBER_MOUNT_SETATTR, dir, path, flags, attributes,
				 sizeof(*attributes)));
}

int mount_change_at(int dir, const char *name, unsigned long set, unsigned long clear)
{
	struct mount_attributes attributes = { 0 };
	auto_fd int mount = -1;
	int result;

	set &= MOUNT_FLAGS_OWN;
	clear &= MOUNT_FLAGS_OWN & ~set;
	attributes.set = attributes_of(set);
	attributes.clear = attributes_of(clear);
	/* The three access time modes are one field: to set one, the whole must be cleared. */
	attributes.clear &= ~(uint64_t)ATTRIBUTE_ATIME_MASK;
	if ((set | clear) & FLAGS_ATIME)
		attributes.clear |= ATTRIBUTE_ATIME_MASK;
	result = set_attributes(dir, name, *name ? AT_SYMLINK_NOFOLLOW : TREE_EMPTY_PATH,
				&attributes);
	if (!is_missing(result))
		return result;
	if (!*name)
		return change_by_remount(dir, set, clear);
	mount = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return mount < 0 ? -errno : change_by_remount(mount, set, clear);
}

int mount_change(int mount, unsigned long set, unsigned long clear)
{
	return mount_change_at(mount, "", set, clear);
}

int mount_change_all(int mount, unsigned long set)
{
	const struct mount_attributes attributes = { .set = attributes_of(set & MOUNT_FLAGS_OWN) };
	int result = set_attributes(mount, "", TREE_EMPTY_PATH | TREE_RECURSIVE, &attributes);

	return is_missing(result) ? change_by_remount(mount, set & MOUNT_FLAGS_OWN, 0) : result;
}

int mount_change_root(unsigned long set)
{
	const struct mount_attributes attributes = { .set = attributes_of(set & MOUNT_FLAGS_OWN) };
	struct mount_request request = { 0 };
	int result = set_attributes(AT_FDCWD, "/", 0, &attributes);
	struct statfs info;

	if (!is_missing(result))
		return result;
	if (statfs("/", &info) < 0)
		return -errno;
	request.flags = MS_REMOUNT | MS_BIND | flags_of(&info) | set;
	return mount_from_here("/", &request);
}

int mount_propagate_root(unsigned long propagation)
{
	return mount_from_here("/", &(struct mount_request){ .flags = propagation });
}

int mount_propagate(int mount, unsigned long propagation)
{
	const struct mount_attributes attributes = { .propagation = propagation & ~MS_REC };
	const struct mount_request request = { .flags = propagation };
	const int flags = TREE_EMPTY_PATH | (propagation & MS_REC ? TREE_RECURSIVE : 0);
	int result = set_attributes(mount, "", flags, &attributes);

	return is_missing(result) ? mount_on(mount, &request) : result;
}
