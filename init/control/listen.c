/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket's place in the file system, for both ends. */
#include "init/control/client.h"
#include "init/control/server.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/error.h"
#include "lib/fd.h"

static int open_socket(int flags)
{
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
}

static int set_address(struct sockaddr_un *address, const char *path)
{
	address->sun_family = AF_UNIX;
	if (!memccpy(address->sun_path, path, '\0', sizeof(address->sun_path)))
		return fail(ENAMETOOLONG, "%s", path);
	return 0;
}

static int connect_to(const struct sockaddr_un *address, int flags)
{
	auto_fd int fd = open_socket(flags);

	if (fd < 0 || connect(fd, (const void *)address, sizeof(*address)) < 0)
		return -errno;
	return take_fd(&fd);
}

int control_connect(const char *path)
{
	struct sockaddr_un address;
	int fd = set_address(&address, path);

	if (fd < 0)
		return fd;
	fd = connect_to(&address, 0);
	if (fd == -ENOENT || fd == -ECONNREFUSED)
		return fail_as(ERROR_STATE, -fd, "no supervisor is running here (%s)", path);
	return fd < 0 ? fail(-fd, "%s", path) : fd;
}

int control_listen(const char *path)
{
	enum { BACKLOG = 16 };
	auto_fd int fd = open_socket(SOCK_NONBLOCK);
	struct sockaddr_un address;
	int result = set_address(&address, path);

	if (result < 0)
		return result;
	/* The file takes over the mode of the socket: at no time it has another one. */
	if (fd < 0 || fchmod(fd, 0600) < 0)
		return fail(errno, "%s", path);
	result = bind(fd, (const void *)&address, sizeof(address));
	if (result < 0 && errno == EADDRINUSE) {
		auto_fd int other = connect_to(&address, SOCK_NONBLOCK);

		if (other != -ECONNREFUSED)
			return fail(EADDRINUSE, "%s: another supervisor is running", path);
		unlink(path);
		result = bind(fd, (const void *)&address, sizeof(address));
	}
	if (result < 0 || listen(fd, BACKLOG) < 0)
		return fail(errno, "%s", path);
	return take_fd(&fd);
}
