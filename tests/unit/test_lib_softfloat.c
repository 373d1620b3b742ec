/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of -msoft-float beside the processor's: the same bits, for what is special and for
 * chance. */
#include "tests/unit/test_lib.h"

#include <math.h>

#include "board/host/softfloat.c"

#ifndef __mips_soft_float

static const uint64_t special[] = {
	0,
	1,
	2,
	0x000fffffffffffff,
	0x0010000000000000,
	0x0010000000000001,
	0x001fffffffffffff,
	0x3fefffffffffffff,
	0x3ff0000000000000,
	0x3ff0000000000001,
	0x4000000000000000,
	0x41dfffffffc00000,
	0x41e0000000000000,
	0x41efffffffe00000,
	0x41f0000000000000,
	0x43dfffffffffffff,
	0x43e0000000000000,
	0x43efffffffffffff,
	0x43f0000000000000,
	0x4330000000000000,
	0x4340000000000000,
	0x36a0000000000000,
	0x369fffffffffffff,
	0x380fffffffffffff,
	0x3810000000000000,
	0x47efffffe0000000,
	0x47efffffefffffff,
	0x47effffff0000000,
	0x7fefffffffffffff,
	0x7ff0000000000000,
	0x7ff8000000000000,
	0x7ff0000000000001,
};
enum { SPECIAL = sizeof(special) / sizeof(special[0]), ROUNDS = 400000 };

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Any bits, or numbers that are near each other, or whole ones. */
static double some_double(uint64_t *state, unsigned int round)
{
	uint64_t bits = next_random(state);
	double number;

	if (round < 4 * SPECIAL * SPECIAL)
		bits = special[round / 4 % SPECIAL] | (uint64_t)(round & 1) << 63;
	else if (round % 4 == 1)
		bits = (bits & 0x800fffffffffffff) | (0x3e0 + (bits >> 52 & 63)) << 52;
	else if (round % 4 == 2)
		bits &= ~UINT64_C(0) << (bits & 63);
	memcpy(&number, &bits, sizeof(number));
	return round % 16 == 3 && round >= 4 * SPECIAL * SPECIAL ? (double)(int64_t)bits : number;
}

static void same(double is, double want, const char *what, double a, double b)
{
	if (isnan(want) ? !isnan(is) : memcmp(&is, &want, sizeof(is)) != 0)
		fail_msg("%s of %a and %a is %a, not %a", what, a, b, is, want);
}

static void test_doubles(void **state)
{
	uint64_t random = 88172645463325252;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const double a = some_double(&random, round);
		const double b = some_double(&random, round < 4 * SPECIAL * SPECIAL ?
							      round / SPECIAL + (round & 2) / 2 :
							      round / 2);

		same(soft_adddf3(a, b), a + b, "sum", a, b);
		same(soft_subdf3(a, b), a - b, "difference", a, b);
		same(soft_muldf3(a, b), a * b, "product", a, b);
		same(soft_divdf3(a, b), a / b, "quotient", a, b);
		assert_int_equal(soft_eqdf2(a, b) == 0, a == b);
		assert_int_equal(soft_nedf2(a, b) != 0, a != b);
		assert_int_equal(soft_ltdf2(a, b) < 0, a < b);
		assert_int_equal(soft_ledf2(a, b) <= 0, a <= b);
		assert_int_equal(soft_gtdf2(a, b) > 0, a > b);
		assert_int_equal(soft_gedf2(a, b) >= 0, a >= b);
		assert_int_equal(soft_unorddf2(a, b), isnan(a) || isnan(b));
	}
}

static void test_floats(void **state)
{
	uint64_t random = 2463534242;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const uint32_t bits[2] = { (uint32_t)next_random(&random),
					   (uint32_t)next_random(&random) };
		const double wide = some_double(&random, round);
		float a, b;

		memcpy(&a, &bits[0], sizeof(a));
		memcpy(&b, &bits[1], sizeof(b));
		/* Bits that are the numbers' own, not those of a NaN. */
		same(soft_addsf3(a, b), a + b, "sum", a, b);
		same(soft_subsf3(a, b), a - b, "difference", a, b);
		same(soft_mulsf3(a, b), a * b, "product", a, b);
		same(soft_divsf3(a, b), a / b, "quotient", a, b);
		assert_int_equal(soft_ltsf2(a, b) < 0, a < b);
		assert_int_equal(soft_gesf2(a, b) >= 0, a >= b);
		same(soft_extendsfdf2(a), a, "double", a, 0);
		same(soft_truncdfsf2(wide), (float)wide, "float", wide, 0);
	}
}

static void test_integers(void **state)
{
	uint64_t random = 521288629;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const double number = some_double(&random, round);
		const uint64_t value = next_random(&random) >> (round & 63);

		same(soft_floatsidf((int32_t)value), (int32_t)value, "double", (double)value, 0);
		same(soft_floatunsidf((uint32_t)value), (uint32_t)value, "double", (double)value,
		     0);
		same(soft_floatdidf((int64_t)value), (double)(int64_t)value, "double",
		     (double)value, 0);
		same(soft_floatundidf(value), (double)value, "double", (double)value, 0);
		same(soft_floatsisf((int32_t)value), (float)(int32_t)value, "float", (double)value,
		     0);
		same(soft_floatunsisf((uint32_t)value), (float)(uint32_t)value, "float",
		     (double)value, 0);
		if (number > -2147483649.0 && number < 2147483648.0)
			assert_int_equal(soft_fixdfsi(number), (int32_t)number);
		if (number > -1.0 && number < 4294967296.0)
			assert_int_equal(soft_fixunsdfsi(number), (uint32_t)number);
		if (number >= -0x1p63 && number < 0x1p63)
			assert_true(soft_fixdfdi(number) == (int64_t)number);
		if (number > -1.0 && number < 0x1p64)
			assert_true(soft_fixunsdfdi(number) == (uint64_t)number);
	}
	assert_int_equal(soft_fixdfsi(1e300), INT32_MAX);
	assert_int_equal(soft_fixdfsi(-1e300), INT32_MIN);
	assert_true(soft_fixdfdi(INFINITY) == INT64_MAX && soft_fixdfdi(-INFINITY) == INT64_MIN);
	assert_int_equal(soft_fixdfsi(NAN), 0);
	assert_true(soft_fixunsdfsi(-5.0) == 0 && soft_fixunsdfdi(1e300) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_integers),
	};

	return cmocka_run_group_tests_name("lib/softfloat", tests, NULL, NULL);
}

#else

/* There is nothing beside: the tests of numbers in JSON show that it works. */
int main(void)
{
	puts("1..0 # SKIP all arithmetic here is this one");
	return 0;
}

#endif
