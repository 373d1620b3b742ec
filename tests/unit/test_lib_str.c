/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include "lib/error.h"
#include "lib/str.h"

static void test_unsigned(void **state)
{
	static const char *const wrong[] = { "",
					     "-1",
					     "+1",
					     " 1",
					     "1 ",
					     "0x1",
					     "1e3",
					     "1.0",
					     "a",
					     "18446744073709551616",
					     "99999999999999999999" };
	uint64_t value = 7;
	uint32_t narrow;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(str_uint64(wrong[i], &value));
	assert_int_equal(value, 7);
	assert_true(str_uint64("18446744073709551615", &value));
	assert_true(value == UINT64_MAX);
	assert_true(str_uint64("007", &value));
	assert_int_equal(value, 7);
	assert_true(str_uint32("4294967295", &narrow));
	assert_int_equal(narrow, UINT32_MAX);
	assert_false(str_uint32("4294967296", &narrow));
}

static void test_signed(void **state)
{
	int64_t value;

	(void)state;
	assert_true(str_int64("-9223372036854775808", &value));
	assert_true(value == INT64_MIN);
	assert_true(str_int64("9223372036854775807", &value));
	assert_true(value == INT64_MAX);
	assert_true(str_int64("-0", &value));
	assert_int_equal(value, 0);
	assert_false(str_int64("9223372036854775808", &value));
	assert_false(str_int64("-9223372036854775809", &value));
	assert_false(str_int64("-", &value));
	assert_false(str_int64("--1", &value));
	assert_false(str_int64("", &value));
}

static void test_size(void **state)
{
	static const struct {
		const char *text;
		int64_t value; /* -2: wrong */
	} rows[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "-1", -1 },
		{ "1b", 1 },
		{ "1k", 1024 },
		{ "1K", 1024 },
		{ "2kb", 2048 },
		{ "2KiB", 2048 },
		{ "3m", 3145728 },
		{ "1g", 1073741824 },
		{ "1t", 1099511627776 },
		{ "1 mb", 1048576 },
		{ "1.5k", 1536 },
		{ "0.5m", 524288 },
		{ "9223372036854775807", INT64_MAX },
		{ "1.99999999k", 2047 },
		{ "1p", 1125899906842624 },
		{ "", -2 },
		{ "k", -2 },
		{ "1kk", -2 },
		{ "-2", -2 },
		{ "1.k", -2 },
		{ ".5k", -2 },
		{ "1i", -2 },
		{ "1ki", -2 },
		{ "1x", -2 },
		{ "9223372036854775808", -2 },
		{ "8589934592g", -2 },
		{ "1  k", -2 },
		{ "1e3", -2 },
		{ "8191.9999p", INT64_C(9223371924264785123) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t value = 0;
		bool right = str_size(rows[i].text, &value);

		if (right != (rows[i].value != -2) || (right && value != rows[i].value))
			fail_msg("size '%s': %d %lld", rows[i].text, right, (long long)value);
	}
}

static void test_format(void **state)
{
	char buffer[8];

	(void)state;
	assert_int_equal(str_format(buffer, sizeof(buffer), "%d", 1234567), 0);
	assert_string_equal(buffer, "1234567");
	assert_int_equal(str_format(buffer, sizeof(buffer), "%d", 12345678), -ENAMETOOLONG);
	assert_int_equal(error_last()->no, ENAMETOOLONG);
}

static void test_compare(void **state)
{
	(void)state;
	assert_true(str_has_prefix("abc", "ab"));
	assert_true(str_has_prefix("abc", ""));
	assert_false(str_has_prefix("ab", "abc"));
	assert_true(str_equal(NULL, NULL));
	assert_false(str_equal(NULL, ""));
	assert_false(str_equal("", NULL));
	assert_true(str_equal("a", "a"));
	assert_false(str_equal("a", "b"));
}

/* Against the C library, over every kind of year. */
static void test_time(void **state)
{
	char buffer[STR_TIME_SIZE], expected[64];
	struct timespec now = { .tv_sec = 1767323045, .tv_nsec = 123456789 };

	(void)state;
	assert_string_equal(str_time(&now, buffer), "2026-01-02T03:04:05.123456789Z");
	now.tv_nsec = 5;
	assert_string_equal(str_time(&now, buffer), "2026-01-02T03:04:05.000000005Z");
	for (int64_t seconds = -62167219200; seconds < 253402300800; seconds += 86400 * 13 + 4711) {
		time_t time = (time_t)seconds;
		struct tm broken;

		gmtime_r(&time, &broken);
		snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02dZ",
			 broken.tm_year + 1900, broken.tm_mon + 1, broken.tm_mday, broken.tm_hour,
			 broken.tm_min, broken.tm_sec);
		if (strcmp(str_time_seconds(time, buffer), expected) != 0)
			fail_msg("%s is not %s", buffer, expected);
	}
	assert_string_equal(str_time_seconds((time_t)253402300799, buffer), "9999-12-31T23:59:59Z");
	assert_string_equal(str_time_seconds((time_t)253402300800, buffer), "1970-01-01T00:00:00Z");
	assert_string_equal(str_time_seconds((time_t)-62167219200, buffer), "0000-01-01T00:00:00Z");
	assert_string_equal(str_time_seconds((time_t)-62167219201, buffer), "1970-01-01T00:00:00Z");
}

/* Every sequence of up to four bytes from bytes at the bounds, against a plain decoder. */
static bool plain_is_one(const unsigned char *bytes, size_t size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t value;

	if (size == 1)
		return bytes[0] < 0x80;
	if (size == 2 && (bytes[0] & 0xe0) == 0xc0)
		value = bytes[0] & 0x1f;
	else if (size == 3 && (bytes[0] & 0xf0) == 0xe0)
		value = bytes[0] & 0x0f;
	else if (size == 4 && (bytes[0] & 0xf8) == 0xf0)
		value = bytes[0] & 0x07;
	else
		return false;
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return false;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	return value >= least[size] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

static void test_utf8(void **state)
{
	static const unsigned char edge[] = {
		0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
		0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff
	};
	const size_t count = sizeof(edge);

	(void)state;
	for (size_t n = 0; n < count * count * count * count; n++) {
		unsigned char bytes[4] = { edge[n % count], edge[n / count % count],
					   edge[n / count / count % count],
					   edge[n / count / count / count] };
		size_t expected = 0, got = str_utf8_sequence((const char *)bytes, 4);

		for (size_t size = 1; size <= 4 && !expected; size++) {
			if (plain_is_one(bytes, size))
				expected = size;
		}
		if (got != expected)
			fail_msg("%02x %02x %02x %02x: %zu, not %zu", bytes[0], bytes[1], bytes[2],
				 bytes[3], got, expected);
		/* Cut off it is none. */
		if (expected > 1)
			assert_int_equal(str_utf8_sequence((const char *)bytes, expected - 1), 0);
	}
	assert_int_equal(str_utf8_sequence("", 0), 0);
	assert_true(str_is_utf8("", 0));
	assert_true(str_is_utf8("gr\xc3\xbc\xc3\x9f", 6));
	assert_false(str_is_utf8("gr\xc3", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsigned), cmocka_unit_test(test_signed),
		cmocka_unit_test(test_size),	 cmocka_unit_test(test_format),
		cmocka_unit_test(test_compare),	 cmocka_unit_test(test_time),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
