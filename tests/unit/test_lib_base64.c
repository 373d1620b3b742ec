/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4648's examples both ways, and what is no base64. */
#include "tests/unit/test_lib.h"

#include "lib/base64.h"

static void test_examples(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		size_t size = strlen(pairs[i][0]), length = strlen(pairs[i][1]);
		char text[BASE64_TEXT_SIZE(8)], data[16];

		assert_string_equal(base64_encode(pairs[i][0], size, text), pairs[i][1]);
		assert_true(length < BASE64_TEXT_SIZE(size));
		memset(data, '#', sizeof(data));
		assert_int_equal(base64_decode(pairs[i][1], length, data, size), size);
		assert_memory_equal(data, pairs[i][0], size);
		assert_int_equal(data[size], '#');
		if (size)
			assert_int_equal(base64_decode(pairs[i][1], length, data, size - 1), -1);
		/* In place. */
		assert_int_equal(base64_decode(text, length, text, length), size);
		assert_memory_equal(text, pairs[i][0], size);
	}
}

static void test_wrong(void **state)
{
	static const char *const texts[] = {
		"Z",	  "Zg",	   "Zg=",	 "Zg===", "====", "=",	  "Zg==Zg==",
		"Zm9v\n", "Zm 9v", "Zm9-",	 "Zm9_",  "Zh==", "Zm9=", "Z===",
		"=Zg=",	  "Zm=v",  "\xc3\xa4==", "Zg=A",  "A===",
	};
	char data[16];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (base64_decode(texts[i], strlen(texts[i]), data, sizeof(data)) != -1)
			fail_msg("%s", texts[i]);
	}
	assert_int_equal(base64_decode("Zm\0v", 4, data, sizeof(data)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
