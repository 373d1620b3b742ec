/* SPDX-License-Identifier: Apache-2.0 */
/* The lines' clock, CLOCK_BOOTTIME in nanoseconds, and the time of the day. */
#ifndef INIT_LOG_DATE_H
#define INIT_LOG_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"

/* RFC 3339 with milliseconds, UTC, by what the clock of the day says now; false: it is not set. */
bool log_date(uint64_t time, char date[STR_TIME_SIZE]);

/*
 * What people write: "90s", "15m", "2h", "1d" ago, or "2026-01-31", with "12:30" or "12:30:15"
 * behind a blank or a T, and perhaps Z. 0 or a negative errno, recorded.
 */
int log_parse_time(const char *text, uint64_t *time);

#endif
