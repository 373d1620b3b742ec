/* SPDX-License-Identifier: Apache-2.0 */
/* What run --image does for a program that expects to be socket activated: see sockets.h. */
#include "image/cmd/sockets.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "image/store.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/listen.h"
#include "lib/str.h"

enum { BACKLOG = 4096 };

/* Has our caller been here before? */
static bool are_passed(void)
{
	const char *owner = getenv("LISTEN_PID");
	uint32_t pid;

	return getenv("LISTEN_FDS") && owner && str_uint32(owner, &pid) && (pid_t)pid == getpid();
}

static int tell(struct arena *arena, const struct image_sockets *sockets)
{
	char count[12], pid[12];
	const char *names = sockets->list[0].name;

	for (unsigned int i = 1; i < sockets->count && names; i++)
		names = arena_printf(arena, "%s:%s", names, sockets->list[i].name);
	snprintf(count, sizeof(count), "%u", sockets->count);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (!names || setenv("LISTEN_FDS", count, 1) < 0 || setenv("LISTEN_PID", pid, 1) < 0 ||
	    setenv("LISTEN_FDNAMES", names, 1) < 0)
		return fail(ENOMEM, "environment");
	return 0;
}

int sockets_open(struct arena *arena, const char *settings, const char *store, const char *image,
		 struct open_sockets *opened)
{
	struct image_advice *advice = arena_alloc(arena, sizeof(*advice));

	opened->count = 0;
	if (!advice)
		return -ENOMEM;
	if (are_passed())
		return 0;
	if (image_advice(arena, settings, store, image, advice) < 0)
		return error_result();
	for (; opened->count < advice->sockets.count; opened->count++) {
		const struct image_socket *socket = &advice->sockets.list[opened->count];
		const struct listen_socket wanted = {
			.kind = socket->datagrams ? LISTEN_UDP : LISTEN_TCP,
			.address = "0.0.0.0",
			.port = socket->port,
			.backlog = BACKLOG,
		};
		const int fd = listen_open(&wanted);

		if (fd < 0)
			return fd;
		opened->fds[opened->count] = fd;
	}
	return opened->count ? tell(arena, &advice->sockets) : 0;
}

/* What is to be passed on behind them makes room, the last first. */
static int shift(unsigned int count, unsigned int by)
{
	for (unsigned int i = count; i-- > 0;)
		if (dup2(LISTEN_FIRST_FD + (int)i, LISTEN_FIRST_FD + (int)(i + by)) < 0)
			return fail(errno, "--preserve-fds: descriptor %u", LISTEN_FIRST_FD + i);
	return 0;
}

int sockets_place(struct open_sockets *opened, unsigned int preserved)
{
	const int behind = LISTEN_FIRST_FD + (int)(opened->count + preserved);
	int result = 0;

	if (!opened->count)
		return 0;
	for (unsigned int i = 0; i < opened->count; i++) {
		const int fd = fcntl(opened->fds[i], F_DUPFD_CLOEXEC, behind);

		if (fd < 0)
			return fail(errno, "copy socket %u", i);
		close(opened->fds[i]);
		opened->fds[i] = fd;
	}
	result = shift(preserved, opened->count);
	if (result == 0)
		result = listen_place(opened->fds, opened->count);
	for (unsigned int i = 0; i < opened->count; i++)
		close_fd(&opened->fds[i]);
	return result;
}
