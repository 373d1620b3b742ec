/* SPDX-License-Identifier: Apache-2.0 */
/* What `cruet status` prints: see report.h. */
#include "init/control/report.h"

#include <string.h>

#include "init/board/recorder.h"
#include "init/control/fields.h"
#include "init/supervise/supervise.h"
#include "lib/config.h"
#include "lib/json.h"

/* ---- as JSON ---- */

static const struct field system_fields[] = {
	FIELD(control_system, pid, FIELD_NUMBER, "pid"),
	FIELD(control_system, started_ms, FIELD_SINCE, "uptime_ms"),
	FIELD(control_system, now_ms, FIELD_DATE, "time"),
	FIELD(control_system, goal, FIELD_BOOL, "goal"),
	FIELD(control_system, goal_ms, FIELD_PRESENT, "goal_ms"),
	FIELD(control_system, shutdown, FIELD_BOOL, "shutting_down"),
	FIELD(control_system, reexecs, FIELD_NUMBER, "reexecs"),
	FIELD(control_system, well, FIELD_BOOL, "well"),
	FIELD(control_system, unwell, FIELD_TEXT, "unwell"),
	FIELD(control_system, watchdog_timeout_ms, FIELD_NUMBER, "watchdog_timeout_ms"),
	FIELD(control_system, watchdog_boot_status, FIELD_NUMBER, "watchdog_boot_status"),
	FIELD(control_system, writer_pid, FIELD_PRESENT, "log_writer_pid"),
	FIELD(control_system, writer_starts, FIELD_NUMBER, "log_writer_starts"),
	FIELD(control_system, source, FIELD_TEXT, "units_from"),
	FIELD(control_system, recorder, FIELD_TEXT, "recorder"),
	FIELDS_END,
};

static const struct field unit_fields[] = {
	FIELD(control_unit, name, FIELD_TEXT, "name"),
	FIELD(control_unit, description, FIELD_TEXT, "description"),
	FIELD(control_unit, type, FIELD_UNIT_TYPE, "type"),
	FIELD(control_unit, source, FIELD_SOURCE, "source"),
	FIELD(control_unit, phase, FIELD_PHASE, "state"),
	FIELD(control_unit, cause, FIELD_CAUSE, "cause"),
	FIELD(control_unit, pid, FIELD_PRESENT, "pid"),
	FIELD(control_unit, exit_status, FIELD_EXIT, "exit_status"),
	FIELD(control_unit, wanted, FIELD_BOOL, "wanted"),
	FIELD(control_unit, critical, FIELD_BOOL, "critical"),
	FIELD(control_unit, starts, FIELD_NUMBER, "starts"),
	FIELD(control_unit, failures, FIELD_NUMBER, "failures"),
	FIELD(control_unit, since_ms, FIELD_SINCE, "since_ms"),
	FIELD(control_unit, ready_ms, FIELD_SINCE, "ready_ms"),
	FIELD(control_unit, next_ms, FIELD_UNTIL, "deadline_ms"),
	FIELD(control_unit, waits_for, FIELD_TEXT, "waits_for"),
	FIELD(control_unit, status, FIELD_TEXT, "status"),
	FIELDS_END,
};

void report_status_json(struct json_writer *writer, const struct control_view *view,
			const struct recorder_state *recorded)
{
	const struct field_clock clock = { view->system.now_ms, view->system.realtime_ms };

	json_write_object(writer, NULL);
	json_write_object(writer, "system");
	fields_write(writer, system_fields, &view->system, &clock);
	if (IS_ENABLED(CONFIG_IMAGE_REVISION) && view->revision)
		report_revision_json(writer, view);
	json_write_end(writer, '}');
	json_write_array(writer, "units");
	for (size_t i = 0; i < view->shown; i++) {
		json_write_object(writer, NULL);
		fields_write(writer, unit_fields, &view->units[i], &clock);
		if (IS_ENABLED(CONFIG_IMAGE) && view->images && view->images[i])
			report_image_json(writer, view->images[i]);
		json_write_end(writer, '}');
	}
	json_write_end(writer, ']');
	if (recorded)
		report_recorded_json(writer, recorded);
	json_write_end(writer, '}');
}

/* ---- as text ---- */

static void put_duration(struct page *page, const char *before, uint64_t ms)
{
	char buffer[DURATION_SIZE];

	page_put(page, before);
	page_put(page, page_duration(ms, buffer));
}

static void report_system(struct page *page, const struct control_view *view,
			  const struct recorder_state *recorded)
{
	const struct control_system *system = &view->system;
	size_t ready = 0;

	for (size_t i = 0; i < view->unit_count; i++)
		ready += view->units[i].phase == PHASE_READY ||
			 view->units[i].phase == PHASE_DEGRADED;
	put_duration(page, "up ", system->now_ms - system->started_ms);
	page_format(page, ", %zu of %zu units ready", ready, view->unit_count);
	if (system->shutdown)
		page_put(page, ", shutting down");
	else if (system->goal)
		put_duration(page, ", goal reached after ", system->goal_ms);
	else
		page_put(page, ", goal not reached yet");
	if (system->watchdog_timeout_ms)
		put_duration(page, ", watchdog ", system->watchdog_timeout_ms);
	if (system->reexecs)
		page_format(page, ", %u re-exec%s", (unsigned int)system->reexecs,
			    system->reexecs == 1 ? "" : "s");
	if (!system->well)
		page_format(page, "\nnot well: the watchdog is not fed%s%s",
			    system->unwell[0] ? " because of " : "", system->unwell);
	if (recorded && recorded->boots[1].number) {
		page_format(page, "\nlast reboot: %s%s", end_reason_name(recorded->boots[1].end),
			    recorded->boots[1].text[0] ? ": " : "");
		page_foreign(page, recorded->boots[1].text);
	}
	page_put(page, "\n");
	if (IS_ENABLED(CONFIG_IMAGE_REVISION) && view->revision)
		report_revision(page, view);
}

/* The last column: why it is so, what comes next, what the unit says itself. */
static void report_remark(struct page *page, const struct control_unit *unit, uint64_t now)
{
	const size_t begin = page->column;

	if (unit->waits_for[0]) {
		page_put(page, "for ");
		page_foreign(page, unit->waits_for);
	} else {
		report_reason(page, unit->phase, unit->cause, unit->exit_status);
	}
	if (unit->phase == PHASE_BACKOFF && unit->next_ms > now)
		put_duration(page, page->column > begin ? ", next start in " : "next start in ",
			     unit->next_ms - now);
	if (unit->status[0]) {
		page_put(page, page->column > begin ? ": " : "");
		page_foreign(page, unit->status);
	}
}

static void report_unit(struct page *page, const struct control_unit *unit, size_t name_width,
			uint64_t now)
{
	page_put(page, unit->name);
	page_tab(page, name_width);
	page_put(page, unit_phase_name(unit->phase));
	page_tab(page, name_width + 10);
	if (unit->pid > 0)
		page_format(page, "%d", (int)unit->pid);
	else
		page_put(page, "-");
	page_tab(page, name_width + 18);
	put_duration(page, "", now > unit->since_ms ? now - unit->since_ms : 0);
	page_tab(page, name_width + 26);
	page_format(page, "%u", (unsigned int)(unit->starts ? unit->starts - 1 : 0));
	page_tab(page, name_width + 36);
	report_remark(page, unit, now);
	page_put(page, "\n");
}

void report_status(struct page *page, const struct control_view *view,
		   const struct recorder_state *recorded)
{
	size_t name_width = sizeof("NAME") - 1;

	report_system(page, view, recorded);
	if (!view->shown)
		return;
	for (size_t i = 0; i < view->shown; i++)
		if (strlen(view->units[i].name) > name_width)
			name_width = strlen(view->units[i].name);
	name_width += 2;
	page_put(page, "\nNAME");
	page_tab(page, name_width);
	page_put(page, "STATE     PID     SINCE   RESTARTS  REASON\n");
	for (size_t i = 0; i < view->shown; i++) {
		report_unit(page, &view->units[i], name_width, view->system.now_ms);
		if (IS_ENABLED(CONFIG_IMAGE) && view->images && view->images[i])
			report_image(page, view->images[i]);
	}
}
