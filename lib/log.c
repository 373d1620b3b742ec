/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: see log.h. Each is put together on the stack and written with one write(2). */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json_escape.h"
#include "lib/str.h"

enum {
	LOG_TEXT_SIZE = 1536, /* a recorded error with its errno's text fits */
	LOG_LINE_SIZE = 4096,
};

static struct log_options options = { .fd = -1, .program = "cruet" };

/* A line that grows; what does not fit is left out. */
struct line {
	size_t used;
	char text[LOG_LINE_SIZE];
};

static void put(struct line *line, const char *text, size_t size)
{
	if (size <= sizeof(line->text) - line->used) {
		memcpy(line->text + line->used, text, size);
		line->used += size;
	}
}

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/*
 * JSON's escapes serve all formats: they make one line of many and keep control characters from
 * the terminal. With `quotes` false, '"' and '\' stand as they are.
 */
static void put_escaped(struct line *line, const char *text, bool quotes)
{
	const char *end = text + strlen(text);
	char escaped[JSON_ESCAPE_SIZE];

	while (text < end) {
		size_t plain = json_plain(text, (size_t)(end - text)), used;

		/* Leave room for what must follow: cut the message rather than the line's end. */
		if (plain > sizeof(line->text) - line->used - LOG_TEXT_SIZE / 2)
			plain = sizeof(line->text) - line->used - LOG_TEXT_SIZE / 2;
		put(line, text, plain);
		text += plain;
		if (text == end || line->used + LOG_TEXT_SIZE / 2 >= sizeof(line->text))
			return;
		if (!quotes && (*text == '"' || *text == '\\')) {
			put(line, text++, 1);
			continue;
		}
		text += json_escape(text, escaped, &used);
		put(line, escaped, used);
	}
}

static const char *level_name(enum log_level level)
{
	static const char names[][8] = { "error", "warning", "info", "debug" };

	return names[level];
}

static void put_member(struct line *line, const char *key, const char *value)
{
	put_text(line, ",\"");
	put_text(line, key);
	put_text(line, "\":\"");
	put_escaped(line, value, true);
	put_text(line, "\"");
}

static void json_line_of(struct line *line, enum log_level level, const char *text,
			 const struct error *error, const char *time)
{
	char number[40];

	put_text(line, "{\"level\":\"");
	put_text(line, level_name(level));
	put_text(line, "\"");
	put_member(line, "msg", text);
	put_member(line, "time", time);
	if (error) {
		put_member(line, "code", error_code_name(error->code));
		if (error->property[0])
			put_member(line, "property", error->property);
		if (error->no) {
			snprintf(number, sizeof(number), ",\"errno\":%d", error->no);
			put_text(line, number);
		}
	}
	put_text(line, "}\n");
}

/* As logrus, which runc logs with, writes text. */
static void text_line_of(struct line *line, enum log_level level, const char *text,
			 const char *time)
{
	put_text(line, "time=\"");
	put_text(line, time);
	put_text(line, "\" level=");
	put_text(line, level_name(level));
	put_text(line, " msg=\"");
	put_escaped(line, text, true);
	put_text(line, "\"\n");
}

static void write_file(int fd, enum log_level level, const char *text, const struct error *error)
{
	struct line line;
	char time[STR_TIME_SIZE];
	struct timespec now;

	line.used = 0;
	clock_gettime(CLOCK_REALTIME, &now);
	str_time_seconds(now.tv_sec, time);
	if (options.json)
		json_line_of(&line, level, text, error, time);
	else
		text_line_of(&line, level, text, time);
	fd_write_all(fd, line.text, line.used); /* nobody is left to tell */
}

static void write_stderr(enum log_level level, const char *text)
{
	struct line line;

	line.used = 0;
	put_text(&line, options.program);
	put_text(&line, ": ");
	put_text(&line, level_name(level));
	put_text(&line, ": ");
	put_escaped(&line, text, false);
	put_text(&line, "\n");
	fd_write_all(STDERR_FILENO, line.text, line.used);
}

static bool file_takes(enum log_level level)
{
	return options.fd >= 0 && level <= (options.level_set ? options.level : LOG_LEVEL_ERROR);
}

static bool stderr_takes(enum log_level level)
{
	return level <= (options.level_set ? options.level : LOG_LEVEL_WARNING);
}

static void emit(enum log_level level, const char *text, const struct error *error)
{
	int saved = errno;

	if (file_takes(level))
		write_file(options.fd, level, text, error);
	if (stderr_takes(level)) {
		/* --log-format json without a file is meant for stderr. */
		if (options.json && options.fd < 0)
			write_file(STDERR_FILENO, level, text, error);
		else
			write_stderr(level, text);
	}
	errno = saved;
}

void log_setup(const struct log_options *new_options)
{
	options = *new_options;
	if (!options.program)
		options.program = "cruet";
}

bool log_enabled(enum log_level level)
{
	return file_takes(level) || stderr_takes(level);
}

void log_message(enum log_level level, const char *format, ...)
{
	char text[LOG_TEXT_SIZE];
	va_list arguments;
	int saved = errno;

	if (!log_enabled(level))
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	errno = saved;
	emit(level, text, NULL);
}

void log_error(void)
{
	const struct error *error = error_last();
	char text[LOG_TEXT_SIZE];

	error_format(error, text, sizeof(text));
	emit(LOG_LEVEL_ERROR, text, error);
}
