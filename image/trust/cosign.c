/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA P-256 over SHA-256 of a payload, as `cosign sign --key` writes it: the signature is
 * SEQUENCE { r, s } in DER (RFC 3279, 2.2.3), as base64.
 */
#include <stdio.h>
#include <string.h>

#include "image/trust/internal.h"
#include "lib/base64.h"
#include "lib/error.h"

enum { PEM_TEXT_MAX = 8192, HEADER_SIZE = 26 };

/* SubjectPublicKeyInfo of a P-256 point up to the point itself (RFC 5480): there is no other way to
 * write it in DER. */
static const unsigned char header[HEADER_SIZE] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
};

ssize_t pem_read(const char *text, size_t size, const char *label, void *data, size_t room)
{
	char mark[64], joined[PEM_TEXT_MAX];
	const char *at, *end;
	size_t used = 0;

	snprintf(mark, sizeof(mark), "-----BEGIN %s-----", label);
	at = memmem(text, size, mark, strlen(mark));
	if (!at)
		return -EINVAL;
	at += strlen(mark);
	snprintf(mark, sizeof(mark), "-----END %s-----", label);
	end = memmem(at, size - (size_t)(at - text), mark, strlen(mark));
	for (; end && at < end; at++) {
		if (*at == '\n' || *at == '\r')
			continue;
		if (used == sizeof(joined))
			return -EINVAL;
		joined[used++] = *at;
	}
	return end ? base64_decode(joined, used, data, room) : -EINVAL;
}

bool cosign_is_p256(const unsigned char *der, size_t size)
{
	return size == HEADER_SIZE + COSIGN_POINT_SIZE && memcmp(der, header, HEADER_SIZE) == 0 &&
	       der[HEADER_SIZE] == 4;
}

int cosign_key_read(const char *text, size_t size, struct cosign_key *key)
{
	unsigned char der[HEADER_SIZE + COSIGN_POINT_SIZE], digest[SHA256_SIZE];
	struct sha256 hash;

	if (pem_read(text, size, "PUBLIC KEY", der, sizeof(der)) != (ssize_t)sizeof(der) ||
	    !cosign_is_p256(der, sizeof(der)))
		return fail(EINVAL, "not a public key of P-256 in PEM");
	memcpy(key->point, der + HEADER_SIZE, sizeof(key->point));
	sha256_start(&hash);
	sha256_add(&hash, der, sizeof(der));
	sha256_finish(&hash, digest);
	sha256_hex(digest, key->id);
	return 0;
}

ssize_t cosign_signature_decode(const char *text, size_t size, unsigned char *bytes, size_t room)
{
	if (size && text[size - 1] == '\n')
		size--;
	return base64_decode(text, size, bytes, room);
}
