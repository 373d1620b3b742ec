/* SPDX-License-Identifier: Apache-2.0 */
/* Records as a child would write them that an archive took over. */
#include "archive_world.h"

#include "image/archive/record_read.h"

static void add_record(struct bytes *to, uint32_t kind, const void *data, size_t size)
{
	const struct record record = { .kind = kind, .size = (uint32_t)size };

	add(to, &record, sizeof(record));
	add(to, data, size);
}

static const struct record_entry good = { .size = 4, .path_length = 1 };

static void add_entry(struct bytes *to, struct record_entry entry, const char *texts, size_t size)
{
	struct bytes body = { 0 };

	add(&body, &entry, sizeof(entry));
	add(&body, texts, size);
	add_record(to, RECORD_ENTRY, body.data, body.size);
	drop(&body);
}

static const struct record_ready ready = { SANDBOX_STRICT };

static struct bytes begin(void)
{
	struct bytes records = { 0 };

	add_record(&records, RECORD_READY, &ready, sizeof(ready));
	return records;
}

/* What the trusted half makes of these records; they are dropped. */
static int read_records(struct bytes *records)
{
	struct record_reader *reader = calloc(1, sizeof(*reader));
	int pipes[2], result;
	struct entry entry;

	assert_non_null(reader);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	fcntl(pipes[1], F_SETPIPE_SZ, 1 << 20);
	assert_int_equal(write(pipes[1], records->data, records->size), records->size);
	close(pipes[1]);
	reader->name = "test";
	reader->stream.records = pipes[0];
	reader->stream.feed = -1;
	error_clear();
	while ((result = record_next(reader, &entry)) > 0)
		;
	close(pipes[0]);
	free(reader);
	drop(records);
	return result;
}

static void distrusted(struct bytes *records)
{
	assert_int_equal(read_records(records), -EINVAL);
	CONTAINS(error_last()->text, "does not keep to the rules");
}

static void refused(struct bytes *records, const char *text)
{
	assert_int_equal(read_records(records), -EINVAL);
	CONTAINS(error_last()->text, text);
}

static void test_hostile_order(void **state)
{
	struct bytes records = { 0 };
	const struct record_end end = { 0 };

	(void)state;
	assert_int_equal(read_records(&records), RECORDS_CUT);
	add_record(&records, RECORD_END, &end, sizeof(end));
	distrusted(&records);
	records = begin();
	add_record(&records, RECORD_END, &end, sizeof(end));
	assert_int_equal(read_records(&records), 0);
	records = begin();
	add_record(&records, RECORD_END, &end, sizeof(end) - 1);
	distrusted(&records);
	records = begin();
	add_record(&records, RECORD_READY, &ready, sizeof(ready));
	distrusted(&records);
	records = begin();
	add_record(&records, RECORD_DATA, "data", 4);
	distrusted(&records);
	records = begin();
	add_record(&records, 77, "data", 4);
	distrusted(&records);
	records = begin();
	add_entry(&records, good, "a\0", 3);
	add_record(&records, RECORD_END, &end, sizeof(end));
	distrusted(&records);
	records = begin();
	add_entry(&records, good, "a\0", 3);
	add_record(&records, RECORD_DATA, "data5", 5);
	distrusted(&records);
	records = begin();
	add_entry(&records, good, "a\0", 3);
	add_record(&records, RECORD_DATA, "", 0);
	distrusted(&records);
	records = begin();
	add_entry(&records, good, "a\0", 3);
	add_record(&records, RECORD_DATA, "dat", 3);
	add_entry(&records, good, "a\0", 3);
	distrusted(&records);
	records = begin();
	add_entry(&records, good, "a\0", 3);
	assert_int_equal(read_records(&records), RECORDS_CUT);
}

#define CHANGED_ENTRY(...) \
	({ \
		struct record_entry entry = good; \
		__VA_ARGS__; \
		entry; \
	})

static void test_hostile_entries(void **state)
{
	static const struct record_entry rich = { .path_length = 1, .xattr_count = 1 };
	static char large[200000];
	struct bytes records;

	(void)state;
#define REFUSED(text, texts, size, ...) \
	do { \
		records = begin(); \
		add_entry(&records, CHANGED_ENTRY(__VA_ARGS__), texts, size); \
		refused(&records, text); \
	} while (0)
	REFUSED("rules", "a\0", 3, entry.path_length = 2);
	REFUSED("rules", "a\0", 3, entry.path_length = UINT32_MAX);
	REFUSED("rules", "a\0", 3, entry.path_length = 0);
	REFUSED("rules", "a\0", 3, entry.link_length = UINT32_MAX);
	REFUSED("rules", "ab\0", 3, entry.link_length = 0);
	REFUSED("rules", "a\0b\0", 5, entry.path_length = 3);
	REFUSED("rules", "a\0", 3, entry.xattr_count = 1);
	REFUSED("rules", "a\0", 3, entry.xattr_count = UINT32_MAX);
	REFUSED("rules", large, sizeof(large), entry.path_length = 1);
	REFUSED("bad type", "a\0", 3, entry.type = 7);
	REFUSED("bad type", "a\0", 3, entry.type = UINT32_MAX);
	REFUSED("bad mode", "a\0", 3, entry.mode = 0100644);
	REFUSED("uid or gid", "a\0", 3, entry.uid = UINT32_MAX);
	REFUSED("bad time", "a\0", 3, entry.mtime_nanoseconds = 1000000000);
	REFUSED("bad size", "a\0", 3, entry.size = UINT64_MAX);
	REFUSED("data of what is no file", "a\0", 3, entry.type = ENTRY_DIRECTORY);
	REFUSED("the root is no directory", "\0", 2, entry.path_length = 0);
	REFUSED("'..' in a path", "..\0", 4, entry.path_length = 2);
	REFUSED("as a component", "/a\0", 4, entry.path_length = 2);
	REFUSED("at the end of a path", "a/\0", 4, entry.path_length = 2);
	REFUSED("what is none", "a\0b", 4, entry.link_length = 1);
	REFUSED("without a target", "a\0", 3, entry.type = ENTRY_SYMLINK; entry.size = 0);
	REFUSED("'..' in a path", "a\0..", 5, entry.type = ENTRY_HARD_LINK; entry.size = 0;
		entry.link_length = 2);
	memset(large, 'a', 4096);
	REFUSED("path too long", large, 4096 + 2, entry.path_length = 4096);
	REFUSED("component of a path is too long", large + 4096 - 300, 302,
		entry.path_length = 300);
	records = begin();
	add_entry(&records, rich,
		  "a\0\0"
		  "\xff\xff\xff\xff\0\0\0\0",
		  11);
	distrusted(&records);
	records = begin();
	add_entry(&records, rich,
		  "a\0\0"
		  "\0\0\0\0\0\0\0\0",
		  12);
	refused(&records, "bad name of an extended attribute");
}

/* Its messages are bounded and printable, and come with the archive's name. */
static void test_hostile_errors(void **state)
{
	static char large[RECORD_ERROR_MAX + 1];
	struct bytes records = begin();

	(void)state;
	add_record(&records, RECORD_ERROR, "na\033me\0te\nxt%s", 13);
	refused(&records, "test: entry na?me: te?xt%s");
	records = begin();
	add_record(&records, RECORD_ERROR, "no end", 6);
	distrusted(&records);
	records = begin();
	add_record(&records, RECORD_ERROR, large, sizeof(large));
	distrusted(&records);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_hostile_order),
	cmocka_unit_test(test_hostile_entries),
	cmocka_unit_test(test_hostile_errors),
};

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
