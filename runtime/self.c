/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping the runtime's binary out of the containers' reach: see self.h. */
#include "runtime/self.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <stdbool.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/container.h"

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define F_SEAL_SEAL 1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW 4
#define F_SEAL_WRITE 8
#endif
#ifndef ST_RDONLY
#define ST_RDONLY 1
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/* The kernel's struct mount_attr (linux/mount.h, 5.12) and flags, for older headers. */
struct mount_attributes {
	uint64_t set, clear, propagation, user_namespace;
};
enum { TREE_CLONE = 1, ATTRIBUTE_READ_ONLY = 1 };

/* On a read-only mount, or sealed: nobody who gets hold of /proc/PID/exe can write to it. */
static bool is_protected(int exe)
{
	struct statfs status;
	int seals;

	if (fstatfs(exe, &status) < 0)
		return false;
	if ((unsigned long)status.f_flags & ST_RDONLY)
		return true;
	if ((unsigned long)status.f_type != TMPFS_MAGIC)
		return false;
	seals = fcntl(exe, F_GET_SEALS);
	return seals >= 0 && (seals & SEALS) == SEALS;
}

/*
 * A copy of the mount that the binary lies on, read-only and attached nowhere: it costs no memory,
 * leaves nothing behind, and no mount namespace holds it that could make it writable again.
 */
static int read_only_mount(int exe)
{
	struct mount_attributes attributes = { .set = ATTRIBUTE_READ_ONLY };
	auto_fd int fd =
		(int)syscall(SYS_open_tree, exe, "", TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH);

	if (fd < 0 ||
	    syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
		return -errno;
	return take_fd(&fd);
}

static int sealed_copy(int exe)
{
	auto_fd int copy = (int)syscall(SYS_memfd_create, "cruet", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat status;
	off_t done = 0;

	if (copy < 0 || fstat(exe, &status) < 0)
		return -errno;
	while (done < status.st_size)
		if (sendfile(copy, exe, &done, (size_t)(status.st_size - done)) <= 0)
			return -EIO;
	if (fcntl(copy, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return take_fd(&copy);
}

bool container_may_make(void)
{
	auto_fd int exe = openat(AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);

	return exe >= 0 && is_protected(exe);
}

int self_protect(char **argv)
{
	auto_fd int exe = openat(AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);
	auto_fd int safe = -1;

	if (exe < 0)
		return fail(errno, "open /proc/self/exe to protect it");
	if (is_protected(exe))
		return 0;
	safe = read_only_mount(exe);
	if (safe < 0)
		safe = sealed_copy(exe);
	if (safe < 0)
		return fail(-safe, "protect the runtime's own binary");
	syscall(SYS_execveat, safe, "", argv, environ, AT_EMPTY_PATH);
	return fail(errno, "execute the protected copy of the runtime's own binary");
}
