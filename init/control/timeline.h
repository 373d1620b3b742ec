/* SPDX-License-Identifier: Apache-2.0 */
/* How the boot went, worked out from the journal: when each unit came how far. */
#ifndef INIT_CONTROL_TIMELINE_H
#define INIT_CONTROL_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/control/client.h"
#include "init/control/page.h"

struct arena;
struct json_writer;

enum mark { MARK_WANTED, MARK_STARTING, MARK_STARTED, MARK_READY, MARK_FAILED, MARKS };

/* One unit's first way up. Times in milliseconds since the supervisor began. */
struct span {
	const char *name;
	uint64_t at[MARKS]; /* UINT64_MAX: never */
	uint32_t critical;  /* on the way to the goal: had it been faster, so had the boot */
};

struct timeline {
	struct span *spans; /* in the order of their beginning */
	size_t count;
	uint64_t end; /* of the picture: the goal, or the last thing that happened */
	bool goal;    /* it was reached, after `end` */
	size_t lost;  /* entries of the journal that are gone */
};

/*
 * From the answer to CONTROL_BOOT. The critical way is known when the plan came along, and is from
 * the goal (or the last unit) back, each time to what kept it waiting for longest. From the arena.
 * 0, or a negative errno recorded.
 */
int timeline_make(struct arena *arena, const struct control_view *view, struct timeline *timeline);

void timeline_text(struct page *page, const struct timeline *timeline);
void timeline_json(struct json_writer *writer, const struct timeline *timeline);
void timeline_svg(struct page *page, const struct timeline *timeline);

#endif
