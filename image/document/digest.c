/* SPDX-License-Identifier: Apache-2.0 */
/* Digests of content: see digest.h. */
#include "image/document/digest.h"

#include <string.h>

#include "lib/error.h"

static const char *const names[] = {
	[DIGEST_SHA256] = "sha256",
	[DIGEST_SHA512] = "sha512",
};

size_t digest_size(enum digest_algorithm algorithm)
{
	return algorithm == DIGEST_SHA512 ? SHA512_SIZE : SHA256_SIZE;
}

const char *digest_algorithm_name(enum digest_algorithm algorithm)
{
	return names[algorithm];
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Length of `algorithm`: components of [a-z0-9]+ between single separators; 0: none stands here. */
static size_t algorithm_length(const char *text)
{
	size_t at = 0;

	for (;;) {
		size_t start = at;

		while (is_lower_or_digit(text[at]))
			at++;
		if (at == start)
			return 0;
		if (!text[at] || !strchr("+._-", text[at]))
			return at;
		at++;
	}
}

/* `encoded`: [a-zA-Z0-9=_-]+ up to the end. */
static bool is_encoded(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++) {
		if (!is_lower_or_digit(*text) && (*text < 'A' || *text > 'Z') &&
		    !strchr("=_-", *text))
			return false;
	}
	return true;
}

/* Exactly `size` bytes of lower-case hex. */
static bool parse_hex(unsigned char *bytes, const char *text, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(text) != 2 * size)
		return false;
	for (size_t i = 0; i < 2 * size; i++) {
		const char *found = memchr(digits, text[i], 16);

		if (!found)
			return false;
		bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 | (found - digits));
	}
	return true;
}

int digest_parse(struct digest *digest, const char *text, const char *where)
{
	size_t length = algorithm_length(text);

	memset(digest, 0, sizeof(*digest));
	if (!length || text[length] != ':' || !is_encoded(text + length + 1))
		return fail_property(where, "%.80s: not a digest", text);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (length != strlen(names[i]) || memcmp(text, names[i], length) != 0)
			continue;
		digest->algorithm = (enum digest_algorithm)i;
		if (!parse_hex(digest->bytes, text + length + 1, digest_size(digest->algorithm)))
			return fail_property(where, "%.150s: not %zu digits of lower-case hex",
					     text, 2 * digest_size(digest->algorithm));
		return 0;
	}
	return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
		       "%s: %.80s: valid but cannot be verified here", where, text);
}

char *digest_text(const struct digest *digest, char text[DIGEST_TEXT_SIZE])
{
	const char *name = names[digest->algorithm];
	size_t length = strlen(name);

	memcpy(text, name, length);
	text[length] = ':';
	hash_hex(digest->bytes, digest_size(digest->algorithm), text + length + 1);
	return text;
}

const char *digest_hex(const char *text)
{
	return strchr(text, ':') + 1;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return a->algorithm == b->algorithm &&
	       memcmp(a->bytes, b->bytes, digest_size(a->algorithm)) == 0;
}

void digester_start(struct digester *digester, enum digest_algorithm algorithm)
{
	digester->algorithm = algorithm;
	if (algorithm == DIGEST_SHA512)
		sha512_start(&digester->state.sha512);
	else
		sha256_start(&digester->state.sha256);
}

void digester_add(struct digester *digester, const void *data, size_t size)
{
	if (digester->algorithm == DIGEST_SHA512)
		sha512_add(&digester->state.sha512, data, size);
	else
		sha256_add(&digester->state.sha256, data, size);
}

void digester_finish(struct digester *digester, struct digest *digest)
{
	memset(digest, 0, sizeof(*digest));
	digest->algorithm = digester->algorithm;
	if (digester->algorithm == DIGEST_SHA512)
		sha512_finish(&digester->state.sha512, digest->bytes);
	else
		sha256_finish(&digester->state.sha256, digest->bytes);
}

void digest_of(struct digest *digest, enum digest_algorithm algorithm, const void *data,
	       size_t size)
{
	struct digester digester;

	digester_start(&digester, algorithm);
	digester_add(&digester, data, size);
	digester_finish(&digester, digest);
}
