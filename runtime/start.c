/* SPDX-License-Identifier: Apache-2.0 */
/* `start`: let the container's first process go, and hear whether it could. */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "runtime/container.h"
#include "runtime/destroy.h"
#include "runtime/launch.h"
#include "runtime/notify.h"
#include "runtime/open.h"
#include "runtime/poststart.h"
#include "runtime/spec/spec.h"

static int check_startable(int state, const struct state_record *record)
{
	enum container_status status = state_status(state, record);

	if (status == STATUS_RUNNING)
		return fail_as(ERROR_STATE, 0, "cannot start an already running container: %s",
			       record->id);
	if (status == STATUS_STOPPED)
		return fail_as(ERROR_STATE, 0, "cannot start a container that has stopped: %s",
			       record->id);
	if (status != STATUS_CREATED)
		return fail_as(ERROR_STATE, 0, "cannot start container %s in state %s", record->id,
			       state_status_name(status));
	if (!record->has_process)
		return fail_property("process", "is missing: container %s has nothing to start",
				     record->id);
	return 0;
}

/* The end of the fifo on which the first process answers; it has its own end open already. */
static int open_result(int state)
{
	auto_fd int fd = openat(state, STATE_RESULT, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0)
		return fail(errno, "open the fifo %s", STATE_RESULT);
	return take_fd(&fd);
}

static int let_go(int state, const struct state_record *record)
{
	auto_fd int result_fd = open_result(state);
	auto_fd int start = -1;
	int result;

	if (result_fd < 0)
		return result_fd;
	start = openat(state, STATE_START, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (start < 0 || write(start, "", 1) != 1)
		return fail(errno, "start container %s", record->id);
	result = launch_expect(result_fd, STEP_EXECUTING, NULL, 0);
	if (result == -EPIPE)
		return fail_as(ERROR_PROCESS, 0,
			       "the first process of container %s ended before its program ran",
			       record->id);
	/* The end of file is the execve(2) that closed the fifo. */
	if (result == 0)
		result = launch_expect(result_fd, STEP_EXECUTING, NULL, 0);
	if (result != -EPIPE)
		return result;
	/*
	 * It has closed the other fifo too, but the kernel may get to that a moment later, and
	 * whoever asks for the state as soon as we have returned must not find it waiting any more.
	 */
	if (unlinkat(state, STATE_START, 0) < 0)
		return fail(errno, "remove the fifo %s", STATE_START);
	return 0;
}

int container_poststart(int state, const struct state_record *record)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct spec_hooks hooks[HOOK_KINDS];
	int result;

	if (!IS_ENABLED(CONFIG_HOOKS_CONTAINER) || !record->has_poststart)
		return 0;
	memset(hooks, 0, sizeof(hooks));
	result = container_read_hooks(&arena, state, hooks);
	if (result == 0)
		result = container_run_hooks(&hooks[HOOK_POSTSTART], "poststart", record,
					     STATUS_RUNNING, false);
	return result;
}

int container_start(const struct container_context *context, const char *id)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct state_record record;
	auto_fd int state = container_open(context, &arena, id, LOCK_EX, &record);
	int notify = -1;
	int result;

	if (state < 0)
		return state;
	result = check_startable(state, &record);
	if (result == 0 && IS_ENABLED(CONFIG_NOTIFY_SOCKET)) {
		notify = notify_listen(state);
		result = notify < -1 ? notify : 0;
	}
	if (result == 0)
		result = let_go(state, &record);
	if (result == 0)
		result = container_poststart(state, &record);
	if (result < 0 && error_last()->code == ERROR_HOOK) {
		/* runtime.md#lifecycle: stop the container and go on with its end. */
		struct error first = *error_last();

		container_destroy(context, state, &record, true);
		*error_last() = first;
	}
	if (result == 0 && notify >= 0) {
		state_unlock(state);
		result = notify_forward(notify, record.pid, record.start_time);
	}
	return result;
}
