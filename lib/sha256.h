/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4): digests of cached programs, later of images. */
#ifndef LIB_SHA256_H
#define LIB_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32, SHA256_HEX_SIZE = 65 };

struct sha256 {
	uint32_t state[8];
	uint64_t total;
	unsigned char block[64];
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t size);
void sha256_finish(struct sha256 *hash, unsigned char digest[SHA256_SIZE]);
/* Lower-case hex with NUL: of any bytes, into 2 * size + 1; and of a digest. */
char *hash_hex(const unsigned char *bytes, size_t size, char *hex);
char *sha256_hex(const unsigned char digest[SHA256_SIZE], char hex[SHA256_HEX_SIZE]);

#endif
