/* SPDX-License-Identifier: Apache-2.0 */
/* Has anybody set the clock: see clock_set.h. */
#include "init/board/clock_set.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>

#include "lib/fd.h"

/* 2024-01-01: before it, the clock of a device that runs this is not set. */
static const time_t least = 1704067200;

static time_t boot_moment(void)
{
	struct timespec now, up;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return now.tv_sec - up.tv_sec;
}

void clock_mark(void)
{
	const struct timespec boot = { .tv_sec = boot_moment() };
	const struct timespec times[2] = { boot, boot };
	auto_fd int fd = -1;

	mkdir(INIT_RUN, 0700);
	fd = open(CLOCK_MARK, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	futimens(fd, times);
}

bool clock_is_set(void)
{
	struct timex timex = { .modes = 0 };
	struct timespec now;
	struct stat mark;
	time_t moved;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec < least)
		return false;
	if (stat(CLOCK_MARK, &mark) < 0 || (adjtimex(&timex) >= 0 && !(timex.status & STA_UNSYNC)))
		return true;
	moved = boot_moment() - mark.st_mtime;
	return moved < -1 || moved > 1; /* what rounding may make of nothing */
}

uint64_t clock_boot_time(void)
{
	return clock_is_set() ? (uint64_t)boot_moment() : 0;
}
