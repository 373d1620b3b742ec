/* SPDX-License-Identifier: Apache-2.0 */
/* Words, changes and the flight recorder: see report.h. */
#include "init/control/report.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "init/board/recorder.h"
#include "init/control/fields.h"
#include "init/supervise/supervise.h"
#include "lib/command.h"
#include "lib/json.h"
#include "lib/str.h"

void report_exit(struct page *page, int32_t exit_status)
{
	static const char names[][5] = {
		[SIGHUP] = "HUP",   [SIGINT] = "INT",	[SIGQUIT] = "QUIT", [SIGILL] = "ILL",
		[SIGTRAP] = "TRAP", [SIGABRT] = "ABRT", [SIGBUS] = "BUS",   [SIGFPE] = "FPE",
		[SIGKILL] = "KILL", [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
		[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM",
	};
	const int32_t number = exit_status - 128;

	if (number <= 0)
		page_format(page, "exit status %d", (int)exit_status);
	else if ((size_t)number < sizeof(names) / sizeof(names[0]) && names[number][0])
		page_format(page, "killed by SIG%s", names[number]);
	else
		page_format(page, number == SIGSYS ? "killed by SIGSYS" : "killed by signal %d",
			    (int)number);
}

void report_reason(struct page *page, uint32_t phase, uint32_t cause, int32_t exit_status)
{
	const bool goes_well = phase >= PHASE_WAITING && phase <= PHASE_DEGRADED;

	if (cause == CAUSE_NONE || (cause == CAUSE_WANTED && goes_well))
		return;
	if (cause == CAUSE_EXIT && exit_status >= 0) {
		report_exit(page, exit_status);
		return;
	}
	page_put(page, unit_cause_name(cause));
	if (cause == CAUSE_LIMIT && exit_status >= 0) {
		page_put(page, ", ");
		report_exit(page, exit_status);
	}
}

int report_print_json(struct json_writer *writer)
{
	size_t size;
	char *text = json_write_finish(writer, &size);

	if (!text)
		return -ENOMEM;
	text[size] = '\n'; /* in place of the NUL */
	return command_print(text, size + 1);
}

/* ---- changes ---- */

/* Times of the journal are shown as the kernel shows its own: seconds since the beginning. */
static void report_time(struct page *page, const struct control_system *system, uint64_t time_ms)
{
	const uint64_t ms = time_ms > system->started_ms ? time_ms - system->started_ms : 0;

	page_format(page, "[%5llu.%03u] ", (unsigned long long)(ms / 1000),
		    (unsigned int)(ms % 1000));
}

void report_change(struct page *page, const struct control_system *system,
		   const struct control_change *change)
{
	report_time(page, system, change->time_ms);
	if (!change->name[0]) {
		page_put(page, "cruet: ");
		page_foreign(page, change->text);
		page_put(page, "\n");
		return;
	}
	page_format(page, "%s: %s -> %s", change->name, unit_phase_name(change->before),
		    unit_phase_name(change->phase));
	if (change->pid > 0 && change->before == PHASE_STARTING)
		page_format(page, ", pid %d", (int)change->pid);
	if (change->cause != CAUSE_NONE && change->cause != CAUSE_WANTED) {
		page_put(page, ", ");
		report_reason(page, change->phase, change->cause, change->exit_status);
	}
	page_put(page, "\n");
}

void report_change_json(struct json_writer *writer, const struct control_system *system,
			const struct control_change *change)
{
	static const struct field common[] = {
		FIELD(control_change, time_ms, FIELD_DATE, "time"),
		FIELD(control_change, time_ms, FIELD_LONG, "monotonic_ms"),
		FIELD(control_change, text, FIELD_TEXT, "text"),
		FIELD(control_change, name, FIELD_TEXT, "unit"),
		FIELDS_END,
	};
	static const struct field unit[] = {
		FIELD(control_change, before, FIELD_PHASE, "before"),
		FIELD(control_change, phase, FIELD_PHASE, "state"),
		FIELD(control_change, cause, FIELD_CAUSE, "cause"),
		FIELD(control_change, exit_status, FIELD_EXIT, "exit_status"),
		FIELD(control_change, pid, FIELD_PRESENT, "pid"),
		FIELDS_END,
	};
	const struct field_clock clock = { system->now_ms, system->realtime_ms };

	json_write_object(writer, NULL);
	fields_write(writer, common, change, &clock);
	if (change->name[0])
		fields_write(writer, unit, change, &clock);
	json_write_end(writer, '}');
}

/* ---- the flight recorder ---- */

static bool has_ended(const struct recorder_boot *boot)
{
	return boot->number != 0;
}

void report_recorded(struct page *page, const struct recorder_state *recorded)
{
	char buffer[STR_TIME_SIZE];

	for (size_t i = 1; i < RECORDER_BOOTS && has_ended(&recorded->boots[i]); i++) {
		const struct recorder_boot *boot = &recorded->boots[i];

		if (i == 1)
			page_put(page, "\nThe boots before:\n");
		page_format(page, "  %llu", (unsigned long long)boot->number);
		page_tab(page, 8);
		page_put(page, boot->began ? str_time_seconds((time_t)boot->began, buffer) : "-");
		page_tab(page, 30);
		page_put(page,
			 boot->up_seconds ? page_duration(boot->up_seconds * 1000, buffer) : "-");
		page_tab(page, 38);
		page_put(page, end_reason_name(boot->end));
		page_put(page, boot->text[0] ? ": " : "");
		page_foreign(page, boot->text);
		page_put(page, "\n");
	}
	for (size_t i = 0; i < RECORDER_FAILURES && recorded->failures[i].unit[0]; i++) {
		const struct recorder_failure *failure = &recorded->failures[i];

		if (i == 0)
			page_put(page, "\nThe last failures (boot, after, unit):\n");
		page_format(page, "  %llu", (unsigned long long)failure->boot_number);
		page_tab(page, 8);
		page_put(page, page_duration(failure->up_ms, buffer));
		page_tab(page, 18);
		page_foreign(page, failure->unit);
		page_put(page, ": ");
		report_reason(page, PHASE_FAILED, failure->cause, failure->exit_status);
		page_put(page, "\n");
	}
}

void report_recorded_json(struct json_writer *writer, const struct recorder_state *recorded)
{
	static const struct field boot[] = {
		FIELD(recorder_boot, number, FIELD_LONG, "boot"),
		FIELD(recorder_boot, began, FIELD_SECONDS, "began"),
		FIELD(recorder_boot, up_seconds, FIELD_LONG, "up_seconds"),
		FIELD(recorder_boot, end, FIELD_REASON, "end"),
		FIELD(recorder_boot, text, FIELD_TEXT, "text"),
		FIELDS_END,
	};
	static const struct field failure[] = {
		FIELD(recorder_failure, boot_number, FIELD_LONG, "boot"),
		FIELD(recorder_failure, up_ms, FIELD_LONG, "up_ms"),
		FIELD(recorder_failure, unit, FIELD_TEXT, "unit"),
		FIELD(recorder_failure, cause, FIELD_CAUSE, "cause"),
		FIELD(recorder_failure, exit_status, FIELD_EXIT, "exit_status"),
		FIELDS_END,
	};

	json_write_array(writer, "boots");
	for (size_t i = 1; i < RECORDER_BOOTS && has_ended(&recorded->boots[i]); i++) {
		json_write_object(writer, NULL);
		fields_write(writer, boot, &recorded->boots[i], NULL);
		json_write_end(writer, '}');
	}
	json_write_end(writer, ']');
	json_write_array(writer, "failures");
	for (size_t i = 0; i < RECORDER_FAILURES && recorded->failures[i].unit[0]; i++) {
		json_write_object(writer, NULL);
		fields_write(writer, failure, &recorded->failures[i], NULL);
		json_write_end(writer, '}');
	}
	json_write_end(writer, ']');
}
