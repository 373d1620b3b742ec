/* SPDX-License-Identifier: Apache-2.0 */
/* Removing trees as hostile containers and images make them. */
#include "tests/unit/test_lib.h"

#include <sys/wait.h>

#include "lib/error.h"
#include "lib/tree.h"

static char path[64];
static int folder;

static int set_up(void **state)
{
	(void)state;
	folder = make_folder(path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(folder, path);
	return 0;
}

static void make_file(int dir, const char *name)
{
	close(openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void missing_and_plain_ones(void **state)
{
	(void)state;
	assert_int_equal(tree_remove(folder, "none"), 0);
	make_file(folder, "file");
	assert_int_equal(tree_remove(folder, "file"), 0);
	assert_int_equal(faccessat(folder, "file", F_OK, 0), -1);
	assert_int_equal(mkdirat(folder, "empty", 0), 0);
	assert_int_equal(tree_remove(folder, "empty"), 0);
	assert_int_equal(faccessat(folder, "empty", F_OK, 0), -1);
}

static void links_are_not_followed(void **state)
{
	int tree;

	(void)state;
	mkdirat(folder, "kept", 0700);
	mkdirat(folder, "tree", 0700);
	tree = openat(folder, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(symlinkat("../kept", tree, "link"), 0);
	mkdirat(tree, "below", 0700);
	assert_int_equal(symlinkat("../../kept", tree, "below/link"), 0);
	assert_int_equal(symlinkat("kept", folder, "alias"), 0);
	close(tree);
	make_file(folder, "kept/file");
	assert_int_equal(tree_remove(folder, "tree"), 0);
	assert_int_equal(faccessat(folder, "tree", F_OK, 0), -1);
	assert_int_equal(tree_remove(folder, "alias"), 0);
	assert_int_equal(faccessat(folder, "kept/file", F_OK, 0), 0);
}

/* Deeper than descriptors, path names or the stack would allow. */
static void any_depth(void **state)
{
	enum { DEPTH = 5000 };
	const int before = count_open();
	int below;

	(void)state;
	mkdirat(folder, "deep", 0700);
	below = openat(folder, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < DEPTH; i++) {
		int next;

		assert_int_equal(mkdirat(below, "d", 0700), 0);
		make_file(below, "f");
		/* Names such as those that are moved up get. */
		make_file(below, i % 2 ? "1" : "0");
		next = openat(below, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(below);
		below = next;
	}
	close(below);
	assert_int_equal(tree_remove(folder, "deep"), 0);
	assert_int_equal(faccessat(folder, "deep", F_OK, 0), -1);
	assert_int_equal(count_open(), before);
}

static void names_that_are_taken(void **state)
{
	int tree;

	(void)state;
	mkdirat(folder, "tree", 0700);
	tree = openat(folder, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 64; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%d", i);
		mkdirat(tree, name, 0700);
		snprintf(name, sizeof(name), "%d/%d", i, i);
		mkdirat(tree, name, 0);
		snprintf(name, sizeof(name), "%d/x", i);
		mkdirat(tree, name, 0700);
		snprintf(name, sizeof(name), "%d/x/%d", i, i + 1);
		mkdirat(tree, name, 0700);
		snprintf(name, sizeof(name), "%d/x/%d/y", i, i + 1);
		make_file(tree, name);
	}
	close(tree);
	assert_int_equal(tree_remove(folder, "tree"), 0);
	assert_int_equal(faccessat(folder, "tree", F_OK, 0), -1);
}

/* Whoever is not root removes what is his, whatever its mode. */
static void modes_shut_nobody_out(void **state)
{
	pid_t child;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(fchmod(folder, 0777), 0);
	child = fork();
	if (child == 0) {
		int tree;

		if (setuid(65534) < 0 || mkdirat(folder, "tree", 0700) < 0)
			_exit(1);
		tree = openat(folder, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		mkdirat(tree, "a", 0700);
		make_file(tree, "a/file");
		mkdirat(tree, "a/b", 0700);
		make_file(tree, "a/b/file");
		if (symlinkat("/", tree, "a/link") < 0 || fchmodat(tree, "a/b", 0, 0) < 0 ||
		    fchmodat(tree, "a", 0500, 0) < 0 || fchmod(tree, 0) < 0)
			_exit(2);
		_exit(tree_remove(folder, "tree") == 0 ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(faccessat(folder, "tree", F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(missing_and_plain_ones, set_up, tear_down),
		cmocka_unit_test_setup_teardown(links_are_not_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_depth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_that_are_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(modes_shut_nobody_out, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
