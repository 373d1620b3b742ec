/* SPDX-License-Identifier: Apache-2.0 */
/* The small allocator and formatter: the same answers as the C library's, for what they offer. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/small_malloc.h"
#include "lib/small_printf.h"

/* The format is not known to the compiler here: the point is to compare many. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-overflow"
#pragma GCC diagnostic ignored "-Wformat"

#define SAME(...) \
	do { \
		char ours[80], theirs[80]; \
		int length = snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
\
		memset(ours, '#', sizeof(ours)); \
		assert_int_equal(small_snprintf(ours, sizeof(ours), __VA_ARGS__), length); \
		assert_string_equal(ours, theirs); \
	} while (0)

static void integers(void **state)
{
	static const char *const flags[] = { "", "-", "0", "#", "-#", "0#" };
	static const char *const widths[] = { "", "1", "5", "20" };
	static const char *const precisions[] = { "", ".", ".0", ".1", ".3", ".17" };
	static const int values[] = { 0, 1, -1, 9, 10, 255, 4096, INT_MAX, INT_MIN };
	char format[32];

	(void)state;
	for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
		for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
			for (size_t p = 0; p < sizeof(precisions) / sizeof(precisions[0]); p++)
				for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++)
					for (const char *letter = "diuoxX"; *letter; letter++) {
						snprintf(format, sizeof(format), "<%%%s%s%s%c>",
							 flags[f], widths[w], precisions[p],
							 *letter);
						SAME(format, values[v]);
					}
}

static void lengths(void **state)
{
	(void)state;
	SAME("%ld %lu %lx %lo", LONG_MIN, ULONG_MAX, ULONG_MAX, ULONG_MAX);
	SAME("%lld", LLONG_MIN);
	SAME("%llu", ULLONG_MAX);
	SAME("%llo", ULLONG_MAX);
	SAME("%llX", ULLONG_MAX);
	SAME("%zu %zd", SIZE_MAX, (ssize_t)-1);
	SAME("%jd %td", (intmax_t)INTMAX_MIN, (ptrdiff_t)-5);
	SAME("%#llx %#x", 1ULL << 40, 0u);
	SAME("%d %s %lld %c %u", -1, "between", -1LL, 'c', 7u);
	SAME("%*d|%-*d|%.*d|%.*d", 6, 42, 6, 42, 4, 42, -1, 42);
	SAME("%*d", -6, 42);
}

static void strings(void **state)
{
	static const char unterminated[] = { 'a', 'b', 'c' };

	(void)state;
	SAME("%s", "");
	SAME("plain");
	SAME("100%% of %s", "it");
	SAME("%.*s|%.2s|%.0s|%10s|%-10s|%-10.3s|", 3, unterminated, "abcdef", "gone", "right",
	     "left", "cut off");
	SAME("%c%c%5c%-5c|", 'a', 'b', 'c', 'd');
	SAME("%s", (const char *)NULL);
}

static void bounds(void **state)
{
	char buffer[8];

	(void)state;
	for (size_t size = 0; size <= sizeof(buffer); size++) {
		memset(buffer, '#', sizeof(buffer));
		assert_int_equal(small_snprintf(buffer, size, "%s-%d", "abc", 1234), 8);
		if (size)
			assert_int_equal(buffer[size - 1], '\0');
		for (size_t i = size; i < sizeof(buffer); i++)
			assert_int_equal(buffer[i], '#');
		if (size > 1)
			assert_memory_equal(buffer, "abc-1234", size - 1);
	}
	assert_int_equal(small_snprintf(NULL, 0, "%d", 12345), 5);
	errno = 0;
	assert_int_equal(small_snprintf(buffer, sizeof(buffer), "%f", 1.0), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(small_snprintf(buffer, sizeof(buffer), "%"), -1);
}

enum { SLOTS = 200, ROUNDS = 20000 };

struct slot {
	unsigned char *memory;
	size_t size;
	unsigned char fill;
};

static void check_slot(const struct slot *slot)
{
	for (size_t i = 0; i < slot->size; i++)
		assert_int_equal(slot->memory[i], slot->fill);
}

static size_t any_size(unsigned int *seed)
{
	unsigned int kind = (unsigned int)rand_r(seed) % 10;
	unsigned int limit = kind < 6 ? 200 : kind < 8 ? 3000 : kind < 9 ? 40000 : 100000;

	return (unsigned int)rand_r(seed) % limit;
}

/* Blocks of all sizes come and go and grow; none ever changes what is in another. */
static void allocator(void **state)
{
	static struct slot slots[SLOTS];
	unsigned int seed = 1;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct slot *slot = &slots[(unsigned int)rand_r(&seed) % SLOTS];
		size_t size = any_size(&seed), kept = size < slot->size ? size : slot->size;

		check_slot(slot);
		if (round % 3 == 0) {
			small_free(slot->memory);
			*slot = (struct slot){ 0 };
			continue;
		}
		if (round % 3 == 1 && !slot->memory) {
			slot->memory = small_calloc(1, size);
			assert_non_null(slot->memory);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(slot->memory[i], 0);
		} else {
			slot->memory = small_realloc(slot->memory, size);
			assert_non_null(slot->memory);
			for (size_t i = 0; i < kept; i++)
				assert_int_equal(slot->memory[i], slot->fill);
		}
		assert_int_equal((uintptr_t)slot->memory % 16, 0);
		slot->size = size;
		slot->fill = (unsigned char)round;
		memset(slot->memory, slot->fill, size);
	}
	for (size_t i = 0; i < SLOTS; i++)
		small_free(slots[i].memory);
}

static void allocator_refuses(void **state)
{
	volatile size_t all = SIZE_MAX;
	void *memory;

	(void)state;
	assert_null(small_malloc(all));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(small_calloc(all / 2, 3));
	assert_int_equal(errno, ENOMEM);
	memory = small_malloc(0);
	assert_non_null(memory);
	assert_null(small_realloc(memory, all));
	errno = EIO;
	small_free(memory);
	assert_int_equal(errno, EIO);
	small_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),  cmocka_unit_test(lengths),
		cmocka_unit_test(strings),   cmocka_unit_test(bounds),
		cmocka_unit_test(allocator), cmocka_unit_test(allocator_refuses),
	};

	return cmocka_run_group_tests_name("lib/small", tests, NULL, NULL);
}
