/* SPDX-License-Identifier: Apache-2.0 */
/* cruet reload: read the units again, and say what is different. */
#include "init/cmd/client.h"

#include <time.h>
#include <unistd.h>

#include "init/control/client.h"
#include "init/control/page.h"
#include "init/log/read.h"
#include "init/plan.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/str.h"

/* The plan that is in force. 0, or a negative errno recorded. */
static int get_plan(const char *socket, struct plan *plan)
{
	auto_arena struct arena arena = { 0 };
	struct control_view view;
	int result = control_look(&arena, socket, CONTROL_BOOT, &view, NULL);

	if (result < 0)
		return result;
	if (view.plan < 0) {
		fail_as(ERROR_STATE, 0, "the supervisor shows no plan");
		return -EINVAL;
	}
	result = plan_map(plan, view.plan, "the supervisor's plan");
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

/* ---- what is wrong ---- */

static int get_rings(const char *socket)
{
	auto_fd int connection = control_request(socket, CONTROL_LOGS, 0, NULL, NULL);
	union control_answer answer;
	int fd = -1;

	if (connection >= 0)
		control_next(connection, &answer, &fd);
	return fd;
}

/*
 * The supervisor's child has written all errors into its log. True: that was all of them.
 */
static bool put_problems(struct page *page, struct log_reader *reader)
{
	struct log_line line;

	while (log_reader_next(reader, &line)) {
		if (str_has_prefix(line.text, "reload: "))
			return true;
		if (!str_has_prefix(line.text, "error: "))
			continue;
		page_foreign(page, line.text);
		page_put(page, "\n");
	}
	return false;
}

/* From the log since `begin`. The writer may be a moment behind. */
static void show_problems(const char *socket, uint64_t begin)
{
	enum { TURNS = 10, TURN_MS = 100 };
	auto_arena struct arena arena = { 0 };
	auto_fd int fd = get_rings(socket);
	struct log_reader reader;
	struct page page;

	if (fd < 0 || log_reader_open(&reader, &arena, fd) < 0)
		return;
	page_begin(&page, STDERR_FILENO);
	log_reader_select(&reader, "");
	log_reader_since(&reader, begin);
	for (int i = 0; i < TURNS && !put_problems(&page, &reader); i++) {
		log_reader_wait(&reader, TURN_MS);
		log_reader_look(&reader);
	}
	page_end(&page);
	log_reader_close(&reader);
}

static uint64_t boot_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct client_options *values = given;
	const uint64_t begin = boot_time();
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
	if (IS_ENABLED(CONFIG_INIT_LOGS) && result == -EINVAL)
		show_problems(values->socket, begin);
	if (result < 0)
		return result;
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
