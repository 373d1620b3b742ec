/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets that are opened for somebody else, as systemd.socket(5) does: bound, those of streams
 * listening. Nothing here blocks, or allocates but for the kernel's own.
 */
#ifndef LIB_LISTEN_H
#define LIB_LISTEN_H

#include <stdint.h>
#include <sys/types.h>

enum listen_kind {
	LISTEN_TCP,
	LISTEN_UDP,
	LISTEN_UNIX,	   /* stream */
	LISTEN_UNIXGRAM,   /* datagrams */
	LISTEN_UNIXPACKET, /* SOCK_SEQPACKET */
	LISTEN_KINDS
};

enum {
	LISTEN_FIRST_FD = 3, /* SD_LISTEN_FDS_START of sd_listen_fds(3) */
	LISTEN_MAX = 64,     /* sockets of one program */
};

struct listen_socket {
	enum listen_kind kind;
	const char *address; /* IPv4 or IPv6; an absolute path, or "@NAME" (abstract) */
	uint16_t port;
	unsigned int backlog;
	/* Of a path: */
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/*
 * The socket, close-on-exec. An address of the Internet need not be there yet. Missing folders
 * above a path are made; a socket that lies at it and that nobody has open is replaced. A
 * descriptor, or -errno recorded, and nothing is left.
 */
int listen_open(const struct listen_socket *wanted);

/* What listen_open() has made in the file system; missing is fine. */
void listen_remove(const struct listen_socket *socket);

/*
 * Make copies of these descriptors LISTEN_FIRST_FD and on, which stay open over execve(2),
 * whatever is there: what else is to stay lies at LISTEN_FIRST_FD + count or above. 0 or -errno
 * recorded.
 */
int listen_place(const int *fds, unsigned int count);

#endif
