/* SPDX-License-Identifier: Apache-2.0 */
/* The boot's time line as text and as JSON: see timeline.h. */
#include "init/control/timeline.h"

#include <string.h>

#include "lib/json.h"

enum { BAR = 48 };

static void put_time(struct page *page, uint64_t from, uint64_t to)
{
	char buffer[DURATION_SIZE];

	if (from == UINT64_MAX || to == UINT64_MAX)
		page_put(page, "-");
	else
		page_put(page, page_duration(to > from ? to - from : 0, buffer));
}

/* Does something from `from` to `to`, however short, show in a picture from `left` to `right`? */
static bool shows(uint64_t from, uint64_t to, uint64_t left, uint64_t right)
{
	return from < right && (to > left || from >= left);
}

static char sign(const struct span *span, uint64_t left, uint64_t right)
{
	const uint64_t *at = span->at;
	const uint64_t done = at[MARK_READY] < at[MARK_FAILED] ? at[MARK_READY] : at[MARK_FAILED];

	if (shows(at[MARK_FAILED], at[MARK_FAILED], left, right))
		return '!';
	if (shows(at[MARK_STARTING], done, left, right))
		return '=';
	if (at[MARK_READY] < right)
		return '#';
	if (at[MARK_FAILED] < right)
		return '!';
	return at[MARK_WANTED] < right && at[MARK_STARTING] > left ? '.' : ' ';
}

static void put_bar(struct page *page, const struct span *span, uint64_t end)
{
	char bar[BAR + 1];

	for (unsigned int i = 0; i < BAR; i++)
		bar[i] = sign(span, end * i / BAR, end * (i + 1) / BAR);
	bar[BAR] = '\0';
	page_put(page, bar);
}

static void put_head(struct page *page, const struct timeline *timeline, size_t width)
{
	page_put(page, timeline->goal ? "The goal was reached after " :
					"The goal is not reached; the last unit was done after ");
	put_time(page, 0, timeline->end);
	page_put(page, ".\n");
	if (timeline->lost)
		page_format(page, "%zu entries of the journal were overwritten since then.\n",
			    timeline->lost);
	page_put(page, "\n  UNIT");
	page_tab(page, width);
	page_put(page, "WAITED   TOOK     READY\n");
}

void timeline_text(struct page *page, const struct timeline *timeline)
{
	size_t width = sizeof("UNIT") - 1;

	for (size_t i = 0; i < timeline->count; i++)
		if (strlen(timeline->spans[i].name) > width)
			width = strlen(timeline->spans[i].name);
	width += 4;
	put_head(page, timeline, width);
	for (size_t i = 0; i < timeline->count; i++) {
		const struct span *span = &timeline->spans[i];
		const uint64_t *at = span->at;

		page_put(page, span->critical ? "* " : "  ");
		page_put(page, span->name);
		page_tab(page, width);
		put_time(page, at[MARK_WANTED],
			 at[MARK_STARTING] < at[MARK_READY] ? at[MARK_STARTING] : at[MARK_READY]);
		page_tab(page, width + 9);
		put_time(page, at[MARK_STARTING], at[MARK_READY]);
		page_tab(page, width + 18);
		put_time(page, 0, at[MARK_READY]);
		page_tab(page, width + 27);
		put_bar(page, span, timeline->end ? timeline->end : 1);
		page_put(page, "\n");
	}
	page_put(page, "\n. waiting   = starting   # ready   ! failed   * kept the goal waiting\n");
}

void timeline_json(struct json_writer *writer, const struct timeline *timeline)
{
	static const char names[MARKS][12] = {
		[MARK_WANTED] = "waiting_ms",  [MARK_STARTING] = "starting_ms",
		[MARK_STARTED] = "started_ms", [MARK_READY] = "ready_ms",
		[MARK_FAILED] = "failed_ms",
	};

	if (timeline->goal)
		json_write_uint(writer, "goal_ms", timeline->end);
	json_write_uint(writer, "lost", timeline->lost);
	json_write_array(writer, "units");
	for (size_t i = 0; i < timeline->count; i++) {
		const struct span *span = &timeline->spans[i];

		json_write_object(writer, NULL);
		json_write_string(writer, "name", span->name);
		for (enum mark mark = 0; mark < MARKS; mark++)
			if (span->at[mark] != UINT64_MAX)
				json_write_uint(writer, names[mark], span->at[mark]);
		json_write_bool(writer, "critical", span->critical);
		json_write_end(writer, '}');
	}
	json_write_end(writer, ']');
}
