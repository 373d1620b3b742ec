/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: see fd.h. */
#include "lib/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/uio.h>

#include "lib/error.h"

#ifndef SYS_close_range
/* 436 where pidfd_open is 434, on every architecture. */
#define SYS_close_range (SYS_pidfd_open + 2)
#endif

enum {
	FD_CLOSE_RANGE_CLOEXEC = 4,
	/* Room for this many descriptors in a message: one is wanted, the others are closed. */
	FD_RECEIVE_ROOM = 8,
	/* How far to look where nothing says which are open. */
	FD_COUNTED_LEAST = 1 << 16,
	FD_COUNTED_MOST = 1 << 20,
};

int fd_read_all(int fd, void *buffer, size_t size)
{
	char *at = buffer;

	while (size) {
		ssize_t got = read(fd, at, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0) {
			errno = EPIPE;
			return -1;
		}
		at += got;
		size -= (size_t)got;
	}
	return 0;
}

int fd_write_all(int fd, const void *buffer, size_t size)
{
	const char *at = buffer;

	while (size) {
		ssize_t put = write(fd, at, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		if (put == 0) {
			errno = EPIPE;
			return -1;
		}
		at += put;
		size -= (size_t)put;
	}
	return 0;
}

int fd_send(int socket, int fd, const void *data, size_t size)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.room);
	}
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return fail(errno, "send a file descriptor");
	if ((size_t)sent != size)
		return fail(EMSGSIZE, "send a file descriptor");
	return 0;
}

/* Takes the first descriptor out of the message and closes the others. Returns their count. */
static size_t take_descriptors(struct msghdr *message, int *fd)
{
	size_t count = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		size_t here;

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		here = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < here; i++) {
			int received;

			memcpy(&received, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
			if (count++ == 0)
				*fd = received;
			else
				close(received);
		}
	}
	return count;
}

ssize_t fd_receive(int socket, int *fd, void *data, size_t size)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(FD_RECEIVE_ROOM * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = data, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	size_t count;
	ssize_t got;

	*fd = -1;
	do {
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail(errno, "receive a file descriptor");
	count = take_descriptors(&message, fd);
	if (count > 1 || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		close_fd(fd);
		return fail(EMSGSIZE, "receive a file descriptor: more came than was asked for");
	}
	return got;
}

/* The number that a directory entry's name is, or -1 ("." and ".."). */
static int entry_number(const char *name)
{
	int number = 0;

	for (; *name; name++) {
		if (*name < '0' || *name > '9')
			return -1;
		number = number * 10 + (*name - '0');
	}
	return number;
}

/* As close_range() would, by the entries of /proc/self/fd: those left keep their place. */
static int range_listed(int first, int directory, bool close_them)
{
	/* readdir(3) would allocate; the layout of linux_dirent64 is kernel ABI: getdents(2). */
	struct entry {
		uint64_t inode;
		int64_t offset;
		unsigned short length;
		unsigned char type;
		char name[];
	};
	union {
		struct entry entry; /* for the alignment */
		char bytes[1024];
	} buffer;

	for (;;) {
		long size = syscall(SYS_getdents64, directory, &buffer, sizeof(buffer));

		if (size <= 0)
			return size < 0 ? -errno : 0;
		for (long at = 0; at < size;) {
			const struct entry *entry = (const void *)(buffer.bytes + at);
			int fd = entry_number(entry->name);

			at += entry->length;
			if (fd < first || (close_them && fd == directory))
				continue;
			if ((close_them ? close(fd) : fcntl(fd, F_SETFD, FD_CLOEXEC)) < 0)
				return -errno;
		}
	}
}

/* Without a procfs that says which are open: each that may be, whatever the limit is by now. */
static void range_counted(int first, bool close_them)
{
	struct rlimit limit = { 0 };
	rlim_t end = FD_COUNTED_LEAST;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max > end)
		end = limit.rlim_max < FD_COUNTED_MOST ? limit.rlim_max : FD_COUNTED_MOST;
	for (int fd = first; (rlim_t)fd < end; fd++) {
		if (close_them)
			close(fd);
		else
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
}

static bool is_proc(int directory)
{
	struct statfs status;

	return fstatfs(directory, &status) == 0 && (unsigned long)status.f_type == PROC_SUPER_MAGIC;
}

static int range(int first, int proc_fd, bool close_them)
{
	auto_fd int directory = -1;
	int result;

	/* EINVAL: 5.9 and 5.10 know the call but not the flag. A sandbox may answer EPERM. */
	if (syscall(SYS_close_range, first, ~0U, close_them ? 0 : FD_CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	directory = openat(proc_fd, proc_fd < 0 ? "/proc/self/fd" : "self/fd",
			   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* An image may have no /proc, or a folder of that name that leaves some out. */
	if (directory < 0 || !is_proc(directory)) {
		close_fd(&directory);
		range_counted(first, close_them);
		return 0;
	}
	result = range_listed(first, directory, close_them);
	if (result < 0)
		return fail(-result, "%s open file descriptors",
			    close_them ? "close" : "mark close-on-exec");
	return 0;
}

int fd_cloexec_from(int first, int proc_fd)
{
	return range(first, proc_fd, false);
}

int fd_close_from(int first)
{
	return range(first, -1, true);
}
