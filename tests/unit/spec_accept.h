/* SPDX-License-Identifier: Apache-2.0 */
/* What test_spec_accepted.c and test_spec_linux.c share: texts, and the parser with warnings kept.
 */
#ifndef TESTS_UNIT_SPEC_ACCEPT_H
#define TESTS_UNIT_SPEC_ACCEPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"
#include "runtime/spec/spec.h"

#include <cmocka.h> /* last: it defines fail() */

#define WITH(members) \
	"{\"ociVersion\": \"1.0.2-dev\", \"root\": {\"path\": \"rootfs\"}, " members "}"
#define PROCESS(members) WITH("\"process\": {\"cwd\": \"/\", \"args\": [\"sh\"], " members "}")
#define LINUX(members) WITH("\"linux\": {" members "}")

static unsigned int warnings;
static char warning[256];

void __wrap_log_message(enum log_level level, const char *format, ...);
void __wrap_log_message(enum log_level level, const char *format, ...)
{
	va_list arguments;

	if (level != LOG_LEVEL_WARNING)
		return;
	warnings++;
	va_start(arguments, format);
	vsnprintf(warning, sizeof(warning), format, arguments);
	va_end(arguments);
}

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	warnings = 0;
	warning[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static const struct spec *accept(const char *text)
{
	const struct spec *spec = spec_parse(&arena, text, strlen(text), "config.json");

	if (!spec)
		fail_msg("%s\nrefused: %s", text, error_last()->text);
	return spec;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
