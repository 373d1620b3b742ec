/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include "lib/error.h"

static char buffer[2048];

static void test_fail(void **state)
{
	(void)state;
	assert_int_equal(fail(ENOENT, "open %s", "/x"), -ENOENT);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(error_last()->code, ERROR_SYSTEM);
	assert_int_equal(error_last()->no, ENOENT);
	assert_string_equal(error_last()->text, "open /x");
	assert_string_equal(error_last()->property, "");
	assert_string_equal(error_format(error_last(), buffer, sizeof(buffer)),
			    "open /x: no such file or directory");
	/* Some give -errno. */
	assert_int_equal(fail(-EPERM, "x"), -EPERM);
	assert_int_equal(error_last()->no, EPERM);
}

static void test_fail_without_errno(void **state)
{
	(void)state;
	assert_int_equal(fail_as(ERROR_USAGE, 0, "missing %d", 7), -EINVAL);
	assert_int_equal(error_last()->no, 0);
	assert_int_equal(error_last()->code, ERROR_USAGE);
	assert_string_equal(error_format(error_last(), buffer, sizeof(buffer)), "missing 7");
}

static void test_property(void **state)
{
	char longest[300];

	(void)state;
	assert_int_equal(fail_property("linux.x", "must be %d", 3), -EINVAL);
	assert_int_equal(error_last()->code, ERROR_CONFIG);
	assert_string_equal(error_last()->property, "linux.x");
	assert_string_equal(error_last()->text, "linux.x: must be 3");
	fail_property("", "plain");
	assert_string_equal(error_last()->text, "plain");
	assert_string_equal(error_last()->property, "");
	memset(longest, 'p', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	fail_property(longest, "end");
	assert_int_equal(strlen(error_last()->property), sizeof(error_last()->property) - 1);
	assert_non_null(strstr(error_last()->text, "p: end"));
	/* The next error has none. */
	fail(EIO, "x");
	assert_string_equal(error_last()->property, "");
}

static void test_context(void **state)
{
	(void)state;
	fail_property("a.b", "wrong");
	assert_int_equal(fail_context(-5, "%s: line %d", "config.json", 3), -5);
	assert_string_equal(error_last()->text, "config.json: line 3: a.b: wrong");
	assert_string_equal(error_last()->property, "a.b");
	/* The recorded text may be an argument of the next record. */
	fail(EIO, "again: %s", error_last()->text);
	assert_string_equal(error_last()->text, "again: config.json: line 3: a.b: wrong");
	error_clear();
	fail_context(-1, "alone");
	assert_string_equal(error_last()->text, "alone");
}

static void test_too_long(void **state)
{
	char text[3000];
	size_t length;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fail(EIO, "%s", text);
	length = strlen(error_last()->text);
	assert_int_equal(length, sizeof(error_last()->text) - 1);
	assert_string_equal(error_last()->text + length - 3, "...");
	fail_context(-1, "%s", text);
	assert_int_equal(strlen(error_last()->text), sizeof(error_last()->text) - 1);
	error_clear();
	fail(EIO, "short");
	fail_context(-1, "%.1015s", text);
	assert_string_equal(error_last()->text + 1015, ": short" + 0);
	assert_int_equal(strlen(error_last()->text), 1022);
	fail(EIO, "shorter");
	fail_context(-1, "%.1018s", text);
	assert_string_equal(error_last()->text + 1020, "...");
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(error_code_name(ERROR_NONE), "none");
	assert_string_equal(error_code_name(ERROR_CONFIG), "config");
	assert_string_equal(error_code_name(ERROR_NOT_FOUND), "not-found");
	assert_string_equal(error_code_name(ERROR_UNSUPPORTED), "unsupported");
	assert_string_equal(error_code_name(ERROR_PROCESS), "process");
	assert_string_equal(error_code_name((enum error_code)99), "system");
}

/* The same with every C library. */
static void test_errno_texts(void **state)
{
	(void)state;
	assert_string_equal(error_errno_text(EPERM), "operation not permitted");
	assert_string_equal(error_errno_text(EACCES), "permission denied");
	assert_string_equal(error_errno_text(EIO), "input/output error");
	assert_string_equal(error_errno_text(EBUSY), "device or resource busy");
	assert_string_equal(error_errno_text(ELOOP), "too many levels of symbolic links");
	assert_string_equal(error_errno_text(ENOMEM), "cannot allocate memory");
	assert_string_equal(error_errno_text(EINVAL), "invalid argument");
	assert_string_equal(error_errno_text(ENOTDIR), "not a directory");
	/* No text that the table can hold is cut. */
	assert_string_equal(error_errno_text(EOVERFLOW), "value too large for defined data type");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail),	    cmocka_unit_test(test_fail_without_errno),
		cmocka_unit_test(test_property),    cmocka_unit_test(test_context),
		cmocka_unit_test(test_too_long),    cmocka_unit_test(test_names),
		cmocka_unit_test(test_errno_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
