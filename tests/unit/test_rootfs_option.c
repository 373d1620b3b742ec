/* SPDX-License-Identifier: Apache-2.0 */
/* The mount option words: each does what the specification says, others go to the file system. */
#include "tests/unit/process_child.h"

#include <stdbool.h>
#include <sys/mount.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "runtime/mount_option.h"
#include "runtime/rootfs.h"
#include "runtime/spec/spec.h"

static struct arena arena;

static int read_words(const char *const *words, struct mount_options *options)
{
	struct spec_strings list = { .items = (const char **)words, .present = true };

	while (words[list.count])
		list.count++;
	error_clear();
	return mount_options_read(&arena, &list, "mounts[0].options", options);
}

#define read_list(options, ...) read_words((const char *const[]){ __VA_ARGS__, NULL }, options)

static void test_words_that_set(void **state)
{
	static const struct {
		const char *word;
		unsigned long flags;
	} words[] = {
		{ "bind", MS_BIND },
		{ "rbind", MS_BIND | MS_REC },
		{ "defaults", 0 },
		{ "dirsync", MS_DIRSYNC },
		{ "iversion", MS_I_VERSION },
		{ "lazytime", 1 << 25 },
		{ "mand", MS_MANDLOCK },
		{ "noatime", MS_NOATIME },
		{ "nodev", MS_NODEV },
		{ "nodiratime", MS_NODIRATIME },
		{ "noexec", MS_NOEXEC },
		{ "nosuid", MS_NOSUID },
		{ "nosymfollow", 256 },
		{ "relatime", MS_RELATIME },
		{ "remount", MS_REMOUNT },
		{ "ro", MS_RDONLY },
		{ "silent", MS_SILENT },
		{ "strictatime", MS_STRICTATIME },
		{ "sync", MS_SYNCHRONOUS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct mount_options options;

		assert_int_equal(read_list(&options, words[i].word), 0);
		assert_int_equal(options.set, words[i].flags);
		assert_int_equal(options.clear, 0);
		assert_null(options.data);
	}
}

/* The last word counts, in both directions. */
static void test_words_that_clear(void **state)
{
	static const struct {
		const char *clears, *sets;
		unsigned long flag;
	} pairs[] = {
		{ "async", "sync", MS_SYNCHRONOUS },
		{ "atime", "noatime", MS_NOATIME },
		{ "dev", "nodev", MS_NODEV },
		{ "diratime", "nodiratime", MS_NODIRATIME },
		{ "exec", "noexec", MS_NOEXEC },
		{ "loud", "silent", MS_SILENT },
		{ "noiversion", "iversion", MS_I_VERSION },
		{ "nolazytime", "lazytime", 1 << 25 },
		{ "nomand", "mand", MS_MANDLOCK },
		{ "norelatime", "relatime", MS_RELATIME },
		{ "nostrictatime", "strictatime", MS_STRICTATIME },
		{ "rw", "ro", MS_RDONLY },
		{ "suid", "nosuid", MS_NOSUID },
		{ "symfollow", "nosymfollow", 256 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct mount_options options;

		assert_int_equal(read_list(&options, pairs[i].sets, pairs[i].clears), 0);
		assert_int_equal(options.set, 0);
		assert_int_equal(options.clear, pairs[i].flag);
		assert_int_equal(read_list(&options, pairs[i].clears, pairs[i].sets), 0);
		assert_int_equal(options.set, pairs[i].flag);
		assert_int_equal(options.clear, 0);
	}
}

static void test_propagation_in_order(void **state)
{
	struct mount_options options;

	(void)state;
	assert_int_equal(read_list(&options, "rslave", "ro", "shared"), 0);
	assert_int_equal(options.propagation_count, 2);
	assert_int_equal(options.propagation[0], MS_SLAVE | MS_REC);
	assert_int_equal(options.propagation[1], MS_SHARED);
	assert_int_equal(read_list(&options, "private", "rprivate", "unbindable", "runbindable"),
			 0);
	assert_int_equal(options.propagation[0], MS_PRIVATE);
	assert_int_equal(options.propagation[1], MS_PRIVATE | MS_REC);
	assert_int_equal(options.propagation[2], MS_UNBINDABLE);
	assert_int_equal(options.propagation[3], MS_UNBINDABLE | MS_REC);
	assert_int_equal(read_list(&options, "slave", "rshared"), 0);
	assert_int_equal(options.propagation[0], MS_SLAVE);
	assert_int_equal(options.propagation[1], MS_SHARED | MS_REC);
	assert_true(read_list(&options, "slave", "slave", "slave", "slave", "slave") < 0);
}

static void test_other_words_are_data(void **state)
{
	struct mount_options options;

	(void)state;
	assert_int_equal(read_list(&options, "size=64k", "nosuid", "mode=755", "", "rosy"), 0);
	assert_int_equal(options.set, MS_NOSUID);
	assert_string_equal(options.data, "size=64k,mode=755,rosy");
	assert_true(options.mode_given);
	assert_int_equal(read_list(&options, "ptmxmode=0666"), 0);
	assert_false(options.mode_given);
}

static void test_too_much_data_is_refused(void **state)
{
	static char word[8192];
	struct mount_options options;

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	assert_true(read_list(&options, word) < 0);
	assert_string_equal(error_last()->property, "mounts[0].options");
}

static void test_words_of_missing_symbols(void **state)
{
	static const char *const recursive[] = {
		"ratime",	"rdev",		"rdiratime",  "rexec",	     "rnoatime",
		"rnodev",	"rnodiratime",	"rnoexec",    "rnorelatime", "rnostrictatime",
		"rnosuid",	"rnosymfollow", "rrelatime",  "rro",	     "rrw",
		"rstrictatime", "rsuid",	"rsymfollow",
	};
	struct mount_options options;

	(void)state;
	for (size_t i = 0; i < sizeof(recursive) / sizeof(recursive[0]); i++) {
		assert_true(read_list(&options, recursive[i]) < 0);
		assert_non_null(
			strstr(error_last()->text, "CONFIG_RECURSIVE_ATTRIBUTES is not set"));
		assert_non_null(strstr(error_last()->text, recursive[i]));
	}
	assert_true(read_list(&options, "idmap") < 0);
	assert_non_null(strstr(error_last()->text, "CONFIG_IDMAP_MOUNTS is not set"));
	assert_true(read_list(&options, "ridmap") < 0);
	if (IS_ENABLED(CONFIG_TMPCOPYUP)) {
		assert_int_equal(read_list(&options, "tmpcopyup"), 0);
		assert_true(options.copy_up);
		assert_null(options.data);
	} else {
		assert_true(read_list(&options, "tmpcopyup") < 0);
		assert_non_null(strstr(error_last()->text, "CONFIG_TMPCOPYUP is not set"));
	}
}

/* `features` lists just the words that are accepted. */
static void test_list_for_features(void **state)
{
	struct mount_options options;
	const char *word;
	size_t count = 0;

	(void)state;
	while ((word = rootfs_mount_option(count))) {
		assert_int_equal(read_list(&options, word), 0);
		assert_null(options.data);
		count++;
	}
	assert_int_equal(count, IS_ENABLED(CONFIG_TMPCOPYUP) ? 42 : 41);
}

static int free_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_that_set),
		cmocka_unit_test(test_words_that_clear),
		cmocka_unit_test(test_propagation_in_order),
		cmocka_unit_test(test_other_words_are_data),
		cmocka_unit_test(test_too_much_data_is_refused),
		cmocka_unit_test(test_words_of_missing_symbols),
		cmocka_unit_test(test_list_for_features),
	};

	return cmocka_run_group_tests(tests, NULL, free_arena);
}
