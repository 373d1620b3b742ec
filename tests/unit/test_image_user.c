/* SPDX-License-Identifier: Apache-2.0 */
/* config.User by the image's own files, friendly and hostile. */
#include "tests/unit/test_lib.h"

#include "image/bundle/bundle.h"
#include "lib/arena.h"
#include "lib/error.h"

static struct arena arena;
static char folder[64];
static int root;

static int set_up(void **state)
{
	(void)state;
	root = make_folder(folder);
	return mkdirat(root, "etc", 0755);
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(root, folder);
	arena_free(&arena);
	arena = (struct arena){ 0 };
	return 0;
}

static void write_file(const char *name, const char *text)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void user(const char *text, const char *expected)
{
	struct bundle_user result;
	char *answer;

	error_clear();
	if (bundle_user(&arena, root, text, &result) < 0) {
		if (!strstr(error_last()->text, expected))
			fail_msg("%s: %s", text, error_last()->text);
		return;
	}
	answer = arena_printf(&arena, "%u:%u", result.uid, result.gid);
	for (size_t i = 0; i < result.additional_count; i++)
		answer = arena_printf(&arena, "%s,%u", answer, result.additional[i]);
	if (result.home)
		answer = arena_printf(&arena, "%s %s", answer, result.home);
	if (strcmp(answer, expected) != 0)
		fail_msg("%s: %s, not %s", text, answer, expected);
}

static void test_user(void **state)
{
	(void)state;
	write_file("etc/passwd", "# nothing\nroot:x:0:0:root:/root:/bin/sh\n\nshort:x:7\n"
				 "bad:x:-1:5::/:\nhuge:x:4294967295:5::/:\nabc:x:12x:5::/:\n"
				 "app:x:1000:100:App:/home/app:/bin/sh\n"
				 "500:x:77:78::/seven:/bin/sh\napp:x:2000:200::/second:\n"
				 "last:x:3000:300");
	write_file("etc/group",
		   "root:x:0:\nwheel:x:10:root,app\nusers:x:100:app\nothers:x:101:xapp,appx\n"
		   "disk:x:6:a,app\nbad:x:zz:app\n44:x:45:");
	user("", "0:0 /root");
	user("app", "1000:100,10,6 /home/app"); /* the primary group once, the first line wins */
	user("app:wheel", "1000:10 /home/app");
	user("app:5", "1000:5 /home/app");
	user("1000", "1000:100 /home/app"); /* a number: no additional groups */
	user("1000:wheel", "1000:10 /home/app");
	user("1234", "1234:0");
	user("1234:4321", "1234:4321");
	user("500", "500:0"); /* a number is a number */
	user("app:44", "1000:44 /home/app");
	user("last", "3000:300");
	user("4294967294:4294967294", "4294967294:4294967294");
	user("root", "0:0,10 /root");
	user("nobody", "config.User: nobody: no such user in the image's /etc/passwd");
	user("app:none", "config.User: none: no such group in the image's /etc/group");
	user("bad", "no such user");
	user("huge", "no such user");
	user("abc", "no such user");
	user("short", "no such user");
	user("4294967295", "config.User: 4294967295: no user id");
	user("99999999999999999999", "no user id");
	user("1:4294967295", "no group id");
	user("-1", "no such user");
	user(":0", "not USER or USER:GROUP");
	user("app:", "not USER or USER:GROUP");
	user("/etc/none", "User: owner of /etc/none");
}

static void test_user_of_file(void **state)
{
	const char *expected;
	struct stat status;

	(void)state;
	write_file("file", "");
	assert_int_equal(symlinkat("/file", root, "link"), 0); /* inside the tree */
	assert_int_equal(symlinkat("/etc/passwd", root, "out"), 0);
	if (geteuid() == 0)
		assert_int_equal(fchownat(root, "file", 12, 34, 0), 0);
	assert_int_equal(fstatat(root, "file", &status, 0), 0);
	expected = arena_printf(&arena, "%u:%u", status.st_uid, status.st_gid);
	user("/file", expected);
	user("/file:/file", expected);
	user("/link:/link", expected);
	user("/out", "User: owner of /out");
}

/* Attack: the files that user names come from. */
static void test_user_hostile(void **state)
{
	char *huge = arena_bytes(&arena, (2 << 20) + 1);

	(void)state;
	write_file("real", "app:x:7:8::/h:");
	assert_int_equal(symlinkat("/real", root, "etc/passwd"), 0);
	user("app", "7:8 /h"); /* inside the tree, not the host's */
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(symlinkat("../../../../../../etc/passwd", root, "etc/passwd"), 0);
	user("root", "etc/passwd"); /* the same link again: without an end */
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(mkfifoat(root, "etc/passwd", 0644), 0);
	user("app", "the image's /etc/passwd: not a regular file"); /* and does not wait */
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(mkdirat(root, "etc/passwd", 0755), 0);
	user("app", "not a regular file");
	assert_int_equal(unlinkat(root, "etc/passwd", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("/etc/passwd", root, "etc/passwd"), 0);
	user("app", "etc/passwd");
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	assert_int_equal(symlinkat("/proc/self/environ", root, "etc/passwd"), 0);
	user("app", "no such user");
	assert_int_equal(unlinkat(root, "etc/passwd", 0), 0);
	user("app", "no such user");
	user("7:8", "7:8");
	memset(huge, 'x', 2 << 20);
	write_file("etc/passwd", huge);
	user("app", "more than 1048576 bytes");
	memset(huge, ':', 1 << 20);
	huge[1 << 20] = '\0';
	write_file("etc/passwd", huge);
	user("app", "no such user");
	/* A NUL in a line hides nothing. */
	{
		int fd = openat(root, "etc/passwd", O_WRONLY | O_TRUNC);

		assert_int_equal(write(fd, "app\0:x:0:0::/:\napp:x:9:9::/:\n", 29), 29);
		close(fd);
	}
	user("app", "9:9 /");
}

static void test_many_groups(void **state)
{
	struct bundle_user result;
	char *text = arena_bytes(&arena, 1 << 20), *out = text;

	(void)state;
	write_file("etc/passwd", "a:x:1:1::/:");
	for (int i = 0; i < 40000; i++)
		out += sprintf(out, "g:x:%d:a\n", 100 + i);
	write_file("etc/group", text);
	assert_int_equal(bundle_user(&arena, root, "a", &result), 0);
	assert_int_equal(result.additional_count, 40000);
	assert_int_equal(result.additional[39999], 40099);
	for (out = text; out < text + (1 << 20) - 8;)
		out = stpcpy(out, "::1:a\n");
	write_file("etc/group", text);
	assert_int_equal(bundle_user(&arena, root, "a", &result), 0); /* the primary group */
	for (out = text; out < text + (1 << 20) - 8;)
		out = stpcpy(out, "::2:a\n");
	write_file("etc/group", text);
	assert_int_equal(bundle_user(&arena, root, "a", &result), -EINVAL);
	assert_non_null(strstr(error_last()->text, "too many groups"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_user, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_user_of_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_user_hostile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_groups, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
