/* SPDX-License-Identifier: Apache-2.0 */
/* Some seconds of the fuzz target of init/board/, always the same inputs. A broken promise aborts.
 */
#include "tests/unit/test_lib.h"

#include "tests/fuzz/fuzz_uevent.c"
#include "tests/fuzz/driver.c"

static void test_uevent(void **state)
{
	(void)state;
	assert_true(fuzz_run(LLVMFuzzerTestOneInput, "tests/fuzz/corpus/uevent", 100000, 1) >
		    100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uevent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
