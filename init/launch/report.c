/* SPDX-License-Identifier: Apache-2.0 */
/* What a launch tells PID 1: see launch.h. */
#include <sys/socket.h>

#include "init/launch/internal.h"
#include "lib/error.h"

static int report(int socket, enum launch_report_kind kind, pid_t pid)
{
	struct launch_report report = { .kind = kind, .pid = pid };

	if (kind == LAUNCH_ERROR)
		error_format(error_last(), report.text, sizeof(report.text));
	if (send(socket, &report, sizeof(report), MSG_NOSIGNAL) < 0)
		return kind == LAUNCH_ERROR ? -errno : fail(errno, "report to the supervisor");
	return 0;
}

int report_pid(int socket, pid_t pid)
{
	char byte;
	ssize_t got;
	int result = report(socket, LAUNCH_PID, pid);

	if (result < 0)
		return result;
	do
		got = recv(socket, &byte, 1, 0);
	while (got < 0 && errno == EINTR);
	return got == 1 ? 0 : fail(got < 0 ? errno : EPIPE, "the supervisor gave up this launch");
}

int report_done(int socket)
{
	return report(socket, LAUNCH_DONE, 0);
}

void report_error(int socket)
{
	report(socket, LAUNCH_ERROR, 0);
}
