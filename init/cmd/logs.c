/* SPDX-License-Identifier: Apache-2.0 */
/* cruet logs: what units have written, from the log's rings. */
#include "init/cmd/client.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init/control/client.h"
#include "init/control/page.h"
#include "init/log/date.h"
#include "init/log/read.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/str.h"

enum {
	TURN_MS = 250,	   /* so often we see whether somebody still reads what we print */
	FOLLOW_LINES = 10, /* shown first, unless it is said how many */
	RECONNECTS = 12,   /* a re-exec takes a moment */
};

struct options {
	const char *socket, *since;
	uint64_t lines;
	bool follow, json, utc, boot_time, supervisor, lines_seen;
};

#define OPTION(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "follow", 'f', ARGS_FLAG, OPTION(follow), NULL, "go on with what comes" },
	{ "lines", 'n', ARGS_UINT, offsetof(struct options, lines),
	  offsetof(struct options, lines_seen), "N",
	  "the last N lines (default: all there are; 10 with --follow)" },
	{ "since", 0, ARGS_STRING, OPTION(since), "TIME",
	  "from then on: 90s, 15m, 2h, 1d (ago), or 2026-01-31 [12:30[:15]], UTC" },
	{ "supervisor", 's', ARGS_FLAG, OPTION(supervisor), NULL,
	  "what the supervisor itself says" },
	{ "boot-time", 0, ARGS_FLAG, OPTION(boot_time), NULL, "times in seconds since the boot" },
	{ "utc", 0, ARGS_FLAG, OPTION(utc), NULL,
	  "times of the day even if the clock has not been set" },
	{ "json", 'j', ARGS_FLAG, OPTION(json), NULL, "one JSON object a line" },
	SOCKET_OPTION(struct options),
	COMMAND_OPTIONS_END,
};

struct show {
	const struct options *options;
	char **units;
	struct page page;
	bool colours;
};

/* ---- a line ---- */

static void show_json(struct show *show, const struct log_line *line, const char *date)
{
	char room[1024] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct json_writer writer;
	const char *text;

	json_write_start(&writer, &arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	if (date[0])
		json_write_string(&writer, "time", date);
	json_write_uint(&writer, "boot_ns", line->time);
	if (line->unit[0])
		json_write_string(&writer, "unit", line->unit);
	json_write_uint(&writer, "sequence", line->sequence);
	json_write_uint(&writer, "level", line->level);
	if (line->lost)
		json_write_uint(&writer, "lost", line->lost);
	if (line->flags & RECORD_PARTIAL)
		json_write_bool(&writer, "partial", true);
	if (line->flags & RECORD_CONTINUES)
		json_write_bool(&writer, "continues", true);
	if (line->flags & RECORD_NOTE)
		json_write_bool(&writer, "note", true);
	json_write_string(&writer, "text", line->text);
	json_write_end(&writer, '}');
	text = json_write_finish(&writer, NULL);
	if (!text)
		return;
	page_put(&show->page, text);
	page_put(&show->page, "\n");
}

static void colour(struct show *show, unsigned int number)
{
	if (show->colours)
		page_format(&show->page, "\033[%um", number);
}

/* Tabs may stand as they are; nothing else that drives a terminal. */
static void put_text(struct show *show, char *text)
{
	for (char *tab; (tab = strchr(text, '\t')); text = tab + 1) {
		*tab = '\0';
		page_foreign(&show->page, text);
		page_put(&show->page, "\t");
	}
	page_foreign(&show->page, text);
}

static void show_text(struct show *show, const struct log_line *line, const char *date)
{
	const char *unit = line->unit[0] ? line->unit : "cruet";
	const unsigned int colours[] = { 31, 31, 31, 31, 33, 0, 0, 2 }; /* of levels */
	unsigned int hash = 0;

	for (const char *at = unit; *at; at++)
		hash = hash * 31 + (unsigned char)*at;
	if (line->lost)
		page_format(&show->page, "-- %u lines of %s were overwritten --\n",
			    (unsigned int)line->lost, unit);
	if (date[0])
		page_format(&show->page, "%s ", date);
	else
		page_format(&show->page, "%6llu.%06u ",
			    (unsigned long long)(line->time / 1000000000),
			    (unsigned int)(line->time / 1000 % 1000000));
	colour(show, 32 + hash % 5);
	page_foreign(&show->page, unit);
	colour(show, 0);
	page_put(&show->page, ": ");
	colour(show, colours[line->level & 7]);
	put_text(show, line->text);
	colour(show, 0);
	/* It goes on in the next one. */
	page_put(&show->page, line->flags & RECORD_PARTIAL ? " \\\n" : "\n");
}

static int show_all(struct show *show, struct log_reader *reader)
{
	const struct options *values = show->options;
	struct log_line line;

	page_begin(&show->page, STDOUT_FILENO);
	while (show->page.result == 0 && log_reader_next(reader, &line)) {
		char date[STR_TIME_SIZE] = "";

		if (values->boot_time || (!log_date(line.time, date) && !values->utc))
			date[0] = '\0';
		if (values->json)
			show_json(show, &line, date);
		else
			show_text(show, &line, date);
	}
	return page_end(&show->page);
}

/* ---- the rings ---- */

static int get_rings(const char *socket)
{
	auto_fd int connection = control_request(socket, CONTROL_LOGS, 0, NULL, NULL), fd = -1;
	union control_answer answer;
	int result = connection < 0 ? connection : 1;

	while (result > 0 && fd < 0) {
		close_fd(&fd);
		result = control_next(connection, &answer, &fd);
	}
	if (result < 0)
		return result;
	return fd < 0 ? fail_as(ERROR_STATE, 0, "the supervisor has no log") : take_fd(&fd);
}

/* With `before`: go on there, for units that are still there. */
static int open_reader(const struct show *show, struct arena *arena, struct log_reader *reader,
		       const struct log_reader *before)
{
	auto_fd int fd = get_rings(show->options->socket);
	int result = fd < 0 ? fd : log_reader_open(reader, arena, fd);

	if (result < 0)
		return result;
	if (show->options->supervisor)
		log_reader_select(reader, "");
	else if (!*show->units)
		log_reader_select(reader, NULL);
	for (char **unit = show->units; *unit && result == 0; unit++)
		if (!**unit || (!log_reader_select(reader, *unit) && !before))
			result = fail_as(ERROR_NOT_FOUND, 0, "there is no unit %s", *unit);
	if (before)
		log_reader_resume(reader, before);
	if (result < 0)
		log_reader_close(reader);
	return result;
}

/* The rings of another plan, or of a supervisor that has ended: -ENOENT, -ECONNREFUSED. */
static int reopen(const struct show *show, struct arena *arena, struct log_reader *reader)
{
	struct arena next_arena = { 0 };
	struct log_reader next;
	int result = -ENOENT;

	for (int i = 0; i < RECONNECTS && result < 0; i++) {
		poll(NULL, 0, TURN_MS);
		result = open_reader(show, &next_arena, &next, reader);
	}
	if (result < 0) {
		arena_free(&next_arena);
		return result;
	}
	log_reader_close(reader);
	arena_free(arena);
	*reader = next;
	*arena = next_arena;
	return 0;
}

static int follow(struct show *show, struct arena *arena, struct log_reader *reader)
{
	struct pollfd output = { .fd = STDOUT_FILENO };
	int result = 0;

	while (result == 0) {
		const uint32_t phase = reader->rings->phase;

		log_reader_look(reader);
		result = show_all(show, reader);
		if (result < 0)
			break;
		if (phase != RINGS_LIVE)
			result = reopen(show, arena, reader);
		else
			log_reader_wait(reader, TURN_MS);
		if (poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLNVAL)))
			return 0;
	}
	return result;
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	struct options *values = given;
	auto_arena struct arena arena = { 0 };
	struct show show = { .options = values, .units = argv };
	struct log_reader reader;
	uint64_t since = 0;
	int result = values->since ? log_parse_time(values->since, &since) : 0;

	(void)context;
	(void)argc;
	show.colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	if (result == 0)
		result = open_reader(&show, &arena, &reader, NULL);
	if (result < 0)
		return result;
	if (since)
		log_reader_since(&reader, since);
	if (values->lines_seen || (values->follow && !since))
		log_reader_last(&reader, values->lines_seen ? values->lines : FOLLOW_LINES);
	result = show_all(&show, &reader);
	if (result == 0 && values->follow)
		result = follow(&show, &arena, &reader);
	log_reader_close(&reader);
	return result;
}

const struct command command_logs = {
	.name = "logs",
	.arguments = "[UNIT...]",
	.summary = "show what units have written",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_max = COMMAND_ANY,
	.mixed = true,
	.run = run,
};
