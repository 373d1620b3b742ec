/* SPDX-License-Identifier: Apache-2.0 */
/* See date.h. */
#include "init/log/date.h"

#include <string.h>
#include <time.h>

#include "lib/error.h"

enum { SECOND = 1000000000 };

/* 2024-01-01: a clock that says less has not been set. */
static const int64_t clock_least = 1704067200;

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

bool log_date(uint64_t time, char date[STR_TIME_SIZE])
{
	const int64_t ns = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME) + (int64_t)time;
	const struct timespec day = { .tv_sec = (time_t)(ns / SECOND),
				      .tv_nsec = (long)(ns % SECOND) };

	str_time(&day, date);
	strcpy(strchr(date, '.') + 4, "Z");
	return ns >= clock_least * SECOND;
}

/* Digits up to `end`, a number up to `most`; moves *text behind `end`. */
static bool take_number(const char **text, char end, int64_t most, int64_t *number)
{
	const char *at = *text;

	for (*number = 0; *at >= '0' && *at <= '9' && *number <= most; at++)
		*number = *number * 10 + (*at - '0');
	if (at == *text || *number > most || *at != end)
		return false;
	*text = at + (end != '\0');
	return true;
}

static bool parse_ago(const char *text, int64_t *ns)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const char *at = text;
		int64_t number;

		if (!take_number(&at, units[i].unit, 100000000, &number) || *at)
			continue;
		*ns = read_clock(CLOCK_BOOTTIME);
		*ns = *ns / SECOND < number * units[i].seconds ?
			      0 :
			      *ns - number * units[i].seconds * SECOND;
		return true;
	}
	return false;
}

/* Days since 1970-01-01 in the Gregorian calendar: years begin with March, so leap days end them.
 */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	const int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 719469;
}

static bool parse_date(const char *text, int64_t *ns)
{
	int64_t year, month, day, hour = 0, minute = 0, second = 0;
	const char *at = text;

	if (!take_number(&at, '-', 9999, &year) || !take_number(&at, '-', 12, &month))
		return false;
	if (!take_number(&at, '\0', 31, &day)) {
		if (!take_number(&at, 'T', 31, &day) && !take_number(&at, ' ', 31, &day))
			return false;
		if (!take_number(&at, ':', 23, &hour))
			return false;
		if (take_number(&at, ':', 59, &minute)) {
			if (!take_number(&at, 'Z', 60, &second) &&
			    !take_number(&at, '\0', 60, &second))
				return false;
		} else if (!take_number(&at, 'Z', 59, &minute) &&
			   !take_number(&at, '\0', 59, &minute)) {
			return false;
		}
	}
	if (*at || month == 0 || day == 0)
		return false;
	*ns = (days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * SECOND -
	      read_clock(CLOCK_REALTIME) + read_clock(CLOCK_BOOTTIME);
	return true;
}

int log_parse_time(const char *text, uint64_t *time)
{
	int64_t ns;

	if (!parse_ago(text, &ns) && !parse_date(text, &ns))
		return fail_as(ERROR_USAGE, 0, "%s: neither a date nor a time like 15m", text);
	*time = ns > 0 ? (uint64_t)ns : 0;
	return 0;
}
