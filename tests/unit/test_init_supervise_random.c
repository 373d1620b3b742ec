/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random lives of random sets of units, a million of them: no promise of the core is broken. And
 * the other way round: cores that are wrong on purpose, which the judge must not let pass.
 * link: -Wl,--wrap=supervise,--wrap=supervisor_next_action
 */
#include "tests/unit/test_lib.h"

#include "init/supervise/internal.h"
#include "tests/unit/init_random.h"

/* How the core is spoiled, for the tests of the judge. */
enum mutant {
	MUTANT_NONE,
	MUTANT_READY_EARLY,	 /* counted as ready as soon as it is started */
	MUTANT_NO_CONDITIONS,	 /* conditions and the board do not count */
	MUTANT_FORGETS_RUN,	 /* starts again without having been cleaned */
	MUTANT_FOLLOWERS_LAST,	 /* stops in the order of starting */
	MUTANT_SLOW,		 /* deadlines are lost */
	MUTANT_NO_BACKOFF,	 /* restarts at once */
	MUTANT_SKIPS_STEP,	 /* a step of the ladder is left out */
	MUTANT_NO_RESET,	 /* the ladder's reset is an ordinary cleaning */
	MUTANT_LOSES_UNIT,	 /* one that fails often is dropped */
	MUTANT_FORGETS_FAILURES, /* before it was well for long enough */
	MUTANT_STARTS_TWICE,	 /* two runs at once */
	MUTANT_IGNORES_STOP,	 /* the shutdown takes as long as it takes */
	MUTANT_SILENT,		 /* a change is not told */
	MUTANT_COUNT
};

static enum mutant mutant;
static struct action repeated; /* MUTANT_STARTS_TWICE */
static bool repeats;

void __real_supervise(struct supervisor *supervisor, const struct plan *plan,
		      const struct event *event, uint64_t now);
bool __real_supervisor_next_action(struct supervisor *supervisor, struct action *action);
void __wrap_supervise(struct supervisor *supervisor, const struct plan *plan,
		      const struct event *event, uint64_t now);
bool __wrap_supervisor_next_action(struct supervisor *supervisor, struct action *action);

static void spoil_before(struct supervisor *supervisor, struct unit_state *state)
{
	switch (mutant) {
	case MUTANT_READY_EARLY:
		if (state->phase == PHASE_STARTED)
			state->phase = PHASE_READY;
		break;
	case MUTANT_NO_CONDITIONS:
		memset(supervisor_conditions(supervisor), 1, supervisor->condition_count);
		break;
	case MUTANT_FORGETS_RUN:
		if (state->phase == PHASE_STOPPING) {
			state->phase = PHASE_OFF;
			state->flags &= ~(uint32_t)UNIT_DIRTY;
		}
		break;
	case MUTANT_NO_BACKOFF:
		if (state->phase == PHASE_BACKOFF)
			state->deadline = 0;
		break;
	default:
		break;
	}
}

static void spoil_after(struct supervisor *supervisor, struct unit_state *state)
{
	switch (mutant) {
	case MUTANT_SLOW:
		if (state->phase == PHASE_STOPPING || state->phase == PHASE_STARTING)
			state->deadline = UINT64_MAX;
		break;
	case MUTANT_SKIPS_STEP:
		if (state->failures == 2)
			state->ladder_step++;
		break;
	case MUTANT_LOSES_UNIT:
		if (state->failures > 3)
			state->flags &= ~(uint32_t)UNIT_ASKED;
		break;
	case MUTANT_FORGETS_FAILURES:
		if (state->phase == PHASE_READY)
			state->failures = 0;
		break;
	case MUTANT_IGNORES_STOP:
		if (supervisor->shutdown == 1)
			supervisor->shutdown_deadline = UINT64_MAX;
		break;
	default:
		break;
	}
}

/* ---- lives ---- */

enum { MEMORY = 65536 };

static _Alignas(16) char memory[MEMORY];
static struct made_plan made;

/* The plan as the core sees it: without knowing who comes after whom, for one mutant. */
static const struct plan *shown_plan(const struct plan *plan)
{
	static struct made_plan blind;

	if (mutant != MUTANT_FOLLOWERS_LAST)
		return plan;
	blind = made;
	for (uint32_t i = 0; i < plan->unit_count; i++)
		blind.units[i].followers.count = 0;
	blind.plan.header = &blind.header;
	blind.plan.units = blind.units;
	return &blind.plan;
}

void __wrap_supervise(struct supervisor *supervisor, const struct plan *plan,
		      const struct event *event, uint64_t now)
{
	for (uint32_t i = 0; mutant != MUTANT_NONE && i < plan->unit_count; i++)
		spoil_before(supervisor, supervisor_unit(supervisor, i));
	__real_supervise(supervisor, shown_plan(plan), event, now);
	for (uint32_t i = 0; mutant != MUTANT_NONE && i < plan->unit_count; i++)
		spoil_after(supervisor, supervisor_unit(supervisor, i));
}

bool __wrap_supervisor_next_action(struct supervisor *supervisor, struct action *action)
{
	if (repeats) {
		repeats = false;
		*action = repeated;
		return true;
	}
	if (!__real_supervisor_next_action(supervisor, action))
		return false;
	if (mutant == MUTANT_NO_RESET && action->kind == ACTION_RESET)
		action->kind = ACTION_CLEAN;
	if (mutant == MUTANT_SILENT && action->kind == ACTION_CHANGED && action->unit == 0)
		return __wrap_supervisor_next_action(supervisor, action);
	if (mutant == MUTANT_STARTS_TWICE && action->kind == ACTION_START) {
		repeated = *action;
		repeats = true;
	}
	return true;
}

/* One life of the set of units that goes with the seed. */
static struct simulation live(uint64_t seed, uint64_t length, uint32_t disturbances)
{
	struct simulation simulation = {
		.plan = &made.plan,
		.length = length,
		.disturbances = disturbances,
	};

	random_plan(&made, seed);
	assert_true(simulate_size(&made.plan) <= MEMORY);
	memset(memory, 0, simulate_size(&made.plan));
	simulate_begin(&simulation, memory);
	simulate_schedule(&simulation, seed);
	return simulation;
}

static void live_all(uint64_t first, uint64_t count, uint64_t length, uint32_t disturbances)
{
	for (uint64_t seed = first; seed < first + count; seed++) {
		const struct simulation simulation = live(seed, length, disturbances);

		if (simulation.judge.violation[0])
			fail_msg("seed %llu: after %llu ms: %s", (unsigned long long)seed,
				 (unsigned long long)simulation.now, simulation.judge.violation);
	}
}

/* Each of a million sets lives for a moment full of trouble. */
static void test_short_lives(void **state)
{
	(void)state;
	live_all(1, 1000000, 400, 2);
}

static void test_longer_lives(void **state)
{
	(void)state;
	live_all(5000000, 6000, 60000, 8);
	live_all(6000000, 800, 900000, 20);
}

static void test_days(void **state)
{
	(void)state;
	live_all(7000000, 4, 24 * 3600000, 200);
}

/* The same seed, the same life. */
static void test_reproducible(void **state)
{
	struct simulation first, second;

	(void)state;
	for (uint64_t seed = 1; seed < 200; seed++) {
		first = live(seed, 60000, 8);
		second = live(seed, 60000, 8);
		assert_int_equal(first.events, second.events);
		assert_int_equal(first.now, second.now);
	}
}

/* ---- wrong cores ---- */

static void test_judge_sees(void **state)
{
	const enum mutant wrong = (enum mutant)(uintptr_t)*state;
	uint64_t found = 0;

	mutant = wrong;
	for (uint64_t seed = 1; seed <= 5000 && !found; seed++)
		found = live(seed, 60000, 5).judge.violation[0] ? seed : 0;
	mutant = MUTANT_NONE;
	repeats = false;
	assert_int_not_equal(found, 0);
	/* It is the core that is wrong there, and not the judge. */
	assert_int_equal(live(found, 60000, 5).judge.violation[0], 0);
}

#define WRONG(which) \
	{ \
		"judge_sees_" #which, test_judge_sees, NULL, NULL, (void *)(uintptr_t)(which) \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_lives),
		cmocka_unit_test(test_longer_lives),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_reproducible),
		WRONG(MUTANT_READY_EARLY),
		WRONG(MUTANT_NO_CONDITIONS),
		WRONG(MUTANT_FORGETS_RUN),
		WRONG(MUTANT_FOLLOWERS_LAST),
		WRONG(MUTANT_SLOW),
		WRONG(MUTANT_NO_BACKOFF),
		WRONG(MUTANT_SKIPS_STEP),
		WRONG(MUTANT_NO_RESET),
		WRONG(MUTANT_LOSES_UNIT),
		WRONG(MUTANT_FORGETS_FAILURES),
		WRONG(MUTANT_STARTS_TWICE),
		WRONG(MUTANT_IGNORES_STOP),
		WRONG(MUTANT_SILENT),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
