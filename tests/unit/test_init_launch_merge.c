/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Merge Patch: the examples of RFC 7396, appendix A, and what stands as it stood. */
#include "tests/unit/test_lib.h"

#include "init/launch/internal.h"
#include "lib/arena.h"
#include "lib/json.h"

static const char *merge(struct arena *arena, const char *base, const char *patch)
{
	const cJSON *parsed = json_parse(arena, base, strlen(base), "base");
	const cJSON *change = json_parse(arena, patch, strlen(patch), "patch");
	struct json_writer writer;

	assert_non_null(parsed);
	assert_non_null(change);
	json_write_start(&writer, arena, JSON_COMPACT);
	merge_write(&writer, NULL, parsed, change);
	return json_write_finish(&writer, NULL);
}

static void merges_as_the_rfc_says(void **state)
{
	static const char *const examples[][3] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
		  "{\"a\":{\"b\":\"d\"}}" },
		{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
		{ "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
		{ "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
		{ "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
		{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		auto_arena struct arena arena = { 0 };

		assert_string_equal(merge(&arena, examples[i][0], examples[i][1]), examples[i][2]);
	}
}

static void leaves_alone_what_it_does_not_name(void **state)
{
	auto_arena struct arena arena = { 0 };

	(void)state;
	assert_string_equal(
		merge(&arena,
		      "{\"n\":18446744073709551615,\"x\":{ \"y\" : [ 1.50, \"\\u00e9\" ] }}",
		      "{\"z\":{\"a\":0}}"),
		"{\"n\":18446744073709551615,\"x\":{ \"y\" : [ 1.50, \"\\u00e9\" ] },"
		"\"z\":{\"a\":0}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_as_the_rfc_says),
		cmocka_unit_test(leaves_alone_what_it_does_not_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
