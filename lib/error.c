/* SPDX-License-Identifier: Apache-2.0 */
/* The error record: see error.h. */
#include "lib/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct error last;

/* Format into the record by way of the stack: an argument may be the recorded text itself. */
static void record_text(const char *prefix, const char *format, va_list arguments,
			const char *suffix)
{
	char text[sizeof(last.text)];
	size_t used = strlen(prefix);
	int length;

	if (used >= sizeof(text))
		used = sizeof(text) - 1;
	memcpy(text, prefix, used);
	length = vsnprintf(text + used, sizeof(text) - used, format, arguments);
	if (length < 0)
		text[used] = '\0';
	else
		used += (size_t)length;
	if (used < sizeof(text) - 1)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", suffix);
	if (used >= sizeof(text)) /* say that something is missing */
		memcpy(text + sizeof(text) - 4, "...", 4);
	memcpy(last.text, text, sizeof(text));
}

/* The number of a new record, and what the failing function returns. */
static int record_number(enum error_code code, int no)
{
	last.code = code;
	last.no = no < 0 ? -no : no;
	last.property[0] = '\0';
	errno = last.no ? last.no : EINVAL;
	return -errno;
}

int fail(int no, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	record_text("", format, arguments, "");
	va_end(arguments);
	return record_number(ERROR_SYSTEM, no);
}

int fail_as(enum error_code code, int no, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	record_text("", format, arguments, "");
	va_end(arguments);
	return record_number(code, no);
}

int fail_property(const char *property, const char *format, ...)
{
	char prefix[sizeof(last.property) + 2] = "";
	va_list arguments;
	int result;

	if (property && property[0])
		snprintf(prefix, sizeof(prefix), "%.*s: ", (int)sizeof(last.property) - 1,
			 property);
	va_start(arguments, format);
	record_text(prefix, format, arguments, "");
	va_end(arguments);
	result = record_number(ERROR_CONFIG, 0);
	if (prefix[0]) {
		size_t length = strlen(prefix) - 2;

		memcpy(last.property, prefix, length);
		last.property[length] = '\0';
	}
	return result;
}

int fail_context(int result, const char *format, ...)
{
	char old[sizeof(last.text) + 2];
	va_list arguments;
	int saved = errno;

	snprintf(old, sizeof(old), "%s%s", last.text[0] ? ": " : "", last.text);
	va_start(arguments, format);
	record_text("", format, arguments, old);
	va_end(arguments);
	errno = saved;
	return result;
}

struct error *error_last(void)
{
	return &last;
}

void error_clear(void)
{
	last.code = ERROR_NONE;
	last.no = 0;
	last.property[0] = '\0';
	last.text[0] = '\0';
}

const char *error_code_name(enum error_code code)
{
	static const char names[][12] = {
		[ERROR_NONE] = "none",
		[ERROR_SYSTEM] = "system",
		[ERROR_USAGE] = "usage",
		[ERROR_CONFIG] = "config",
		[ERROR_UNSUPPORTED] = "unsupported",
		[ERROR_STATE] = "state",
		[ERROR_NOT_FOUND] = "not-found",
		[ERROR_EXISTS] = "exists",
		[ERROR_HOOK] = "hook",
		[ERROR_PROCESS] = "process",
	};

	if ((unsigned int)code >= sizeof(names) / sizeof(names[0]))
		code = ERROR_SYSTEM;
	return names[code];
}

const char *error_errno_text(int no)
{
	/* Where musl's texts are not those that callers know from glibc and Go. */
	static const struct {
		short no;
		char text[38];
	} texts[] = {
		{ EIO, "input/output error" },
		{ ECHILD, "no child processes" },
		{ ENOMEM, "cannot allocate memory" },
		{ EBUSY, "device or resource busy" },
		{ EXDEV, "invalid cross-device link" },
		{ ENFILE, "too many open files in system" },
		{ EMFILE, "too many open files" },
		{ ENOTTY, "inappropriate ioctl for device" },
		{ ESPIPE, "illegal seek" },
		{ EDOM, "numerical argument out of domain" },
		{ ERANGE, "numerical result out of range" },
		{ EDEADLK, "resource deadlock avoided" },
		{ ENAMETOOLONG, "file name too long" },
		{ ELOOP, "too many levels of symbolic links" },
		{ EOVERFLOW, "value too large for defined data type" },
		{ EOPNOTSUPP, "operation not supported" },
		{ EADDRINUSE, "address already in use" },
		{ ETIMEDOUT, "connection timed out" },
		{ EDQUOT, "disk quota exceeded" },
		{ ENOKEY, "required key not available" },
		{ EUSERS, "too many users" },
	};
	static char text[64];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].no == no)
			return texts[i].text;
	}
	snprintf(text, sizeof(text), "%s", strerror(no));
	/* "RPC ..." keeps its capitals. */
	if (text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z'))
		text[0] += 'a' - 'A';
	return text;
}

char *error_format(const struct error *error, char *buffer, size_t size)
{
	const char *separator = error->no && error->text[0] ? ": " : "";

	snprintf(buffer, size, "%s%s%s", error->text, separator,
		 error->no ? error_errno_text(error->no) : "");
	return buffer;
}

int error_result(void)
{
	return last.no > 0 ? -last.no : -EINVAL;
}
