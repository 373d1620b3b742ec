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

/* Digits, up to nine of them; moves *text behind them. */
static bool take_number(const char **text, int64_t *number)
{
	const char *at = *text;

	for (*number = 0; *at >= '0' && *at <= '9' && at - *text < 9; at++)
		*number = *number * 10 + (*at - '0');
	if (at == *text)
		return false;
	*text = at;
	return true;
}

static bool parse_ago(const char *text, int64_t *ns)
{
	static const char units[] = "smhd";
	static const int32_t seconds[] = { 1, 60, 3600, 86400 };
	const char *unit;
	int64_t number;

	if (!take_number(&text, &number) || !text[0] || text[1])
		return false;
	unit = strchr(units, text[0]);
	if (!unit)
		return false;
	number *= seconds[unit - units];
	*ns = read_clock(CLOCK_BOOTTIME);
	*ns = number < *ns / SECOND ? *ns - number * SECOND : 0;
	return true;
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
	enum { YEAR, MONTH, DAY, HOUR, MINUTE, LAST };
	static const char separators[LAST + 1] = "--T::";
	static const int16_t most[] = { 9999, 12, 31, 23, 59, 60 };
	int64_t part[LAST + 1] = { 0 };
	int i = 0;

	for (;; i++, text++) {
		if (!take_number(&text, &part[i]) || part[i] > most[i])
			return false;
		if (i == LAST || (*text != separators[i] && (i != DAY || *text != ' ')))
			break;
	}
	if (i >= MINUTE && *text == 'Z')
		text++;
	if (*text || i < DAY || i == HOUR || part[MONTH] == 0 || part[DAY] == 0)
		return false;
	*ns = (days_of(part[YEAR], part[MONTH], part[DAY]) * 86400 + part[HOUR] * 3600 +
	       part[MINUTE] * 60 + part[LAST]) *
		      SECOND -
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
