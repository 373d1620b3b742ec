/* SPDX-License-Identifier: Apache-2.0 */
/* Small string helpers: see str.h. */
#include "lib/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"

bool str_uint64(const char *text, uint64_t *value)
{
	uint64_t result = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)(unsigned char)*text - '0';

		if (digit > 9 || __builtin_mul_overflow(result, (uint64_t)10, &result) ||
		    __builtin_add_overflow(result, (uint64_t)digit, &result))
			return false;
	}
	*value = result;
	return true;
}

bool str_int64(const char *text, int64_t *value)
{
	bool negative = *text == '-';
	uint64_t magnitude;

	if (!str_uint64(text + negative, &magnitude) || magnitude > (uint64_t)INT64_MAX + negative)
		return false;
	*value = (int64_t)(negative ? -magnitude : magnitude);
	return true;
}

bool str_uint32(const char *text, uint32_t *value)
{
	uint64_t wide;

	if (!str_uint64(text, &wide) || wide > UINT32_MAX)
		return false;
	*value = (uint32_t)wide;
	return true;
}

/* "", "b", "k", "kb", "kib" ... up to "p", any case: the power of two it stands for, or -1. */
static int size_shift(const char *suffix)
{
	static const char units[] = "kmgtp";
	int shift = 0;

	if (*suffix) {
		const char *unit = strchr(units, *suffix | 0x20);

		if (unit) {
			shift = 10 * (int)(unit - units + 1);
			suffix++;
			if ((*suffix | 0x20) == 'i' && (suffix[1] | 0x20) == 'b')
				suffix++;
		}
		if ((*suffix | 0x20) == 'b')
			suffix++;
	}
	return *suffix ? -1 : shift;
}

bool str_size(const char *text, int64_t *value)
{
	/* Digits of a fraction that count: 9999 << 50 still fits 64 bits. */
	enum { FRACTION_DIGITS = 4 };
	uint64_t whole = 0, fraction = 0, scale = 1, result;
	int digits = 0, shift;

	if (strcmp(text, "-1") == 0) {
		*value = -1;
		return true;
	}
	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(whole, (uint64_t)10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*text - '0'), &whole))
			return false;
	}
	if (*text == '.' && text[1] >= '0' && text[1] <= '9') {
		for (text++; *text >= '0' && *text <= '9'; text++) {
			if (digits++ >= FRACTION_DIGITS)
				continue;
			fraction = fraction * 10 + (uint64_t)(*text - '0');
			scale *= 10;
		}
	}
	if (*text == ' ')
		text++;
	shift = size_shift(text);
	if (shift < 0 || whole > (uint64_t)INT64_MAX >> shift)
		return false;
	result = (whole << shift) + (fraction << shift) / scale;
	if (result > INT64_MAX)
		return false;
	*value = (int64_t)result;
	return true;
}

int str_format(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= size)
		return fail(ENAMETOOLONG, "%.64s...", size ? buffer : "");
	return 0;
}

bool str_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Two digits and what stands after them. */
static char *put_two(char *out, unsigned int value, char after)
{
	*out++ = (char)('0' + value / 10 % 10);
	*out++ = (char)('0' + value % 10);
	*out++ = after;
	return out;
}

/*
 * Days since 1970-01-01 as year, month and day: years begin in March, so that the leap day is
 * their last; an era is 400 years. The algorithm is Howard Hinnant's "civil_from_days".
 */
static char *put_date(char *out, int64_t days)
{
	int64_t from_era_start = days + 719468; /* days from 0000-03-01 */
	int64_t era = (from_era_start >= 0 ? from_era_start : from_era_start - 146096) / 146097;
	unsigned int day_of_era = (unsigned int)(from_era_start - era * 146097);
	unsigned int year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned int day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned int month = (5 * day + 2) / 153; /* 0 is March */
	int64_t year = (int64_t)year_of_era + era * 400 + (month >= 10);

	day = day - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	out = put_two(out, (unsigned int)(year / 100), ' ') - 1;
	out = put_two(out, (unsigned int)(year % 100), '-');
	out = put_two(out, month, '-');
	return put_two(out, day, 'T');
}

char *str_time_seconds(time_t seconds, char buffer[STR_TIME_SIZE])
{
	int64_t days = seconds / 86400;
	int64_t second = seconds % 86400;
	char *out;

	if (second < 0) {
		second += 86400;
		days--;
	}
	/* Years of four digits: RFC 3339 knows no others. */
	if (days < -719528 || days > 2932896) {
		days = 0;
		second = 0;
	}
	out = put_date(buffer, days);
	out = put_two(out, (unsigned int)(second / 3600), ':');
	out = put_two(out, (unsigned int)(second / 60 % 60), ':');
	out = put_two(out, (unsigned int)(second % 60), 'Z');
	*out = '\0';
	return buffer;
}

char *str_time(const struct timespec *time, char buffer[STR_TIME_SIZE])
{
	unsigned int rest = (unsigned int)time->tv_nsec;
	char *out = str_time_seconds(time->tv_sec, buffer) + strlen(buffer) - 1;

	*out = '.';
	for (int i = 9; i > 0; i--) {
		out[i] = (char)('0' + rest % 10);
		rest /= 10;
	}
	out[10] = 'Z';
	out[11] = '\0';
	return buffer;
}

size_t str_utf8_sequence(const char *text, size_t size)
{
	const unsigned char *byte = (const unsigned char *)text;
	unsigned int first, low = 0x80, high = 0xbf;
	size_t length;

	if (size == 0)
		return 0;
	first = byte[0];
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (length > size)
		return 0;
	/* The second byte tells overlong forms, surrogates and what is above U+10FFFF. */
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (byte[1] < low || byte[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

bool str_is_utf8(const char *text, size_t size)
{
	while (size) {
		size_t length = str_utf8_sequence(text, size);

		if (!length)
			return false;
		text += length;
		size -= length;
	}
	return true;
}
