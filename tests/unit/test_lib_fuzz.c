/* SPDX-License-Identifier: Apache-2.0 */
/* A few seconds of the fuzz targets of lib/, always the same inputs. A broken promise aborts. */
#include "tests/unit/test_lib.h"

#define LLVMFuzzerTestOneInput fuzz_json
#include "tests/fuzz/fuzz_json.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_path
#include "tests/fuzz/fuzz_path.c"
#undef LLVMFuzzerTestOneInput
#include "tests/fuzz/driver.c"

static void test_json(void **state)
{
	(void)state;
	assert_true(fuzz_run(fuzz_json, "tests/fuzz/corpus/json", 100000, 1) > 100000);
}

static void test_path(void **state)
{
	(void)state;
	assert_true(fuzz_run(fuzz_path, "tests/fuzz/corpus/path", 1000, 1) > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
