/* SPDX-License-Identifier: Apache-2.0 */
/* Base64: see base64.h. */
#include "lib/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t size, char *text)
{
	const unsigned char *bytes = data;
	char *out = text;

	for (size_t at = 0; at < size; at += 3) {
		size_t left = size - at;
		uint32_t bits = (uint32_t)bytes[at] << 16;

		if (left > 1)
			bits |= (uint32_t)bytes[at + 1] << 8;
		if (left > 2)
			bits |= bytes[at + 2];
		for (unsigned int i = 0; i < 4; i++)
			*out++ = i > left ? '=' : alphabet[bits >> (18 - 6 * i) & 63];
	}
	*out = '\0';
	return text;
}

ssize_t base64_decode(const char *text, size_t length, void *data, size_t size)
{
	unsigned char *out = data;
	size_t bytes = length / 4 * 3, padding = 0;
	uint32_t bits = 0;

	if (length % 4)
		return -1;
	while (padding < 2 && padding < length && text[length - padding - 1] == '=')
		padding++;
	bytes -= padding;
	if (bytes > size)
		return -1;
	for (size_t at = 0, put = 0; at < length; at++) {
		const char *found = memchr(alphabet, text[at], 64);

		if (!found && at < length - padding)
			return -1;
		bits = bits << 6 | (found ? (uint32_t)(found - alphabet) : 0);
		if (at % 4 != 3)
			continue;
		for (int shift = 16; shift >= 0; shift -= 8) {
			if (put < bytes)
				out[put++] = (unsigned char)(bits >> shift);
			else if (bits >> shift & 0xff)
				return -1; /* bits that belong to no byte */
		}
	}
	return (ssize_t)bytes;
}
