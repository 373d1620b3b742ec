/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about a property: file, line, path. Only here are paths put together. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "lib/json.h"
#include "lib/log.h"
#include "runtime/spec/table.h"

enum { PATH_SIZE = 192, TEXT_SIZE = 512 };

/* The path of a frame, "linux.mounts[3].type"; returns its length. What does not fit is cut off. */
static size_t put_path(const struct spec_frame *frame, char *path)
{
	size_t used = 0;
	int length;

	if (!frame->up) {
		path[0] = '\0';
		return 0;
	}
	used = put_path(frame->up, path);
	if (!frame->name)
		length = snprintf(path + used, PATH_SIZE - used, "[%zu]", frame->index);
	else if (strchr(frame->name, '.'))
		length = snprintf(path + used, PATH_SIZE - used, "[\"%s\"]", frame->name);
	else
		length = snprintf(path + used, PATH_SIZE - used, "%s%s", used ? "." : "",
				  frame->name);
	used += length < 0 ? 0 : (size_t)length;
	return used < PATH_SIZE ? used : PATH_SIZE - 1;
}

/* The path of a property below the frame ("a.b" or NULL), and the line of the deepest node on it.
 */
static unsigned int locate(const struct spec_frame *frame, const char *child, char *path)
{
	const size_t used = put_path(frame, path);
	const cJSON *node = frame->node;

	if (child)
		snprintf(path + used, PATH_SIZE - used, "%s%s", used ? "." : "", child);
	while (child) {
		const size_t length = strcspn(child, ".");
		const cJSON *member = node->child;

		while (member && !(member->string && strncmp(member->string, child, length) == 0 &&
				   member->string[length] == '\0'))
			member = member->next;
		if (!member)
			break;
		node = member;
		child = child[length] ? child + length + 1 : NULL;
	}
	return json_line(node);
}

static void describe(const struct spec_reader *reader, unsigned int line, const char *path,
		     enum error_code code, const char *text)
{
	struct error *error;

	fail_as(code, 0, "%s:%u: %s%s%s", reader->file, line, path, *path ? ": " : "", text);
	error = error_last();
	snprintf(error->property, sizeof(error->property), "%.*s", (int)sizeof(error->property) - 1,
		 path);
}

int spec_fail(const struct spec_reader *reader, const struct spec_frame *frame, const char *child,
	      const char *format, ...)
{
	char path[PATH_SIZE], text[TEXT_SIZE];
	const unsigned int line = locate(frame, child, path);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	describe(reader, line, path, ERROR_CONFIG, text);
	return -EINVAL;
}

int spec_refuse(const struct spec_reader *reader, const struct spec_frame *frame, const char *child,
		enum spec_symbol symbol)
{
	char path[PATH_SIZE], text[TEXT_SIZE];
	const unsigned int line = locate(frame, child, path);

	snprintf(text, sizeof(text), "CONFIG_%s is not set", spec_symbol_name(symbol));
	describe(reader, line, path, ERROR_UNSUPPORTED, text);
	return -EINVAL;
}

void spec_warn(const struct spec_reader *reader, const struct spec_frame *frame, const char *format,
	       ...)
{
	char path[PATH_SIZE], text[TEXT_SIZE];
	const unsigned int line = locate(frame, NULL, path);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_warning("%s:%u: %s: %s", reader->file, line, path, text);
}
