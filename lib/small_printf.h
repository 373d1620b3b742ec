/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snprintf(3) for what this program prints: %d %i %u %o %x %X %c %s %p %% with the flags - 0 #,
 * widths, precisions and the lengths l ll z t j; no floating point, no wide characters, no %n. In a
 * static musl binary it takes the place of the C library's, which is four times as large.
 */
#ifndef LIB_SMALL_PRINTF_H
#define LIB_SMALL_PRINTF_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf(3); what it does not know is EINVAL. */
int small_vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));
int small_snprintf(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
