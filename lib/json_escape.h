/* SPDX-License-Identifier: Apache-2.0 */
/* What may not stand in a JSON string as it is: for the writer and the log. */
#ifndef LIB_JSON_ESCAPE_H
#define LIB_JSON_ESCAPE_H

#include <stddef.h>

enum { JSON_ESCAPE_SIZE = 8 }; /* room for one escape, without NUL */

/* How many bytes from `text` on need no escape. They may be non-ASCII: valid UTF-8 stays. */
size_t json_plain(const char *text, size_t size);

/*
 * The escape of what json_plain() stopped at. Its length goes to *used; returns how many bytes of
 * the text it stands for. A byte that is no UTF-8 becomes U+FFFD.
 */
size_t json_escape(const char *text, char escaped[JSON_ESCAPE_SIZE], size_t *used);

#endif
