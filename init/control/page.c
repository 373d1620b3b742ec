/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: see page.h. */
#include "init/control/page.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/str.h"

static void flush(struct page *page)
{
	if (page->result == 0 && fd_write_all(page->fd, page->text, page->used) < 0)
		page->result = fail(errno, "write the answer");
	page->used = 0;
}

static void add_byte(struct page *page, char byte)
{
	if (page->used == sizeof(page->text))
		flush(page);
	page->text[page->used++] = byte;
}

static void put_byte(struct page *page, char byte)
{
	for (; page->column < page->tab && byte != '\n'; page->column++)
		add_byte(page, ' ');
	page->tab = 0;
	add_byte(page, byte);
	if (byte == '\n')
		page->column = 0;
	else if ((byte & 0xc0) != 0x80)
		page->column++;
}

void page_put(struct page *page, const char *text)
{
	for (; *text; text++)
		put_byte(page, *text);
}

void page_format(struct page *page, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	page_put(page, text);
}

/*
 * Bytes of the character that `text` begins with, 0 if it is not to be shown: control characters of
 * ASCII and of Unicode (U+0080 to U+009F), and those that change the direction of writing.
 */
static size_t shown(const char *text, size_t left)
{
	const size_t length = str_utf8_sequence(text, left);
	const unsigned char first = (unsigned char)text[0];

	if (length == 1 && (first < ' ' || first == 0x7f))
		return 0;
	if (length == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0)
		return 0;
	if (length == 3 && first == 0xe2) { /* U+2000 and on */
		const unsigned int low = (unsigned int)(text[1] & 0x3f) << 6 | (text[2] & 0x3f);

		if (low == 0x0e || low == 0x0f || (low >= 0x28 && low <= 0x2e) ||
		    (low >= 0x66 && low <= 0x69))
			return 0;
	}
	return length;
}

void page_foreign(struct page *page, const char *text)
{
	const char *end = text + strlen(text);

	while (text < end) {
		size_t length = shown(text, (size_t)(end - text));

		if (length == 0)
			page_format(page, "\\x%02x", (unsigned int)(unsigned char)*text++);
		for (; length > 0; length--)
			put_byte(page, *text++);
	}
}

void page_tab(struct page *page, size_t column)
{
	page->tab = column > page->column + 2 ? column : page->column + 2;
}

int page_end(struct page *page)
{
	flush(page);
	return page->result;
}

char *page_duration(uint64_t ms, char buffer[DURATION_SIZE])
{
	const unsigned long long seconds = ms / 1000, minutes = seconds / 60, hours = minutes / 60;

	if (ms < 1000)
		snprintf(buffer, DURATION_SIZE, "%ums", (unsigned int)ms);
	else if (seconds < 10 && ms % 1000 >= 10)
		snprintf(buffer, DURATION_SIZE, "%llu.%02us", seconds,
			 (unsigned int)(ms % 1000 / 10));
	else if (minutes == 0)
		snprintf(buffer, DURATION_SIZE, "%llus", seconds);
	else if (hours == 0)
		snprintf(buffer, DURATION_SIZE, "%llum%02llus", minutes, seconds % 60);
	else if (hours < 24)
		snprintf(buffer, DURATION_SIZE, "%lluh%02llum", hours, minutes % 60);
	else
		snprintf(buffer, DURATION_SIZE, "%llud%02lluh", hours / 24, hours % 24);
	return buffer;
}
