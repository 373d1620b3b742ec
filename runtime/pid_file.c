/* SPDX-License-Identifier: Apache-2.0 */
/* How callers learn a pid: see pid_file.h. */
#include "runtime/pid_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "runtime/console.h"

int pid_file_write(const char *path, pid_t pid)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", (int)pid);
	int result = file_replace(AT_FDCWD, path, text, (size_t)length, 0644, 0);

	return result < 0 ? fail_context(result, "--pid-file %s", path) : 0;
}

int pidfd_socket_send(const char *path, pid_t pid)
{
	auto_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	auto_fd int socket = -1;

	if (pidfd < 0)
		return fail_as(ERROR_UNSUPPORTED, errno, "--pidfd-socket: pidfd_open");
	socket = console_connect(path);
	if (socket < 0)
		return fail_context(socket, "--pidfd-socket");
	return fd_send(socket, pidfd, "pidfd", sizeof("pidfd") - 1);
}
