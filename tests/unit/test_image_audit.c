/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: what is in a line, torn lines, rotation, many writers at once. */
#include "tests/unit/trust_world.h"

#include <sys/wait.h>

#include "image/trust/audit_log.h"
#include "lib/json.h"
#include "lib/log.h"

static char *read_log(const char *name, size_t *size)
{
	static char text[3 << 20];
	char path[64];
	int fd;
	ssize_t got;

	snprintf(path, sizeof(path), "store/%s", name);
	fd = openat(world.folder, path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	got = read(fd, text, sizeof(text) - 1);
	assert_true(got >= 0);
	close(fd);
	text[got] = '\0';
	if (size)
		*size = (size_t)got;
	return text;
}

static struct digest digest_number(unsigned int number)
{
	struct digest digest;

	digest_of(&digest, DIGEST_SHA256, &number, sizeof(number));
	return digest;
}

static void write_event(const char *action, unsigned int number)
{
	const struct digest digest = digest_number(number);

	assert_int_equal(audit_write(world.store, &(struct audit_event){ .action = action,
									 .name = "app:1",
									 .manifest = &digest,
									 .id = "web" }),
			 0);
}

struct lines {
	size_t count;
	char first[512], last[512];
};

static int count_line(void *data, const char *line, size_t size)
{
	struct lines *lines = data;

	snprintf(lines->count++ ? lines->last : lines->first, sizeof(lines->last), "%.*s",
		 (int)size, line);
	return 0;
}

/* How many lines there are of these two; whether they ran goes to ran[2]. */
static size_t ask(unsigned int first, unsigned int second, bool ran[2])
{
	const struct digest digests[] = { digest_number(first), digest_number(second) };
	auto_arena struct arena arena = { 0 };
	struct lines lines = { 0 };

	assert_int_equal(audit_read(&arena, world.store, digests, 2, count_line, &lines, ran), 0);
	return lines.count;
}

static size_t count_all(void)
{
	auto_arena struct arena arena = { 0 };
	struct lines lines = { 0 };

	assert_int_equal(audit_read(&arena, world.store, NULL, 0, count_line, &lines, NULL), 0);
	return lines.count;
}

static void test_line(void **state)
{
	const struct trust_decision decision = {
		.allowed = true,
		.rule = "registry.example",
		.signer = "rele\"ase",
		.key = KEY_1_ID,
		.counter = 7,
	};
	const struct audit_event event = {
		.action = "start",
		.name = "a\nb",
		.manifest = &world.manifest,
		.decision = &decision,
		.id = "web",
	};
	auto_arena struct arena arena = { 0 };
	const cJSON *root;
	char *text;
	size_t size;
	uint64_t number;

	(void)state;
	assert_int_equal(audit_write(world.store, &event), 0);
	text = read_log(AUDIT_LOG, &size);
	assert_int_equal(text[size - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	root = json_parse(&arena, text, size, "line");
	assert_non_null(root);
#define TEXT(key) cJSON_GetObjectItemCaseSensitive(root, key)->valuestring
	assert_int_equal(strlen(TEXT("time")), strlen("2026-01-02T03:04:05Z"));
	assert_string_equal(TEXT("action"), "start");
	assert_string_equal(TEXT("name"), "a\nb");
	assert_string_equal(TEXT("manifest"), MANIFEST);
	assert_string_equal(TEXT("rule"), "registry.example");
	assert_string_equal(TEXT("signer"), "rele\"ase");
	assert_string_equal(TEXT("key"), KEY_1_ID);
	assert_string_equal(TEXT("id"), "web");
	assert_true(TEXT("program")[0]);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "allowed")));
	assert_true(json_uint64(cJSON_GetObjectItemCaseSensitive(root, "counter"), &number));
	assert_int_equal(number, 7);
	assert_true(json_uint64(cJSON_GetObjectItemCaseSensitive(root, "uid"), &number));
	assert_int_equal(number, getuid());
	assert_true(json_uint64(cJSON_GetObjectItemCaseSensitive(root, "pid"), &number));
	assert_int_equal(number, getppid());
#undef TEXT
}

static void test_reason(void **state)
{
	(void)state;
	error_clear();
	fail(EACCES, "its counter is too low");
	assert_int_equal(audit_write(world.store, &(struct audit_event){ .action = "refuse" }), 0);
	assert_non_null(strstr(read_log(AUDIT_LOG, NULL),
			       "\"reason\":\"its counter is too low: permission denied\""));
	/* What is recorded stays: the caller reports it. */
	assert_string_equal(error_last()->text, "its counter is too low");
	fail(EACCES, "not about this");
	assert_int_equal(audit_write(world.store, &(struct audit_event){ .action = "verify" }), 0);
	assert_null(strstr(read_log(AUDIT_LOG, NULL), "not about this"));
}

static void test_asking(void **state)
{
	bool ran[2];

	(void)state;
	assert_int_equal(ask(1, 2, ran), 0);
	assert_false(ran[0] || ran[1]);
	write_event("import", 1);
	write_event("start", 2);
	write_event("remove", 2);
	assert_int_equal(ask(1, 2, ran), 3);
	assert_false(ran[0]);
	assert_true(ran[1]);
	assert_int_equal(ask(3, 1, ran), 1);
	assert_false(ran[0] || ran[1]);
	assert_int_equal(count_all(), 3);
}

/* Cut the log at every byte of its last line: the lines before it stay, the next one is whole. */
static void test_torn(void **state)
{
	char before[4096];
	size_t size, one;
	bool ran[2];

	(void)state;
	write_event("start", 1);
	read_log(AUDIT_LOG, &one);
	write_event("start", 2);
	memcpy(before, read_log(AUDIT_LOG, &size), sizeof(before));
	for (size_t cut = one; cut < size; cut++) {
		put_file("store/" AUDIT_LOG, before, cut);
		write_event("start", 3);
		assert_int_equal(ask(1, 3, ran), 2);
		assert_true(ran[0] && ran[1]);
		/* Without its newline alone the line is whole. */
		assert_int_equal(ask(2, 2, ran), cut == size - 1);
	}
	/* Space that was given to the file and never written. */
	memset(before + size - 20, 0, 20);
	put_file("store/" AUDIT_LOG, before, size);
	write_event("start", 3);
	assert_int_equal(ask(1, 3, ran), 2);
}

static void test_rotation(void **state)
{
	static char filler[AUDIT_MAX];
	unsigned int fill = 0;
	bool ran[2];
	size_t size;

	(void)state;
	write_event("start", 1);
	write_event("import", 2);
	read_log(AUDIT_LOG, &size);
	memset(filler, ' ', sizeof(filler));
	memcpy(filler, read_log(AUDIT_LOG, NULL), size);
	filler[sizeof(filler) - 1] = '\n';
	for (size_t at = size; at + 80 < sizeof(filler); at += 80, fill++)
		memcpy(filler + at, "{\"action\":\"import\"}\n", 20);
	put_file("store/" AUDIT_LOG, filler, sizeof(filler));
	write_event("start", 3);
	read_log(AUDIT_LOG, &size);
	assert_true(size < 1024);
	read_log(AUDIT_OLD, &size);
	assert_int_equal(size, sizeof(filler));
	ask(1, 2, ran);
	assert_true(ran[0] && !ran[1]);
	/* Once more: the oldest lines are gone, but not that it ran. */
	for (int i = 0; i < 2; i++) {
		memset(filler, ' ', sizeof(filler));
		filler[sizeof(filler) - 1] = '\n';
		put_file("store/" AUDIT_LOG, filler, sizeof(filler));
		write_event("start", 4);
	}
	assert_int_equal(ask(1, 2, ran), 0);
	assert_true(ran[0] && !ran[1]);
	ask(3, 4, ran);
	assert_false(ran[0]);
	assert_true(ran[1]);
}

/* More than the limit at once, by many processes: no line is lost, none is mixed with another. */
static void test_many(void **state)
{
	enum { PROCESSES = 8, EACH = 60, THERE = AUDIT_MAX - (20 << 10) };
	static char filler[THERE];
	bool ran[2];
	size_t size;

	(void)state;
	memset(filler, '\n', sizeof(filler));
	put_file("store/" AUDIT_LOG, filler, sizeof(filler));
	for (unsigned int i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			for (unsigned int j = 0; j < EACH; j++)
				write_event("start", i * EACH + j);
			_exit(0);
		}
	for (unsigned int i = 0; i < PROCESSES; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count_all(), PROCESSES * EACH);
	for (unsigned int i = 0; i < PROCESSES * EACH; i += 2) {
		assert_int_equal(ask(i, i + 1, ran), 2);
		assert_true(ran[0] && ran[1]);
	}
	read_log(AUDIT_OLD, &size);
	assert_true(size > THERE && size <= AUDIT_MAX);
}

/* What cannot be written is an error, and leaves no half line. */
static void test_failure(void **state)
{
	const int before = count_open();

	(void)state;
	assert_int_equal(mkdirat(world.folder, "store/" AUDIT_LOG, 0700), 0);
	assert_true(audit_write(world.store, &(struct audit_event){ .action = "start" }) < 0);
	expect_message(AUDIT_LOG);
	assert_int_equal(unlinkat(world.folder, "store/" AUDIT_LOG, AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("/etc/passwd", world.folder, "store/" AUDIT_LOG), 0);
	assert_true(audit_write(world.store, &(struct audit_event){ .action = "start" }) < 0);
	assert_int_equal(count_open(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_world, tear_down_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_line),     TEST(test_reason), TEST(test_asking),  TEST(test_torn),
		TEST(test_rotation), TEST(test_many),	TEST(test_failure),
	};

	/* Each damaged line is told; here there are hundreds. */
	log_setup(&(struct log_options){ .fd = -1, .level_set = true, .level = LOG_LEVEL_ERROR });
	return cmocka_run_group_tests(tests, NULL, NULL);
}
