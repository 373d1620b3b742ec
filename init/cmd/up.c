/* SPDX-License-Identifier: Apache-2.0 */
/* cruet up, down, restart: ask for units, and wait for what comes of it. */
#include "init/cmd/client.h"

#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "init/control/report.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

struct options {
	const char *socket;
	bool no_wait;
	uint64_t timeout;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "no-wait", 0, ARGS_FLAG, OPTION(no_wait), NULL, "ask, and do not wait" },
	{ "timeout", 't', ARGS_UINT, OPTION(timeout), "SECONDS", "wait no longer than so" },
	SOCKET_OPTION(struct options),
	COMMAND_OPTIONS_END,
};

/* So many units are asked for at a time: the supervisor has room for a few clients only. */
enum { BATCH = 8, MONITOR = BATCH };

struct asked {
	const struct options *options;
	uint32_t command;
	char **names;
	size_t count, left; /* units; those without an answer yet */
	int failed;
	uint64_t end;			/* wait until then */
	struct control_view view;	/* only its clock */
	struct pollfd polls[BATCH + 1]; /* the units', and the changes */
};

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void end_one(struct asked *asked, size_t i, int result)
{
	close_fd(&asked->polls[i].fd);
	asked->left--;
	if (result == 0)
		return;
	if (result == -EIO) /* it is the unit that failed */
		fail_as(ERROR_STATE, 0, "%s; see `cruet logs %.64s`", error_last()->text,
			asked->names[i]);
	log_error();
	asked->failed = 1;
}

/* One line of progress; without, when the supervisor has closed that connection. */
static void show_change(struct asked *asked)
{
	struct pollfd *monitor = &asked->polls[MONITOR];
	union control_answer answer;
	struct page page;

	if (control_next(monitor->fd, &answer, NULL) <= 0) {
		close_fd(&monitor->fd);
	} else if (answer.kind == CONTROL_CHANGE) {
		page_begin(&page, STDOUT_FILENO);
		report_change(&page, &asked->view.system, &answer.change);
		page_end(&page);
	}
}

/* Take in what has come: changes before answers, so that the last one is shown too. */
static void take_in(struct asked *asked)
{
	union control_answer answer;

	if (asked->polls[MONITOR].revents) {
		show_change(asked);
		return;
	}
	for (size_t i = 0; i < asked->count; i++) {
		int result;

		if (asked->polls[i].fd < 0 || !asked->polls[i].revents)
			continue;
		result = control_next(asked->polls[i].fd, &answer, NULL);
		if (result <= 0)
			end_one(asked, i, result);
	}
}

/* 0, or a negative errno recorded: it took too long. */
static int wait_for_all(struct asked *asked)
{
	while (asked->left) {
		const uint64_t now = clock_ms();
		const uint64_t left = asked->end > now ? asked->end - now : 0;

		if (poll(asked->polls, BATCH + 1, left > INT_MAX ? -1 : (int)left) > 0)
			take_in(asked);
		else if (clock_ms() >= asked->end)
			return fail_as(ERROR_STATE, 0, "not done in time; it goes on");
	}
	return 0;
}

static int ask_and_wait(struct asked *asked)
{
	auto_arena struct arena arena = { 0 };
	int result = control_look(&arena, asked->options->socket, CONTROL_MONITOR, &asked->view,
				  &asked->polls[MONITOR].fd);

	if (result < 0)
		return result;
	asked->left = asked->count;
	for (size_t i = 0; i < asked->count; i++) {
		asked->polls[i].fd = control_request(asked->options->socket, asked->command,
						     CONTROL_WAIT, asked->names[i], NULL);
		if (asked->polls[i].fd < 0)
			end_one(asked, i, asked->polls[i].fd);
	}
	result = wait_for_all(asked);
	for (size_t i = 0; i <= BATCH; i++)
		close_fd(&asked->polls[i].fd);
	return result;
}

static int ask_for(uint32_t command, const struct options *values, int argc, char **names)
{
	struct asked asked = {
		.options = values,
		.command = command,
		.names = names,
		.end = values->timeout - 1 < UINT32_MAX ? clock_ms() + values->timeout * 1000 :
							  UINT64_MAX,
	};
	int result = 0;

	for (size_t i = 0; i <= BATCH; i++)
		asked.polls[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	for (; argc > 0 && result == 0; argc -= BATCH, asked.names += BATCH) {
		asked.count = argc < BATCH ? (size_t)argc : BATCH;
		if (!values->no_wait) {
			result = ask_and_wait(&asked);
			continue;
		}
		for (size_t i = 0; i < asked.count && result == 0; i++)
			result = control_ask(values->socket, command, 0, asked.names[i], NULL);
	}
	return result < 0 ? result : asked.failed;
}

#define COMMAND(word, request, text) \
	static int run_##word(const struct container_context *context, void *given, int argc, \
			      char **argv) \
	{ \
		(void)context; \
		return ask_for(request, given, argc, argv); \
	} \
	const struct command command_##word = { \
		.name = #word, \
		.arguments = "UNIT...", \
		.summary = text, \
		.options = options, \
		.options_size = sizeof(struct options), \
		.arguments_min = 1, \
		.arguments_max = COMMAND_ANY, \
		.mixed = true, \
		.run = run_##word, \
	}

COMMAND(up, CONTROL_UP, "start units and what they need");
COMMAND(down, CONTROL_DOWN, "stop units and what requires them");
COMMAND(restart, CONTROL_RESTART, "stop units and start them again");
