/* SPDX-License-Identifier: Apache-2.0 */
/* What the judge's parts share: see simulate.h. */
#ifndef INIT_SUPERVISE_JUDGE_H
#define INIT_SUPERVISE_JUDGE_H

#include "init/supervise/simulate.h"

#define BIT(n) (1u << (n))

/* judge.c: the first broken promise stays. Of PLAN_NONE: of the supervisor. */
void judge_blame(struct judge *judge, uint32_t unit, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* judge_unit.c: one unit after a step: its way, its failures, and that its wait ends */
void judge_take(struct judge *judge, uint32_t index, const struct unit_state *state);
void judge_bounds(struct judge *judge, uint64_t deadline);

/* judge_order.c: units among each other: who is wanted, and who may start or stop */
void judge_wanted(struct judge *judge);
void judge_order(struct judge *judge);
bool judge_has_reason(const struct judge *judge, uint32_t index);

static inline bool is_up(const struct judge_unit *unit)
{
	return unit->phase == PHASE_READY || unit->phase == PHASE_DEGRADED;
}

static inline bool is_busy(const struct judge_unit *unit)
{
	return unit->phase >= PHASE_STARTING && unit->phase <= PHASE_CLEANING;
}

static inline bool is_active(const struct judge_unit *unit)
{
	return unit->phase >= PHASE_STARTING && unit->phase <= PHASE_DEGRADED;
}

static inline bool is_once(const struct plan_unit *planned)
{
	return planned->type == UNIT_ONESHOT || planned->type == UNIT_TASK;
}

static inline struct judge_unit *element(const struct judge *judge, struct plan_list list,
					 uint32_t i)
{
	return &judge->units[plan_word(judge->plan, list, i)];
}

static inline bool has_word(const struct judge *judge, struct plan_list list, int64_t word)
{
	for (uint32_t i = 0; i < list.count; i++)
		if (plan_word(judge->plan, list, i) == word)
			return true;
	return false;
}

static inline bool board_holds(const struct judge *judge, uint32_t unit)
{
	return judge->plan->units[unit].early || judge->conditions[0];
}

static inline bool conditions_hold(const struct judge *judge, uint32_t unit)
{
	const struct plan_list list = judge->plan->units[unit].conditions;

	for (uint32_t i = 0; i < list.count; i++) {
		const uint32_t word = plan_word(judge->plan, list, i);
		const bool holds = judge->conditions[word & ~CONDITION_NOT];

		if (holds == ((word & CONDITION_NOT) != 0))
			return false;
	}
	return true;
}

/* It was found wanting, or asked to restart, and is on its way out. */
static inline bool is_leaving(const struct judge_unit *unit)
{
	return unit->restart || unit->cause == CAUSE_ASKED || unit->cause == CAUSE_HEALTH ||
	       unit->cause == CAUSE_LIMIT || unit->cause == CAUSE_READY_TIMEOUT;
}

static inline uint64_t later(uint64_t time, uint64_t ms)
{
	return ms == PLAN_FOREVER || time + ms < time ? UINT64_MAX : time + ms;
}

#endif
