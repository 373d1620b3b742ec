/* SPDX-License-Identifier: Apache-2.0 */
/* From the journal to the boot's time line: see timeline.h. */
#include "init/control/timeline.h"

#include <string.h>

#include "init/plan.h"
#include "init/supervise/supervise.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

/*
 * A unit starts in the very millisecond in which the last one it needs is done, or nearly: after a
 * longer while it was something else that it waited for.
 */
enum { AT_ONCE_MS = 10 };

static struct span *find(const struct timeline *timeline, const char *name)
{
	for (size_t i = 0; i < timeline->count; i++)
		if (str_equal(timeline->spans[i].name, name))
			return &timeline->spans[i];
	return NULL;
}

static void set_mark(struct span *span, enum mark mark, uint64_t at)
{
	if (span->at[mark] == UINT64_MAX)
		span->at[mark] = at;
}

/* Only the way to the first readiness counts: what comes later is not the boot. */
static void take_change(struct span *span, const struct control_change *change, uint64_t at)
{
	static const unsigned char marks[PHASE_COUNT] = {
		[PHASE_WAITING] = 1 + MARK_WANTED,  [PHASE_STARTING] = 1 + MARK_STARTING,
		[PHASE_STARTED] = 1 + MARK_STARTED, [PHASE_READY] = 1 + MARK_READY,
		[PHASE_BACKOFF] = 1 + MARK_FAILED,  [PHASE_FAILED] = 1 + MARK_FAILED,
	};
	const unsigned char mark = change->phase < PHASE_COUNT ? marks[change->phase] : 0;

	if (span->at[MARK_READY] == UINT64_MAX && mark)
		set_mark(span, (enum mark)(mark - 1), at);
}

/* When what waits for this unit could go on: it was ready, or had failed once. */
static uint64_t done_at(const struct span *span)
{
	return span->at[MARK_READY] < span->at[MARK_FAILED] ? span->at[MARK_READY] :
							      span->at[MARK_FAILED];
}

/* A group has no start of its own. */
static uint64_t beginning(const struct span *span)
{
	return span->at[MARK_STARTING] < done_at(span) ? span->at[MARK_STARTING] : done_at(span);
}

/* There are few, and mostly in order already. */
static void sort(struct timeline *timeline)
{
	for (size_t i = 1; i < timeline->count; i++) {
		const struct span span = timeline->spans[i];
		size_t to = i;

		for (; to > 0 && beginning(&span) < beginning(&timeline->spans[to - 1]); to--)
			timeline->spans[to] = timeline->spans[to - 1];
		timeline->spans[to] = span;
	}
}

/* ---- the critical way ---- */

/* The later of two by when they were done; neither may be later than `limit`. */
static struct span *later(struct span *best, struct span *other, uint64_t limit)
{
	if (!other || other->critical || done_at(other) > limit)
		return best;
	return !best || done_at(other) > done_at(best) ? other : best;
}

/* What the unit had to wait for: the last of those that it needs; NULL: a condition, or the board.
 */
static struct span *before(const struct timeline *timeline, const struct plan *plan,
			   const struct span *span)
{
	const uint32_t unit = plan_find(plan, span->name);
	const uint64_t limit = beginning(span);
	struct span *best = NULL;

	if (unit == PLAN_NONE)
		return NULL;
	for (int i = 0; i < 3; i++) {
		const struct plan_list lists[3] = { plan->units[unit].requires,
						    plan->units[unit].wants,
						    plan->units[unit].after };

		for (uint32_t j = 0; j < lists[i].count; j++)
			best = later(best,
				     find(timeline,
					  plan_unit_name(plan, plan_word(plan, lists[i], j))),
				     limit);
	}
	return best && limit - done_at(best) <= AT_ONCE_MS ? best : NULL;
}

static void mark_critical(const struct timeline *timeline, const struct plan *plan)
{
	struct span *span = NULL;
	bool goal = false;

	for (uint32_t i = 0; i < plan->unit_count; i++)
		goal |= plan->units[i].goal != 0;
	for (uint32_t i = 0; i < plan->unit_count; i++)
		if (!goal || plan->units[i].goal)
			span = later(span, find(timeline, plan_unit_name(plan, i)), UINT64_MAX - 1);
	for (; span; span = before(timeline, plan, span))
		span->critical = 1;
}

/* ---- all of it ---- */

int timeline_make(struct arena *arena, const struct control_view *view, struct timeline *timeline)
{
	const struct control_system *system = &view->system;
	struct plan plan;

	*timeline = (struct timeline){ .count = view->unit_count, .lost = view->lost };
	timeline->spans = arena_array(arena, view->unit_count + 1, sizeof(*timeline->spans));
	if (!timeline->spans)
		return -ENOMEM;
	for (size_t i = 0; i < view->unit_count; i++) {
		timeline->spans[i].name = view->units[i].name;
		memset(timeline->spans[i].at, 0xff, sizeof(timeline->spans[i].at));
	}
	for (const struct control_entry *entry = view->changes; entry; entry = entry->next) {
		const struct control_change *change = &entry->change;
		struct span *span = change->name[0] ? find(timeline, change->name) : NULL;

		if (span && change->time_ms >= system->started_ms)
			take_change(span, change, change->time_ms - system->started_ms);
	}
	for (size_t i = 0; i < timeline->count; i++) {
		const uint64_t done = done_at(&timeline->spans[i]);

		if (done != UINT64_MAX && done > timeline->end)
			timeline->end = done;
	}
	timeline->goal = system->goal != 0;
	if (timeline->goal)
		timeline->end = system->goal_ms;
	if (view->plan >= 0 && plan_map(&plan, view->plan, "the supervisor's plan") == 0) {
		mark_critical(timeline, &plan);
		plan_unmap(&plan);
	}
	sort(timeline);
	/* Those that never began are not part of it. */
	while (timeline->count && beginning(&timeline->spans[timeline->count - 1]) == UINT64_MAX)
		timeline->count--;
	return 0;
}
