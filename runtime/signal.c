/* SPDX-License-Identifier: Apache-2.0 */
/* `kill`, `pause` and `resume`. */
#include <signal.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/process.h"
#include "runtime/container.h"
#include "runtime/open.h"

static int not_running(const char *id)
{
	/* containerd's shim looks for these words. */
	return fail_as(ERROR_STATE, 0, "container not running: %s", id);
}

static int signal_group(struct arena *arena, const struct state_record *record, int signal)
{
	struct cgroup *cgroup = cgroup_from_record(arena, record->cgroup);
	int result;

	if (!cgroup)
		return -EINVAL;
	result = cgroup_signal_all(cgroup, signal);
	cgroup_close(cgroup);
	return result;
}

/* On cgroup v1 a signal reaches a frozen process only after it is thawed. */
static void thaw(struct arena *arena, const struct state_record *record)
{
	struct cgroup *cgroup = cgroup_from_record(arena, record->cgroup);

	if (!cgroup)
		return;
	if (cgroup_is_frozen(cgroup) == 1)
		cgroup_thaw(cgroup);
	cgroup_close(cgroup);
}

int container_kill(const struct container_context *context, const char *id, int signal, bool all)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct state_record record;
	auto_fd int state = container_open(context, &arena, id, 0, &record);
	int result;

	if (state < 0)
		return state;
	if (all)
		return signal_group(&arena, &record, signal);
	/* Without a pid namespace of its own the others would live on, and nobody would wait for
	 * them. */
	if (signal == SIGKILL && !record.own_pid_namespace &&
	    process_alive(record.pid, record.start_time))
		signal_group(&arena, &record, signal);
	result = process_signal(record.pid, record.start_time, signal);
	if (result == -ESRCH)
		return not_running(id);
	if (result < 0)
		return fail(-result, "kill container %s", id);
	if (signal == SIGKILL && IS_ENABLED(CONFIG_CMD_PAUSE))
		thaw(&arena, &record);
	return 0;
}

static int set_frozen(const struct container_context *context, const char *id, bool freeze)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct state_record record;
	auto_fd int state = container_open(context, &arena, id, 0, &record);
	enum container_status status;
	struct cgroup *cgroup;
	int result;

	if (state < 0)
		return state;
	status = state_status(state, &record);
	if (status == STATUS_STOPPED)
		return not_running(id);
	if (freeze && status == STATUS_PAUSED)
		return fail_as(ERROR_STATE, 0, "container %s is paused already", id);
	if (!freeze && status != STATUS_PAUSED)
		return fail_as(ERROR_STATE, 0, "container %s is not paused", id);
	cgroup = cgroup_from_record(&arena, record.cgroup);
	if (!cgroup)
		return -EINVAL;
	result = freeze ? cgroup_freeze(cgroup) : cgroup_thaw(cgroup);
	cgroup_close(cgroup);
	return result;
}

int container_pause(const struct container_context *context, const char *id)
{
	return set_frozen(context, id, true);
}

int container_resume(const struct container_context *context, const char *id)
{
	return set_frozen(context, id, false);
}
