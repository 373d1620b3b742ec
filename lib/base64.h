/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4), with padding. */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include <stddef.h>
#include <sys/types.h>

/* Room for `size` bytes as text, with NUL; and for the most that such a text may hold. */
#define BASE64_TEXT_SIZE(size) (((size) + 2) / 3 * 4 + 1)
#define BASE64_DATA_SIZE(length) ((length) / 4 * 3)

/* Text with NUL into buffer of BASE64_TEXT_SIZE(size); returns it. */
char *base64_encode(const void *data, size_t size, char *text);

/*
 * Exactly `length` characters, no blanks, no line ends, unused bits zero (section 3.5). Returns the
 * bytes put into `data`, which has room for `size`, or -1: also when they do not fit. May be
 * decoded in place.
 */
ssize_t base64_decode(const char *text, size_t length, void *data, size_t size);

#endif
