/* SPDX-License-Identifier: Apache-2.0 */
/* cruet boot: how this boot went, and how those before ended. */
#include "init/cmd/client.h"

#include <unistd.h>

#include "init/board/recorder.h"
#include "init/control/report.h"
#include "init/control/timeline.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json.h"

struct options {
	const char *socket;
	bool json, svg;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "json", 'j', ARGS_FLAG, OPTION(json), NULL, "as JSON" },
#if IS_ENABLED(CONFIG_INIT_BOOT_SVG)
	{ "svg", 0, ARGS_FLAG, OPTION(svg), NULL, "as a picture" },
#endif
	SOCKET_OPTION(struct options),
	COMMAND_OPTIONS_END,
};

static int print_json(struct arena *arena, const struct control_view *view,
		      const struct timeline *timeline, const struct recorder_state *recorded)
{
	struct json_writer writer;

	json_write_start(&writer, arena, JSON_SPACES);
	json_write_object(&writer, NULL);
	timeline_json(&writer, timeline);
	json_write_array(&writer, "journal");
	for (const struct control_entry *entry = view->changes; entry; entry = entry->next)
		report_change_json(&writer, &view->system, &entry->change);
	json_write_end(&writer, ']');
	if (recorded)
		report_recorded_json(&writer, recorded);
	json_write_end(&writer, '}');
	return report_print_json(&writer);
}

static int print(struct arena *arena, const struct options *values, const struct control_view *view)
{
	struct timeline timeline;
	struct recorder_state state;
	const struct recorder_state *recorded = NULL;
	struct page page;
	int result = timeline_make(arena, view, &timeline);

	if (result < 0)
		return result;
	if (IS_ENABLED(CONFIG_INIT_RECORDER) && view->system.recorder[0] &&
	    recorder_read(view->system.recorder, &state) == 0)
		recorded = &state;
	if (values->json)
		return print_json(arena, view, &timeline, recorded);
	page_begin(&page, STDOUT_FILENO);
	if (IS_ENABLED(CONFIG_INIT_BOOT_SVG) && values->svg) {
		timeline_svg(&page, &timeline);
	} else {
		timeline_text(&page, &timeline);
		if (recorded)
			report_recorded(&page, recorded);
	}
	return page_end(&page);
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	const struct options *values = given;
	struct control_view view;
	int result = control_look(&arena, values->socket, CONTROL_BOOT, &view, NULL);

	(void)context;
	(void)argc;
	(void)argv;
	if (result < 0)
		return result;
	result = print(&arena, values, &view);
	close_fd(&view.plan);
	return result;
}

const struct command command_boot = {
	.name = "boot",
	.arguments = "",
	.summary = "show how the boot went, and how those before ended",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
