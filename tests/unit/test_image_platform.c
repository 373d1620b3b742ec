/* SPDX-License-Identifier: Apache-2.0 */
/* Which image runs on which board, and which of several runs best. */
#include "tests/unit/test_lib.h"

#include "image/document/document.h"
#include "lib/arena.h"
#include "lib/error.h"

static unsigned int score(const char *board, const char *offered)
{
	auto_arena struct arena arena = { 0 };
	struct platform a, b;

	assert_int_equal(platform_parse(&arena, board, &a), 0);
	assert_int_equal(platform_parse(&arena, offered, &b), 0);
	return platform_score(&a, &b);
}

/* For each board the images that run on it, best first; then those that never do. */
static const struct {
	const char *board, *good[8], *never[8];
} boards[] = {
	{ "arm/v7",
	  { "arm/v7", "arm/v6", "arm/v5", "arm" },
	  { "arm/v8", "arm64", "armhf", "amd64" } },
	{ "arm", { "arm/v7", "arm/v6", "arm/v5", "arm" }, { "arm/v8" } },
	{ "arm/v6", { "arm/v6", "arm/v5", "arm" }, { "arm/v7", "arm/v8" } },
	{ "arm/v5", { "arm/v5", "arm" }, { "arm/v6", "arm/v7" } },
	{ "arm/v8", { "arm/v8", "arm/v7", "arm/v6", "arm/v5", "arm" }, { "arm64", "arm64/v8" } },
	{ "arm64",
	  { "arm64/v8", "arm64" },
	  { "arm64/v8.1", "arm64/v9", "arm/v7", "arm/v8", "arm" } },
	{ "arm64/v8.2",
	  { "arm64/v8.2", "arm64/v8.1", "arm64/v8", "arm64" },
	  { "arm64/v8.3", "arm64/v9" } },
	{ "arm64/v9", { "arm64/v9", "arm64/v8.15", "arm64/v8.1", "arm64/v8" }, { "arm64/v9.1" } },
	{ "amd64", { "amd64/v1", "amd64", "386" }, { "amd64/v2", "amd64/v3", "arm" } },
	{ "amd64/v3",
	  { "amd64/v3", "amd64/v2", "amd64/v1", "amd64", "386" },
	  { "amd64/v4", "amd64/x3", "amd64/v", "amd64/v3x", "amd64/v123" } },
	{ "386", { "386" }, { "amd64" } },
	{ "mipsle/hardfloat",
	  { "mipsle/hardfloat", "mipsle", "mipsle/softfloat" },
	  { "mips", "mips/hardfloat", "mipsle/r6", "mips64le" } },
	{ "mips/softfloat",
	  { "mips/softfloat", "mips" },
	  { "mips/hardfloat", "mips/r6", "mipsle" } },
	{ "mips64le", { "mips64le" }, { "mips64", "mips64le/r6" } },
	{ "mips/r6", { "mips/r6" }, { "mips", "mips/hardfloat" } },
	{ "riscv64", { "riscv64/rva20u64", "riscv64" }, { "riscv64/rva22u64", "riscv64/rva20" } },
	{ "riscv64/rva23u64",
	  { "riscv64/rva23u64", "riscv64/rva22u64", "riscv64/rva20u64", "riscv64" },
	  { "riscv64/rva24u64" } },
	{ "ppc64le/power9",
	  { "ppc64le/power9", "ppc64le/power8", "ppc64le" },
	  { "ppc64le/power10" } },
	{ "s390x", { "s390x" }, { "s390x/z13", "windows/s390x" } },
	{ "linux/amd64", { "linux/amd64" }, { "windows/amd64", "freebsd/amd64" } },
};

static void test_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++) {
		unsigned int before = UINT32_MAX;

		for (size_t k = 0; k < 8 && boards[i].good[k]; k++) {
			unsigned int now = score(boards[i].board, boards[i].good[k]);

			if (!now || now >= before)
				fail_msg("%s: %s: %u after %u", boards[i].board, boards[i].good[k],
					 now, before);
			before = now;
		}
		for (size_t k = 0; k < 8 && boards[i].never[k]; k++) {
			if (score(boards[i].board, boards[i].never[k]))
				fail_msg("%s takes %s", boards[i].board, boards[i].never[k]);
		}
	}
}

static void test_unsaid(void **state)
{
	static const struct platform board = { "linux", "amd64", "v2", "" };
	static const struct platform nothing = { "", "", "", "" },
				     only_os = { "linux", "", "", "" };
	static const struct platform other = { "windows", "", "", "" };
	static const struct platform no_os = { "", "amd64", "", "" };

	(void)state;
	assert_int_equal(platform_score(&board, &nothing), 1);
	assert_int_equal(platform_score(&board, &only_os), 1);
	assert_int_equal(platform_score(&board, &other), 0);
	assert_true(platform_score(&board, &no_os) > 1);
}

static void test_text(void **state)
{
	static const char *const pairs[][2] = {
		{ "arm", "linux/arm" },
		{ "arm/v7", "linux/arm/v7" },
		{ "linux/arm", "linux/arm" },
		{ "linux/arm/v7", "linux/arm/v7" },
		{ "x86_64", "linux/amd64" },
		{ "aarch64", "linux/arm64" },
		{ "mipsel/softfloat", "linux/mipsle/softfloat" },
		{ "windows/amd64", "windows/amd64" },
		{ "plan9/386/x", "plan9/386/x" },
	};
	static const char *const wrong[] = { "",	"/", "a/",	  "/a",	 "a//b",
					     "a/b/c/d", "A", "linux/ARM", "a b", "linux/arm/v7/",
					     "a\n" };
	auto_arena struct arena arena = { 0 };
	struct platform platform;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(platform_parse(&arena, pairs[i][0], &platform), 0);
		assert_string_equal(platform_text(&arena, &platform), pairs[i][1]);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (platform_parse(&arena, wrong[i], &platform) != -EINVAL)
			fail_msg("%s", wrong[i]);
		assert_non_null(strstr(error_last()->text, "platform "));
	}
}

/* What this machine is runs here, and says what it is. */
static void test_host(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct platform host, parsed;

	(void)state;
	platform_host(&host);
	assert_string_equal(host.os, "linux");
	assert_true(platform_score(&host, &host) > 2);
	assert_int_equal(platform_parse(&arena, platform_text(&arena, &host), &parsed), 0);
	assert_string_equal(parsed.architecture, host.architecture);
	assert_string_equal(parsed.variant, host.variant);
#if defined(__x86_64__)
	assert_string_equal(host.architecture, "amd64");
	__builtin_cpu_init();
	assert_int_equal(host.variant[1] - '0' >= 2, !!__builtin_cpu_supports("ssse3") &&
							     !!__builtin_cpu_supports("sse4.2") &&
							     !!__builtin_cpu_supports("popcnt"));
	assert_int_equal(host.variant[1] - '0' >= 3, !!__builtin_cpu_supports("avx2") &&
							     !!__builtin_cpu_supports("bmi2") &&
							     !!__builtin_cpu_supports("fma"));
	assert_int_equal(host.variant[1] - '0' >= 4, !!__builtin_cpu_supports("avx512f") &&
							     !!__builtin_cpu_supports("avx512vl") &&
							     !!__builtin_cpu_supports("avx512bw") &&
							     !!__builtin_cpu_supports("avx512dq"));
#endif
}

#define DIGEST \
	"\"digest\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""
#define ENTRY(type, platform) "{\"mediaType\":\"" type "\"," DIGEST ",\"size\":1" platform "}"
#define ON(os, architecture, variant) \
	",\"platform\":{\"os\":\"" os "\",\"architecture\":\"" architecture \
	"\",\"variant\":\"" variant "\"}"

/* Index of the entry that is chosen for the board, -1: none, with an error. */
static long choose(const char *board, const char *manifests)
{
	auto_arena struct arena arena = { 0 };
	const struct descriptor *chosen;
	struct image_index index;
	struct platform platform;
	char *text;

	text = arena_printf(&arena, "{\"schemaVersion\":2,\"manifests\":[%s]}", manifests);
	assert_int_equal(index_read(&arena, text, strlen(text), "index", NULL, &index), 0);
	assert_int_equal(platform_parse(&arena, board, &platform), 0);
	chosen = index_choose(&index, &platform, "busybox");
	return chosen ? chosen - index.manifests : -1;
}

static void test_choose(void **state)
{
	static const char several[] =
		ENTRY("a/b", ON("linux", "arm", "v7")) "," ENTRY(MEDIA_OCI_MANIFEST, ON("unknown", "unknown", "")) "," ENTRY(
			MEDIA_OCI_MANIFEST,
			ON("linux", "arm",
			   "v5")) "," ENTRY(MEDIA_OCI_MANIFEST,
					    ON("linux", "arm",
					       "v6")) "," ENTRY(MEDIA_DOCKER_MANIFEST,
								ON("linux", "arm",
								   "v6")) "," ENTRY(MEDIA_OCI_MANIFEST,
										    "") "," ENTRY(MEDIA_OCI_MANIFEST,
												  ",\"artifactType\":\"a/b\"") "," ENTRY(MEDIA_OCI_INDEX,
																	 ON("linux",
																	    "arm64",
																	    "v8"));

	(void)state;
	assert_int_equal(choose("arm/v7", several), 3); /* of equals the first */
	assert_int_equal(choose("arm/v5", several), 2);
	assert_int_equal(choose("arm64", several), 7); /* an index in the index */
	assert_int_equal(choose("amd64", several), 5); /* what says nothing fits, last */
	error_clear();
	assert_int_equal(choose("s390x",
				ENTRY(MEDIA_OCI_MANIFEST, ON("linux", "arm", "v7")) "," ENTRY(
					MEDIA_OCI_MANIFEST,
					ON("windows", "amd64", "")) "," ENTRY(MEDIA_OCI_MANIFEST,
									      ON("unknown",
										 "unknown", ""))),
			 -1);
	assert_string_equal(
		error_last()->text,
		"busybox: nothing for linux/s390x; there is: linux/arm/v7, windows/amd64");
	assert_int_equal(choose("s390x", ""), -1);
	assert_non_null(strstr(error_last()->text, "there is: no platform"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),  cmocka_unit_test(test_unsaid),
		cmocka_unit_test(test_text),   cmocka_unit_test(test_host),
		cmocka_unit_test(test_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
