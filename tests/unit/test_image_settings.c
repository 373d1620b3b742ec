/* SPDX-License-Identifier: Apache-2.0 */
/* images.json, and how progress is told. */
#include "tests/unit/test_lib.h"

#include "image/progress.h"
#include "image/settings.h"
#include "lib/arena.h"
#include "lib/error.h"

static struct arena arena;
static struct image_settings settings;
static char folder[64];
static int root;

static int set_up(void **state)
{
	(void)state;
	root = make_folder(folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(root, folder);
	arena_free(&arena);
	arena = (struct arena){ 0 };
	return 0;
}

static int read_text(const char *text)
{
	const char *path = arena_printf(&arena, "%s/images.json", folder);
	int fd = openat(root, "images.json", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	error_clear();
	return settings_read(&arena, path, &settings);
}

static void check_defaults(void)
{
	assert_string_equal(settings.store, "/var/lib/cruet/images");
	assert_int_equal(settings.factory_count, 1);
	assert_string_equal(settings.factory[0], "/usr/share/cruet/images");
	assert_string_equal(settings.uses, SETTINGS_USES);
	assert_string_equal(settings.policy, SETTINGS_POLICY);
	assert_string_equal(settings.certificates, SETTINGS_CERTIFICATES);
	assert_null(settings.auth);
	assert_int_equal(settings.mirror_count, 0);
	assert_int_equal(settings.helper_count, 0);
	assert_true(settings.keep_blobs);
	assert_false(settings.flat || settings.no_origin);
	assert_int_equal(settings.limits.entries, 1 << 20);
	assert_int_equal(settings.limits.depth, 256);
	assert_int_equal(settings.limits.zstd_window, 8 << 20);
	assert_true(settings.limits.reserve_bytes == 1 << 20);
	assert_true(settings.limits.layer_bytes == 0 && settings.limits.image_bytes == 0);
}

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(read_text("{}"), 0);
	check_defaults();
	assert_int_equal(read_text(
				 "{\"store\":null,\"mirrors\":null,\"limits\":null,\"helper\":null,"
				 "\"flat\":null}"),
			 0);
	check_defaults();
	/* A file that was named has to be there. */
	assert_int_equal(settings_read(&arena, "/none/images.json", &settings), -ENOENT);
	if (access(SETTINGS_PATH, F_OK) < 0) {
		assert_int_equal(settings_read(&arena, NULL, &settings), 0);
		assert_int_equal(error_last()->code, ERROR_NONE);
		check_defaults();
	}
}

static void test_all(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(
			"{\"store\":\"/s\",\"uses\":\"/u\",\"policy\":\"/p\",\"certificates\":\"/c\","
			"\"auth\":\"/a\",\"factory\":[\"/f\",\"/g\"],\"helper\":[\"curl\",\"{url}\"],"
			"\"noOrigin\":true,\"keepBlobs\":false,\"flat\":true,"
			"\"limits\":{\"layerBytes\":\"1G\",\"imageBytes\":9007199254740993,"
			"\"reserveBytes\":0,\"entries\":7,\"depth\":8,\"zstdWindow\":\"64m\"},"
			"\"mirrors\":[{\"prefix\":\"registry.example\",\"location\":\"http://m\","
			"\"insecure\":true},{\"location\":\"file:///media/stick\"},"
			"{\"location\":\"https://h/{name}.tar\"}]}"),
		0);
	assert_string_equal(settings.store, "/s");
	assert_string_equal(settings.uses, "/u");
	assert_string_equal(settings.policy, "/p");
	assert_string_equal(settings.certificates, "/c");
	assert_string_equal(settings.auth, "/a");
	assert_int_equal(settings.factory_count, 2);
	assert_string_equal(settings.factory[1], "/g");
	assert_int_equal(settings.helper_count, 2);
	assert_string_equal(settings.helper[1], "{url}");
	assert_true(settings.no_origin && settings.flat);
	assert_false(settings.keep_blobs);
	assert_true(settings.limits.layer_bytes == 1 << 30);
	assert_true(settings.limits.image_bytes == UINT64_C(9007199254740993));
	assert_true(settings.limits.reserve_bytes == 0);
	assert_int_equal(settings.limits.entries, 7);
	assert_int_equal(settings.limits.depth, 8);
	assert_int_equal(settings.limits.zstd_window, 64 << 20);
	assert_int_equal(settings.mirror_count, 3);
	assert_string_equal(settings.mirrors[0].prefix, "registry.example");
	assert_int_equal(settings.mirrors[0].kind, MIRROR_REGISTRY);
	assert_true(settings.mirrors[0].insecure);
	assert_string_equal(settings.mirrors[1].prefix, "");
	assert_int_equal(settings.mirrors[1].kind, MIRROR_FILES);
	assert_false(settings.mirrors[1].insecure);
	assert_int_equal(settings.mirrors[2].kind, MIRROR_TEMPLATE);
}

static void test_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "", "images.json: " },
		{ "[]", "images.json: not an object" },
		{ "{\n\"stor\":\"/x\"}", "images.json: line 2: stor: unknown property" },
		{ "{\"Store\":\"/x\"}", "Store: unknown property" },
		{ "{\"stor\":null}", "stor: unknown property" },
		{ "{\"store\":\"x\"}", "store: not an absolute path" },
		{ "{\"store\":\"\"}", "store: not an absolute path" },
		{ "{\"store\":5}", "store: not a string" },
		{ "{\"store\":\"/a\",\"store\":\"/b\"}", "duplicate key" },
		{ "{\"factory\":\"/x\"}", "factory: not an array" },
		{ "{\"factory\":[\"/x\",\"y\"]}", "factory: not absolute paths" },
		{ "{\"helper\":[1]}", "helper: not an array of strings" },
		{ "{\"flat\":1}", "flat: neither true nor false" },
		{ "{\"limits\":[]}", "limits: not an object" },
		{ "{\"limits\":{\"x\":1}}", "limits.x: unknown property" },
		{ "{\"limits\":{\"mirrors\":1}}", "limits.mirrors: unknown property" },
		{ "{\"limits\":{\"store\":\"/a\"}}", "limits.store: unknown property" },
		{ "{\"limits\":{\"entries\":-1}}", "limits.entries: not a whole number" },
		{ "{\"limits\":{\"entries\":4294967296}}", "limits.entries: not a whole number" },
		{ "{\"limits\":{\"zstdWindow\":\"4G\"}}", "limits.zstdWindow: not a size" },
		{ "{\"limits\":{\"layerBytes\":\"-1\"}}", "limits.layerBytes: not a size" },
		{ "{\"limits\":{\"layerBytes\":\"x\"}}", "limits.layerBytes: not a size" },
		{ "{\"mirrors\":{}}", "mirrors: not an array" },
		{ "{\"mirrors\":[1]}", "mirrors[0]: not an object" },
		{ "{\"mirrors\":[{\"location\":\"http://a\"},{}]}",
		  "mirrors[1].location: neither" },
		{ "{\"mirrors\":[{\"location\":\"ftp://a\"}]}", "mirrors[0].location: neither" },
		{ "{\"mirrors\":[{\"location\":\"/a\"}]}", "mirrors[0].location: neither" },
		{ "{\"mirrors\":[{\"location\":\"http://a\",\"kind\":\"x\"}]}",
		  "mirrors[0].kind: unknown property" },
		{ "{\"mirrors\":[{\"location\":\"http://a\",\"insecure\":\"x\"}]}",
		  "mirrors[0].insecure: neither true nor false" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (read_text(cases[i][0]) >= 0)
			fail_msg("accepted: %s", cases[i][0]);
		if (!strstr(error_last()->text, cases[i][1]))
			fail_msg("%s: %s", cases[i][0], error_last()->text);
	}
}

/* ---- progress ---- */

static char told[4096];

/* What the steps write to stderr, in `told`. */
static void tell(enum progress_style style, void (*steps)(void))
{
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t size;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	progress_setup(style);
	steps();
	progress_setup(PROGRESS_QUIET);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	size = read(ends[0], told, sizeof(told) - 1);
	assert_true(size >= 0);
	told[size] = '\0';
	close(ends[0]);
}

static void usual_steps(void)
{
	progress_note("platform %s", "linux/arm/v7");
	progress_begin("pull", "sha256:0123456789abcdef0123456789abcdef", 3 << 20, 1 << 20);
	progress_add(1 << 20);
	progress_note("retrying in %d s", 2);
	progress_add(1 << 20);
	progress_end();
	progress_end();
	progress_add(1); /* nothing is going on */
}

static void failing_steps(void)
{
	progress_abort();
	progress_begin("unpack", "x\"y", 0, 0);
	progress_add(1536);
	progress_abort();
	progress_abort();
}

static void hostile_steps(void)
{
	progress_note("name %s", "\033[2J\n\177");
	progress_begin("unpack", "\033]0;x\a", 0, 0);
	progress_end();
}

static void test_plain(void **state)
{
	(void)state;
	tell(PROGRESS_AUTO, usual_steps); /* stderr is a pipe */
	assert_string_equal(told,
			    "platform linux/arm/v7\nretrying in 2 s\n"
			    "pull sha256:0123456789abcdef0123456789abcdef  2.0 MiB in 0.0 s\n");
	tell(PROGRESS_PLAIN, failing_steps);
	assert_string_equal(told, "");
	tell(PROGRESS_QUIET, usual_steps);
	assert_string_equal(told, "");
	tell(PROGRESS_PLAIN, hostile_steps);
	assert_string_equal(told, "name ?[2J??\nunpack ?]0;x?  0 B in 0.0 s\n");
	tell(PROGRESS_TERMINAL, hostile_steps);
	assert_non_null(strstr(told, "\runpack ?]0;x?  0 B\033[K"));
}

static void test_json(void **state)
{
	(void)state;
	tell(PROGRESS_JSON, usual_steps);
	assert_string_equal(
		told, "{\"event\":\"note\",\"text\":\"platform linux/arm/v7\"}\n"
		      "{\"event\":\"begin\",\"step\":\"pull\",\"what\":\"sha256:"
		      "0123456789abcdef0123456789abcdef\",\"done\":1048576,\"total\":3145728}\n"
		      "{\"event\":\"note\",\"text\":\"retrying in 2 s\"}\n"
		      "{\"event\":\"end\",\"step\":\"pull\",\"what\":\"sha256:"
		      "0123456789abcdef0123456789abcdef\",\"done\":3145728,\"total\":3145728}\n");
	tell(PROGRESS_JSON, failing_steps);
	assert_string_equal(
		told,
		"{\"event\":\"begin\",\"step\":\"unpack\",\"what\":\"x\\\"y\",\"done\":0}\n"
		"{\"event\":\"abort\",\"step\":\"unpack\",\"what\":\"x\\\"y\",\"done\":1536}\n");
}

static void slow_steps(void)
{
	progress_begin("pull", "sha256:0123456789abcdef0123456789abcdef", 100 << 20, 0);
	progress_add(100); /* too early to be shown */
	usleep(250 * 1000);
	progress_add(10 << 20);
	progress_abort();
}

static void test_terminal(void **state)
{
	unsigned int rate = 0, tenth = 0, left = 0;
	const char *second;

	(void)state;
	tell(PROGRESS_TERMINAL, usual_steps);
	assert_string_equal(
		told, "platform linux/arm/v7\n"
		      "\rpull sha256:0123456789ab  1.0 MiB of 3.0 MiB\033[K"
		      "\r\033[Kretrying in 2 s\n"
		      "\r\033[Kpull sha256:0123456789abcdef0123456789abcdef  2.0 MiB in 0.0 s\n");
	tell(PROGRESS_TERMINAL, failing_steps);
	assert_string_equal(told, "\runpack x\"y  0 B\033[K\n");
	tell(PROGRESS_TERMINAL, slow_steps);
	second = strchr(told + 1, '\r');
	assert_non_null(second);
	assert_null(strchr(second + 1, '\r')); /* at most five times a second */
	assert_int_equal(
		sscanf(second,
		       "\rpull sha256:0123456789ab  10.0 MiB of 100.0 MiB  %u.%u MiB/s  %u s left",
		       &rate, &tenth, &left),
		3);
	assert_true(rate >= 5 && rate <= 41);
	assert_true(left >= 2 && left <= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
