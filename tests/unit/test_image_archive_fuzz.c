/* SPDX-License-Identifier: Apache-2.0 */
/* A few seconds of the fuzz targets of image/archive, always the same inputs. A broken promise
 * aborts. */
#include "test_lib.h"

#define LLVMFuzzerTestOneInput fuzz_image_tar
#include "tests/fuzz/fuzz_image_tar.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_image_record
#include "tests/fuzz/fuzz_image_record.c"
#undef LLVMFuzzerTestOneInput
#include "tests/fuzz/driver.c"

static void test_tar(void **state)
{
	(void)state;
	assert_true(fuzz_run(fuzz_image_tar, "tests/fuzz/corpus/image_tar", 5000, 1) > 5000);
}

static void test_record(void **state)
{
	(void)state;
	assert_true(fuzz_run(fuzz_image_record, "tests/fuzz/corpus/image_record", 30000, 1) >
		    30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tar),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
