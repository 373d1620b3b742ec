/* SPDX-License-Identifier: Apache-2.0 */
/* The boot's time line as a picture (SVG 1.1): see timeline.h. */
#include "init/control/timeline.h"

enum { LEFT = 170, WIDTH = 620, ROW = 20, TOP = 40, TICKS = 5 };

static unsigned int position(const struct timeline *timeline, uint64_t at)
{
	if (at >= timeline->end)
		return LEFT + WIDTH;
	return LEFT + (unsigned int)(at * WIDTH / timeline->end); /* not 0 here */
}

static void put_box(struct page *page, const struct timeline *timeline, unsigned int row,
		    const char *kind, uint64_t from, uint64_t to)
{
	const unsigned int left = position(timeline, from), right = position(timeline, to);

	if (from == UINT64_MAX || from >= to)
		return;
	page_format(page, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%d\"/>\n",
		    kind, left, TOP + row * ROW + 3, right > left ? right - left : 1, ROW - 6);
}

static void put_span(struct page *page, const struct timeline *timeline, unsigned int row)
{
	const struct span *span = &timeline->spans[row];
	const uint64_t *at = span->at;
	const uint64_t done = at[MARK_READY] < at[MARK_FAILED] ? at[MARK_READY] : at[MARK_FAILED];
	char buffer[DURATION_SIZE];

	/* Names of units have no character that XML would mind. */
	page_format(page, "<text%s x=\"%d\" y=\"%u\" text-anchor=\"end\">%s</text>\n",
		    span->critical ? " class=\"critical\"" : "", LEFT - 8,
		    TOP + row * ROW + ROW - 6, span->name);
	put_box(page, timeline, row, "waiting", at[MARK_WANTED],
		at[MARK_STARTING] < done ? at[MARK_STARTING] : done);
	put_box(page, timeline, row, "starting", at[MARK_STARTING], done);
	put_box(page, timeline, row, "failed", at[MARK_FAILED], at[MARK_READY]);
	put_box(page, timeline, row, "ready", at[MARK_READY], UINT64_MAX);
	if (at[MARK_READY] != UINT64_MAX)
		page_format(page, "<text x=\"%d\" y=\"%u\">%s</text>\n", LEFT + WIDTH + 8,
			    TOP + row * ROW + ROW - 6, page_duration(at[MARK_READY], buffer));
}

static void put_ticks(struct page *page, const struct timeline *timeline)
{
	char buffer[DURATION_SIZE];

	for (unsigned int i = 0; i <= TICKS; i++) {
		const unsigned int x = LEFT + WIDTH * i / TICKS;

		page_format(page,
			    "<line x1=\"%u\" y1=\"%d\" x2=\"%u\" y2=\"%u\"/>\n"
			    "<text x=\"%u\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			    x, TOP, x, TOP + (unsigned int)timeline->count * ROW, x, TOP - 8,
			    page_duration(timeline->end * i / TICKS, buffer));
	}
}

void timeline_svg(struct page *page, const struct timeline *timeline)
{
	page_format(page,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%d\" "
		    "height=\"%u\" font-family=\"sans-serif\" font-size=\"12\">\n",
		    LEFT + WIDTH + 70, TOP + (unsigned int)timeline->count * ROW + 10);
	page_put(page, "<style>line{stroke:#ddd}.waiting{fill:#ccc}.starting{fill:#f0ad4e}"
		       ".ready{fill:#5cb85c}.failed{fill:#d9534f}.critical{font-weight:bold}"
		       "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
	put_ticks(page, timeline);
	for (unsigned int row = 0; row < timeline->count; row++)
		put_span(page, timeline, row);
	page_put(page, "</svg>\n");
}
