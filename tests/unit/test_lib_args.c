/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include "lib/args.h"
#include "lib/error.h"

struct options {
	bool force, keyring, preserve_seen;
	const char *bundle;
	struct args_list env;
	uint64_t preserve;
	int64_t shares, memory;
	const char *env_items[32];
};

static const struct args_option table[] = {
	{ "force", 'f', ARGS_FLAG, offsetof(struct options, force), ARGS_NO_SEEN, NULL,
	  "by force" },
	{ "no-new-keyring", 0, ARGS_FLAG, offsetof(struct options, keyring), ARGS_NO_SEEN, NULL,
	  NULL },
	{ "bundle", 'b', ARGS_STRING, offsetof(struct options, bundle), ARGS_NO_SEEN, "PATH",
	  "folder" },
	{ "env", 'e', ARGS_LIST, offsetof(struct options, env), ARGS_NO_SEEN, "K=V", "add it" },
	{ "preserve-fds", 0, ARGS_UINT, offsetof(struct options, preserve),
	  offsetof(struct options, preserve_seen), "N", "pass on" },
	{ "shares", 0, ARGS_INT, offsetof(struct options, shares), ARGS_NO_SEEN, "N", "cpu" },
	{ "memory-and-a-very-long-name", 'm', ARGS_SIZE, offsetof(struct options, memory),
	  ARGS_NO_SEEN, NULL, "bytes" },
	{ "no-subreaper", 0, ARGS_IGNORED_FLAG, 0, ARGS_NO_SEEN, NULL, "nothing" },
	{ "rootless", 0, ARGS_IGNORED_STRING, 0, ARGS_NO_SEEN, "MODE", "nothing" },
	{ .name = NULL },
};

static struct options options;
static char *argv[32];
static int argc;

/* Parse the words of `line`; what is left is in argv. */
static int parse(const char *line, bool mixed)
{
	static char copy[512];
	char *rest = NULL;

	memset(&options, 0, sizeof(options));
	options.env.items = options.env_items;
	strcpy(copy, line);
	argc = 0;
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = strcmp(word, "''") == 0 ? (char[]){ "" } : word;
	argv[argc] = NULL;
	return args_parse(argc, argv, table, &options, mixed);
}

static void test_forms(void **state)
{
	static const char *const lines[] = {
		"create --bundle /b --force ID",
		"create --bundle=/b --force=true ID",
		"create -b /b -f ID",
		"create -bundle /b -force ID",
		"create -bundle=/b -f=1 ID",
		"create --bundle /x -b=/b --force ID",
		"create --force=T --bundle /b -- ID",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int first = parse(lines[i], false);

		if (first < 0 || first != argc - 1 || strcmp(argv[first], "ID") != 0 ||
		    !options.force || !options.bundle || strcmp(options.bundle, "/b") != 0)
			fail_msg("%s: %d", lines[i], first);
	}
	assert_int_equal(parse("create --force --force=false x", false), 3);
	assert_false(options.force);
	assert_int_equal(parse("create", false), 1);
	assert_int_equal(parse("create --bundle --force", false), 3);
	assert_string_equal(options.bundle, "--force");
	assert_int_equal(parse("create --bundle= -", false), 2);
	assert_string_equal(options.bundle, "");
}

static void test_values(void **state)
{
	int first;

	(void)state;
	first = parse("x -e A=1 --env B=2 --env=C=3 --preserve-fds 3 --shares -5 -m 1g i", false);
	assert_int_equal(first, argc - 1);
	assert_int_equal(options.env.count, 3);
	assert_string_equal(options.env.items[0], "A=1");
	assert_string_equal(options.env.items[1], "B=2");
	assert_string_equal(options.env.items[2], "C=3");
	assert_true(options.preserve_seen);
	assert_int_equal(options.preserve, 3);
	assert_int_equal(options.shares, -5);
	assert_int_equal(options.memory, 1 << 30);
	first = parse("x --no-subreaper --no-subreaper=false -rootless auto --rootless=1 y", false);
	assert_int_equal(first, argc - 1);
	assert_int_equal(parse("x -m -1", false), 3);
	assert_int_equal(options.memory, -1);
	assert_false(options.preserve_seen);
}

static void test_mixed(void **state)
{
	(void)state;
	assert_int_equal(parse("kill ID --force KILL -b /b", false), 1);
	assert_int_equal(parse("kill ID --force KILL -b /b", true), 4);
	assert_true(options.force);
	assert_string_equal(options.bundle, "/b");
	assert_string_equal(argv[4], "ID");
	assert_string_equal(argv[5], "KILL");
	assert_int_equal(argc, 6);
	assert_int_equal(parse("exec ID -- ls -f", true), 2);
	assert_string_equal(argv[2], "ID");
	assert_string_equal(argv[3], "ls");
	assert_string_equal(argv[4], "-f");
	assert_false(options.force);
	assert_int_equal(parse("exec ID ls -l", false), 1);
}

static void wrong(const char *line, const char *message)
{
	char text[2048];

	assert_int_equal(parse(line, false), -EINVAL);
	assert_int_equal(error_last()->code, ERROR_USAGE);
	error_format(error_last(), text, sizeof(text));
	if (!strstr(text, message))
		fail_msg("%s: %s, not %s", line, text, message);
}

static void test_wrong(void **state)
{
	char hint[64], program[256];

	(void)state;
	snprintf(hint, sizeof(hint), "(see `%s create --help`)", program_invocation_short_name);
	wrong("create --bundel x", hint);
	wrong("create --bundel x", "unknown option --bundel, did you mean --bundle?");
	wrong("create --fore", "did you mean --force?");
	wrong("create --forxce=3", "did you mean --force?");
	wrong("create --xyz", "unknown option --xyz (see");
	wrong("create -x", "unknown option -x (see");
	wrong("create -fx", "unknown option -fx (see");
	wrong("create --bundle", "option --bundle needs a value");
	wrong("create --force=perhaps", "option --force: invalid value 'perhaps'");
	wrong("create --preserve-fds -1", "option --preserve-fds: invalid value '-1'");
	wrong("create --shares 1.5", "option --shares: invalid value '1.5'");
	wrong("create -m lots", "invalid value 'lots'");
	wrong("create --no-subreaper=x", "invalid value 'x'");
	/* The program itself. */
	snprintf(hint, sizeof(hint), "(see `%s --help`)", program_invocation_short_name);
	snprintf(program, sizeof(program), "/usr/bin/%s --nonsense", program_invocation_short_name);
	wrong(program, hint);
}

static void test_help(void **state)
{
	(void)state;
	assert_int_equal(parse("create --help", false), ARGS_HELP);
	assert_int_equal(parse("create -h", false), ARGS_HELP);
	assert_int_equal(parse("create -b x --help", false), ARGS_HELP);
	assert_int_equal(parse("create x --help", false), 1);
}

static void test_help_text(void **state)
{
	char text[4096];
	int ends[2], saved = dup(STDOUT_FILENO);
	ssize_t size;

	(void)state;
	fflush(stdout);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	dup2(ends[1], STDOUT_FILENO);
	args_help("cruet create ID", "Make a container.", table);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(ends[1]);
	size = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	assert_true(size > 0);
	text[size] = '\0';
	assert_string_equal(text, "Usage: cruet create ID\n"
				  "\n"
				  "Make a container.\n"
				  "\n"
				  "Options:\n"
				  "  -f, --force               by force\n"
				  "  -b, --bundle PATH         folder\n"
				  "  -e, --env K=V             add it\n"
				  "      --preserve-fds N      pass on\n"
				  "      --shares N            cpu\n"
				  "  -m, --memory-and-a-very-long-name VALUE\n"
				  "                            bytes\n"
				  "      --no-subreaper        nothing (accepted, without effect)\n"
				  "      --rootless MODE       nothing (accepted, without effect)\n"
				  "  -h, --help                show this help\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms), cmocka_unit_test(test_values),
		cmocka_unit_test(test_mixed), cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_help),  cmocka_unit_test(test_help_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
