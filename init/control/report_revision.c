/* SPDX-License-Identifier: Apache-2.0 */
/* Which revision runs (the supervisor says so), and what the store's boot state adds to that. */
#include <stdlib.h>

#include "image/revision.h"
#include "init/control/fields.h"
#include "init/control/report.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/log.h"

int report_find_revision(struct arena *arena, struct control_view *view)
{
	view->revision = arena_alloc(arena, sizeof(*view->revision));
	if (!view->revision)
		return -ENOMEM;
	if (revision_state(getenv("CRUET_IMAGES"), NULL, view->revision) < 0) {
		log_error(); /* the supervisor's part is there nevertheless */
		error_clear();
	}
	return 0;
}

static void put_trial(struct page *page, const struct control_system *system,
		      const struct revision_state *state)
{
	const uint64_t left =
		system->trial_due_ms > system->now_ms ? system->trial_due_ms - system->now_ms : 0;
	char buffer[DURATION_SIZE];

	page_put(page, " on trial");
	if (state->trial == system->revision)
		page_format(page, " (%u more boot%s)", (unsigned int)state->tries_left,
			    state->tries_left == 1 ? "" : "s");
	if (system->trial_unit[0]) {
		page_put(page, ": ");
		page_foreign(page, system->trial_unit);
		page_put(page, " has to be ready within ");
	} else {
		page_put(page, ": to be committed in ");
	}
	page_put(page, page_duration(left, buffer));
}

void report_revision(struct page *page, const struct control_view *view)
{
	const struct control_system *system = &view->system;
	const struct revision_state *state = view->revision;

	if (system->revision) {
		page_format(page, "revision %u", (unsigned int)system->revision);
		if (system->on_trial)
			put_trial(page, system, state);
		page_put(page, "\n");
	}
	if (state->trial && !(system->on_trial && state->trial == system->revision))
		page_format(page, "revision %u is to be tried: reload or reboot\n",
			    (unsigned int)state->trial);
	if (state->failed) {
		page_format(page, "revision %u has failed: ", (unsigned int)state->failed);
		page_foreign(page, state->reason);
		page_put(page, "\n");
	}
}

void report_revision_json(struct json_writer *writer, const struct control_view *view)
{
	static const struct field running[] = {
		FIELD(control_system, revision, FIELD_NUMBER, "running"),
		FIELD(control_system, on_trial, FIELD_BOOL, "on_trial"),
		FIELD(control_system, trial_due_ms, FIELD_UNTIL, "trial_ms"),
		FIELD(control_system, trial_unit, FIELD_TEXT, "trial_unit"),
		FIELDS_END,
	};
	static const struct field stored[] = {
		FIELD(revision_state, committed, FIELD_NUMBER, "committed"),
		FIELD(revision_state, previous, FIELD_NUMBER, "previous"),
		FIELD(revision_state, trial, FIELD_PRESENT, "trial"),
		FIELD(revision_state, tries_left, FIELD_PRESENT, "tries_left"),
		FIELD(revision_state, failed, FIELD_PRESENT, "failed"),
		FIELD(revision_state, reason, FIELD_TEXT, "reason"),
		FIELDS_END,
	};
	const struct field_clock clock = { view->system.now_ms, view->system.realtime_ms };

	json_write_object(writer, "revision");
	fields_write(writer, running, &view->system, &clock);
	fields_write(writer, stored, view->revision, &clock);
	json_write_end(writer, '}');
}
