/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a revision on trial has proved itself. */
#include "tests/unit/init_core.h"

enum { APP, HELPER, JOB };
enum { DEADLINE = 120000, STABLE = 60000, GOAL_STABLE = 5000 };

static uint64_t began;

/* A service app, a service helper, a oneshot; all early. */
static void begin_units(bool goal)
{
	made_begin(&made, 3);
	made.system.revision_deadline = DEADLINE;
	made.system.revision_stable = STABLE;
	for (uint32_t i = 0; i < 3; i++)
		made.units[i].early = 1;
	made.units[APP].goal = goal;
	made.units[APP].goal_stable = goal ? GOAL_STABLE : 0;
	made.units[JOB].type = UNIT_ONESHOT;
	made.units[JOB].restart.on = RESTART_NEVER;
	begin();
	began = now;
	post(EVENT_TICK, 0, 0);
}

static struct trial_judgement judge(uint64_t at)
{
	return supervisor_judge_trial(supervisor, &made.plan, began, at);
}

#define assert_verdict(at, wanted) assert_int_equal(judge(at).verdict, wanted)

static void the_goal_proves_it(void **state)
{
	(void)state;
	begin_units(true);
	assert_verdict(now, TRIAL_OPEN);
	assert_int_equal(judge(now).unit, APP);
	assert_int_equal(judge(now).due, began + DEADLINE);
	now += 1000;
	run(APP);
	assert_int_equal(judge(now).unit, PLAN_NONE);
	assert_int_equal(judge(now).due, now + GOAL_STABLE);
	assert_verdict(now + GOAL_STABLE - 1, TRIAL_OPEN);
	assert_verdict(now + GOAL_STABLE, TRIAL_PROVED);
	/* Neither the other service nor the oneshot counts. */
	post(EVENT_LAUNCH_FAILED, JOB, 0);
	post(EVENT_CLEANED, JOB, 0);
	assert_phase(JOB, PHASE_FAILED);
	assert_verdict(now + GOAL_STABLE, TRIAL_PROVED);
}

static void it_must_be_stable_within_the_trial(void **state)
{
	(void)state;
	begin_units(true);
	run(APP);
	/* It went on over the change of revisions: what was before does not count. */
	began = now + 30000;
	assert_verdict(began, TRIAL_OPEN);
	assert_int_equal(judge(began).due, began + GOAL_STABLE);
	assert_verdict(began + GOAL_STABLE, TRIAL_PROVED);
	/* A goal that asks for nothing: the program might end at once. */
	made.units[APP].goal_stable = 0;
	assert_verdict(began + 4999, TRIAL_OPEN);
	assert_verdict(began + 5000, TRIAL_PROVED);
}

static void a_unit_that_is_given_up_fails_it(void **state)
{
	(void)state;
	begin_units(true);
	made.units[APP].restart.limit = 2;
	run(APP);
	end(APP, 1);
	assert_phase(APP, PHASE_BACKOFF);
	assert_verdict(now, TRIAL_OPEN);
	pass(now + 1000);
	run(APP);
	end(APP, 1);
	assert_phase(APP, PHASE_FAILED);
	assert_verdict(now, TRIAL_FAILED);
	assert_int_equal(judge(now).unit, APP);
}

static void the_deadline_fails_it(void **state)
{
	(void)state;
	begin_units(true);
	pass(began + DEADLINE - 1);
	assert_verdict(now, TRIAL_OPEN);
	assert_verdict(now + 1, TRIAL_FAILED);
	assert_int_equal(judge(now + 1).unit, APP);
}

/* Ready just before the deadline: it has the time to be stable, but must not fail again. */
static void what_is_ready_has_time_to_be_stable(void **state)
{
	(void)state;
	begin_units(true);
	now = began + DEADLINE - 100;
	post(EVENT_LAUNCHED, APP, 0);
	assert_phase(APP, PHASE_READY);
	assert_verdict(began + DEADLINE, TRIAL_OPEN);
	assert_verdict(now + GOAL_STABLE, TRIAL_PROVED);
	now = began + DEADLINE + 1000;
	post(EVENT_EXITED, APP, 1);
	assert_verdict(now, TRIAL_FAILED);
}

static void without_a_goal_the_services_count(void **state)
{
	(void)state;
	begin_units(false);
	run(APP);
	assert_int_equal(judge(now).unit, HELPER);
	now += 500;
	run(HELPER);
	assert_int_equal(judge(now).due, now + STABLE);
	assert_verdict(now + STABLE - 1, TRIAL_OPEN);
	assert_verdict(now + STABLE, TRIAL_PROVED);
	post(EVENT_EXITED, HELPER, 1);
	assert_verdict(now + STABLE, TRIAL_OPEN);
	assert_int_equal(judge(now).unit, HELPER);
	/* One that nobody starts at boot is not waited for. */
	made.units[HELPER].autostart = 0;
	assert_verdict(now + STABLE, TRIAL_PROVED);
}

static void nothing_to_start_takes_its_time(void **state)
{
	(void)state;
	begin_units(false);
	made.units[APP].autostart = made.units[HELPER].autostart = 0;
	assert_int_equal(judge(now).due, began + STABLE);
	assert_verdict(began + STABLE - 1, TRIAL_OPEN);
	assert_verdict(began + STABLE, TRIAL_PROVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_goal_proves_it),
		cmocka_unit_test(it_must_be_stable_within_the_trial),
		cmocka_unit_test(a_unit_that_is_given_up_fails_it),
		cmocka_unit_test(the_deadline_fails_it),
		cmocka_unit_test(what_is_ready_has_time_to_be_stable),
		cmocka_unit_test(without_a_goal_the_services_count),
		cmocka_unit_test(nothing_to_start_takes_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
