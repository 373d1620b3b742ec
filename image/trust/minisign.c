/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minisign's files (jedisct1.github.io/minisign, "Signature format" and "Public key format"). The
 * signature of a file is over its bytes ("Ed") or their BLAKE2b-512 ("ED"); the global one is over
 * that signature and the trusted comment.
 */
#include <string.h>

#include "image/trust/internal.h"
#include "lib/base64.h"
#include "lib/error.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "

/* The next line, without its end (a CR belongs to the end); false: there is none. */
static bool next_line(const char **text, size_t *size, const char **line, size_t *length)
{
	const char *end;

	if (*size == 0)
		return false;
	end = memchr(*text, '\n', *size);
	*line = *text;
	*length = end ? (size_t)(end - *text) : *size;
	*text += *length + (end != NULL);
	*size -= *length + (end != NULL);
	if (*length && (*line)[*length - 1] == '\r')
		*length -= 1;
	return true;
}

static bool begins(const char *line, size_t length, const char *prefix)
{
	return length >= strlen(prefix) && memcmp(line, prefix, strlen(prefix)) == 0;
}

/* A line of base64 that is exactly `size` bytes. */
static bool next_bytes(const char **text, size_t *left, void *data, size_t size)
{
	const char *line;
	size_t length;

	return next_line(text, left, &line, &length) &&
	       base64_decode(line, length, data, size) == (ssize_t)size;
}

int minisign_key_read(const char *text, size_t size, struct minisign_key *key)
{
	unsigned char bytes[42];
	const char *line;
	size_t length, left = size;

	if (begins(text, size, UNTRUSTED))
		next_line(&text, &left, &line, &length);
	if (!next_bytes(&text, &left, bytes, sizeof(bytes)) || left)
		return fail(EINVAL, "not a public key of minisign");
	if (memcmp(bytes, "Ed", 2) != 0)
		return fail(EINVAL, "a public key of another algorithm than Ed25519");
	memcpy(key, bytes, sizeof(*key));
	return 0;
}

_Static_assert(sizeof(struct minisign_key) == 42, "as it is in the file");

int minisign_signature_read(const char *text, size_t size, struct minisign_signature *signature)
{
	unsigned char bytes[74];
	const char *line;
	size_t length, left = size;

	if (!next_line(&text, &left, &line, &length) || !begins(line, length, UNTRUSTED) ||
	    !next_bytes(&text, &left, bytes, sizeof(bytes)) ||
	    !next_line(&text, &left, &line, &length) || !begins(line, length, TRUSTED))
		return fail(EINVAL, "not a signature of minisign");
	signature->comment = line + strlen(TRUSTED);
	signature->comment_size = length - strlen(TRUSTED);
	if (!next_bytes(&text, &left, signature->global, sizeof(signature->global)) || left)
		return fail(EINVAL, "not a signature of minisign: its last line");
	if (bytes[0] != 'E' || (bytes[1] != 'd' && bytes[1] != 'D'))
		return fail(EINVAL, "a signature of another algorithm than Ed25519");
	memcpy(signature->algorithm, bytes, sizeof(signature->algorithm));
	memcpy(signature->id, bytes + 2, sizeof(signature->id));
	memcpy(signature->signature, bytes + 10, sizeof(signature->signature));
	return 0;
}

char *minisign_id_text(const unsigned char id[8], char text[KEY_ID_SIZE])
{
	static const char digits[] = "0123456789ABCDEF";

	for (int i = 0; i < 8; i++) {
		text[2 * i] = digits[id[7 - i] >> 4];
		text[2 * i + 1] = digits[id[7 - i] & 15];
	}
	text[16] = '\0';
	return text;
}
