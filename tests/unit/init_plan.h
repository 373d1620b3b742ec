/* SPDX-License-Identifier: Apache-2.0 */
/* Plans made by hand, for tests of what reads them: units, edges, lists, names. */
#ifndef TESTS_UNIT_INIT_PLAN_H
#define TESTS_UNIT_INIT_PLAN_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "init/plan.h"

enum { MADE_UNITS = 8, MADE_CONDITIONS = 4, MADE_WORDS = 512 };

enum made_edge { EDGE_NONE, EDGE_REQUIRES, EDGE_WANTS, EDGE_AFTER };

/* One block, as plan.h has it; offsets count from its beginning. */
struct made_plan {
	struct plan_header header;
	struct plan_system system;
	struct plan_unit units[MADE_UNITS];
	struct plan_condition conditions[MADE_CONDITIONS];
	uint32_t words[MADE_WORDS];
	char names[MADE_UNITS][8];
	uint32_t used; /* words */
	struct plan plan;
};

static inline struct plan_list made_list(struct made_plan *made, const uint32_t *words,
					 uint32_t count)
{
	const struct plan_list list = {
		.offset = (uint32_t)(offsetof(struct made_plan, words) +
				     made->used * sizeof(uint32_t)),
		.count = count,
	};

	memcpy(&made->words[made->used], words, count * sizeof(uint32_t));
	made->used += count;
	return list;
}

/* A service that is ready as soon as it runs, with times that are easy to tell apart. */
static inline struct plan_unit made_unit(void)
{
	return (struct plan_unit){
		.type = UNIT_SERVICE,
		.source = SOURCE_EXEC,
		.autostart = 1,
		.ready = { .every = 200, .timeout = 20000 },
		.health = { .every = 5000, .timeout = 3000, .failures = 3 },
		.start_timeout = 10000,
		.restart = { .on = RESTART_ON_FAILURE,
			     .delay = 1000,
			     .delay_max = 60000,
			     .factor_percent = 200,
			     .reset_after = 120000,
			     .limit = PLAN_NONE },
		.stop_signal = 15,
		.stop_timeout = 7000,
		.critical_budget = 60000,
	};
}

/* `count` services called a, b, c ...; no edges, no conditions but the board's. */
static inline void made_begin(struct made_plan *made, uint32_t count)
{
	memset(made, 0, sizeof(*made));
	made->system.shutdown_timeout = 90000;
	made->plan = (struct plan){
		.header = &made->header,
		.units = made->units,
		.conditions = made->conditions,
		.system = &made->system,
		.unit_count = count,
		.condition_count = 1,
	};
	for (uint32_t i = 0; i < MADE_UNITS; i++) {
		const uint32_t name =
			(uint32_t)(offsetof(struct made_plan, names) + i * sizeof(made->names[0]));

		snprintf(made->names[i], sizeof(made->names[i]), "%c", 'a' + (int)i);
		made->units[i] = made_unit();
		made->units[i].name = name;
		/* Flags, called like the units, but for the first one: the board's. */
		if (i > 0 && i < MADE_CONDITIONS)
			made->conditions[i] =
				(struct plan_condition){ .kind = CONDITION_FLAG, .text = name };
	}
	made->header.units = (struct plan_list){ offsetof(struct made_plan, units), count };
}

/* The edges: edge[later][earlier] is an enum made_edge; lists in the order of the units. */
static inline void made_edges(struct made_plan *made, uint8_t edge[MADE_UNITS][MADE_UNITS])
{
	const uint32_t count = made->plan.unit_count;

	for (uint32_t i = 0; i < count; i++) {
		struct plan_list *lists[] = { NULL, &made->units[i].requires, &made->units[i].wants,
					      &made->units[i].after };
		uint32_t words[MADE_UNITS], used;

		for (uint8_t kind = EDGE_REQUIRES; kind <= EDGE_AFTER; kind++) {
			used = 0;
			for (uint32_t k = 0; k < i; k++)
				if (edge[i][k] == kind)
					words[used++] = k;
			*lists[kind] = made_list(made, words, used);
		}
		used = 0;
		for (uint32_t k = i + 1; k < count; k++)
			if (edge[k][i] != EDGE_NONE)
				words[used++] = k;
		made->units[i].followers = made_list(made, words, used);
	}
}

#endif
