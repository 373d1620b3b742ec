/* SPDX-License-Identifier: Apache-2.0 */
/* The messages between the runtime and the container's first process: see launch.h. */
#include "runtime/launch.h"

#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"

/* Either end may be a socket (no SIGPIPE then) or a fifo that its writer also reads. */
static int put(int fd, const void *data, size_t size)
{
	ssize_t sent;

	do
		sent = send(fd, data, size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == ENOTSOCK)
		return fd_write_all(fd, data, size);
	return sent < 0 ? -1 : 0;
}

int launch_send_data(int fd, enum launch_step step, const void *data, size_t size)
{
	if (put(fd, &step, sizeof(step)) < 0 || (size > 0 && put(fd, data, size) < 0))
		return fail(errno, "talk to the other side of the launch");
	return 0;
}

int launch_send(int fd, enum launch_step step)
{
	return launch_send_data(fd, step, NULL, 0);
}

void launch_send_error(int fd)
{
	const enum launch_step step = STEP_ERROR;

	if (put(fd, &step, sizeof(step)) == 0)
		(void)put(fd, error_last(), sizeof(struct error));
}

static int get(int fd, void *data, size_t size)
{
	ssize_t got;

	do
		got = read(fd, data, size);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno != ECONNRESET)
		return fail(errno, "listen to the other side of the launch");
	return got == (ssize_t)size ? 0 : -EPIPE;
}

int launch_expect(int fd, enum launch_step step, void *data, size_t size)
{
	enum launch_step got;
	int result = get(fd, &got, sizeof(got));

	if (result < 0)
		return result;
	if (got == STEP_ERROR) {
		struct error *error = error_last();

		result = get(fd, error, sizeof(*error));
		if (result < 0)
			return result;
		return error->no > 0 ? -error->no : -EINVAL;
	}
	if (got != step)
		return fail(EPROTO, "launch: step %d came instead of %d", (int)got, (int)step);
	return size > 0 ? get(fd, data, size) : 0;
}
