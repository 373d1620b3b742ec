/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of 1 to 8 units as no sane person would write them, by a seed. */
#ifndef TESTS_UNIT_INIT_RANDOM_H
#define TESTS_UNIT_INIT_RANDOM_H

#include "init/supervise/simulate.h"
#include "tests/unit/init_plan.h"

static inline void random_checks(struct plan_unit *unit, uint64_t *seed)
{
	unit->ready.kind = chance_below(seed, CHECK_HEALTH + 1);
	if (unit->ready.kind == CHECK_HEALTH || chance_below(seed, 2))
		unit->health.kind = CHECK_TCP;
	if (chance_below(seed, 3) == 0)
		unit->watchdog_timeout = 1000 + chance_below(seed, 10000);
	unit->ready.every = chance_below(seed, 500);
	unit->health.every = 100 + chance_below(seed, 5000);
	unit->health.timeout = chance_below(seed, 3000);
	unit->health.failures = 1 + chance_below(seed, 3);
	unit->health.grace = chance_below(seed, 5000);
}

static inline void random_ladder(struct made_plan *made, struct plan_restart *restart,
				 uint64_t *seed)
{
	const uint32_t first = 1 + chance_below(seed, 4);
	const uint32_t second = first + 1 + chance_below(seed, 3);
	const uint32_t words[] = { first,
				   chance_below(seed, 2),
				   second,
				   chance_below(seed, 2),
				   second + 1 + chance_below(seed, 3),
				   LADDER_REBOOT };

	restart->ladder = made_list(made, words, 6);
	restart->ladder.count = 1 + chance_below(seed, 3);
}

static inline void random_restart(struct made_plan *made, struct plan_restart *restart,
				  uint64_t *seed)
{
	const uint32_t statuses[] = { 1 + chance_below(seed, 140), 1 + chance_below(seed, 140) };

	restart->on = chance_below(seed, 10) == 0 ? RESTART_NEVER :
		      chance_below(seed, 3)	  ? RESTART_ON_FAILURE :
						    RESTART_ALWAYS;
	restart->delay = chance_below(seed, 2000);
	restart->delay_max = restart->delay + chance_below(seed, 20000);
	restart->factor_percent = 100 + chance_below(seed, 300);
	restart->reset_after = chance_below(seed, 20000);
	restart->limit = chance_below(seed, 5) ? PLAN_NONE : 1 + chance_below(seed, 6);
	if (chance_below(seed, 2))
		random_ladder(made, restart, seed);
	if (chance_below(seed, 5) == 0)
		restart->prevent = made_list(made, statuses, 2);
	if (chance_below(seed, 5) == 0)
		restart->success = made_list(made, statuses, 1);
}

static inline void random_conditions(struct made_plan *made, struct plan_unit *unit, uint64_t *seed)
{
	uint32_t word;

	if (made->plan.condition_count < 2 || chance_below(seed, 3))
		return;
	word = 1 + chance_below(seed, made->plan.condition_count - 1);
	word |= chance_below(seed, 3) ? 0 : CONDITION_NOT;
	unit->conditions = made_list(made, &word, 1);
}

static inline void random_plan(struct made_plan *made, uint64_t seed)
{
	static const uint8_t types[] = { UNIT_SERVICE, UNIT_SERVICE, UNIT_SERVICE,
					 UNIT_ONESHOT, UNIT_TASK,    UNIT_GROUP };
	uint8_t edges[MADE_UNITS][MADE_UNITS] = { 0 };

	made_begin(made, 1 + chance_below(&seed, MADE_UNITS));
	made->plan.condition_count = 1 + chance_below(&seed, MADE_CONDITIONS);
	for (uint32_t i = 0; i < made->plan.unit_count; i++) {
		struct plan_unit *unit = &made->units[i];

		unit->type = types[chance_below(&seed, sizeof(types))];
		unit->autostart = chance_below(&seed, 4) != 0;
		unit->early = chance_below(&seed, 4) == 0;
		unit->critical = chance_below(&seed, 4) == 0;
		for (uint32_t k = 0; k < i; k++)
			if (chance_below(&seed, 3) == 0)
				edges[i][k] = (uint8_t)(1 + chance_below(&seed, 3));
		if (unit->type == UNIT_SERVICE)
			random_checks(unit, &seed);
		unit->start_timeout =
			chance_below(&seed, 10) ? 10 + chance_below(&seed, 5000) : PLAN_FOREVER;
		unit->ready.timeout =
			chance_below(&seed, 10) ? 10 + chance_below(&seed, 9000) : PLAN_FOREVER;
		unit->stop_timeout = chance_below(&seed, 5000);
		random_restart(made, &unit->restart, &seed);
		random_conditions(made, unit, &seed);
	}
	made->system.shutdown_timeout = 1000 + chance_below(&seed, 60000);
	made_edges(made, edges);
}

#endif
