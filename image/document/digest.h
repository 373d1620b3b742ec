/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of content: "sha256:HEX" and "sha512:HEX" (image-spec descriptor.md, "Digests"), hex in
 * lower case. Other algorithms that are well-formed are known to be valid and cannot be verified.
 */
#ifndef IMAGE_DOCUMENT_DIGEST_H
#define IMAGE_DOCUMENT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/sha256.h"
#include "lib/sha512.h"

enum digest_algorithm { DIGEST_SHA256, DIGEST_SHA512 };

struct digest {
	enum digest_algorithm algorithm;
	unsigned char bytes[SHA512_SIZE]; /* what the algorithm does not use is zero */
};

/* "sha512:", hex, NUL. */
enum { DIGEST_TEXT_SIZE = 7 + 2 * SHA512_SIZE + 1 };

/*
 * The exact grammar, before a path is ever made of it. `where` names the property for messages
 * ("layers[2].digest"). 0; -EINVAL: malformed; -EOPNOTSUPP: an algorithm that nobody here can
 * verify. Recorded.
 */
int digest_parse(struct digest *digest, const char *text, const char *where);

/* "sha256:HEX"; the result is `text`. */
char *digest_text(const struct digest *digest, char text[DIGEST_TEXT_SIZE]);
/* The hex alone, within what digest_text() wrote. */
const char *digest_hex(const char *text);
bool digest_equal(const struct digest *a, const struct digest *b);
size_t digest_size(enum digest_algorithm algorithm);		    /* bytes */
const char *digest_algorithm_name(enum digest_algorithm algorithm); /* "sha256" */

/* Making one piece by piece. */
struct digester {
	enum digest_algorithm algorithm;
	union {
		struct sha256 sha256;
		struct sha512 sha512;
	} state;
};

void digester_start(struct digester *digester, enum digest_algorithm algorithm);
void digester_add(struct digester *digester, const void *data, size_t size);
void digester_finish(struct digester *digester, struct digest *digest);
void digest_of(struct digest *digest, enum digest_algorithm algorithm, const void *data,
	       size_t size);

#endif
