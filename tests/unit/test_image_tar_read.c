/* SPDX-License-Identifier: Apache-2.0 */
/* The table at the top of image/archive/tar_read.c, row by row. */
#include "archive_world.h"

/* `change` is made to the header of a file "a" with "data"; then it must read as, or fail by,
 * `what`. */
static void expect(const char *what, struct tar_header header)
{
	struct bytes tar = { 0 };
	const char *text;

	add_header(&tar, header);
	if ((header.type == '0' || !header.type || header.type == '7') &&
	    memcmp(header.size, "00000000000", 12) != 0)
		add_padded(&tar, "data", 4);
	add_end(&tar);
	text = read_bytes(&tar);
	if (!strstr(text, what))
		fail_msg("'%s' is not in: %s", what, text);
	drop(&tar);
}

#define CHANGED(name, kind, ...) \
	({ \
		struct tar_header header = header_of(name, kind, 0); \
		if (kind == '0' || !kind || kind == '7') \
			memcpy(header.size, "00000000004", 12); \
		__VA_ARGS__; \
		header; \
	})
#define SET(field, text) memcpy(header.field, text, sizeof(text) - 1)

static void test_kinds(void **state)
{
	(void)state;
	expect("f a 4\n", CHANGED("a", '0', (void)0));
	expect("f a 4\n", CHANGED("a", '0', SET(magic, "ustar  \0")));
	expect("f a 4\n", CHANGED("a", '0', memset(header.magic, 0, 8)));
	expect("unknown kind", CHANGED("a", '0', SET(magic, "ustar\0\0\0")));
	expect("unknown kind", CHANGED("a", '0', SET(magic, "USTAR\00000")));
	expect("unknown kind", CHANGED("a", '0', memcpy(header.end + 8, "tar", 4)));
	expect("f p/a 4\n", CHANGED("a", '0', SET(prefix, "p")));
	expect("unknown fields", CHANGED("a", '0', SET(prefix, "p"); SET(magic, "ustar  \0")));
	expect("unknown fields", CHANGED("a", '0', memset(header.magic, 0, 8); header.end[11] = 1));
}

static void test_numbers(void **state)
{
	(void)state;
	expect("f a 4\n", CHANGED("a", '0', SET(size, "         4  ")));
	expect("f a 4\n", CHANGED("a", '0', SET(size, "4 \0\0\0\0\0\0\0\0\0\0")));
	expect("f a 4\n", CHANGED("a", '0', SET(size, "000000000004")));
	expect("f a 4\n", CHANGED("a", '0', SET(size, "\x80\0\0\0\0\0\0\0\0\0\0\x04")));
	expect("f a 4\n", CHANGED("a", '0', memset(header.uid, 0, 8)));
	expect("bad size", CHANGED("a", '0', SET(size, "0000000004x\0")));
	expect("bad size", CHANGED("a", '0', SET(size, "4\0\0\0\0\0\0\0\0\0\0x")));
	expect("bad size", CHANGED("a", '0', SET(size, "0x4\0\0\0\0\0\0\0\0\0")));
	expect("bad size", CHANGED("a", '0', SET(size, "-4\0\0\0\0\0\0\0\0\0\0")));
	expect("bad size", CHANGED("a", '0', SET(size, "8\0\0\0\0\0\0\0\0\0\0\0")));
	expect("bad size", CHANGED("a", '0', memset(header.size, 0xff, 12)));
	expect("bad size",
	       CHANGED("a", '0', memset(header.size + 1, 0xff, 11); header.size[0] = 0x80));
	expect("bad size", CHANGED("a", '0', SET(size, "\x80\0\0\0\x80\0\0\0\0\0\0\x04")));
	expect("bad size", CHANGED("a", '0', SET(size, "\x81\0\0\0\0\0\0\0\0\0\0\x04")));
	expect("bad size", CHANGED("a", '0', SET(size, "\xc0\0\0\0\0\0\0\0\0\0\0\x04")));
	expect("bad mode", CHANGED("a", '0', SET(mode, "rw-r--r-")));
	expect("bad mode", CHANGED("a", '0', memset(header.mode, 0xff, 8)));
	expect("bad mode", CHANGED("a", '0', memset(header.mode, ' ', 8)));
	expect("bad uid", CHANGED("a", '0', memset(header.uid, 0xff, 8)));
	expect("bad uid", CHANGED("a", '0', SET(uid, "\x80\0\0\x01\0\0\0\0")));
	expect("above 4294967294", CHANGED("a", '0', SET(uid, "\x80\0\0\0\xff\xff\xff\xff")));
	expect("above 4294967294", CHANGED("a", '0', SET(gid, "\x80\0\0\0\xff\xff\xff\xff")));
	expect("f a 4\n", CHANGED("a", '0', SET(gid, "\x80\0\0\0\xff\xff\xff\xfe")));
	expect("f a 4\n", CHANGED("a", '0', memset(header.mtime, 0xff, 12)));
	expect("bad mtime", CHANGED("a", '0', SET(mtime, "-1")));
	expect("bad device", CHANGED("a", '3', SET(major, "x")));
	expect("bad device", CHANGED("a", '0', SET(major, "x")));
}

static void test_checksum(void **state)
{
	struct bytes tar = { 0 };
	struct tar_header header;
	int sum = 0;

	(void)state;
	add_file(&tar, "a", "data");
	tar.data[0] = 'b';
	assert_string_equal(read_bytes(&tar), "test: this is no tar archive");
	drop(&tar);
	add_file(&tar, "a", "data");
	add_file(&tar, "b", "data");
	tar.data[1024] = 'c';
	assert_string_equal(read_bytes(&tar), "test: bad checksum of a tar header");
	drop(&tar);
	/* Right for those who add signed bytes. */
	header = header_of("\xc3\xa4", '0', 0);
	memset(header.checksum, ' ', sizeof(header.checksum));
	for (size_t i = 0; i < sizeof(header); i++)
		sum += ((signed char *)&header)[i];
	put_number(header.checksum, 7, (size_t)sum);
	add(&tar, &header, sizeof(header));
	add_end(&tar);
	assert_non_null(strstr(read_bytes(&tar), "no tar archive"));
	drop(&tar);
}

static void test_types(void **state)
{
	(void)state;
	expect("f a 4\n", CHANGED("a", 0, (void)0));
	expect("f a 4\n", CHANGED("a", '7', (void)0));
	expect("h a -> b 0\n", CHANGED("a", '1', SET(link, "./b")));
	expect("l a -> ../b/ 0\n", CHANGED("a", '2', SET(link, "../b/")));
	expect("c a 0\n", CHANGED("a", '3', SET(major, "1")));
	expect("b a 0\n", CHANGED("a", '4', SET(major, "1")));
	expect("d a 0\n", CHANGED("a", '5', (void)0));
	expect("d a 0\n", CHANGED("a/", '5', (void)0));
	expect("p a 0\n", CHANGED("a", '6', (void)0));
	expect("d a 0\n", CHANGED("a/", 0, memset(header.size, '0', 11)));
	expect("data of what is no file", CHANGED("a/", 0, (void)0));
	expect("entry a/: a folder's name", CHANGED("a/", '0', (void)0));
	expect("a folder's name", CHANGED("a/", '7', (void)0));
	expect("a folder's name", CHANGED("a/", '2', SET(link, "b")));
	for (const char *type = "S8DMVNXAZab\x80"; *type; type++)
		expect("is not supported", CHANGED("a", *type, (void)0));
	for (const char *type = "123456"; *type; type++)
		expect("data of what is no file", CHANGED("a", *type, SET(size, "00000000004")));
	expect("without a target", CHANGED("a", '1', (void)0));
	expect("without a target", CHANGED("a", '2', (void)0));
	expect("a hard link to a folder", CHANGED("a", '1', SET(link, "b/")));
	expect("a hard link to a folder", CHANGED("a", '1', SET(link, "/")));
	expect("'..' in a path", CHANGED("a", '1', SET(link, "../etc/shadow")));
}

static void test_paths(void **state)
{
	char deep[100] = "", wide[100];

	(void)state;
	expect("f a/b 4\n", CHANGED("./a/b", '0', (void)0));
	expect("f a 4\n", CHANGED("/a", '0', (void)0));
	expect("f a 4\n", CHANGED(".//.//./a", '0', (void)0));
	expect("d  0\n", CHANGED("./", '5', (void)0));
	expect("d  0\n", CHANGED(".", '5', (void)0));
	expect("d  0\n", CHANGED("/", '5', (void)0));
	expect("d  0\n", CHANGED("./.", '5', (void)0));
	expect("without a name", CHANGED("", '0', (void)0));
	expect("a folder's name", CHANGED(".", '2', SET(link, "/tmp")));
	expect("a folder's name", CHANGED("/", '0', (void)0));
	expect("'..' in a path", CHANGED("../a", '0', (void)0));
	expect("'..' in a path", CHANGED("..", '5', (void)0));
	expect("'..' in a path", CHANGED("/../a", '0', (void)0));
	expect("'..' in a path", CHANGED("a/../../b", '0', (void)0));
	expect("'..' in a path", CHANGED("a/..", '5', (void)0));
	expect("as a component", CHANGED("a//b", '0', (void)0));
	expect("as a component", CHANGED("a/./b", '0', (void)0));
	expect("f ..a/b.. 4\n", CHANGED("..a/b..", '0', (void)0));
	expect("f .../a 4\n", CHANGED(".../a", '0', (void)0));
	for (size_t i = 0; i < 49; i++)
		strcat(deep, "d/");
	expect("f d/d/d", CHANGED(deep, '0', strcat(header.name, "f")));
	memset(wide, 'w', sizeof(wide));
	expect("www 4\n", CHANGED("", '0', memcpy(header.name, wide, 100)));
}

static void test_end(void **state)
{
	struct bytes tar = { 0 };

	(void)state;
	assert_string_equal(read_bytes(&tar), "test: empty");
	add_end(&tar);
	assert_string_equal(read_bytes(&tar), "");
	drop(&tar);
	add_file(&tar, "a", "data");
	assert_string_equal(read_bytes(&tar), "f a 4\n"); /* at the end of an entry */
	add_zeros(&tar, 512);
	assert_non_null(strstr(read_bytes(&tar), "one block of zeros"));
	add_file(&tar, "b", "data");
	assert_non_null(strstr(read_bytes(&tar), "one block of zeros"));
	tar.size = 1024;
	add_end(&tar);
	add_zeros(&tar, 1 << 20);
	assert_string_equal(read_bytes(&tar), "f a 4\n");
	add(&tar, "x", 1);
	assert_string_equal(read_bytes(&tar), "test: something follows the end of the archive");
	tar.size = 2048;
	add_file(&tar, "b", "data");
	assert_string_equal(read_bytes(&tar), "test: something follows the end of the archive");
	tar.size = 2048;
	add_zeros(&tar, (16 << 20) + 512);
	assert_string_equal(read_bytes(&tar), "test: something follows the end of the archive");
	for (size_t size = 1; size < 1024; size += 73) {
		tar.size = size;
		assert_non_null(strstr(read_bytes(&tar), "truncated"));
	}
	drop(&tar);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_kinds),	 cmocka_unit_test(test_numbers),
	cmocka_unit_test(test_checksum), cmocka_unit_test(test_types),
	cmocka_unit_test(test_paths),	 cmocka_unit_test(test_end),
};

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
