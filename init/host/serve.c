/* SPDX-License-Identifier: Apache-2.0 */
/* What the control server asks of the host: see control/server.h. */
#include <sys/stat.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init/host/host.h"
#include "init/paths.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"

static void copy(char *to, size_t size, const char *from)
{
	const size_t length = from ? strnlen(from, size - 1) : 0;

	memset(to, 0, size);
	if (from)
		memcpy(to, from, length);
}

static void report_trial(const struct host *host, struct control_system *system)
{
	uint32_t unit;
	const uint64_t due = host_trial_due(host, &unit);

	system->revision = host->plan.header->revision;
	system->on_trial = due != 0;
	system->trial_due_ms = due;
	if (due && unit != PLAN_NONE)
		copy(system->trial_unit, sizeof(system->trial_unit),
		     plan_unit_name(&host->plan, unit));
}

static void report_system(void *context, struct control_system *system)
{
	struct host *host = context;
	const struct kept *kept = host->kept;
	struct timespec real;
	uint32_t unit = 0;
	const bool well = kept->end_step != END_NOT ||
			  supervisor_is_well(host->supervisor, &host->plan, host->now, &unit);

	clock_gettime(CLOCK_REALTIME, &real);
	*system = (struct control_system){
		.kind = CONTROL_SYSTEM,
		.unit_count = host->plan.unit_count,
		.now_ms = host->now,
		.started_ms = kept->started,
		.realtime_ms = (int64_t)real.tv_sec * 1000 + real.tv_nsec / 1000000,
		.pid = (uint32_t)getpid(),
		.shutdown = kept->end_step != END_NOT,
		.reexecs = kept->reexecs,
		.goal = kept->goal_time != 0,
		.goal_ms = kept->goal_time ? (uint32_t)(kept->goal_time - kept->started) : 0,
		.watchdog_timeout_ms = kept->watchdog.fd >= 0 ? kept->watchdog.timeout_ms : 0,
		.watchdog_boot_status = kept->watchdog.boot_status,
		.writer_pid = (uint32_t)kept->jobs[JOB_WRITER].pid,
		.writer_starts = kept->writer_starts,
		.well = well && !kept->watchdog.starving,
	};
	if (IS_ENABLED(CONFIG_IMAGE_REVISION))
		report_trial(host, system);
	if (!well)
		copy(system->unwell, sizeof(system->unwell), plan_unit_name(&host->plan, unit));
	copy(system->source, sizeof(system->source),
	     kept->from_file ? kept->plan_file : kept->units);
	copy(system->recorder, sizeof(system->recorder),
	     plan_text(&host->plan, host->plan.system->recorder));
}

static const char *condition_word(uint32_t kind)
{
	static const char words[][10] = {
		[CONDITION_BOARD] = "board",	     [CONDITION_PATH] = "path",
		[CONDITION_CMDLINE] = "cmdline",     [CONDITION_MODEL] = "model",
		[CONDITION_INTERFACE] = "interface", [CONDITION_MOUNT] = "mount",
		[CONDITION_CLOCK] = "clock",	     [CONDITION_FLAG] = "flag",
	};

	return kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "";
}

/* The first thing that a waiting unit still lacks. */
static void report_lack(const struct host *host, uint32_t unit, char text[CONTROL_NAME])
{
	const struct plan_unit *planned = &host->plan.units[unit];
	const uint32_t other = supervisor_waits_for(host->supervisor, &host->plan, unit);

	if (other != PLAN_NONE) {
		copy(text, CONTROL_NAME, plan_unit_name(&host->plan, other));
		return;
	}
	if (!planned->early && !supervisor_condition(host->supervisor, 0)) {
		copy(text, CONTROL_NAME, "board");
		return;
	}
	for (uint32_t i = 0; i < planned->conditions.count; i++) {
		const uint32_t word = plan_word(&host->plan, planned->conditions, i);
		const uint32_t index = word & ~(uint32_t)CONDITION_NOT;
		const struct plan_condition *condition = &host->plan.conditions[index];
		const char *argument = plan_text(&host->plan, condition->text);

		if (supervisor_condition(host->supervisor, index) != ((word & CONDITION_NOT) != 0))
			continue;
		snprintf(text, CONTROL_NAME, "%s%s%s%s", word & CONDITION_NOT ? "!" : "",
			 condition_word(condition->kind), argument ? ":" : "",
			 argument ? argument : "");
		return;
	}
}

static void report_unit(void *context, uint32_t unit, struct control_unit *report)
{
	const struct host *host = context;
	const struct plan_unit *planned = &host->plan.units[unit];
	const struct unit_state *state = supervisor_unit(host->supervisor, unit);

	*report = (struct control_unit){
		.kind = CONTROL_UNIT,
		.index = unit,
		.type = planned->type,
		.source = planned->source,
		.phase = state->phase,
		.cause = state->cause,
		.pid = host->units[unit].pid,
		.exit_status = state->exit_status,
		.starts = state->starts,
		.failures = state->failures,
		.wanted = state->wanted,
		.critical = planned->critical,
		.since_ms = state->since,
		.ready_ms = state->ready_at,
		.next_ms = state->deadline == UINT64_MAX ? 0 : state->deadline,
	};
	copy(report->name, sizeof(report->name), plan_unit_name(&host->plan, unit));
	copy(report->description, sizeof(report->description),
	     plan_text(&host->plan, planned->description));
	copy(report->status, sizeof(report->status), host->units[unit].status);
	if (state->phase == PHASE_WAITING)
		report_lack(host, unit, report->waits_for);
}

static int set_flag(const char *name, bool set, char text[CONTROL_TEXT])
{
	char path[sizeof(INIT_FLAGS) + CONTROL_NAME + 1];

	if (!name[0] || name[0] == '.' || strchr(name, '/')) {
		snprintf(text, CONTROL_TEXT, "%s: not the name of a flag", name);
		return -EINVAL;
	}
	snprintf(path, sizeof(path), INIT_FLAGS "/%s", name);
	if (set) {
		auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

		if (fd >= 0)
			return 0;
	} else if (unlink(path) == 0 || errno == ENOENT) {
		return 0;
	}
	snprintf(text, CONTROL_TEXT, "flag %s: %s", name, error_errno_text(errno));
	return -errno;
}

/* Who asked for the end of this boot stands in the flight recorder. */
static int ask_end(struct host *host, const struct control_request *request, uint32_t uid,
		   int32_t pid)
{
	static const uint8_t ends[] = { BOARD_REBOOT, BOARD_POWEROFF, BOARD_HALT };
	char text[RECORDER_TEXT];

	snprintf(text, sizeof(text), "%.63s (uid %u, pid %d)",
		 request->text[0] ? request->text : "asked for", (unsigned int)uid, (int)pid);
	host_end(host, (enum board_end)ends[request->command - CONTROL_REBOOT], END_PLANNED, text);
	return 0;
}

static int ask_unit(struct host *host, const struct control_request *request,
		    char text[CONTROL_TEXT])
{
	static const uint8_t events[] = { EVENT_UP, EVENT_DOWN, EVENT_RESTART };
	const uint32_t unit = plan_find(&host->plan, request->name);

	if (unit == PLAN_NONE) {
		snprintf(text, CONTROL_TEXT, "%s: no such unit", request->name);
		return -ENOENT;
	}
	if (host->kept->end_step != END_NOT) {
		snprintf(text, CONTROL_TEXT, "%s: everything is being shut down", request->name);
		return -EBUSY;
	}
	host_post(host, events[request->command - CONTROL_UP], unit, 0);
	return 1;
}

static int do_command(void *context, const struct control_request *request, uint32_t uid,
		      int32_t pid, char text[CONTROL_TEXT])
{
	struct host *host = context;

	switch (request->command) {
	case CONTROL_UP:
	case CONTROL_DOWN:
	case CONTROL_RESTART:
		return ask_unit(host, request, text);
	case CONTROL_RELOAD:
		host->reload_result = 1;
		host_reload(host);
		return 1;
	case CONTROL_REEXEC:
		host->reexec = 1;
		return 0;
	case CONTROL_REBOOT:
	case CONTROL_POWEROFF:
	case CONTROL_HALT:
		return ask_end(host, request, uid, pid);
	case CONTROL_FLAG_SET:
	case CONTROL_FLAG_CLEAR:
		return set_flag(request->name, request->command == CONTROL_FLAG_SET, text);
	default:
		snprintf(text, CONTROL_TEXT, "unknown command %u", (unsigned int)request->command);
		return -EINVAL;
	}
}

/* Does it wait for one that has been given up? Then nothing comes of it by itself. */
static uint32_t waits_for_failed(const struct host *host, uint32_t unit)
{
	const uint32_t other = supervisor_waits_for(host->supervisor, &host->plan, unit);

	return other != PLAN_NONE &&
			       supervisor_unit(host->supervisor, other)->phase == PHASE_FAILED ?
		       other :
		       PLAN_NONE;
}

/* up and restart: ready, or it failed; down: off. */
static int unit_settled(const struct host *host, const struct control_request *request,
			char text[CONTROL_TEXT])
{
	const uint32_t unit = plan_find(&host->plan, request->name);
	const struct unit_state *state =
		unit == PLAN_NONE ? NULL : supervisor_unit(host->supervisor, unit);
	const bool task = state && host->plan.units[unit].type == UNIT_TASK;
	uint32_t other;

	if (!state)
		return 1; /* gone with a reload */
	if (request->command == CONTROL_DOWN)
		return state->phase == PHASE_OFF || state->phase == PHASE_FAILED;
	switch (state->phase) {
	case PHASE_READY:
	case PHASE_DEGRADED:
		return 1;
	case PHASE_WAITING:
		other = waits_for_failed(host, unit);
		if (other == PLAN_NONE)
			return 0;
		snprintf(text, CONTROL_TEXT, "%s: waits for %s, which has failed", request->name,
			 plan_unit_name(&host->plan, other));
		return -EIO;
	case PHASE_OFF:
		if (task && state->cause == CAUSE_DONE)
			return 1;
		/* fall through */
	case PHASE_BACKOFF:
	case PHASE_FAILED:
		snprintf(text, CONTROL_TEXT, "%s: %s (%s, exit status %d)", request->name,
			 unit_phase_name(state->phase), unit_cause_name(state->cause),
			 (int)state->exit_status);
		return -EIO;
	default:
		return 0;
	}
}

static int settled(void *context, const struct control_request *request, char text[CONTROL_TEXT])
{
	struct host *host = context;

	if (request->command != CONTROL_RELOAD)
		return unit_settled(host, request, text);
	if (host->reload_result < 0) {
		snprintf(text, CONTROL_TEXT,
			 "nothing is changed: `cruet logs --supervisor` says "
			 "what is wrong");
		return -EINVAL;
	}
	return host->reload_result == 0;
}

static int report_change(void *context, uint64_t number, struct control_change *change)
{
	const struct host *host = context;
	const uint64_t end = host->kept->journal_next;
	const struct journal_entry *entry = host_journal(host, number);
	const char *name;

	if (number >= end)
		return 0;
	if (number >= JOURNAL_BOOT && end - number > JOURNAL_LATEST)
		return -1;
	*change = (struct control_change){
		.kind = CONTROL_CHANGE,
		.index = entry->unit,
		.time_ms = entry->time,
		.before = entry->before,
		.phase = entry->phase,
		.cause = entry->cause,
		.exit_status = entry->exit_status,
		.pid = entry->pid,
	};
	name = entry->note == NOTE_UNIT && entry->unit < host->plan.unit_count ?
		       plan_unit_name(&host->plan, entry->unit) :
		       NULL;
	copy(change->name, sizeof(change->name), name);
	copy(change->text, sizeof(change->text),
	     entry->note == NOTE_UNIT && !name ? "a unit that is gone" :
						 journal_note_text(entry->note));
	if (entry->note >= NOTE_TRIAL) {
		if (entry->pid)
			snprintf(change->text, sizeof(change->text), "revision %u: %s",
				 (unsigned int)entry->pid, journal_note_text(entry->note));
		change->pid = 0;
	}
	return 1;
}

static uint64_t count_changes(void *context)
{
	return ((const struct host *)context)->kept->journal_next;
}

/* A client must not be able to write: the file is opened once more, for reading. */
static int read_only(int fd, int *again)
{
	char path[32];

	if (*again < 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		*again = open(path, O_RDONLY | O_CLOEXEC);
	}
	return *again < 0 ? -errno : *again;
}

static int read_only_rings(void *context)
{
	struct host *host = context;

	return read_only(host->kept->rings, &host->rings_read);
}

static int read_only_plan(void *context)
{
	struct host *host = context;

	return read_only(host->kept->plan_fd, &host->plan_read);
}

static void watch_client(void *context, int fd, uint32_t slot, uint32_t events)
{
	host_watch(context, fd, WATCH_CLIENT, slot, events);
}

void host_serve(struct host *host)
{
	host->control_host = (struct control_host){
		.host = host,
		.system = report_system,
		.unit = report_unit,
		.command = do_command,
		.settled = settled,
		.change = report_change,
		.changes = count_changes,
		.rings = read_only_rings,
		.plan = read_only_plan,
		.watch = watch_client,
	};
	control_begin(&host->control, host->kept->control, &host->control_host);
}
