/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/log.h"

/* stderr and the log file are temporary files while a test runs. */
static int file, messages, saved_stderr;
static char text[8192];

static int set_up(void **state)
{
	(void)state;
	file = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	messages = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	dup2(messages, STDERR_FILENO);
	return file < 0 || messages < 0;
}

static int tear_down(void **state)
{
	const struct log_options options = { .fd = -1 };

	(void)state;
	log_setup(&options);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(file);
	close(messages);
	return 0;
}

/* All that was written to `fd` since the last time. */
static const char *taken(int fd)
{
	ssize_t size = pread(fd, text, sizeof(text) - 1, 0);

	text[size < 0 ? 0 : size] = '\0';
	assert_int_equal(ftruncate(fd, 0), 0);
	return text;
}

static void set(int fd, bool json, bool level_set, enum log_level level)
{
	const struct log_options options = {
		.fd = fd, .json = json, .level_set = level_set, .level = level, .program = "prog"
	};

	log_setup(&options);
}

static void test_default(void **state)
{
	(void)state;
	set(-1, false, false, LOG_LEVEL_ERROR);
	log_message(LOG_LEVEL_ERROR, "bad %d", 1);
	assert_string_equal(taken(messages), "prog: error: bad 1\n");
	log_warning("odd");
	assert_string_equal(taken(messages), "prog: warning: odd\n");
	log_info("x");
	log_debug("y");
	assert_string_equal(taken(messages), "");
	assert_false(log_enabled(LOG_LEVEL_INFO));
	assert_true(log_enabled(LOG_LEVEL_WARNING));
	errno = ENOTDIR;
	log_warning("errno stays: %m");
	assert_int_equal(errno, ENOTDIR);
	assert_non_null(strstr(taken(messages), "Not a directory"));
}

static void test_levels(void **state)
{
	(void)state;
	/* The file takes errors only. */
	set(file, false, false, LOG_LEVEL_ERROR);
	log_warning("odd");
	assert_string_equal(taken(file), "");
	assert_string_equal(taken(messages), "prog: warning: odd\n");
	set(file, false, true, LOG_LEVEL_DEBUG);
	log_debug("deep");
	assert_non_null(strstr(taken(file), " level=debug msg=\"deep\"\n"));
	assert_string_equal(taken(messages), "prog: debug: deep\n");
	set(file, false, true, LOG_LEVEL_ERROR);
	log_warning("odd");
	assert_string_equal(taken(file), "");
	assert_string_equal(taken(messages), "");
}

/* No control character gets through, and a message is one line. */
static void test_escapes(void **state)
{
	(void)state;
	set(file, false, false, LOG_LEVEL_ERROR);
	log_message(LOG_LEVEL_ERROR, "a\nb\t\"c\"\\ \x1b[31m \xff gr\xc3\xbc");
	assert_string_equal(taken(messages),
			    "prog: error: a\\nb\\t\"c\"\\ \\u001b[31m \\ufffd gr\xc3\xbc\n");
	assert_memory_equal(taken(file), "time=\"20", 8);
	assert_string_equal(
		text + 6 + 20,
		"\" level=error msg=\"a\\nb\\t\\\"c\\\"\\\\ \\u001b[31m \\ufffd gr\xc3\xbc\"\n");
}

static const char *member(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void test_json(void **state)
{
	auto_arena struct arena arena = { 0 };
	const cJSON *root;
	int64_t number;

	(void)state;
	set(file, true, false, LOG_LEVEL_ERROR);
	fail_property("linux.x", "is \"%s\"", "wrong\n");
	error_last()->no = ENOENT;
	log_error();
	taken(file);
	assert_int_equal(text[strlen(text) - 1], '\n');
	root = json_parse(&arena, text, strlen(text), "log");
	assert_non_null(root);
	assert_string_equal(member(root, "level"), "error");
	assert_string_equal(member(root, "msg"),
			    "linux.x: is \"wrong\n\": no such file or directory");
	assert_string_equal(member(root, "code"), "config");
	assert_string_equal(member(root, "property"), "linux.x");
	assert_int_equal(strlen(member(root, "time")), 20);
	assert_true(json_int64(cJSON_GetObjectItemCaseSensitive(root, "errno"), &number));
	assert_int_equal(number, ENOENT);
	assert_string_equal(taken(messages),
			    "prog: error: linux.x: is \"wrong\\n\": no such file or directory\n");
	/* Without a file it is stderr that is read by a program. */
	set(-1, true, false, LOG_LEVEL_ERROR);
	log_warning("odd");
	taken(messages);
	root = json_parse(&arena, text, strlen(text), "log");
	assert_non_null(root);
	assert_string_equal(member(root, "level"), "warning");
	assert_string_equal(member(root, "msg"), "odd");
	assert_null(member(root, "code"));
}

/* However long and full of escapes: a whole JSON object in one line. */
static void test_long(void **state)
{
	auto_arena struct arena arena = { 0 };
	char full[1400];

	(void)state;
	set(file, true, false, LOG_LEVEL_ERROR);
	for (size_t length = 0; length < sizeof(full); length += 13) {
		static const char kinds[] = "a\n\x01\xff\"";

		for (const char *kind = kinds; *kind; kind++) {
			const cJSON *root;

			memset(full, *kind, length);
			full[length] = '\0';
			fail_property("linux.x", "%s", full);
			log_error();
			taken(file);
			assert_null(memchr(text, '\n', strlen(text) - 1));
			root = json_parse(&arena, text, strlen(text), "log");
			assert_non_null(root);
			assert_string_equal(member(root, "property"), "linux.x");
			assert_string_equal(member(root, "code"), "config");
			assert_memory_equal(member(root, "msg"), "linux.x: ", 9);
			assert_memory_equal(taken(messages), "prog: error: linux.x: ", 22);
			assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_default, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_levels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_escapes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
