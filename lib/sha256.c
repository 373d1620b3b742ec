/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 as FIPS 180-4 writes it down, rolled up for size. */
#include "lib/sha256.h"

#include <string.h>

#include "lib/config.h"
#include "lib/sha256_fast.h"

const uint32_t sha256_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t value, int count)
{
	return value >> count | value << (32 - count);
}

static uint32_t load_big_endian(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void store_big_endian(unsigned char *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* The next word of the message schedule (6.2.2, step 1), kept in a ring of 16. */
static uint32_t schedule(uint32_t ring[16], unsigned int t)
{
	uint32_t early = ring[(t + 1) & 15], late = ring[(t + 14) & 15];
	uint32_t sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ early >> 3;
	uint32_t sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ late >> 10;

	return ring[t & 15] += sigma0 + ring[(t + 9) & 15] + sigma1;
}

static void add_block(uint32_t state[8], const unsigned char *block)
{
	uint32_t ring[16];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	for (unsigned int t = 0; t < 64; t++) {
		uint32_t word, first, second;

		if (t < 16)
			word = ring[t] = load_big_endian(block + 4 * t);
		else
			word = schedule(ring, t);
		first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (g ^ (e & (f ^ g))) +
			sha256_constants[t] + word;
		second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) | (c & (a | b)));
		h = g;
		g = f;
		f = e;
		e = d + first;
		d = c;
		c = b;
		b = a;
		a = first + second;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

static void add_blocks(uint32_t state[8], const unsigned char *data, size_t blocks)
{
	if (IS_ENABLED(CONFIG_HASH_ACCELERATED) && sha256_fast(state, data, blocks))
		return;
	for (; blocks; blocks--, data += 64)
		add_block(state, data);
}

void sha256_start(struct sha256 *hash)
{
	static const uint32_t initial[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(hash->state, initial, sizeof(initial));
	hash->total = 0;
}

void sha256_add(struct sha256 *hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	size_t used = hash->total % sizeof(hash->block);

	hash->total += size;
	while (size) {
		size_t part = sizeof(hash->block) - used;

		if (used == 0 && size >= sizeof(hash->block)) {
			part = size - size % sizeof(hash->block);
			add_blocks(hash->state, bytes, part / sizeof(hash->block));
		} else {
			if (part > size)
				part = size;
			memcpy(hash->block + used, bytes, part);
			used += part;
			if (used == sizeof(hash->block)) {
				add_blocks(hash->state, hash->block, 1);
				used = 0;
			}
		}
		bytes += part;
		size -= part;
	}
}

void sha256_finish(struct sha256 *hash, unsigned char digest[SHA256_SIZE])
{
	/* One bit, zeros up to 8 bytes before the end of a block, then the length in bits. */
	static const unsigned char padding[64] = { 0x80 };
	size_t used = hash->total % sizeof(hash->block);
	uint64_t bits = hash->total * 8;
	unsigned char length[8];

	store_big_endian(length, (uint32_t)(bits >> 32));
	store_big_endian(length + 4, (uint32_t)bits);
	sha256_add(hash, padding, (used < 56 ? 56 : 120) - used);
	sha256_add(hash, length, sizeof(length));
	for (int i = 0; i < 8; i++)
		store_big_endian(digest + 4 * i, hash->state[i]);
}

char *hash_hex(const unsigned char *bytes, size_t size, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[2 * size] = '\0';
	return hex;
}

char *sha256_hex(const unsigned char digest[SHA256_SIZE], char hex[SHA256_HEX_SIZE])
{
	return hash_hex(digest, SHA256_SIZE, hex);
}
