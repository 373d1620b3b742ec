/* SPDX-License-Identifier: Apache-2.0 */
/* cruet status: the state of the units and of the supervisor. */
#include "init/cmd/client.h"

#include <string.h>
#include <unistd.h>

#include "init/board/recorder.h"
#include "init/control/report.h"
#include "init/supervise/supervise.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/log.h"

enum { EXIT_NOT_READY = 3, WATCH_SECONDS = 2 };

/* Move the unit to place `place`. False: there is none of that name (behind that place). */
static bool move_to(struct control_view *view, const char *name, size_t place)
{
	for (size_t i = place; i < view->unit_count; i++) {
		const struct control_unit unit = view->units[i];

		if (strcmp(unit.name, name) != 0)
			continue;
		memmove(&view->units[place + 1], &view->units[place], (i - place) * sizeof(unit));
		view->units[place] = unit;
		return true;
	}
	return false;
}

/* Those that were named, in that order. The exit status, or a negative errno recorded. */
static int select_units(struct control_view *view, char **names)
{
	int status = 0;

	view->shown = *names ? 0 : view->unit_count;
	for (; *names; names++) {
		if (!move_to(view, *names, view->shown))
			return fail_as(ERROR_NOT_FOUND, 0, "%.64s: no such unit", *names);
		if (view->units[view->shown++].phase != PHASE_READY)
			status = EXIT_NOT_READY;
	}
	return status;
}

static int print(struct arena *arena, const struct client_options *values,
		 const struct control_view *view)
{
	struct recorder_state state;
	const char *file = view->system.recorder;
	const struct recorder_state *recorded =
		IS_ENABLED(CONFIG_INIT_RECORDER) && file[0] && recorder_read(file, &state) == 0 ?
			&state :
			NULL;
	struct json_writer writer;
	struct page page;

	if (values->json) {
		json_write_start(&writer, arena, values->watch ? JSON_COMPACT : JSON_SPACES);
		report_status_json(&writer, view, recorded);
		return report_print_json(&writer);
	}
	page_begin(&page, STDOUT_FILENO);
	if (values->watch)
		page_put(&page, isatty(STDOUT_FILENO) ? "\033[H\033[2J" : "\n");
	report_status(&page, view, recorded);
	return page_end(&page);
}

static int show(const struct client_options *values, char **names)
{
	auto_arena struct arena arena = { 0 };
	struct control_view view;
	int status = control_look(&arena, values->socket, CONTROL_STATUS, &view, NULL), result;

	if (status == 0)
		status = select_units(&view, names);
	if (status < 0)
		return status;
	result = IS_ENABLED(CONFIG_IMAGE) ? report_find_images(&arena, &view) : 0;
	if (IS_ENABLED(CONFIG_IMAGE_REVISION) && result == 0)
		result = report_find_revision(&arena, &view);
	if (result == 0)
		result = print(&arena, values, &view);
	return result < 0 ? result : status;
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct client_options *values = given;
	int status;

	(void)context;
	(void)argc;
	for (;;) {
		status = show(values, argv);
		if (!values->watch || status == -EPIPE)
			return status;
		if (status < 0)
			log_error(); /* it may be executing itself again */
		sleep(values->interval ? (unsigned int)values->interval : WATCH_SECONDS);
	}
}

const struct command command_status = {
	.name = "status",
	.arguments = "[UNIT...]",
	.summary = "show the state of units (all: without a name)",
	.options = client_options + OPTIONS_WATCH,
	.options_size = sizeof(struct client_options),
	.arguments_max = COMMAND_ANY,
	.mixed = true,
	.run = run,
};
