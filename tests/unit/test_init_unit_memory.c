/* SPDX-License-Identifier: Apache-2.0 */
/* No memory, at each point where some is asked for: said, and nothing else happens. */
/* link: -Wl,--wrap=calloc */
#include "tests/unit/unit_world.h"

static long left = -1; /* allocations that still succeed; -1: all */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	if (left == 0)
		return NULL;
	if (left > 0)
		left--;
	return __real_calloc(count, size);
}

static void write_units(struct world *world)
{
	world_system(world, "{\"data\": \"/d\", \"interfaces\": {\"br0\": {\"bridge\": true, "
			    "\"addresses\": [\"10.0.0.1/8\"]}}, \"sysctl\": {\"a.b\": \"1\"}}");
	world_unit(
		world, "a",
		"{\"bundle\": \"/b\", \"requires\": [\"b\"], \"when\": [\"flag:x\", \"path:/y\"],"
		"\"volumes\": [{\"name\": \"v\", \"path\": \"/v\", \"class\": \"permanent\"},"
		"{\"name\": \"w\", \"path\": \"/w\", \"class\": \"permanent\"}],"
		"\"network\": {\"bridge\": \"br0\", \"addresses\": [\"10.0.0.2/8\"]},"
		"\"layer\": \"boot\", \"restart\": {\"escalate\": [{\"after\": 2, \"do\": "
		"\"reset\"}]}, \"resources\": {\"pids\": {\"limit\": 5}},"
		"\"environment\": {\"A\": \"b\"}}");
	world_unit(world, "b", "{\"exec\": [\"x\"], \"health\": {\"exec\": [\"y\"]}}");
}

static void each_allocation_may_fail(void **state)
{
	struct world world;
	long failures = 0;
	bool good = false;

	(void)state;
	world_begin(&world);
	write_units(&world);
	for (; !good; failures++) {
		assert_true(failures < 2000);
		left = failures;
		good = world_compile_for(&world, 0);
		left = -1;
		if (!good && !strstr(world.said, "allocate memory"))
			fail_msg("after %ld allocations: %s", failures, world.said);
	}
	assert_true(failures > 100);
	assert_int_equal(plan_from_block(&world.plan, world.block, world.size, "block"), 0);
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_may_fail) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
