/* SPDX-License-Identifier: Apache-2.0 */
/* From the time since boot, which lines have, to the time of the day: see sink.h. */
#include <string.h>
#include <time.h>

#include "init/log/sink.h"
#include "lib/str.h"

enum { SECOND = 1000000000 };

/* 2024-01-01: a clock that says less has not been set. */
static const int64_t clock_least = 1704067200;

bool log_date(uint64_t time, char date[STR_TIME_SIZE])
{
	struct timespec day, boot;
	int64_t ns;

	clock_gettime(CLOCK_REALTIME, &day);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	ns = (int64_t)(day.tv_sec - boot.tv_sec) * SECOND + day.tv_nsec - boot.tv_nsec +
	     (int64_t)time;
	day.tv_sec = (time_t)(ns / SECOND);
	day.tv_nsec = (long)(ns % SECOND);
	if (ns < clock_least * SECOND)
		return false;
	str_time(&day, date);
	strcpy(strchr(date, '.') + 4, "Z");
	return true;
}
