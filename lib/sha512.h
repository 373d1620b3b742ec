/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-512 (FIPS 180-4): ids of appc images, digests of OCI. */
#ifndef LIB_SHA512_H
#define LIB_SHA512_H

#include <stddef.h>
#include <stdint.h>

enum { SHA512_SIZE = 64 };

struct sha512 {
	uint64_t state[8];
	uint64_t total;
	unsigned char block[128];
};

void sha512_start(struct sha512 *hash);
void sha512_add(struct sha512 *hash, const void *data, size_t size);
void sha512_finish(struct sha512 *hash, unsigned char digest[SHA512_SIZE]);

#endif
