/* SPDX-License-Identifier: Apache-2.0 */
/* v1 values as v2 wants them, against the formulas in floating point. link: -lm */
#include "tests/unit/test_lib.h"

#include <math.h>

#include "runtime/cgroup/limits.h"

static void test_shares(void **state)
{
	(void)state;
	for (uint64_t shares = 2; shares <= 262144; shares++) {
		double l = log2((double)shares);
		double weight = ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));

		if (convert_shares(shares) != (unsigned int)weight)
			fail_msg("shares %u: %u, not %u", (unsigned int)shares,
				 convert_shares(shares), (unsigned int)weight);
	}
}

static void test_shares_out_of_range(void **state)
{
	(void)state;
	assert_int_equal(convert_shares(0), 1);
	assert_int_equal(convert_shares(1), 1);
	assert_int_equal(convert_shares(1024), 100);
	assert_int_equal(convert_shares(262145), 10000);
	assert_int_equal(convert_shares(UINT64_MAX), 10000);
}

static void test_blkio_weight(void **state)
{
	(void)state;
	assert_int_equal(convert_blkio_weight(10), 1);
	assert_int_equal(convert_blkio_weight(100), 910);
	assert_int_equal(convert_blkio_weight(500), 4950);
	assert_int_equal(convert_blkio_weight(1000), 10000);
	assert_int_equal(convert_blkio_weight(0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_shares_out_of_range),
		cmocka_unit_test(test_blkio_weight),
	};

	return cmocka_run_group_tests_name("cgroup_convert", tests, NULL, NULL);
}
