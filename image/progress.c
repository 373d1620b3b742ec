/* SPDX-License-Identifier: Apache-2.0 */
/* Telling how far long work is: see progress.h. */
#include "image/progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/str.h"

enum {
	TERMINAL_INTERVAL_MS = 200,
	JSON_INTERVAL_MS = 1000,
	TERMINAL_WIDTH = 80, /* of one that does not say */
	LINE_SIZE = 512,
	SIZE_TEXT = 24,
};

static struct {
	enum progress_style style;
	bool active;
	const char *step, *what;
	uint64_t total, done, earlier;
	uint64_t start_ms, shown_ms, shown_bytes;
	uint64_t rate; /* bytes a second, smoothed */
} now = { .style = PROGRESS_QUIET };

static uint64_t clock_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

void progress_setup(enum progress_style style)
{
	if (style == PROGRESS_AUTO)
		style = isatty(STDERR_FILENO) ? PROGRESS_TERMINAL : PROGRESS_PLAIN;
	now.style = style;
}

/* "987 B", "12.3 MiB" */
static const char *size_text(uint64_t bytes, char text[SIZE_TEXT])
{
	static const char units[] = "BKMGTPE";
	unsigned int unit = 0;
	uint64_t rest = 0;

	for (; bytes >= 1024; bytes >>= 10, unit++)
		rest = bytes % 1024;
	if (unit)
		snprintf(text, SIZE_TEXT, "%u.%u %ciB", (unsigned int)bytes,
			 (unsigned int)(rest * 10 / 1024), units[unit]);
	else
		snprintf(text, SIZE_TEXT, "%u B", (unsigned int)bytes);
	return text;
}

static unsigned int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return TERMINAL_WIDTH;
	return size.ws_col < LINE_SIZE - 8 ? size.ws_col : LINE_SIZE - 8;
}

/* A progress that cannot be told is no error of the work. */
static void tell(const char *text, size_t size)
{
	if (fd_write_all(STDERR_FILENO, text, size) < 0)
		return;
}

/* With its end; the NUL goes. */
static void tell_line(char *line)
{
	size_t size = strlen(line);

	line[size++] = '\n';
	tell(line, size);
}

/* Names come from archives and registries: nothing in them talks to the terminal. */
static void make_plain(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

/* Bytes per second since the last time, a quarter of it new, so that the time left does not jump.
 */
static void measure(uint64_t time)
{
	uint64_t span = time - now.shown_ms;
	uint64_t rate;

	if (!span)
		return;
	rate = (now.done - now.shown_bytes) * 1000 / span;
	now.rate = now.rate ? now.rate - now.rate / 4 + rate / 4 : rate;
	now.shown_ms = time;
	now.shown_bytes = now.done;
}

/* "step what  12.3 MiB of 45.6 MiB  3.2 MiB/s  10 s left", cut at the edge. */
static void show_terminal(void)
{
	char line[LINE_SIZE], done[SIZE_TEXT], total[SIZE_TEXT], rate[SIZE_TEXT];
	unsigned int width = terminal_width() - 1;
	size_t used;

	snprintf(line, sizeof(line), "\r%s %.*s  %s", now.step, *now.what == 's' ? 19 : 64,
		 now.what, size_text(now.done, done));
	used = strlen(line);
	if (now.total)
		snprintf(line + used, sizeof(line) - used, " of %s", size_text(now.total, total));
	used = strlen(line);
	if (now.rate)
		snprintf(line + used, sizeof(line) - used, "  %s/s", size_text(now.rate, rate));
	used = strlen(line);
	if (now.rate && now.total > now.done) {
		unsigned long long left = (now.total - now.done) / now.rate;

		snprintf(line + used, sizeof(line) - used, "  %llu s left", left + 1);
	}
	used = strlen(line);
	make_plain(line + 1);
	if (used > width)
		used = width;
	memcpy(line + used, "\033[K", 3);
	tell(line, used + 3);
}

/* {"event": ..., "step": ..., "what": ..., "done": ..., "total": ...} */
static void show_json(const char *event)
{
	char room[LINE_SIZE * 2] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct json_writer writer;
	size_t size;
	char *text;

	json_write_start(&writer, &arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "event", event);
	json_write_string(&writer, "step", now.step);
	json_write_string(&writer, "what", now.what);
	json_write_uint(&writer, "done", now.done);
	if (now.total)
		json_write_uint(&writer, "total", now.total);
	if (now.rate)
		json_write_uint(&writer, "rate", now.rate);
	json_write_end(&writer, '}');
	text = json_write_finish(&writer, &size);
	if (!text)
		return;
	text[size++] = '\n'; /* over the NUL */
	tell(text, size);
}

void progress_begin(const char *step, const char *what, uint64_t total, uint64_t done)
{
	progress_abort();
	now.active = true;
	now.step = step;
	now.what = what;
	now.total = total;
	now.done = now.earlier = now.shown_bytes = done;
	now.start_ms = now.shown_ms = clock_ms();
	now.rate = 0;
	if (now.style == PROGRESS_JSON)
		show_json("begin");
	else if (now.style == PROGRESS_TERMINAL)
		show_terminal();
}

void progress_add(uint64_t bytes)
{
	uint64_t time;

	if (!now.active)
		return;
	now.done += bytes;
	if (now.style != PROGRESS_TERMINAL && now.style != PROGRESS_JSON)
		return;
	time = clock_ms();
	if (time - now.shown_ms <
	    (now.style == PROGRESS_JSON ? JSON_INTERVAL_MS : TERMINAL_INTERVAL_MS))
		return;
	measure(time);
	if (now.style == PROGRESS_JSON)
		show_json("progress");
	else
		show_terminal();
}

static void show_end(void)
{
	char line[LINE_SIZE], done[SIZE_TEXT];
	unsigned int tenths = (unsigned int)((clock_ms() - now.start_ms) / 100);
	bool terminal = now.style == PROGRESS_TERMINAL;

	snprintf(line, sizeof(line), "%s %.400s  %s in %u.%u s", now.step, now.what,
		 size_text(now.done - now.earlier, done), tenths / 10, tenths % 10);
	make_plain(line);
	if (terminal)
		tell("\r\033[K", 4);
	tell_line(line);
}

void progress_end(void)
{
	if (!now.active)
		return;
	now.active = false;
	if (now.style == PROGRESS_JSON)
		show_json("end");
	else if (now.style != PROGRESS_QUIET)
		show_end();
}

void progress_abort(void)
{
	if (!now.active)
		return;
	now.active = false;
	if (now.style == PROGRESS_JSON)
		show_json("abort");
	else if (now.style == PROGRESS_TERMINAL)
		tell("\n", 1);
}

static void note_json(const char *text)
{
	char room[LINE_SIZE * 4] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct json_writer writer;
	size_t size;
	char *line;

	json_write_start(&writer, &arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "event", "note");
	json_write_string(&writer, "text", text);
	json_write_end(&writer, '}');
	line = json_write_finish(&writer, &size);
	if (!line)
		return;
	line[size++] = '\n';
	tell(line, size);
}

void progress_note(const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	if (now.style == PROGRESS_QUIET)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	if (now.style == PROGRESS_JSON) {
		note_json(line);
		return;
	}
	if (now.style == PROGRESS_TERMINAL && now.active)
		tell("\r\033[K", 4);
	make_plain(line);
	tell_line(line);
}
