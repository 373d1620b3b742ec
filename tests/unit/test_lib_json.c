/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include <time.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"

static const cJSON *parse(struct arena *arena, const char *text)
{
	return json_parse(arena, text, strlen(text), "config.json");
}

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static void test_right(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"true",
		"false",
		"null",
		"0",
		"-0",
		"1",
		"\"\"",
		" \t\r\n{ }\n ",
		"[1,2]",
		"[[],{}]",
		"{\"\":1}",
		"{\"a\":{\"a\":{\"a\":1}}}",
		"[1e1,1E+1,1.0e-1,0.5,0e0]",
		"\"\\u0001\\u007f\\uD834\\uDd1e\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
		"\"\x7f\"",
		"\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
		"[-9223372036854775808,18446744073709551615,123456789012345678901234567890]",
		"{\"a\":1,\"A\":2,\"aa\":3}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		auto_arena struct arena arena = { 0 };

		if (!parse(&arena, texts[i]))
			fail_msg("%s: %s", texts[i], error_last()->text);
	}
}

/* Each breaks one rule; the message says which. */
static const struct {
	const char *text, *message;
} wrong_documents[] = {
	{ "", "the document ends too early" },
	{ " \n", "the document ends too early" },
	{ "{", "expected a key" },
	{ "[", "the document ends too early" },
	{ "[1", "the document ends too early" },
	{ "[1,", "the document ends too early" },
	{ "{\"a\":1", "the document ends too early" },
	{ "{\"a\":", "the document ends too early" },
	{ "{\"a\"", "expected ':'" },
	{ "{\"a\":1,", "expected a key" },
	{ "{\"a\":1,}", "expected a key" },
	{ "{a:1}", "expected a key" },
	{ "{'a':1}", "expected a key" },
	{ "{1:1}", "expected a key" },
	{ "{\"a\" 1}", "expected ':'" },
	{ "{\"a\":1 \"b\":2}", "expected ',' or '}'" },
	{ "{\"a\":1]", "expected ',' or '}'" },
	{ "[1}", "expected ',' or ']'" },
	{ "[1 2]", "expected ',' or ']'" },
	{ "[1,]", "expected a value" },
	{ "[,1]", "expected a value" },
	{ "[]]", "something stands behind" },
	{ "{} x", "something stands behind" },
	{ "1 2", "something stands behind" },
	{ "True", "expected a value" },
	{ "nul", "expected a value" },
	{ "nulls", "something stands behind" },
	{ "NaN", "expected a value" },
	{ "Infinity", "expected a value" },
	{ "+1", "expected a value" },
	{ ".5", "expected a value" },
	{ "01", "malformed number" },
	{ "-01", "malformed number" },
	{ "-", "malformed number" },
	{ "-a", "malformed number" },
	{ "1.", "malformed number" },
	{ "1.e1", "malformed number" },
	{ "1e", "malformed number" },
	{ "1e+", "malformed number" },
	{ "0x10", "something stands behind" },
	{ "[1.5.2]", "expected ',' or ']'" },
	{ "\"", "string without an end" },
	{ "\"abc", "string without an end" },
	{ "\"abc\\", "unknown escape" },
	{ "\"abc\\\"", "string without an end" },
	{ "\"\\x\"", "unknown escape" },
	{ "\"\\u12\"", "four hexadecimal" },
	{ "\"\\u12g4\"", "four hexadecimal" },
	{ "\"\\u0000\"", "NUL" },
	{ "\"\\ud800\"", "surrogate" },
	{ "\"\\ud800\\u0041\"", "surrogate" },
	{ "\"\\ud800\\ud800\"", "surrogate" },
	{ "\"\\udc00\"", "surrogate" },
	{ "\"\\udc00\\ud800\"", "surrogate" },
	{ "\"\\ud800\\n\"", "surrogate" },
	{ "\"a\nb\"", "control character" },
	{ "\"a\tb\"", "control character" },
	{ "\"\x01\"", "control character" },
	{ "\"\x80\"", "UTF-8" },
	{ "\"\xc0\xaf\"", "UTF-8" },
	{ "\"\xed\xa0\x80\"", "UTF-8" },
	{ "\"\xf4\x90\x80\x80\"", "UTF-8" },
	{ "\"\xe2\x82\"", "UTF-8" },
	{ "{\"\xff\":1}", "UTF-8" },
	{ "\xef\xbb\xbf{}", "expected a value" },
	{ "// x\n{}", "expected a value" },
	{ "{\"a\":1,\"a\":2}", "a: duplicate key" },
	{ "{\"a\":1,\"\\u0061\":2}", "u0061: duplicate key" },
	{ "{\"x\":{\"b\":1,\"c\":1,\"b\":1}}", "x.b: duplicate key" },
	{ "{\"\":1,\"\":2}", "duplicate key" },
	{ "1234567890123456789012345678901234567890123456789012345678901234", "62 characters" },
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong_documents) / sizeof(wrong_documents[0]); i++) {
		auto_arena struct arena arena = { 0 };

		error_clear();
		errno = 0;
		if (parse(&arena, wrong_documents[i].text))
			fail_msg("%s was taken", wrong_documents[i].text);
		if (!strstr(error_last()->text, wrong_documents[i].message))
			fail_msg("%s: %s", wrong_documents[i].text, error_last()->text);
		assert_int_equal(error_last()->code, ERROR_CONFIG);
		assert_int_equal(error_last()->no, 0);
		assert_int_equal(errno, EINVAL);
	}
}

static void test_nul_byte(void **state)
{
	auto_arena struct arena arena = { 0 };

	(void)state;
	assert_null(json_parse(&arena, "[\"a\0b\"]", 7, "x"));
	assert_non_null(strstr(error_last()->text, "NUL"));
	assert_null(json_parse(&arena, "[1]\0", 4, "x"));
	assert_null(json_parse(&arena, "[1\0]", 4, "x"));
	/* Nothing is read behind the end. */
	assert_non_null(json_parse(&arena, "[12]34", 4, "x"));
	assert_null(json_parse(&arena, "[12]34", 3, "x"));
}

static void test_place(void **state)
{
	static const char text[] =
		"{\n\t\"linux\": {\n\t\t\"devices\": [1,\n\t\t\t{\"type\": \"\x01\"}]\n}}";
	auto_arena struct arena arena = { 0 };

	(void)state;
	assert_null(parse(&arena, text));
	assert_string_equal(error_last()->property, "linux.devices[1].type");
	assert_string_equal(
		error_last()->text,
		"config.json: line 4: linux.devices[1].type: control character in a string");
	assert_null(parse(&arena, "{\"a\":1,\n\"b\":{\"c\":3,x"));
	assert_string_equal(error_last()->text, "config.json: line 2: b: expected a key in quotes");
	assert_null(parse(&arena, "[0,[\n\n1,x]]"));
	assert_string_equal(error_last()->text, "config.json: line 3: [1][1]: expected a value");
	assert_null(parse(&arena, "{\"a\":{\"k\":1,\n\n\"k\":2}}"));
	assert_string_equal(error_last()->text, "config.json: line 3: a.k: duplicate key");
	assert_string_equal(error_last()->property, "a.k");
	assert_null(parse(&arena, "{\"l\":[{},{\"k\":1,\"k\":2}]}"));
	assert_string_equal(error_last()->property, "l[1].k");
}

static void test_limits(void **state)
{
	auto_arena struct arena arena = { 0 };
	char text[400];
	char *large = malloc(JSON_MAX_SIZE + 1);

	(void)state;
	memset(text, '[', 200);
	memset(text + JSON_MAX_DEPTH, ']', 200);
	assert_non_null(json_parse(&arena, text, 2 * JSON_MAX_DEPTH, "x"));
	memset(text, '[', 200);
	memset(text + JSON_MAX_DEPTH + 1, ']', 200);
	assert_null(json_parse(&arena, text, 2 * JSON_MAX_DEPTH + 2, "x"));
	assert_non_null(strstr(error_last()->text, "nested too deeply"));
	memset(large, ' ', JSON_MAX_SIZE + 1);
	large[0] = '1';
	assert_non_null(json_parse(&arena, large, JSON_MAX_SIZE, "x"));
	assert_null(json_parse(&arena, large, JSON_MAX_SIZE + 1, "x"));
	assert_int_equal(error_last()->no, EFBIG);
	/* Two bytes a value: memory is bounded by their number. */
	for (int i = 1; i < JSON_MAX_SIZE; i += 2)
		memcpy(large + i, "0,", 2);
	large[0] = '[';
	assert_null(json_parse(&arena, large, JSON_MAX_SIZE, "x"));
	assert_non_null(strstr(error_last()->text, "too many values"));
	free(large);
}

static void check_source(const cJSON *node, const char *expected, unsigned int line)
{
	size_t size;
	const char *source = json_source(node, &size);

	assert_int_equal(size, strlen(expected));
	assert_memory_equal(source, expected, size);
	assert_int_equal(json_line(node), line);
}

static void test_sources(void **state)
{
	/* Strings whose size is a node's, escaped too: cJSON's allocations look alike. */
	static const char text[] =
		"{\n"
		" \"123456789012345678901234567890123456789012345678901234567890123\": "
		"\"\\u0061aa456789012345678901234567890123456789012345678901234567890123\",\n"
		" \"b\" : [ 1 , {\"x\": -1.5e3 } ,\n\"\\u00e9\" ] ,\n\n"
		" \"c\":null\n}";
	auto_arena struct arena arena = { 0 };
	const cJSON *root = parse(&arena, text);
	const cJSON *b = get(root, "b");

	(void)state;
	assert_non_null(root);
	check_source(root, text, 1);
	check_source(root->child,
		     "\"\\u0061aa456789012345678901234567890123456789012345678901234567890123\"",
		     2);
	check_source(b, "[ 1 , {\"x\": -1.5e3 } ,\n\"\\u00e9\" ]", 3);
	check_source(b->child, "1", 3);
	check_source(b->child->next, "{\"x\": -1.5e3 }", 3);
	check_source(b->child->next->child, "-1.5e3", 3);
	assert_string_equal(b->child->next->child->valuestring, "-1.5e3");
	check_source(b->child->next->next, "\"\\u00e9\"", 4);
	assert_string_equal(b->child->next->next->valuestring, "\xc3\xa9");
	check_source(get(root, "c"), "null", 6);
}

static void test_numbers(void **state)
{
	auto_arena struct arena arena = { 0 };
	const cJSON *node =
		parse(&arena, "[18446744073709551615,9007199254740993,-9223372036854775808,"
			      "1.0,1e2,-1,18446744073709551616,\"5\",true,-0]");
	uint64_t natural = 0;
	int64_t integer = 0;

	(void)state;
	assert_non_null(node);
	node = node->child;
	assert_true(json_uint64(node, &natural) && natural == UINT64_MAX);
	assert_false(json_int64(node, &integer));
	node = node->next; /* a double would make it ...992 */
	assert_true(json_int64(node, &integer) && integer == INT64_C(9007199254740993));
	assert_true(json_uint64(node, &natural) && natural == 9007199254740993);
	node = node->next;
	assert_true(json_int64(node, &integer) && integer == INT64_MIN);
	assert_false(json_uint64(node, &natural));
	node = node->next;
	assert_false(json_int64(node, &integer) || json_uint64(node, &natural));
	node = node->next;
	assert_false(json_int64(node, &integer) || json_uint64(node, &natural));
	node = node->next;
	assert_true(json_int64(node, &integer) && integer == -1);
	assert_false(json_uint64(node, &natural));
	node = node->next;
	assert_false(json_int64(node, &integer) || json_uint64(node, &natural));
	node = node->next;
	assert_false(json_int64(node, &integer) || json_uint64(node, &natural));
	node = node->next;
	assert_false(json_int64(node, &integer) || json_uint64(node, &natural));
	node = node->next;
	assert_true(json_int64(node, &integer) && integer == 0);
	assert_false(json_int64(NULL, &integer));
}

/* Milliseconds of CPU that parsing takes; `right` says whether it must succeed. */
static long time_of(const char *text, size_t size, bool right)
{
	auto_arena struct arena arena = { 0 };
	struct timespec before, after;
	const cJSON *root;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	root = json_parse(&arena, text, size, "large");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	if (!root != !right)
		fail_msg("parsed: %d", !!root);
	return (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
}

/* Keys in an object, elements in an array: no quadratic time (that would be minutes). */
static void test_many(void **state)
{
	enum { COUNT = 300000, SLOWEST_MS = 20000 };
	char *text = malloc(COUNT * 20 + 100), *out = text;

	(void)state;
	*out++ = '{';
	for (int i = 0; i < COUNT; i++)
		out += sprintf(out, "\"k%d\":%d,", i, i);
	out[-1] = '}';
	assert_true(time_of(text, (size_t)(out - text), true) < SLOWEST_MS);
	/* The last is the first one again. */
	out += sprintf(out - 1, ",\"k0\":1}") - 1;
	assert_true(time_of(text, (size_t)(out - text), false) < SLOWEST_MS);
	assert_non_null(strstr(error_last()->text, "k0: duplicate key"));
	out = text;
	*out++ = '[';
	for (int i = 0; i < COUNT; i++)
		out += sprintf(out, "\"V%d=x\",", i);
	out[-1] = ']';
	assert_true(time_of(text, (size_t)(out - text), true) < SLOWEST_MS);
	free(text);
}

/* A duplicate anywhere among any number of keys is found, and only then. */
static void test_duplicates(void **state)
{
	char text[4096];

	(void)state;
	for (int count = 2; count <= 100; count += count < 40 ? 1 : 13) {
		for (int twice = -1; twice < count - 1; twice += 1 + count / 7) {
			auto_arena struct arena arena = { 0 };
			char *out = text;

			*out++ = '{';
			for (int i = 0; i < count; i++)
				out += sprintf(out, "\"%d\":0,",
					       i == count - 1 && twice >= 0 ? twice : i);
			out[-1] = '}';
			if ((json_parse(&arena, text, (size_t)(out - text), "x") == NULL) !=
			    (twice >= 0))
				fail_msg("%.*s", (int)(out - text), text);
		}
	}
}

static char *write_all_kinds(struct arena *arena, enum json_style style)
{
	struct json_writer writer;

	json_write_start(&writer, arena, style);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "a/b",
			  "</x>&\"\\\b\f\n\r\t\x1f\x7f gr\xc3\xbc \xff \xed\xa0\x80");
	json_write_int(&writer, "min", INT64_MIN);
	json_write_uint(&writer, "max", UINT64_MAX);
	json_write_uint(&writer, "zero", 0);
	json_write_array(&writer, "list");
	json_write_bool(&writer, NULL, true);
	json_write_bool(&writer, NULL, false);
	json_write_raw(&writer, NULL, "null", 4);
	json_write_object(&writer, NULL);
	json_write_end(&writer, '}');
	json_write_array(&writer, NULL);
	json_write_end(&writer, ']');
	json_write_end(&writer, ']');
	json_write_string(&writer, "last", "");
	json_write_end(&writer, '}');
	return json_write_finish(&writer, NULL);
}

static void test_writer(void **state)
{
	auto_arena struct arena arena = { 0 };

	(void)state;
	assert_string_equal(write_all_kinds(&arena, JSON_COMPACT),
			    "{\"a/b\":\"</x>&\\\"\\\\\\b\\f\\n\\r\\t\\u001f\x7f gr\xc3\xbc \\ufffd "
			    "\\ufffd\\ufffd\\ufffd\",\"min\":-9223372036854775808,"
			    "\"max\":18446744073709551615,\"zero\":0,"
			    "\"list\":[true,false,null,{},[]],\"last\":\"\"}");
	assert_non_null(parse(&arena, write_all_kinds(&arena, JSON_COMPACT)));
	assert_string_equal(
		strstr(write_all_kinds(&arena, JSON_TABS), ",\n\t\"min\""),
		",\n\t\"min\": -9223372036854775808,\n\t\"max\": 18446744073709551615,"
		"\n\t\"zero\": 0,\n\t\"list\": [\n\t\ttrue,\n\t\tfalse,\n\t\tnull,\n\t\t{},"
		"\n\t\t[]\n\t],\n\t\"last\": \"\"\n}");
	assert_non_null(
		strstr(write_all_kinds(&arena, JSON_SPACES), ",\n    {},\n    []\n  ],\n  \"l"));
}

static void test_writer_large(void **state)
{
	auto_arena struct arena arena = { 0 };
	struct json_writer writer;
	const cJSON *root;
	size_t size;
	char *text;
	int count = 0;

	(void)state;
	json_write_start(&writer, &arena, JSON_SPACES);
	json_write_array(&writer, NULL);
	for (int i = 0; i < 50000; i++)
		json_write_int(&writer, NULL, i);
	json_write_end(&writer, ']');
	text = json_write_finish(&writer, &size);
	assert_non_null(text);
	assert_int_equal(strlen(text), size);
	root = json_parse(&arena, text, size, "x");
	assert_non_null(root);
	for (const cJSON *node = root->child; node; node = node->next) {
		int64_t value;

		assert_true(json_int64(node, &value) && value == count++);
	}
	assert_int_equal(count, 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),	     cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_nul_byte),     cmocka_unit_test(test_place),
		cmocka_unit_test(test_limits),	     cmocka_unit_test(test_sources),
		cmocka_unit_test(test_numbers),	     cmocka_unit_test(test_many),
		cmocka_unit_test(test_duplicates),   cmocka_unit_test(test_writer),
		cmocka_unit_test(test_writer_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
