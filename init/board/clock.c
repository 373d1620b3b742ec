/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of a device without a battery: never earlier than what is known to have been. */
#include <sys/stat.h>
#include <time.h>

#include "init/board/board.h"
#include "init/board/clock_set.h"
#include "init/board/internal.h"
#include "init/paths.h"
#include "lib/error.h"
#include "lib/log.h"

/* 2026-01-01: nothing of cruet is older. Moved on by hand with a release, so that equal sources
 * give equal binaries. */
static const time_t release_time = 1767225600;

static time_t later(time_t floor, const char *path)
{
	struct stat status;

	return path && stat(path, &status) == 0 && status.st_mtime > floor ? status.st_mtime :
									     floor;
}

static time_t clock_floor(const struct plan *plan)
{
	time_t floor = later(release_time, INIT_PLAN);

	floor = later(floor, plan_text(plan, plan->header->source));
	return later(floor, plan_text(plan, plan->system->clock_floor));
}

void board_set_clock(const struct plan *plan)
{
	struct timespec now, floor = { .tv_sec = clock_floor(plan) };

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec >= floor.tv_sec)
		return;
	if (clock_settime(CLOCK_REALTIME, &floor) == 0) {
		clock_mark();
	} else {
		fail(errno, "set the clock");
		log_error();
	}
}
