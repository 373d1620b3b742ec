/* SPDX-License-Identifier: Apache-2.0 */
/* Readiness notification: see notify.h. */
#include "runtime/notify.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/process.h"
#include "runtime/env.h"
#include "runtime/launch.h"
#include "runtime/spec/spec.h"

#define NOTIFY_FOLDER "notify"
#define NOTIFY_FILE "notify.sock"
#define NOTIFY_MOUNT "/run/notify"

/* How long the service manager may take to see the last message before we, its sender, end. */
enum { BARRIER_TIMEOUT_MS = 30000 };

static const char *host_socket(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && path[0] ? path : NULL;
}

int notify_plan(struct launch *launch, const char *root)
{
	static const char *const options[] = { "bind", "ro", "nosuid", "nodev", "noexec", NULL };
	struct spec *spec = launch->spec;
	struct spec_mount *mounts;
	const char *source;

	if (!host_socket() || !spec->process.present)
		return 0;
	source = arena_printf(launch->arena, "%s/%s/" NOTIFY_FOLDER, root, launch->record.id);
	mounts = arena_array(launch->arena, spec->mount_count + 1, sizeof(*mounts));
	if (!source || !mounts ||
	    !env_add(launch->arena, &spec->process.env,
		     "NOTIFY_SOCKET=" NOTIFY_MOUNT "/" NOTIFY_FILE))
		return -ENOMEM;
	if (spec->mount_count > 0)
		memcpy(mounts, spec->mounts, spec->mount_count * sizeof(*mounts));
	mounts[spec->mount_count] = (struct spec_mount){
		.destination = NOTIFY_MOUNT,
		.type = "bind",
		.source = source,
		.options = { .items = (const char **)options, .count = 5, .present = true },
	};
	spec->mounts = mounts;
	spec->mount_count++;
	launch->notify = true;
	return 0;
}

int notify_make_folder(int state)
{
	if (mkdirat(state, NOTIFY_FOLDER, 0755) < 0)
		return fail(errno, "make the folder of the notify socket");
	return 0;
}

/* bind(2) takes a path of 107 bytes at most: so go by the folder's descriptor. */
static int bind_in(int folder)
{
	auto_fd int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char link[PATH_FD_SIZE];

	if (socket_fd < 0)
		return fail(errno, "make the notify socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" NOTIFY_FILE,
		 path_of_fd(folder, link));
	unlinkat(folder, NOTIFY_FILE, 0);
	if (bind(socket_fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(errno, "bind the notify socket");
	/* Whoever the container's user is, it must be able to write. */
	if (fchmodat(folder, NOTIFY_FILE, 0666, 0) < 0)
		return fail(errno, "open the notify socket to the container's users");
	return take_fd(&socket_fd);
}

int notify_listen(int state)
{
	auto_fd int folder = -1;
	int result;

	if (!host_socket())
		return -1;
	folder = openat(state, NOTIFY_FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (folder < 0)
		return -1; /* created without one */
	result = bind_in(folder);
	return result == -1 ? -EPERM : result;
}

/* A message to the service manager; "@name" is an abstract address (sd_notify(3)). */
static int send_to_host(const char *message, int fd)
{
	const char *path = host_socket();
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	auto_fd int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec text = { .iov_base = (void *)(uintptr_t)message, .iov_len = strlen(message) };
	struct msghdr header = { .msg_name = &address, .msg_iov = &text, .msg_iovlen = 1 };

	if (length == 0)
		return 0;
	if (socket_fd < 0 || length >= sizeof(address.sun_path))
		return fail(socket_fd < 0 ? errno : ENAMETOOLONG, "NOTIFY_SOCKET %s", path);
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	header.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	if (fd >= 0) {
		header.msg_control = control.room;
		header.msg_controllen = sizeof(control.room);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	if (sendmsg(socket_fd, &header, MSG_NOSIGNAL) < 0)
		return fail(errno, "NOTIFY_SOCKET %s", path);
	return 0;
}

/* BARRIER=1: the manager closes the pipe once it has handled what came before
 * (sd_notify_barrier(3)). */
static int wait_for_host(void)
{
	struct pollfd end = { .events = 0 };
	int ends[2], result;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(errno, "make a pipe");
	result = send_to_host("BARRIER=1", ends[1]);
	close(ends[1]);
	end.fd = ends[0];
	if (result == 0)
		poll(&end, 1, BARRIER_TIMEOUT_MS);
	close(ends[0]);
	return result;
}

static bool says_ready(const char *message)
{
	for (const char *line = message; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "READY=1", 7) == 0 && (line[7] == '\0' || line[7] == '\n'))
			return true;
	}
	return false;
}

static int tell_ready(pid_t pid)
{
	char message[64];
	int result;

	snprintf(message, sizeof(message), "MAINPID=%d\nREADY=1", (int)pid);
	result = send_to_host(message, -1);
	return result == 0 ? wait_for_host() : result;
}

int notify_forward(int socket_fd, pid_t pid, unsigned long long start_time)
{
	auto_fd int listener = socket_fd;
	auto_fd int pidfd = process_open(pid, start_time);
	struct pollfd events[2] = {
		{ .fd = listener, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	char message[4096];

	for (;;) {
		ssize_t got;

		/* Without a pidfd (< 5.3) its end is looked for once a second. */
		if (poll(events, 2, pidfd < 0 ? 1000 : -1) < 0 && errno != EINTR)
			return fail(errno, "wait for READY=1");
		if (events[0].revents & POLLIN) {
			got = recv(listener, message, sizeof(message) - 1, 0);
			if (got >= 0) {
				message[got] = '\0';
				if (says_ready(message))
					return tell_ready(pid);
			}
		} else if (!process_alive(pid, start_time)) {
			return 0;
		}
	}
}
