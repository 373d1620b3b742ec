/* SPDX-License-Identifier: Apache-2.0 */
/* The fuzz target of config.json over its corpus, and over mutations that are the same each time.
 */
/* link: -Wl,--wrap=log_message */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/log.h"

#include "tests/fuzz/driver.c"
#include "tests/fuzz/fuzz_spec.c"

#include <cmocka.h> /* last: it defines fail() */

/* Warnings by the thousand are of no use. */
void __wrap_log_message(enum log_level level, const char *format, ...);
void __wrap_log_message(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

static void fuzz(void **state)
{
	(void)state;
	assert_true(fuzz_run(LLVMFuzzerTestOneInput, "tests/fuzz/corpus/spec", 20000, 1) > 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(fuzz) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
