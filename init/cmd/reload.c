/* SPDX-License-Identifier: Apache-2.0 */
/* cruet reload: read the units again, and say what is different. */
#include "init/cmd/client.h"

#include <string.h>
#include <unistd.h>

#include "init/control/client.h"
#include "init/control/page.h"
#include "init/plan.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

/* The plan that is in force. 0, or a negative errno recorded. */
static int get_plan(const char *socket, struct plan *plan)
{
	auto_arena struct arena arena = { 0 };
	struct control_view view;
	int result = control_look(&arena, socket, CONTROL_BOOT, &view, NULL);

	if (result < 0)
		return result;
	result = view.plan < 0 ? fail_as(ERROR_STATE, 0, "the supervisor shows no plan") :
				 plan_map(plan, view.plan, "the supervisor's plan");
	close_fd(&view.plan);
	return result;
}

/* The units of `plan` that `other` has not, or (changed) has with another content. */
static uint32_t report(struct page *page, const char *sign, const struct plan *plan,
		       const struct plan *other, bool changed)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < plan->unit_count; i++) {
		const char *name = plan_unit_name(plan, i);
		const uint32_t same = plan_find(other, name);

		if (changed ? same == PLAN_NONE ||
				      other->units[same].digest == plan->units[i].digest :
			      same != PLAN_NONE)
			continue;
		page_format(page, "%s %s\n", sign, name);
		count++;
	}
	return count;
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct client_options *values = given;
	struct plan before, after;
	struct page page;
	uint32_t count;
	int result = get_plan(values->socket, &before);

	(void)context;
	(void)argc;
	(void)argv;
	if (result < 0)
		return result;
	result = control_ask(values->socket, CONTROL_RELOAD, CONTROL_WAIT, NULL, NULL);
	if (result == 0)
		result = get_plan(values->socket, &after);
	if (result < 0)
		return result;
	page_begin(&page, STDOUT_FILENO);
	count = report(&page, "new:    ", &after, &before, false);
	count += report(&page, "changed:", &after, &before, true);
	count += report(&page, "gone:   ", &before, &after, false);
	page_put(&page, count ? "" : "all units are as before\n");
	return page_end(&page);
}

const struct command command_reload = {
	.name = "reload",
	.arguments = "",
	.summary = "read the units again; what changed is stopped and started",
	.options = client_options + OPTIONS_SOCKET,
	.options_size = sizeof(struct client_options),
	.run = run,
};
