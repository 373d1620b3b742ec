/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes of JSON strings (RFC 8259, section 7): see json_escape.h. */
#include "lib/json_escape.h"

#include <string.h>

#include "lib/str.h"

size_t json_plain(const char *text, size_t size)
{
	size_t at = 0;

	while (at < size) {
		unsigned char byte = (unsigned char)text[at];
		size_t length = 1;

		if (byte < 0x20 || byte == '"' || byte == '\\')
			break;
		if (byte >= 0x80)
			length = str_utf8_sequence(text + at, size - at);
		if (!length)
			break;
		at += length;
	}
	return at;
}

size_t json_escape(const char *text, char escaped[JSON_ESCAPE_SIZE], size_t *used)
{
	static const char digits[] = "0123456789abcdef";
	static const char control[4] = { '\\', 'u', '0', '0' };
	static const char replacement[6] = { '\\', 'u', 'f', 'f', 'f', 'd' };
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: the byte, its letter */
	unsigned char byte = (unsigned char)*text;

	for (const char *pair = letters; *pair; pair += 2) {
		if (*pair == *text) {
			escaped[0] = '\\';
			escaped[1] = pair[1];
			*used = 2;
			return 1;
		}
	}
	*used = 6;
	if (byte < 0x20) {
		memcpy(escaped, control, sizeof(control));
		escaped[4] = digits[byte >> 4];
		escaped[5] = digits[byte & 15];
	} else {
		memcpy(escaped, replacement, sizeof(replacement));
	}
	return 1;
}
