/* SPDX-License-Identifier: Apache-2.0 */
/* `run`: create and start in one, and, in the foreground, wait and delete. */
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/create.h"
#include "runtime/destroy.h"
#include "runtime/foreground.h"
#include "runtime/notify.h"
#include "runtime/poststart.h"

/* The socket's other end is closed by execve(2). Anything else that comes is an error. */
static int expect_execution(struct creation *creation)
{
	int result = launch_expect(creation->launch.parent_socket, STEP_EXECUTING, NULL, 0);

	return result == -EPIPE ? 0 : result;
}

static int end(struct creation *creation, bool hooks)
{
	struct launch *launch = &creation->launch;
	struct error first = *error_last();
	int result;

	while (flock(launch->state, LOCK_EX) < 0 && errno == EINTR)
		;
	result = container_destroy(creation->context, launch->state, &launch->record, hooks);
	if (first.text[0])
		*error_last() = first;
	return result;
}

static int wait_and_delete(struct creation *creation, bool keep, int *exit_status)
{
	int result = foreground_wait(creation->pid, creation->console, exit_status);
	int ended;

	creation->launch.record.pid = 0; /* reaped: there is nothing left to kill */
	if (keep)
		return result;
	ended = end(creation, true);
	return result < 0 ? result : ended;
}

int container_run(const struct container_context *context,
		  const struct container_run_request *request, int *exit_status)
{
	struct creation creation = {
		.context = context,
		.request = &request->create,
		.run = true,
		.foreground = !request->detach,
	};
	struct launch *launch = &creation.launch;
	int notify = -1;
	int result = creation_plan(&creation);

	*exit_status = 0;
	if (result < 0)
		return result;
	if (creation.foreground) {
		foreground_prepare();
		if (!request->no_subreaper)
			prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	}
	result = creation_carry_out(&creation);
	if (result < 0)
		return result;
	close_fd(&launch->console_socket);
	result = launch->shares ? 0 : expect_execution(&creation);
	if (result == 0)
		result = container_poststart(launch->state, &launch->record);
	if (result < 0) {
		end(&creation, true);
		return result;
	}
	if (IS_ENABLED(CONFIG_NOTIFY_SOCKET)) {
		notify = notify_listen(launch->state);
		if (notify >= 0)
			notify_forward(notify, launch->record.pid, launch->record.start_time);
	}
	state_unlock(launch->state);
	return creation.foreground ? wait_and_delete(&creation, request->keep, exit_status) : 0;
}
