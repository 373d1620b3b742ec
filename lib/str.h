/* SPDX-License-Identifier: Apache-2.0 */
/* Small string helpers: strict numbers, bounded formatting, RFC 3339 times. */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Decimal, the whole string, no sign (uint) or one '-' (int), no blanks, in range; false if not. */
bool str_uint64(const char *text, uint64_t *value);
bool str_int64(const char *text, int64_t *value);
bool str_uint32(const char *text, uint32_t *value);

/* A size with an optional binary suffix b k m g t (and kb, mb, kib ...), case ignored, as runc's
 * options take it. */
bool str_size(const char *text, int64_t *value);

/* snprintf that knows whether all fitted: 0, or -ENAMETOOLONG (recorded). */
int str_format(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool str_has_prefix(const char *text, const char *prefix);
bool str_equal(const char *a, const char *b); /* NULL equals only NULL */

/* "2026-01-02T03:04:05.123456789Z"; buffer of STR_TIME_SIZE. */
enum { STR_TIME_SIZE = 36 };
char *str_time(const struct timespec *time, char buffer[STR_TIME_SIZE]);
/* The same in whole seconds: "2026-01-02T03:04:05Z". Years are 0000 to 9999, else it is 1970. */
char *str_time_seconds(time_t seconds, char buffer[STR_TIME_SIZE]);

/* Is it valid UTF-8 (no overlong forms, surrogates or > U+10FFFF)? */
bool str_is_utf8(const char *text, size_t size);
/* Bytes (1 to 4) of the UTF-8 sequence that `text` begins with, 0 if it is none. */
size_t str_utf8_sequence(const char *text, size_t size);

#endif
