/* SPDX-License-Identifier: Apache-2.0 */
/* One supervisor and its plan, for tests that tell it events and look at what it does. */
#ifndef TESTS_UNIT_INIT_CORE_H
#define TESTS_UNIT_INIT_CORE_H

#include "tests/unit/test_lib.h"

#include "init/supervise/internal.h"
#include "tests/unit/init_plan.h"

enum { MEMORY = 16384, START = 1000 };

/* One supervisor, and what it wants to be done. */
static struct made_plan made;
static _Alignas(16) char memory[MEMORY];
static struct supervisor *supervisor;
static struct action actions[64];
static uint32_t action_count;
static uint64_t now;

static inline void begin(void)
{
	assert_true(supervisor_size(&made.plan) <= MEMORY);
	now = START;
	supervisor = supervisor_begin(memory, &made.plan, now);
}

static inline void post(uint32_t kind, uint32_t unit, int64_t value)
{
	const struct event event = { .kind = kind, .unit = unit, .value = value };

	supervise(supervisor, &made.plan, &event, now);
	for (action_count = 0; supervisor_next_action(supervisor, &actions[action_count]);)
		assert_true(++action_count < 64);
	assert_true(supervisor_is_sound(supervisor, supervisor->size, &made.plan));
}

/* Time goes on to the next deadline, or to `until`. */
static inline void pass(uint64_t until)
{
	while (supervisor_deadline(supervisor, &made.plan) <= until) {
		if (supervisor_deadline(supervisor, &made.plan) > now)
			now = supervisor_deadline(supervisor, &made.plan);
		post(EVENT_TICK, 0, 0);
	}
	now = until;
}

static inline const struct unit_state *unit(uint32_t index)
{
	return supervisor_unit(supervisor, index);
}

static inline bool did(uint32_t kind, uint32_t index)
{
	for (uint32_t i = 0; i < action_count; i++)
		if (actions[i].kind == kind && actions[i].unit == index)
			return true;
	return false;
}

#define assert_phase(index, wanted) \
	assert_string_equal(unit_phase_name(unit(index)->phase), unit_phase_name(wanted))
#define assert_cause(index, wanted) \
	assert_string_equal(unit_cause_name(unit(index)->cause), unit_cause_name(wanted))

static inline void run(uint32_t index)
{
	assert_phase(index, PHASE_STARTING);
	post(EVENT_LAUNCHED, index, 0);
}

/* It ends, and what it left is removed. */
static inline void end(uint32_t index, int64_t status)
{
	post(EVENT_EXITED, index, status);
	assert_phase(index, PHASE_CLEANING);
	post(EVENT_CLEANED, index, 0);
}

#endif
