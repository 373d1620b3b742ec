/* SPDX-License-Identifier: Apache-2.0 */
/* The fuzz target of documents over its corpus, and over mutations that are the same each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/driver.c"
#include "tests/fuzz/fuzz_image_document.c"

#include <cmocka.h> /* last: it defines fail() */

static void fuzz(void **state)
{
	(void)state;
	assert_true(fuzz_run(LLVMFuzzerTestOneInput, "tests/fuzz/corpus/image_document", 20000, 1) >
		    20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(fuzz) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
