/* SPDX-License-Identifier: Apache-2.0 */
/* Units among each other: order, propagation, requests; and adoption, goal, watchdog. */
#include "tests/unit/init_core.h"

/* ---- units among each other ---- */

enum { BASE, MIDDLE, TOP };

/* top requires middle requires base. */
static void begin_chain(uint8_t edge)
{
	uint8_t edges[MADE_UNITS][MADE_UNITS] = { 0 };

	made_begin(&made, 3);
	edges[MIDDLE][BASE] = edges[TOP][MIDDLE] = edge;
	made_edges(&made, edges);
	for (uint32_t i = 0; i < 3; i++)
		made.units[i].early = 1;
	begin();
	post(EVENT_TICK, 0, 0);
}

static void start_chain(void)
{
	for (uint32_t i = BASE; i <= TOP; i++) {
		for (uint32_t k = i + 1; k <= TOP; k++)
			assert_phase(k, PHASE_WAITING);
		run(i);
	}
}

static void test_order(void **state)
{
	(void)state;
	for (uint8_t edge = EDGE_REQUIRES; edge <= EDGE_AFTER; edge++) {
		begin_chain(edge);
		assert_int_equal(supervisor_waits_for(supervisor, &made.plan, TOP), MIDDLE);
		start_chain();
		assert_int_equal(supervisor_waits_for(supervisor, &made.plan, TOP), PLAN_NONE);
		post(EVENT_SHUTDOWN, 0, 60000);
		for (uint32_t i = TOP + 1; i-- > BASE;) {
			assert_phase(i, PHASE_STOPPING);
			for (uint32_t k = BASE; k < i; k++)
				assert_phase(k, PHASE_READY);
			assert_false(did(ACTION_DOWN, 0));
			end(i, 143);
			assert_cause(i, CAUSE_SHUTDOWN);
		}
		assert_true(did(ACTION_DOWN, 0));
	}
}

/* What requires a unit that fails stops, and comes back with it, without having failed. */
static void test_propagation(void **state)
{
	(void)state;
	begin_chain(EDGE_REQUIRES);
	start_chain();
	post(EVENT_EXITED, BASE, 1);
	assert_phase(TOP, PHASE_STOPPING);
	assert_phase(MIDDLE, PHASE_READY);
	post(EVENT_CLEANED, BASE, 0);
	pass(now + 1000);
	assert_phase(BASE, PHASE_WAITING); /* until those that require it are down */
	end(TOP, 143);
	assert_phase(MIDDLE, PHASE_STOPPING);
	end(MIDDLE, 143);
	start_chain();
	assert_int_equal(unit(MIDDLE)->failures + unit(TOP)->failures, 0);
	assert_int_equal(unit(TOP)->starts, 2);
	assert_phase(TOP, PHASE_READY);
}

/* The failure of one that is only wanted is no obstacle. */
static void test_wants(void **state)
{
	(void)state;
	begin_chain(EDGE_WANTS);
	assert_phase(MIDDLE, PHASE_WAITING);
	post(EVENT_LAUNCH_FAILED, BASE, 0);
	assert_phase(MIDDLE, PHASE_STARTING);
	post(EVENT_CLEANED, BASE, 0);
	run(MIDDLE);
	run(TOP);
	pass(now + 1000);
	run(BASE);
	post(EVENT_EXITED, BASE, 1);
	assert_phase(MIDDLE, PHASE_READY);
}

/* The one that a unit wants waits for something that may never come: nobody waits along. */
static void test_wants_condition(void **state)
{
	uint8_t edges[MADE_UNITS][MADE_UNITS] = { { 0 },
						  { EDGE_WANTS },
						  { EDGE_NONE, EDGE_WANTS } };
	const uint32_t condition = 1;

	(void)state;
	made_begin(&made, 3);
	made_edges(&made, edges);
	made.plan.condition_count = 2;
	made.units[BASE].conditions = made_list(&made, &condition, 1);
	begin();
	post(EVENT_TICK, 0, 0);
	assert_phase(MIDDLE, PHASE_WAITING);
	post(EVENT_CONDITION, 0, 1);
	assert_phase(BASE, PHASE_WAITING);
	assert_cause(BASE, CAUSE_CONDITION);
	run(MIDDLE);
	run(TOP);
	post(EVENT_CONDITION, 1, 1);
	run(BASE);
	assert_phase(BASE, PHASE_READY);
	/* Once it runs, the condition may go. */
	post(EVENT_CONDITION, 1, 0);
	assert_phase(BASE, PHASE_READY);
}

static void test_condition_not(void **state)
{
	const uint32_t condition = 1 | CONDITION_NOT;

	(void)state;
	made_begin(&made, 1);
	made.plan.condition_count = 2;
	made.units[0].conditions = made_list(&made, &condition, 1);
	begin();
	post(EVENT_CONDITION, 1, 1);
	post(EVENT_CONDITION, 0, 1);
	assert_phase(0, PHASE_WAITING);
	post(EVENT_CONDITION, 1, 0);
	assert_phase(0, PHASE_STARTING);
}

static void test_down_and_up(void **state)
{
	(void)state;
	begin_chain(EDGE_REQUIRES);
	start_chain();
	post(EVENT_DOWN, MIDDLE, 0);
	assert_phase(TOP, PHASE_STOPPING);
	end(TOP, 143);
	assert_phase(TOP, PHASE_OFF);
	assert_cause(TOP, CAUSE_DEPENDENCY);
	end(MIDDLE, 143);
	assert_phase(MIDDLE, PHASE_OFF);
	assert_cause(MIDDLE, CAUSE_ASKED);
	assert_phase(BASE, PHASE_READY);
	post(EVENT_UP, TOP, 0); /* and what it needs */
	run(MIDDLE);
	run(TOP);
	assert_phase(TOP, PHASE_READY);
}

static void test_restart_by_request(void **state)
{
	(void)state;
	begin_chain(EDGE_REQUIRES);
	start_chain();
	post(EVENT_RESTART, MIDDLE, 0);
	assert_phase(TOP, PHASE_STOPPING);
	assert_phase(MIDDLE, PHASE_READY);
	end(TOP, 143);
	assert_phase(MIDDLE, PHASE_STOPPING);
	end(MIDDLE, 0);
	run(MIDDLE);
	run(TOP);
	assert_int_equal(unit(BASE)->starts, 1);
	assert_int_equal(unit(MIDDLE)->starts, 2);
	assert_int_equal(unit(TOP)->starts, 2);
	assert_int_equal(unit(MIDDLE)->failures, 0);
}

/* Ready by the group's members alone; restarting it restarts them. */
static void test_group(void **state)
{
	(void)state;
	begin_chain(EDGE_REQUIRES);
	made.units[TOP].type = UNIT_GROUP;
	run(BASE);
	run(MIDDLE);
	assert_phase(TOP, PHASE_READY);
	assert_int_equal(unit(TOP)->starts, 0);
	post(EVENT_RESTART, TOP, 0);
	assert_phase(TOP, PHASE_WAITING);
	assert_phase(MIDDLE, PHASE_STOPPING);
	assert_phase(BASE, PHASE_READY);
}

static void test_oneshot(void **state)
{
	(void)state;
	begin_chain(EDGE_REQUIRES);
	made.units[BASE].type = UNIT_ONESHOT;
	run(BASE);
	assert_phase(BASE, PHASE_STARTED);
	assert_phase(MIDDLE, PHASE_WAITING);
	end(BASE, 0);
	assert_phase(BASE, PHASE_READY);
	run(MIDDLE);
	post(EVENT_RESTART, BASE, 0); /* once more, and those after it with it */
	end(MIDDLE, 143);
	run(BASE);
	assert_int_equal(unit(BASE)->starts, 2);
}

/* Runs when asked to, once; what it needs is up for it, and only for it. */
static void test_task(void **state)
{
	uint8_t edges[MADE_UNITS][MADE_UNITS] = { { 0 }, { EDGE_REQUIRES } };

	(void)state;
	made_begin(&made, 2);
	made_edges(&made, edges);
	for (uint32_t i = 0; i < 2; i++) {
		made.units[i].early = 1;
		made.units[i].autostart = 0;
	}
	made.units[1].type = UNIT_TASK;
	begin();
	for (int i = 1; i <= 3; i++) {
		post(EVENT_UP, 1, 0);
		run(0);
		run(1);
		end(1, 0);
		assert_phase(1, PHASE_OFF);
		assert_cause(1, CAUSE_DONE);
		assert_phase(0, PHASE_STOPPING);
		end(0, 143);
		assert_phase(0, PHASE_OFF);
		assert_int_equal(unit(1)->starts, i);
	}
}

/* As many actions at once as there can be: the queue holds them. */
static void test_queue(void **state)
{
	const uint32_t ladder[] = { 1, LADDER_REBOOT };

	(void)state;
	made_begin(&made, MADE_UNITS);
	for (uint32_t i = 0; i < MADE_UNITS; i++) {
		made.units[i].early = 1;
		made.units[i].watchdog_timeout = 3000;
		made.units[i].restart.ladder = made_list(&made, ladder, 2);
		made.units[i].restart.ladder.count = 1;
	}
	begin();
	post(EVENT_TICK, 0, 0);
	for (uint32_t i = 0; i < MADE_UNITS; i++)
		run(i);
	pass(now + 3000);
	assert_int_equal(action_count, 3 * MADE_UNITS);
	assert_true(action_count < supervisor->action_capacity);
	for (uint32_t i = 0; i < MADE_UNITS; i++)
		assert_true(did(ACTION_REBOOT, i) && did(ACTION_CLEAN, i) &&
			    did(ACTION_CHANGED, i));
}

/* The global deadline ends a shutdown that hangs. */
static void test_shutdown_hangs(void **state)
{
	(void)state;
	begin_chain(EDGE_REQUIRES);
	start_chain();
	post(EVENT_SHUTDOWN, 0, 5000);
	post(EVENT_UP, BASE, 0);
	pass(now + 4999);
	assert_int_equal(supervisor->shutdown, 1);
	pass(now + 1);
	assert_int_equal(supervisor->shutdown, 2);
	post(EVENT_SHUTDOWN, 0, 5000);
	assert_int_equal(action_count, 0);
}

/* ---- the watchdog's and the boot's questions ---- */

static void test_critical(void **state)
{
	uint32_t which = PLAN_NONE;

	(void)state;
	made_begin(&made, 2);
	made.units[0].early = made.units[1].early = 1;
	made.units[1].critical = 1;
	begin();
	post(EVENT_TICK, 0, 0);
	assert_int_equal(supervisor_well_deadline(supervisor, &made.plan), START + 60000);
	assert_true(supervisor_is_well(supervisor, &made.plan, START + 59999, &which));
	assert_false(supervisor_is_well(supervisor, &made.plan, START + 60000, &which));
	assert_int_equal(which, 1);
	run(1);
	assert_true(supervisor_is_well(supervisor, &made.plan, START + 900000, &which));
	assert_true(supervisor_well_deadline(supervisor, &made.plan) == UINT64_MAX);
	now += 500;
	end(1, 1);
	assert_int_equal(supervisor_well_deadline(supervisor, &made.plan), now + 60000);
	/* Nobody misses what was told to be down. */
	post(EVENT_DOWN, 1, 0);
	assert_true(supervisor_is_well(supervisor, &made.plan, now + 900000, &which));
}

static void test_goal(void **state)
{
	(void)state;
	made_begin(&made, 2);
	made.units[0].early = made.units[1].early = 1;
	made.units[0].goal = 1;
	made.units[0].goal_stable = 5000;
	begin();
	post(EVENT_TICK, 0, 0);
	assert_false(supervisor_reached_goal(supervisor, &made.plan, now + 100000));
	run(0);
	assert_false(supervisor_reached_goal(supervisor, &made.plan, now + 4999));
	assert_true(supervisor_reached_goal(supervisor, &made.plan, now + 5000));
}

/* ---- under another program ---- */

static void test_adopt(void **state)
{
	static _Alignas(16) char other[MEMORY];
	struct supervisor *next = (struct supervisor *)other;
	static struct made_plan changed;

	(void)state;
	begin_chain(EDGE_REQUIRES);
	start_chain();
	/* c, a new unit x, b: what is called alike goes on. */
	changed = made;
	changed.plan.units = changed.units;
	changed.plan.header = &changed.header;
	strcpy(changed.names[BASE], "c");
	strcpy(changed.names[MIDDLE], "x");
	strcpy(changed.names[TOP], "b");
	assert_int_equal(supervisor_adopt(next, &changed.plan, supervisor, supervisor->size,
					  &made.plan),
			 -EINVAL); /* a still runs */
	post(EVENT_DOWN, BASE, 0);
	end(TOP, 143);
	end(MIDDLE, 143);
	end(BASE, 143);
	assert_int_equal(supervisor_adopt(next, &changed.plan, supervisor, supervisor->size,
					  &made.plan),
			 0);
	assert_int_equal(supervisor_unit(next, BASE)->starts, 1);
	assert_int_equal(supervisor_unit(next, MIDDLE)->starts, 0);
	assert_true(supervisor_is_sound(next, next->size, &changed.plan));
}

/* Whatever stands in memory: it is refused, or it is harmless. */
static void test_unsound(void **state)
{
	static _Alignas(16) char copy[MEMORY];
	uint64_t seed = 1;
	size_t refused = 0;

	(void)state;
	begin_chain(EDGE_REQUIRES);
	start_chain();
	memcpy(copy, memory, sizeof(copy));
	for (int i = 0; i < 20000; i++) {
		memcpy(memory, copy, sizeof(copy));
		for (int k = 0; k < 3; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			memory[(seed >> 33) % supervisor->size] ^= (char)(1 << (seed >> 61));
			if (memcmp(memory, copy, sizeof(struct supervisor)) != 0)
				break;
		}
		if (!supervisor_is_sound(supervisor, supervisor_size(&made.plan), &made.plan)) {
			refused++;
			continue;
		}
		for (uint32_t kind = 0; kind <= EVENT_SHUTDOWN; kind++) {
			const struct event event = { .kind = kind, .unit = kind % 3, .value = 1 };
			struct action action;

			supervise(supervisor, &made.plan, &event, supervisor->now + 10000);
			while (supervisor_next_action(supervisor, &action))
				assert_true(action.unit < 3);
		}
	}
	assert_true(refused > 100);
	memcpy(memory, copy, sizeof(copy));
	supervisor->stepping = 1; /* a crash in the middle */
	assert_false(supervisor_is_sound(supervisor, supervisor->size, &made.plan));
	assert_false(supervisor_is_sound(supervisor, 10, &made.plan));
}

/* Times near the end of time do not wrap around. */
static void test_end_of_time(void **state)
{
	(void)state;
	made_begin(&made, 1);
	made.units[0].early = 1;
	made.units[0].ready.kind = CHECK_NOTIFY;
	made.units[0].ready.timeout = PLAN_FOREVER;
	begin();
	now = UINT64_MAX - 5;
	post(EVENT_TICK, 0, 0);
	assert_true(unit(0)->deadline == UINT64_MAX);
	run(0);
	assert_true(unit(0)->deadline == UINT64_MAX);
	now = 5; /* a clock that goes back is not believed */
	post(EVENT_EXITED, 0, 1);
	assert_true(unit(0)->since == UINT64_MAX - 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_propagation),
		cmocka_unit_test(test_wants),
		cmocka_unit_test(test_wants_condition),
		cmocka_unit_test(test_condition_not),
		cmocka_unit_test(test_down_and_up),
		cmocka_unit_test(test_restart_by_request),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_oneshot),
		cmocka_unit_test(test_task),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_shutdown_hangs),
		cmocka_unit_test(test_critical),
		cmocka_unit_test(test_goal),
		cmocka_unit_test(test_adopt),
		cmocka_unit_test(test_unsound),
		cmocka_unit_test(test_end_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
