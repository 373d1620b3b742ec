/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small sets of units, and every sequence of events up to a length: breadth first, a state that was
 * seen before is not looked at again. Two states are the same when the core and the judge cannot
 * tell them apart but for the time of day.
 */
#include "tests/unit/test_lib.h"

#include "init/supervise/simulate.h"
#include "tests/unit/init_plan.h"

enum {
	DEPTH_MAX = 16,
	CORE_SIZE = 1024,
	JUDGE_UNITS_SIZE = 512,
	STATES = 1 << 16, /* of one level */
	SEEN = 1 << 20,	  /* of one set of units, a power of two */
};

struct snapshot {
	_Alignas(16) char core[CORE_SIZE];
	_Alignas(16) char judged[JUDGE_UNITS_SIZE];
	struct judge judge;
	uint64_t now;
	uint8_t path[DEPTH_MAX]; /* the choices that led here */
};

static struct made_plan made;
static struct snapshot *levels[2], work;
static uint64_t *seen;
static uint32_t seen_count;
static uint64_t steps;

static int make_room(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		levels[i] = calloc(STATES, sizeof(struct snapshot));
	seen = calloc(SEEN, sizeof(*seen));
	return levels[0] && levels[1] && seen ? 0 : -1;
}

static int free_room(void **state)
{
	(void)state;
	free(levels[0]);
	free(levels[1]);
	free(seen);
	return 0;
}

static void place(struct snapshot *snapshot)
{
	snapshot->judge.units = (struct judge_unit *)snapshot->judged;
	snapshot->judge.conditions = (uint8_t *)(snapshot->judge.units + made.plan.unit_count);
}

/* ---- telling states apart ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash ^= value;
	return chance_next(&hash);
}

static uint64_t mix_time(uint64_t hash, uint64_t time)
{
	return mix(hash, time == 0 || time == UINT64_MAX ? time : time - work.now + 1);
}

static uint64_t mix_core(uint64_t hash, const struct unit_state *state)
{
	hash = mix(hash,
		   (uint64_t)state->phase | (uint64_t)state->cause << 8 |
			   (uint64_t)state->wanted << 16 | (uint64_t)state->after_clean << 24 |
			   (uint64_t)state->reset_due << 32 | (uint64_t)state->clean_tries << 40 |
			   (uint64_t)state->checking << 48);
	hash = mix(hash, (uint64_t)state->flags << 32 | state->failures);
	hash = mix(hash, state->ladder_step);
	hash = mix_time(hash, state->since);
	hash = mix_time(hash, state->deadline);
	hash = mix_time(hash, state->ready_at);
	return mix_time(hash, state->started_at);
}

static uint64_t mix_judge(uint64_t hash, const struct judge_unit *unit)
{
	hash = mix(hash, (uint64_t)unit->asked | (uint64_t)unit->held << 8 |
				 (uint64_t)unit->run << 16 | (uint64_t)unit->restart << 24 |
				 (uint64_t)unit->must_reset << 32 |
				 (uint64_t)unit->resetting << 48 | (uint64_t)unit->tries << 40);
	hash = mix(hash, (uint64_t)unit->rung << 32 | (uint64_t)unit->settled << 8 | unit->shaky);
	hash = mix_time(hash, unit->entered);
	return mix_time(hash, unit->cleaned);
}

static uint64_t hash_work(void)
{
	struct supervisor *supervisor = (struct supervisor *)work.core;
	uint64_t hash = mix(supervisor->shutdown, supervisor_condition(supervisor, 0));

	hash = mix_time(hash, supervisor->shutdown_deadline);
	for (uint32_t i = 0; i < made.plan.unit_count; i++) {
		hash = mix_core(hash, supervisor_unit(supervisor, i));
		hash = mix_judge(hash, &work.judge.units[i]);
	}
	return hash ? hash : 1;
}

static bool is_new(uint64_t hash)
{
	uint64_t at = hash & (SEEN - 1);

	while (seen[at] && seen[at] != hash)
		at = (at + 1) & (SEEN - 1);
	if (seen[at] == hash)
		return false;
	seen[at] = hash;
	assert_true(++seen_count < SEEN / 2);
	return true;
}

/* ---- steps ---- */

static const struct event unit_events[] = {
	{ .kind = EVENT_LAUNCHED },
	{ .kind = EVENT_LAUNCH_FAILED },
	{ .kind = EVENT_EXITED, .value = 0 },
	{ .kind = EVENT_EXITED, .value = 1 },
	{ .kind = EVENT_CLEANED },
	{ .kind = EVENT_CLEAN_FAILED },
	{ .kind = EVENT_NOTIFY_READY },
	{ .kind = EVENT_UP },
	{ .kind = EVENT_DOWN },
	{ .kind = EVENT_RESTART },
};
enum { UNIT_EVENTS = sizeof(unit_events) / sizeof(unit_events[0]), COMMON_EVENTS = 3 };

/* The n-th thing that may happen now; false: not now. */
static bool choose(uint32_t n, struct event *event)
{
	struct supervisor *supervisor = (struct supervisor *)work.core;
	const uint64_t due = supervisor_deadline(supervisor, &made.plan);

	if (n >= COMMON_EVENTS) {
		*event = unit_events[(n - COMMON_EVENTS) % UNIT_EVENTS];
		event->unit = (n - COMMON_EVENTS) / UNIT_EVENTS;
		return true;
	}
	*event = (struct event){ .kind = n == 0 ? EVENT_TICK :
					 n == 1 ? EVENT_CONDITION :
						  EVENT_SHUTDOWN,
				 .value = n == 2 ? 5000 : 1 };
	if (n == 0 && due == UINT64_MAX)
		return false;
	if (n == 0 && due > work.now)
		work.now = due;
	return true;
}

static void step(const struct event *event)
{
	struct supervisor *supervisor = (struct supervisor *)work.core;
	struct action action;

	steps++;
	judge_event(&work.judge, event, work.now);
	supervise(supervisor, &made.plan, event, work.now);
	assert_true(supervisor->action_count < supervisor->action_capacity);
	while (supervisor_next_action(supervisor, &action))
		judge_action(&work.judge, &action);
	judge_step(&work.judge, supervisor);
}

/* Which set of units, and which choices: unit events count from COMMON_EVENTS. */
static void complain(uint32_t length)
{
	char text[512] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < made.plan.unit_count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 " type %u requires %u wants %u after %u;",
					 made.units[i].type, made.units[i].requires.count,
					 made.units[i].wants.count, made.units[i].after.count);
	for (uint32_t i = 0; i < length; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %u", work.path[i]);
	fail_msg("%s:%s", work.judge.violation, text);
}

static void explore(uint32_t depth)
{
	const uint32_t choices = COMMON_EVENTS + UNIT_EVENTS * made.plan.unit_count;
	uint32_t count = 1;

	assert_true(supervisor_size(&made.plan) <= CORE_SIZE);
	assert_true(judge_size(&made.plan) <= JUDGE_UNITS_SIZE);
	assert_true(depth <= DEPTH_MAX);
	memset(seen, 0, SEEN * sizeof(*seen));
	seen_count = 0;
	levels[0][0].now = 1000;
	supervisor_begin(levels[0][0].core, &made.plan, 1000);
	judge_begin(&levels[0][0].judge, levels[0][0].judged, &made.plan, 1000);
	for (uint32_t level = 0; level < depth; level++) {
		const struct snapshot *from = levels[level % 2];
		struct snapshot *to = levels[(level + 1) % 2];
		uint32_t next = 0;

		for (uint32_t i = 0; i < count; i++)
			for (uint32_t n = 0; n < choices; n++) {
				struct event event;

				work = from[i];
				place(&work);
				if (!choose(n, &event))
					continue;
				work.path[level] = (uint8_t)n;
				step(&event);
				if (work.judge.violation[0])
					complain(level + 1);
				if (level + 1 == depth || !is_new(hash_work()))
					continue;
				assert_true(next < STATES);
				to[next++] = work;
			}
		count = next;
	}
}

/* ---- all sets of units ---- */

enum { KINDS = 5 };

/* Ready at once; ready when it says so; runs to its end, with another try or without; a group. */
static void set_kind(struct plan_unit *unit, uint32_t kind)
{
	static const uint8_t types[KINDS] = { UNIT_SERVICE, UNIT_SERVICE, UNIT_ONESHOT, UNIT_TASK,
					      UNIT_GROUP };

	unit->type = types[kind];
	unit->ready.kind = kind == 1 ? CHECK_NOTIFY : CHECK_NONE;
	unit->restart.on = kind == 3 ? RESTART_NEVER : RESTART_ON_FAILURE;
}

static void make(uint32_t count, uint32_t graph, uint32_t kinds)
{
	uint8_t edges[MADE_UNITS][MADE_UNITS] = { 0 };
	const uint32_t ladder[] = { 1, LADDER_RESET, 2, LADDER_REBOOT };

	made_begin(&made, count);
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < i; k++) {
			edges[i][k] = (uint8_t)(graph % 4);
			graph /= 4;
		}
		set_kind(&made.units[i], kinds % KINDS);
		kinds /= KINDS;
		made.units[i].restart.ladder = made_list(&made, ladder, 4);
		made.units[i].restart.ladder.count = 2;
		made.units[i].early = i > 0;
	}
	made_edges(&made, edges);
}

static void explore_all(uint32_t count, uint32_t depth)
{
	const uint32_t graphs[] = { 0, 1, 4, 64 };
	uint32_t sets = 1;

	for (uint32_t i = 0; i < count; i++)
		sets *= KINDS;
	for (uint32_t graph = 0; graph < graphs[count]; graph++)
		for (uint32_t kinds = 0; kinds < sets; kinds++) {
			make(count, graph, kinds);
			explore(depth);
		}
}

static void test_one_unit(void **state)
{
	(void)state;
	explore_all(1, 12);
}

static void test_two_units(void **state)
{
	(void)state;
	explore_all(2, 5);
}

static void test_three_units(void **state)
{
	(void)state;
	explore_all(3, 3);
}

/* Fewer kinds, but longer: chains, forks and joins of services and oneshots. */
static void test_three_units_longer(void **state)
{
	(void)state;
	for (uint32_t graph = 0; graph < 64; graph++) {
		make(3, graph, 0);
		explore(5);
	}
	assert_true(steps > 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_unit),
		cmocka_unit_test(test_two_units),
		cmocka_unit_test(test_three_units),
		cmocka_unit_test(test_three_units_longer),
	};
	const int result = cmocka_run_group_tests(tests, make_room, free_room);

	printf("# %llu steps\n", (unsigned long long)steps);
	return result;
}
