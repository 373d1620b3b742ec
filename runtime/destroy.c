/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container: see destroy.h. And `delete`, which brings it about. */
#include "runtime/destroy.h"

#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/process.h"
#include "runtime/hook.h"
#include "runtime/spec/spec.h"

enum { KILL_TIMEOUT_MS = 10000 };

int container_read_hooks(struct arena *arena, int state, struct spec_hooks *hooks)
{
	size_t size;
	char *text = file_read(arena, state, STATE_CONFIG, JSON_MAX_SIZE, &size);

	if (!text)
		return errno ? -errno : -EIO;
	return spec_parse_hooks(arena, text, size, STATE_CONFIG, hooks);
}

int container_run_hooks(const struct spec_hooks *hooks, const char *kind,
			const struct state_record *record, enum container_status status,
			bool keep_going)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct hook_run run = { .kind = kind, .cwd = -1, .keep_going = keep_going };
	char *document;

	if (hooks->count == 0)
		return 0;
	document = state_document(&arena, record, status, record->pid, false);
	if (!document)
		return -ENOMEM;
	run.state = document;
	run.state_size = strlen(document);
	return hooks_run(hooks, &run);
}

int container_read_record(struct arena *arena, int state, const char *id,
			  struct state_record *record)
{
	int result = state_read(arena, state, record);

	if (result == -ENOENT)
		return fail_as(ERROR_STATE, 0,
			       "container %s is being created, or its creation "
			       "was cut short: `delete --force %s` clears it away",
			       id, id);
	if (result < 0)
		return fail_as(
			ERROR_STATE, 0,
			"both state records of container %s are damaged: `delete --force %s` "
			"clears it away",
			id, id);
	return 0;
}

static void run_poststop(int state, const struct state_record *record)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct spec_hooks hooks[HOOK_KINDS];

	if (!IS_ENABLED(CONFIG_HOOKS_CONTAINER) || !record->has_poststop)
		return;
	memset(hooks, 0, sizeof(hooks));
	if (container_read_hooks(&arena, state, hooks) < 0) {
		log_warning("container %s: its poststop hooks cannot be read: %s", record->id,
			    error_last()->text);
		return;
	}
	container_run_hooks(&hooks[HOOK_POSTSTOP], "poststop", record, STATUS_STOPPED, true);
}

/* SIGKILL its first process; a frozen one dies only when thawed (cgroup v1). */
static int end_first_process(struct cgroup *cgroup, const struct state_record *record)
{
	int result;

	if (record->pid == 0 || !process_alive(record->pid, record->start_time))
		return 0;
	result = process_signal(record->pid, record->start_time, SIGKILL);
	if (result < 0 && result != -ESRCH)
		return fail(-result, "kill the first process of %s", record->id);
	if (cgroup_is_frozen(cgroup) == 1)
		cgroup_thaw(cgroup);
	result = process_wait_gone(record->pid, record->start_time, KILL_TIMEOUT_MS);
	return result < 0 ? fail(-result, "wait for the end of %s", record->id) : 0;
}

int container_destroy(const struct container_context *context, int state,
		      const struct state_record *record, bool hooks)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct cgroup *cgroup = cgroup_from_record(&arena, record->cgroup);
	int result;

	if (!cgroup)
		return -EINVAL;
	result = end_first_process(cgroup, record);
	if (result == 0)
		result = cgroup_remove(cgroup);
	cgroup_close(cgroup);
	if (result < 0)
		return result;
	if (hooks)
		run_poststop(state, record);
	return state_remove(context->root_fd, record->id, state);
}

/*
 * The lock, or why it cannot be had: a creator holds it as long as it works. With `force` the
 * creator is killed first; anybody else lets go of it soon.
 */
static int lock_for_delete(int state, const char *id, bool force)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct state_record record;
	struct stat status;

	if (flock(state, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (state_read(&arena, state, &record) == 0 && !record.created &&
	    state_creator_alive(&record)) {
		if (!force)
			return fail_as(ERROR_STATE, 0, "container %s is being created", id);
		process_signal(record.creator, record.creator_start_time, SIGKILL);
	}
	while (flock(state, LOCK_EX) < 0)
		if (errno != EINTR)
			return fail(errno, "lock the state folder of %s", id);
	if (fstat(state, &status) == 0 && status.st_nlink == 0)
		return fail_as(ERROR_NOT_FOUND, 0, "container %s does not exist", id);
	return 0;
}

/*
 * No record can be read. Before the intent nothing was made; when both records are damaged, where
 * the groups are follows from config.json, as when they were made.
 */
static int guess_record(struct arena *arena, const struct container_context *context, int state,
			const char *id, struct state_record *record)
{
	const struct spec *spec = NULL;
	struct cgroup *cgroup;
	size_t size;
	char *text = file_read(arena, state, STATE_CONFIG, JSON_MAX_SIZE, &size);

	*record = (struct state_record){ .id = id, .bundle = "", .rootfs = "", .created_at = "" };
	record->annotations = "";
	record->cgroup = "disabled";
	if (text)
		spec = spec_parse(arena, text, size, STATE_CONFIG);
	if (!spec)
		return 0;
	cgroup = cgroup_guess(arena, context->cgroup_manager, spec->cgroups_path, id);
	if (!cgroup)
		return -EINVAL;
	record->cgroup = cgroup_record(cgroup);
	record->has_poststop = spec->hooks[HOOK_POSTSTOP].count > 0;
	return 0;
}

static int check_deletable(int state, const struct state_record *record)
{
	enum container_status status = state_status(state, record);

	/* runc and crun delete what was created and never started, and clients rely on it. */
	if (status != STATUS_RUNNING && status != STATUS_PAUSED)
		return 0;
	return fail_as(ERROR_STATE, 0, "cannot delete container %s that is not stopped: %s",
		       record->id, state_status_name(status));
}

int container_delete(const struct container_context *context, const char *id, bool force)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	auto_fd int state = state_open(context->root_fd, id, 0);
	struct state_record record;
	int result;

	if (state < 0) {
		if (!force || error_last()->code != ERROR_NOT_FOUND)
			return state;
		error_clear();
		return 0;
	}
	result = lock_for_delete(state, id, force);
	if (result < 0 && force && error_last()->code == ERROR_NOT_FOUND) {
		error_clear(); /* somebody else was faster */
		return 0;
	}
	if (result < 0)
		return result;
	result = state_read(&arena, state, &record);
	if (result == -EBADMSG && !force)
		return container_read_record(&arena, state, id, &record);
	result = result < 0 ? guess_record(&arena, context, state, id, &record) : 0;
	if (result == 0 && !force)
		result = check_deletable(state, &record);
	return result == 0 ? container_destroy(context, state, &record, true) : result;
}
