/* SPDX-License-Identifier: Apache-2.0 */
/* pax headers, GNU's long names, and what an entry says in the end. */
#include "archive_world.h"

#define PAX(...) \
	do { \
		drop(&tar); \
		add_pax(&tar, 'x', __VA_ARGS__, NULL); \
		add_file(&tar, "short", "data"); \
		add_end(&tar); \
	} while (0)

static void test_pax(void **state)
{
	struct bytes tar = { 0 };

	(void)state;
	PAX("path=long/name", "comment=x", "size=4", "mtime=-1", "uid=70000000");
	assert_string_equal(read_bytes(&tar), "f long/name 4\n");
	PAX("linkpath=x");
	assert_string_equal(read_bytes(&tar), "f short 4\n");
	PAX("path=../x");
	CONTAINS(read_bytes(&tar), "test: entry ../x: '..' in a path");
	PAX("path=x", "path=x");
	CONTAINS(read_bytes(&tar), "bad or second path");
	PAX("path=");
	CONTAINS(read_bytes(&tar), "bad or second path");
	PAX("uid=-1");
	CONTAINS(read_bytes(&tar), "bad or second uid");
	PAX("gid=4294967295");
	CONTAINS(read_bytes(&tar), "above 4294967294");
	PAX("gid=4294967296");
	CONTAINS(read_bytes(&tar), "bad or second gid");
	PAX("mtime=1.x");
	CONTAINS(read_bytes(&tar), "bad or second mtime");
	PAX("mtime=-1.5");
	CONTAINS(read_bytes(&tar), "bad or second mtime");
	PAX("atime=x");
	CONTAINS(read_bytes(&tar), "bad or second atime");
	PAX("mtime=253402300800");
	CONTAINS(read_bytes(&tar), "bad time");
	PAX("mtime=1e3");
	CONTAINS(read_bytes(&tar), "bad or second mtime");
	PAX("size=5");
	CONTAINS(read_bytes(&tar), "two sizes");
	PAX("size=9223372036854775808");
	CONTAINS(read_bytes(&tar), "bad or second size");
	PAX("GNU.sparse.map=0,1");
	CONTAINS(read_bytes(&tar), "sparse files (GNU.sparse.map)");
	PAX("SCHILY.realsize=1");
	CONTAINS(read_bytes(&tar), "sparse files");
	PAX("SCHILY.xattr.=1");
	CONTAINS(read_bytes(&tar), "bad or second SCHILY.xattr.");
	PAX("=1");
	CONTAINS(read_bytes(&tar), "without a keyword");
	PAX("novalue");
	CONTAINS(read_bytes(&tar), "without a keyword");
	drop(&tar);
	add_pax(&tar, 'g', "comment=x", NULL);
	add_file(&tar, "a", "data");
	assert_string_equal(read_bytes(&tar), "f a 4\n");
	add_pax(&tar, 'g', "path=x", NULL);
	CONTAINS(read_bytes(&tar), "path in a global header");
	drop(&tar);
	add_pax(&tar, 'x', "path=x", NULL);
	CONTAINS(read_bytes(&tar), "headers without an entry");
	add_pax(&tar, 'x', "path=x", NULL);
	CONTAINS(read_bytes(&tar), "a pax header before a header that is no entry's");
	drop(&tar);
}

/* Records whose lengths lie. */
static void test_pax_lengths(void **state)
{
	static const char *const bodies[] = { "8 path=x\n",
					      "11 path=x\n",
					      "9 path=x ",
					      "09 path=x",
					      "+9 path=x\n",
					      "9",
					      "9 ",
					      "\n",
					      "3 \n",
					      "2 ",
					      "99999999999999999999 a=b\n",
					      "5 a=\n6 b=c\n7" };
	struct bytes tar = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		add_header(&tar, header_of("pax", 'x', strlen(bodies[i])));
		add_padded(&tar, bodies[i], strlen(bodies[i]));
		add_file(&tar, "a", "data");
		CONTAINS(read_bytes(&tar), "pax: a record");
		drop(&tar);
	}
}

/* CVE-2025-62518: the header says 0, pax says 1024: what is inside is data. */
static void test_pax_size(void **state)
{
	struct bytes tar = { 0 };

	(void)state;
	add_pax(&tar, 'x', "size=1024", NULL);
	add_header(&tar, header_of("outer", '0', 0));
	add_file(&tar, "hidden", "data");
	add_file(&tar, "after", "data");
	add_end(&tar);
	assert_string_equal(read_bytes(&tar), "f outer 1024\nf after 4\n");
	drop(&tar);
}

static void test_long_names(void **state)
{
	struct bytes tar = { 0 };

	(void)state;
	add_header(&tar, header_of("././@LongLink", 'L', 10));
	add_padded(&tar, "long/name", 10);
	add_header(&tar, header_of("././@LongLink", 'K', 7));
	add_padded(&tar, "target", 7);
	add_header(&tar, header_of("a", '2', 0));
	assert_string_equal(read_bytes(&tar), "l long/name -> target 0\n");
	add_header(&tar, header_of("././@LongLink", 'L', 8));
	add_padded(&tar, "nul\0name", 8);
	add_file(&tar, "a", "data");
	CONTAINS(read_bytes(&tar), "bad or second long name");
	drop(&tar);
	add_header(&tar, header_of("././@LongLink", 'L', 4));
	add_padded(&tar, "longer", 6);
	add_file(&tar, "a", "data");
	CONTAINS(read_bytes(&tar), "something follows a long name");
	drop(&tar);
	for (int i = 0; i < 2; i++) {
		add_header(&tar, header_of("././@LongLink", 'L', 5));
		add_padded(&tar, "name", 5);
	}
	add_file(&tar, "a", "data");
	CONTAINS(read_bytes(&tar), "bad or second long name");
	tar.size = 1024;
	add_pax(&tar, 'x', "comment=x", NULL);
	add_file(&tar, "a", "data");
	CONTAINS(read_bytes(&tar), "both a pax header and GNU's long names");
	drop(&tar);
	add_header(&tar, header_of("pax", 'x', 1 << 20));
	CONTAINS(read_bytes(&tar), "more than 262144 bytes of pax headers");
	drop(&tar);
}

static void test_entry(void **state)
{
	struct bytes tar = { 0 };
	struct archive_request request;
	struct archive *archive;
	struct entry entry;

	(void)state;
	add_pax(&tar, 'x', "mtime=1.2500000009", "uid=70000000", "SCHILY.xattr.user.b=1=2",
		"SCHILY.xattr.security.capability=x", NULL);
	add_header(&tar, header_of("a", '0', 4));
	add_padded(&tar, "data", 4);
	request = request_of(&tar);
	assert_int_equal(archive_open(&request, &archive), 0);
	assert_int_equal(archive_next(archive, &entry), 1);
	assert_int_equal(entry.type, ENTRY_FILE);
	assert_int_equal(entry.mode, 0644);
	assert_int_equal(entry.uid, 70000000);
	assert_int_equal(entry.gid, 0144);
	assert_int_equal(entry.mtime, 1);
	assert_int_equal(entry.mtime_nanoseconds, 250000000);
	assert_int_equal(entry.xattr_count, 2);
	assert_string_equal(entry.xattrs[0].name, "user.b");
	assert_int_equal(entry.xattrs[0].size, 3);
	assert_memory_equal(entry.xattrs[0].value, "1=2", 3);
	assert_string_equal(entry.xattrs[1].name, "security.capability");
	assert_int_equal(archive_next(archive, &entry), 0);
	assert_int_equal(archive_next(archive, &entry), 0);
	archive_close(&archive);
	assert_null(archive);
	drop(&tar);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_pax),	 cmocka_unit_test(test_pax_lengths),
	cmocka_unit_test(test_pax_size), cmocka_unit_test(test_long_names),
	cmocka_unit_test(test_entry),
};

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
