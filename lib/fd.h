/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: ends of life by attribute, whole reads and writes, closing before exec. */
#ifndef LIB_FD_H
#define LIB_FD_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

/* Closes and sets to -1; keeps errno. */
static inline void close_fd(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		errno = saved;
		*fd = -1;
	}
}

static inline void free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

#define auto_fd __attribute__((cleanup(close_fd)))
#define auto_free __attribute__((cleanup(free_pointer)))

/* Hands a descriptor on to the caller: the attribute will not close it. */
static inline int take_fd(int *fd)
{
	int result = *fd;

	*fd = -1;
	return result;
}

/*
 * Read or write all `size` bytes, going on after EINTR. Returns 0, or -1 with errno (EPIPE when the
 * end comes early).
 */
int fd_read_all(int fd, void *buffer, size_t size);
int fd_write_all(int fd, const void *buffer, size_t size);

/*
 * Send one descriptor (-1: none) with `data` over a unix socket; `size` is at least 1. Returns 0,
 * or a negative errno with a recorded error.
 */
int fd_send(int socket, int fd, const void *data, size_t size);
/*
 * Receive a message of at most `size` bytes and at most one descriptor, close-on-exec (*fd is -1 if
 * there is none). More of either is EMSGSIZE, and nothing stays open. Returns the bytes read (0:
 * the end), or a negative errno with a recorded error.
 */
ssize_t fd_receive(int socket, int *fd, void *data, size_t size);

/*
 * Mark every descriptor >= `first` close-on-exec: close_range(2), or /proc/self/fd where the
 * kernel has none (< 5.11). `proc_fd` is an open, verified /proc or -1 for "/proc". Returns 0, or a
 * negative errno with a recorded error: then nothing must be executed.
 */
int fd_cloexec_from(int first, int proc_fd);

/* Close every descriptor >= `first`, likewise. Records errors. */
int fd_close_from(int first);

#endif
