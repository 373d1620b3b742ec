/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets for socket activation: see listen.h. */
#include "lib/listen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
	struct sockaddr_un local;
};

static int type_of(enum listen_kind kind)
{
	static const uint8_t types[LISTEN_KINDS] = {
		[LISTEN_TCP] = SOCK_STREAM,	      [LISTEN_UDP] = SOCK_DGRAM,
		[LISTEN_UNIX] = SOCK_STREAM,	      [LISTEN_UNIXGRAM] = SOCK_DGRAM,
		[LISTEN_UNIXPACKET] = SOCK_SEQPACKET,
	};

	return types[kind];
}

/* Its length; 0: it is none. */
static socklen_t fill_address(const struct listen_socket *wanted, union address *address)
{
	const char *text = wanted->address;
	const size_t length = strlen(text);

	memset(address, 0, sizeof(*address));
	if (wanted->kind >= LISTEN_UNIX) {
		if (length >= sizeof(address->local.sun_path))
			return 0;
		address->local.sun_family = AF_UNIX;
		memcpy(address->local.sun_path, text, length);
		if (*text != '@')
			return sizeof(address->local);
		address->local.sun_path[0] = '\0';
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	}
	if (inet_pton(AF_INET, text, &address->ipv4.sin_addr) == 1) {
		address->ipv4.sin_family = AF_INET;
		address->ipv4.sin_port = htons(wanted->port);
		return sizeof(address->ipv4);
	}
	if (inet_pton(AF_INET6, text, &address->ipv6.sin6_addr) != 1)
		return 0;
	address->ipv6.sin6_family = AF_INET6;
	address->ipv6.sin6_port = htons(wanted->port);
	return sizeof(address->ipv6);
}

static int fail_at(const struct listen_socket *wanted, int no)
{
	static const char words[LISTEN_KINDS][11] = { "tcp", "udp", "unix", "unixgram",
						      "unixpacket" };
	const bool ipv6 = wanted->kind < LISTEN_UNIX && strchr(wanted->address, ':');
	char port[8] = "";

	if (wanted->kind < LISTEN_UNIX)
		snprintf(port, sizeof(port), ":%u", (unsigned int)wanted->port);
	return fail(no, "listen %s:%s%s%s%s", words[wanted->kind], ipv6 ? "[" : "", wanted->address,
		    ipv6 ? "]" : "", port);
}

/* ---- paths ---- */

static void make_parents(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		mkdir(folder, 0755); /* what is still missing is bind(2)'s to say */
	}
}

/* A socket that was left there: nobody has it open. */
static bool is_dead(const struct listen_socket *wanted, const union address *address)
{
	auto_fd int probe =
		socket(AF_UNIX, type_of(wanted->kind) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat status;

	return probe >= 0 && lstat(wanted->address, &status) == 0 && S_ISSOCK(status.st_mode) &&
	       connect(probe, &address->any, sizeof(address->local)) < 0 && errno == ECONNREFUSED;
}

/* By a descriptor: whoever may write to the folder must not be given another file. */
static int set_owner(const struct listen_socket *wanted)
{
	auto_fd int fd = open(wanted->address, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISSOCK(status.st_mode))
		return -ENOTSOCK;
	return fchownat(fd, "", wanted->uid, wanted->gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

static int bind_path(int fd, const struct listen_socket *wanted, const union address *address)
{
	/* The right mode from the beginning: nobody gets in before a chmod(2). */
	const mode_t before = umask(022);
	int result;

	make_parents(wanted->address);
	umask(~wanted->mode & 0777);
	result = bind(fd, &address->any, sizeof(address->local)) < 0 ? -errno : 0;
	if (result == -EADDRINUSE && is_dead(wanted, address) && unlink(wanted->address) == 0)
		result = bind(fd, &address->any, sizeof(address->local)) < 0 ? -errno : 0;
	umask(before);
	if (result < 0 || (!wanted->uid && !wanted->gid))
		return result;
	result = set_owner(wanted);
	if (result < 0)
		unlink(wanted->address);
	return result;
}

void listen_remove(const struct listen_socket *socket)
{
	if (socket->kind >= LISTEN_UNIX && *socket->address == '/')
		unlink(socket->address);
}

/* ---- all ---- */

static int bind_it(int fd, const struct listen_socket *wanted, const union address *address,
		   socklen_t length)
{
	const int yes = 1;

	if (wanted->kind >= LISTEN_UNIX && *wanted->address == '/')
		return bind_path(fd, wanted, address);
	if (wanted->kind < LISTEN_UNIX) {
		/* Of IPv6 too; where a kernel has none of it, the address has to be there. */
		setsockopt(fd, SOL_IP, IP_FREEBIND, &yes, sizeof(yes));
		if (wanted->kind == LISTEN_TCP)
			setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	}
	return bind(fd, &address->any, length) < 0 ? -errno : 0;
}

int listen_open(const struct listen_socket *wanted)
{
	union address address;
	const socklen_t length = fill_address(wanted, &address);
	const int type = type_of(wanted->kind);
	auto_fd int fd = -1;
	int result;

	if (!length)
		return fail_at(wanted, EINVAL);
	fd = socket(address.any.sa_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail_at(wanted, errno);
	result = bind_it(fd, wanted, &address, length);
	if (result < 0)
		return fail_at(wanted, -result);
	if (type != SOCK_DGRAM && listen(fd, (int)wanted->backlog) < 0) {
		result = fail_at(wanted, errno);
		listen_remove(wanted);
		return result;
	}
	return take_fd(&fd);
}

int listen_place(const int *fds, unsigned int count)
{
	int moved[LISTEN_MAX];

	if (count > LISTEN_MAX)
		return fail(EMFILE, "%u sockets", count);
	/* Out of each other's way first. */
	for (unsigned int i = 0; i < count; i++) {
		moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, LISTEN_FIRST_FD + (int)count);
		if (moved[i] < 0)
			return fail(errno, "copy socket %u", i);
	}
	for (unsigned int i = 0; i < count; i++) {
		if (dup2(moved[i], LISTEN_FIRST_FD + (int)i) < 0)
			return fail(errno, "descriptor %u", LISTEN_FIRST_FD + i);
		close(moved[i]);
	}
	return 0;
}
