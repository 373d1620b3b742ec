/* SPDX-License-Identifier: Apache-2.0 */
/* One unit: what each event does in each phase, restarts, readiness, health, stopping, cleaning. */
#include "tests/unit/init_core.h"

/* ---- each event in each phase ---- */

static void enter_phase(uint32_t phase)
{
	made_begin(&made, 1);
	made.units[0].ready.kind = CHECK_NOTIFY;
	made.units[0].health.kind = CHECK_TCP;
	made.units[0].autostart = phase != PHASE_OFF;
	made.units[0].restart.on = phase == PHASE_FAILED ? RESTART_NEVER : RESTART_ON_FAILURE;
	begin();
	post(EVENT_TICK, 0, 0);
	if (phase <= PHASE_WAITING)
		return;
	post(EVENT_CONDITION, 0, 1);
	if (phase == PHASE_STARTING)
		return;
	run(0);
	if (phase == PHASE_STARTED)
		return;
	if (phase >= PHASE_CLEANING) {
		post(EVENT_EXITED, 0, 1);
		if (phase > PHASE_CLEANING)
			post(EVENT_CLEANED, 0, 0);
		return;
	}
	post(EVENT_NOTIFY_READY, 0, 0);
	if (phase == PHASE_STOPPING)
		post(EVENT_DOWN, 0, 0);
	if (phase == PHASE_DEGRADED) {
		pass(now + 5000);
		post(EVENT_CHECKED, 0, 0);
	}
}

/* A letter a phase: off, waiting, launching (starting), started, ready, degraded, stopping (t),
 * cleaning, backoff, failed; '.' it stays as it is. In the order of enum unit_phase. */
static const char letters[PHASE_COUNT + 1] = "owlsrdtcbf";
static const struct {
	uint32_t event;
	int64_t value;
	const char *after;
} rules[] = {
	{ EVENT_TICK, 0, ".........." },
	{ EVENT_UP, 0, "w.......lc" }, /* FAILED is seen below */
	{ EVENT_DOWN, 0, ".octtt..oo" },
	{ EVENT_RESTART, 0, "w.cttt..l." },
	{ EVENT_LAUNCHED, 0, "..s......." },
	{ EVENT_LAUNCH_FAILED, 0, "..c......." },
	{ EVENT_EXITED, 0, "..ccccc..." },
	{ EVENT_EXITED, 143, "..ccccc..." },
	{ EVENT_CLEANED, 0, ".......b.." },
	{ EVENT_CLEAN_FAILED, 0, ".........." },
	{ EVENT_NOTIFY_READY, 0, "...r......" },
	{ EVENT_NOTIFY_STOPPING, 0, ".........." },
	{ EVENT_NOTIFY_WATCHDOG, 0, ".........." },
	{ EVENT_NOTIFY_FAILED, 0, "...ccc...." },
	{ EVENT_NOTIFY_EXTEND, 5000, ".........." },
	{ EVENT_CHECKED, 1, ".........." },
	{ EVENT_CHECKED, 0, ".........." },
	{ EVENT_SHUTDOWN, 9000, ".octtt..o." },
	{ EVENT_SHUTDOWN + 1, 0, ".........." }, /* there is no such event */
};

static void test_every_event_in_every_phase(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		for (uint32_t phase = 0; phase < PHASE_COUNT; phase++) {
			char wanted = rules[i].after[phase], is;

			enter_phase(phase);
			assert_phase(0, phase);
			post(rules[i].event, 0, rules[i].value);
			is = letters[unit(0)->phase];
			/* FAILED starts anew; the board is there. */
			if (phase == PHASE_FAILED &&
			    (rules[i].event == EVENT_UP || rules[i].event == EVENT_RESTART))
				wanted = 'l';
			if (is != (wanted == '.' ? letters[phase] : wanted))
				fail_msg("event %u in phase %s: leads to %s",
					 (unsigned int)rules[i].event, unit_phase_name(phase),
					 unit_phase_name(unit(0)->phase));
		}
}

/* Events for units and conditions that do not exist harm nobody. */
static void test_strangers(void **state)
{
	(void)state;
	enter_phase(PHASE_READY);
	for (uint32_t kind = 0; kind < EVENT_SHUTDOWN; kind++) {
		post(kind, kind == EVENT_CONDITION ? made.plan.condition_count : 1, 1);
		post(kind, PLAN_NONE, -1);
		assert_phase(0, PHASE_READY);
	}
}

/* ---- restarts ---- */

static void test_backoff(void **state)
{
	static const uint32_t delays[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };

	(void)state;
	made_begin(&made, 1);
	made.units[0].early = 1;
	begin();
	post(EVENT_TICK, 0, 0);
	for (size_t i = 0; i < 8; i++) {
		run(0);
		end(0, 1);
		assert_phase(0, PHASE_BACKOFF);
		assert_int_equal(unit(0)->failures, i + 1);
		assert_int_equal(unit(0)->deadline - now, delays[i]);
		pass(now + delays[i] - 1);
		assert_phase(0, PHASE_BACKOFF);
		pass(now + 1);
	}
	/* Well for long enough, and all is forgotten. */
	run(0);
	pass(now + 119999);
	assert_int_equal(unit(0)->failures, 8);
	pass(now + 1);
	assert_int_equal(unit(0)->failures, 0);
	/* It never gives up. */
	for (int i = 0; i < 5000; i++) {
		end(0, 1);
		assert_phase(0, PHASE_BACKOFF);
		pass(unit(0)->deadline);
		run(0);
	}
}

static void test_policy(void **state)
{
	static const struct {
		uint32_t on;
		int64_t status;
		uint32_t phase, cause;
	} rows[] = {
		{ RESTART_ON_FAILURE, 0, PHASE_OFF, CAUSE_DONE },
		{ RESTART_ON_FAILURE, 1, PHASE_BACKOFF, CAUSE_EXIT },
		{ RESTART_ON_FAILURE, 3, PHASE_OFF, CAUSE_DONE },	/* "success" */
		{ RESTART_ON_FAILURE, 143, PHASE_BACKOFF, CAUSE_EXIT }, /* nobody told it to */
		{ RESTART_ON_FAILURE, 64, PHASE_FAILED, CAUSE_EXIT },	/* "prevent" */
		{ RESTART_ALWAYS, 0, PHASE_BACKOFF, CAUSE_EXIT },
		{ RESTART_ALWAYS, 64, PHASE_FAILED, CAUSE_EXIT },
		{ RESTART_NEVER, 0, PHASE_OFF, CAUSE_DONE },
		{ RESTART_NEVER, 1, PHASE_FAILED, CAUSE_EXIT },
	};
	const uint32_t success = 3, prevent = 64;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		made_begin(&made, 1);
		made.units[0].early = 1;
		made.units[0].restart.on = rows[i].on;
		made.units[0].restart.success = made_list(&made, &success, 1);
		made.units[0].restart.prevent = made_list(&made, &prevent, 1);
		begin();
		post(EVENT_TICK, 0, 0);
		run(0);
		assert_phase(0, PHASE_READY);
		end(0, rows[i].status);
		assert_phase(0, rows[i].phase);
		assert_cause(0, rows[i].cause);
		assert_int_equal(unit(0)->exit_status, rows[i].status);
	}
}

static void test_limit(void **state)
{
	(void)state;
	made_begin(&made, 1);
	made.units[0].early = 1;
	made.units[0].restart.limit = 3;
	begin();
	post(EVENT_TICK, 0, 0);
	for (int i = 0; i < 3; i++) {
		run(0);
		end(0, 1);
		if (i < 2)
			pass(unit(0)->deadline);
	}
	assert_phase(0, PHASE_FAILED);
	assert_cause(0, CAUSE_LIMIT);
	pass(now + 10000000);
	assert_phase(0, PHASE_FAILED);
	post(EVENT_UP, 0, 0);
	assert_phase(0, PHASE_STARTING);
	assert_int_equal(unit(0)->failures, 0);
}

/* 2: reset; 3: reboot. The step of the reset is taken with the cleaning after that failure. */
static void test_ladder(void **state)
{
	const uint32_t ladder[] = { 2, LADDER_RESET, 3, LADDER_REBOOT };

	(void)state;
	made_begin(&made, 1);
	made.units[0].early = 1;
	made.units[0].restart.ladder = made_list(&made, ladder, 4);
	made.units[0].restart.ladder.count = 2;
	begin();
	post(EVENT_TICK, 0, 0);
	for (int i = 1; i <= 5; i++) {
		run(0);
		post(EVENT_EXITED, 0, 1);
		assert_int_equal(did(ACTION_RESET, 0), i == 2);
		assert_int_equal(did(ACTION_CLEAN, 0), i != 2);
		assert_int_equal(did(ACTION_REBOOT, 0), i == 3);
		post(EVENT_CLEANED, 0, 0);
		pass(unit(0)->deadline);
	}
}

/* A service that ends before it is ready has failed, whatever it says. */
static void test_too_early(void **state)
{
	(void)state;
	enter_phase(PHASE_STARTED);
	end(0, 0);
	assert_phase(0, PHASE_BACKOFF);
}

/* ---- readiness and health ---- */

static void test_ready_timeout(void **state)
{
	(void)state;
	enter_phase(PHASE_STARTED);
	pass(START + 19999);
	assert_phase(0, PHASE_STARTED);
	pass(START + 20000);
	assert_phase(0, PHASE_STOPPING);
	assert_cause(0, CAUSE_READY_TIMEOUT);
	end(0, 143);
	assert_phase(0, PHASE_BACKOFF);
	assert_cause(0, CAUSE_READY_TIMEOUT);
}

/* READY=1 may overtake the launch's own report. */
static void test_ready_before_launched(void **state)
{
	(void)state;
	enter_phase(PHASE_STARTING);
	post(EVENT_NOTIFY_READY, 0, 0);
	assert_phase(0, PHASE_STARTING);
	post(EVENT_LAUNCHED, 0, 0);
	assert_phase(0, PHASE_READY);
}

static void test_probe(void **state)
{
	(void)state;
	made_begin(&made, 1);
	made.units[0].early = 1;
	made.units[0].ready.kind = CHECK_TCP;
	begin();
	post(EVENT_TICK, 0, 0);
	run(0);
	pass(now);
	assert_true(did(ACTION_CHECK, 0));
	/* One at a time. */
	post(EVENT_TICK, 0, 0);
	pass(now + 1000);
	assert_false(did(ACTION_CHECK, 0));
	post(EVENT_CHECKED, 0, 0);
	assert_phase(0, PHASE_STARTED);
	pass(now + 199);
	assert_false(unit(0)->checking);
	pass(now + 1);
	assert_true(unit(0)->checking);
	post(EVENT_CHECKED, 0, 1);
	assert_phase(0, PHASE_READY);
}

static void test_health(void **state)
{
	(void)state;
	enter_phase(PHASE_READY);
	for (int i = 1; i <= 3; i++) {
		pass(now + 5000);
		assert_true(unit(0)->checking);
		post(EVENT_CHECKED, 0, 0);
		assert_int_equal(unit(0)->check_failures, i);
		assert_phase(0, i < 3 ? PHASE_DEGRADED : PHASE_STOPPING);
	}
	assert_cause(0, CAUSE_HEALTH);
	assert_int_equal(unit(0)->failures, 1);
	/* One that recovers is as good as new. */
	enter_phase(PHASE_DEGRADED);
	assert_int_equal(unit(0)->ready_at, 0);
	pass(now + 5000);
	post(EVENT_CHECKED, 0, 1);
	assert_phase(0, PHASE_READY);
	assert_int_equal(unit(0)->ready_at, now);
	assert_int_equal(unit(0)->check_failures, 0);
}

/* A probe that nobody answers is a failed one, after its time. */
static void test_probe_lost(void **state)
{
	(void)state;
	enter_phase(PHASE_READY);
	pass(now + 5000);
	assert_true(unit(0)->checking);
	pass(now + 3999);
	assert_phase(0, PHASE_READY);
	pass(now + 1);
	assert_phase(0, PHASE_DEGRADED);
}

static void test_watchdog(void **state)
{
	(void)state;
	made_begin(&made, 1);
	made.units[0].early = 1;
	made.units[0].watchdog_timeout = 3000;
	begin();
	post(EVENT_TICK, 0, 0);
	run(0);
	for (int i = 0; i < 10; i++) {
		pass(now + 2999);
		post(EVENT_NOTIFY_WATCHDOG, 0, 0);
	}
	post(EVENT_NOTIFY_EXTEND, 0, 9000);
	pass(now + 8999);
	assert_phase(0, PHASE_READY);
	pass(now + 1);
	assert_phase(0, PHASE_CLEANING);
	assert_cause(0, CAUSE_WATCHDOG);
}

/* STOPPING=1 and then nothing: it has its stop timeout. */
static void test_quits(void **state)
{
	(void)state;
	enter_phase(PHASE_READY);
	post(EVENT_NOTIFY_STOPPING, 0, 0);
	pass(now + 6999);
	assert_phase(0, PHASE_READY);
	pass(now + 1);
	assert_phase(0, PHASE_CLEANING);
	assert_cause(0, CAUSE_STOP_TIMEOUT);
}

/* ---- stopping and cleaning ---- */

static void test_deaf(void **state)
{
	(void)state;
	enter_phase(PHASE_READY);
	post(EVENT_DOWN, 0, 0);
	assert_true(did(ACTION_STOP, 0));
	pass(now + 7000);
	assert_phase(0, PHASE_CLEANING);
	assert_cause(0, CAUSE_STOP_TIMEOUT);
	post(EVENT_CLEANED, 0, 0);
	assert_phase(0, PHASE_OFF);
	assert_cause(0, CAUSE_STOP_TIMEOUT);
}

/* Six tries, then backoff; it is not started before it could be cleaned, and not lost. */
static void test_stuck(void **state)
{
	(void)state;
	enter_phase(PHASE_CLEANING);
	for (int i = 0; i < 6; i++) {
		assert_phase(0, PHASE_CLEANING);
		post(EVENT_CLEAN_FAILED, 0, 0);
		if (i < 5)
			pass(unit(0)->deadline);
	}
	assert_phase(0, PHASE_BACKOFF);
	assert_cause(0, CAUSE_STUCK);
	for (int i = 0; i < 100; i++) {
		pass(now + 300000);
		assert_true(unit(0)->phase == PHASE_BACKOFF || unit(0)->phase == PHASE_CLEANING);
	}
	assert_int_equal(unit(0)->starts, 1);
	while (unit(0)->phase != PHASE_CLEANING)
		pass(now + 1000);
	post(EVENT_CLEANED, 0, 0);
	assert_phase(0, PHASE_STARTING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_event_in_every_phase),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_ladder),
		cmocka_unit_test(test_too_early),
		cmocka_unit_test(test_ready_timeout),
		cmocka_unit_test(test_ready_before_launched),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_probe_lost),
		cmocka_unit_test(test_watchdog),
		cmocka_unit_test(test_quits),
		cmocka_unit_test(test_deaf),
		cmocka_unit_test(test_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
