/* SPDX-License-Identifier: Apache-2.0 */
/* Loading modules by depmod's lists, below a folder that stands for "/". */
/* link: -Wl,--wrap=module_insert */
#include "tests/unit/test_lib.h"

#include <sys/utsname.h>

#include "init/board/module.h"
#include "lib/error.h"
#include "lib/fd.h"

static int root;
static char root_path[64];
static char inserted[2048]; /* "NAME(ARGUMENTS)[!] ...", in order; !: compressed */
static int insert_result;

/* As the kernel shows what it has loaded. */
static void appear(const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "sys/module/%.*s", (int)strcspn(file, "."), file);
	for (char *dash = path; (dash = strchr(dash, '-')) != NULL;)
		*dash = '_';
	mkdirat(root, "sys", 0755);
	mkdirat(root, "sys/module", 0755);
	mkdirat(root, path, 0755);
}

int __wrap_module_insert(int fd, const char *arguments, int flags);
int __wrap_module_insert(int fd, const char *arguments, int flags)
{
	char content[64] = "";
	const size_t used = strlen(inserted);

	assert_true(read(fd, content, sizeof(content) - 1) >= 0);
	snprintf(inserted + used, sizeof(inserted) - used, "%s(%s)%s ", content, arguments,
		 flags ? "!" : "");
	if (insert_result == 0)
		appear(content);
	return insert_result;
}

static void put(const char *path, const char *text)
{
	char folder[256];
	auto_fd int fd = -1;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		mkdirat(root, folder, 0755);
	}
	fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* A file of lib/modules/RELEASE. */
static void put_list(const char *name, const char *text)
{
	char path[256];
	struct utsname system;

	uname(&system);
	snprintf(path, sizeof(path), "lib/modules/%s/%s", system.release, name);
	put(path, text);
}

static int set_up(void **state)
{
	static const char *const files[] = { "kernel/a.ko",    "kernel/b/b-b.ko", "kernel/c.ko",
					     "kernel/d.ko.xz", "kernel/soft.ko",  "kernel/e.ko" };

	(void)state;
	root = make_folder(root_path);
	inserted[0] = '\0';
	insert_result = 0;
	error_clear();
	put("proc/cmdline", "quiet b_b.depth=3 a.x=\"1\" root=/dev/a.b a. b-b.y\n");
	put_list("modules.dep", "kernel/a.ko: kernel/b/b-b.ko kernel/c.ko\n"
				"kernel/b/b-b.ko: kernel/c.ko\n"
				"kernel/c.ko:\n"
				"kernel/d.ko.xz:\n"
				"kernel/soft.ko:\n"
				"kernel/e.ko:");
	put_list("modules.alias", "# Aliases extracted from modules themselves.\n"
				  "alias pci:v00001AF4d*sv*sd*bc*sc*i* a\n"
				  "alias pci:v*d*sv*sd*bc03sc*i* c\n"
				  "alias fs-thing soft\n"
				  "alias crypto-x c\n"
				  "alias loop-1 loop-2\n"
				  "alias loop-2 loop-1\n"
				  "alias\n"
				  "alias onlypattern\n");
	put_list("modules.softdep", "# comment\n"
				    "softdep soft pre: crypto-x missing post: e\n"
				    "softdep e pre: soft\n");
	put_list("modules.builtin", "kernel/built-in.ko\n");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *name = strrchr(files[i], '/') + 1;

		put_list(files[i], name);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(root, root_path);
	return 0;
}

static int load(const char *name, const char *arguments)
{
	struct modules modules;
	int result;

	modules_open(&modules, root);
	result = modules_load(&modules, name, arguments);
	modules_close(&modules);
	return result;
}

static int load_alias(const char *modalias)
{
	struct modules modules;
	int result;

	modules_open(&modules, root);
	result = modules_load_alias(&modules, modalias);
	modules_close(&modules);
	return result;
}

static void test_dependencies(void **state)
{
	(void)state;
	assert_int_equal(load("a", "one=1 two"), 0);
	assert_string_equal(inserted, "c.ko() b-b.ko( depth=3 y) a.ko(one=1 two x=\"1\" ) ");
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(load("b_b", NULL), 0);
	assert_string_equal(inserted, "c.ko() b-b.ko( depth=3 y) ");
	inserted[0] = '\0';
	assert_int_equal(load("built_in", NULL), 0);
	assert_int_equal(load("e", NULL), 0); /* the last line, without a newline */
	assert_string_equal(inserted, "soft.ko() e.ko() ");
	error_clear();
	assert_int_equal(load("b", NULL), -ENOENT);
	assert_int_equal(error_last()->code, ERROR_NONE);
	inserted[0] = '\0';
	put("opt/own.ko", "own.ko");
	assert_int_equal(load("opt/own.ko", "k=v"), 0);
	assert_string_equal(inserted, "own.ko(k=v) ");
}

static void test_there(void **state)
{
	(void)state;
	put("sys/module/b_b/initstate", "live\n");
	put("sys/module/only_builtin/parameters/x", "1\n");
	assert_int_equal(load("a", NULL), 0);
	assert_string_equal(inserted, "c.ko() a.ko( x=\"1\" ) ");
	assert_int_equal(load("only-builtin", NULL), 0);
	insert_result = -EEXIST; /* somebody else was faster */
	assert_int_equal(load("c", NULL), 0);
}

static void test_soft(void **state)
{
	(void)state;
	/* e wants soft in turn: no circle. */
	assert_int_equal(load("soft", NULL), 0);
	assert_string_equal(inserted, "c.ko() soft.ko() e.ko() ");
}

static void test_aliases(void **state)
{
	(void)state;
	assert_int_equal(load_alias("pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00"), 0);
	assert_non_null(strstr(inserted, " a.ko("));
	inserted[0] = '\0';
	assert_int_equal(load_alias("pci:v00001AF4d00001000sv00001AF4sd00000001bc03sc00i00"), 0);
	assert_string_equal(inserted, ""); /* both are there */
	assert_int_equal(load_alias("usb:v1d6Bp0002"), 0);
	assert_string_equal(inserted, "");
	assert_int_equal(load("fs-thing", NULL), 0);
	assert_non_null(strstr(inserted, "soft.ko()"));
	assert_int_equal(load("loop-1", NULL), -ENOENT);
}

static void test_failures(void **state)
{
	char text[1280];

	(void)state;
	insert_result = -ENOEXEC;
	assert_int_equal(load("a", NULL), -ENOEXEC);
	assert_string_equal(inserted, "c.ko() "); /* no further */
	assert_non_null(strstr(error_last()->text, "load module kernel/c.ko"));
	insert_result = -EOPNOTSUPP;
	inserted[0] = '\0';
	assert_int_equal(load("d", NULL), -EOPNOTSUPP);
	assert_string_equal(inserted, "d.ko.xz()! ");
	assert_non_null(strstr(error_format(error_last(), text, sizeof(text)), "decompress"));
	insert_result = -EINVAL; /* before Linux 5.17 */
	assert_int_equal(load("d", NULL), -EINVAL);
	assert_non_null(strstr(error_last()->text, "decompress"));
	insert_result = -EPERM;
	assert_int_equal(load("d", NULL), -EPERM);
	assert_null(strstr(error_last()->text, "decompress"));
	put_list("modules.dep", "kernel/gone.ko:\n");
	assert_int_equal(load("gone", NULL), -ENOENT);
	assert_non_null(strstr(error_last()->text, "gone"));
}

/* No folder, no list, an empty one. */
static void test_nothing(void **state)
{
	int before = count_open();

	(void)state;
	put_list("modules.dep", "");
	put_list("modules.alias", "\n\n:\n");
	assert_int_equal(load("a", NULL), -ENOENT);
	put_list("modules.dep", "\n:\n   \nx\n");
	assert_int_equal(load("a", NULL), -ENOENT);
	empty_folder(root);
	assert_int_equal(load("a", NULL), -ENOENT);
	assert_int_equal(load_alias("pci:v00001AF4d"), 0);
	assert_int_equal(count_open(), before);
}

static void test_long(void **state)
{
	char text[8192];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(load(text, NULL), -ENOENT);
	assert_int_equal(load("c", text), -E2BIG);
	memcpy(text, "kernel/", 7);
	memcpy(text + 4000, "/c.ko:\n", 8);
	put_list("modules.dep", text);
	assert_int_equal(load("c", NULL), -ENAMETOOLONG);
	put("proc/cmdline", text);
	assert_string_equal(inserted, "");
}

static void test_match(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "a", "", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "a*c", "abbbc", true },
		{ "a*c", "abbb", false },
		{ "a*b*c", "aXbYbZc", true },
		{ "?", "", false },
		{ "?", "x", true },
		{ "a?c", "abc", true },
		{ "[ab]c", "bc", true },
		{ "[ab]c", "cc", false },
		{ "[!ab]c", "cc", true },
		{ "[!ab]c", "ac", false },
		{ "[0-9]*", "7x", true },
		{ "[0-9]*", "x7", false },
		{ "[]]", "]", true },
		{ "[a", "[a", true },
		{ "[a", "a", false },
		{ "[a-]", "-", true },
		{ "**a**", "a", true },
		{ "*a", "aaab", false },
		{ "*[0-9]", "ab1", true },
		{ "a[", "a[", true },
		{ "*", "*", true },
		{ "pci:v*d*", "pci:v1d", true },
		{ "[!]a]", "b", true },
		{ "[!]a]", "]", false },
		{ "a*", "b", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (module_match(module_text(rows[i].pattern), module_text(rows[i].text)) !=
		    rows[i].matches)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dependencies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_soft, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_aliases, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long, set_up, tear_down),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
