/* SPDX-License-Identifier: Apache-2.0 */
/* A few seconds of the control server's fuzz target, always the same inputs. */
#include "tests/unit/test_lib.h"

#include "tests/fuzz/fuzz_control.c"
#include "tests/fuzz/driver.c"

static void test_control(void **state)
{
	(void)state;
	assert_true(fuzz_run(LLVMFuzzerTestOneInput, "tests/fuzz/corpus/control", 2000, 1) > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
