/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-512 as FIPS 180-4 writes it down, rolled up for size. */
#include "lib/sha512.h"

#include <string.h>

static const uint64_t round_constants[80] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
	0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
	0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
	0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
	0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static uint64_t rotate(uint64_t value, int count)
{
	return value >> count | value << (64 - count);
}

static uint64_t load_big_endian(const unsigned char *bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void store_big_endian(unsigned char *bytes, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		bytes[i] = (unsigned char)value;
}

/* The next word of the message schedule (6.4.2, step 1), kept in a ring of 16. */
static uint64_t schedule(uint64_t ring[16], unsigned int t)
{
	uint64_t early = ring[(t + 1) & 15], late = ring[(t + 14) & 15];
	uint64_t sigma0 = rotate(early, 1) ^ rotate(early, 8) ^ early >> 7;
	uint64_t sigma1 = rotate(late, 19) ^ rotate(late, 61) ^ late >> 6;

	return ring[t & 15] += sigma0 + ring[(t + 9) & 15] + sigma1;
}

/* The eight working variables turn by one place in each round: `a` is where `h` was. */
static void add_block(uint64_t state[8], const unsigned char *block)
{
	uint64_t ring[16], work[8];

	memcpy(work, state, sizeof(work));
	for (unsigned int t = 0; t < 80; t++) {
		uint64_t a = work[-t & 7], b = work[(1 - t) & 7], c = work[(2 - t) & 7];
		uint64_t e = work[(4 - t) & 7], f = work[(5 - t) & 7], g = work[(6 - t) & 7];
		uint64_t *h = &work[(7 - t) & 7];
		uint64_t word;

		if (t < 16)
			word = ring[t] = load_big_endian(block + 8 * t);
		else
			word = schedule(ring, t);
		*h += (rotate(e, 14) ^ rotate(e, 18) ^ rotate(e, 41)) + (g ^ (e & (f ^ g))) +
		      round_constants[t] + word;
		work[(3 - t) & 7] += *h;
		*h += (rotate(a, 28) ^ rotate(a, 34) ^ rotate(a, 39)) + ((a & b) | (c & (a | b)));
	}
	/* 80 rounds are ten turns. */
	for (int i = 0; i < 8; i++)
		state[i] += work[i];
}

void sha512_start(struct sha512 *hash)
{
	static const uint64_t initial[8] = {
		0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
		0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
	};

	memcpy(hash->state, initial, sizeof(initial));
	hash->total = 0;
}

void sha512_add(struct sha512 *hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	size_t used = hash->total % sizeof(hash->block);

	hash->total += size;
	while (size) {
		size_t part = sizeof(hash->block) - used;

		if (part > size)
			part = size;
		memcpy(hash->block + used, bytes, part);
		used += part;
		if (used == sizeof(hash->block)) {
			add_block(hash->state, hash->block);
			used = 0;
		}
		bytes += part;
		size -= part;
	}
}

void sha512_finish(struct sha512 *hash, unsigned char digest[SHA512_SIZE])
{
	/* One bit, zeros up to 16 bytes before the end of a block, then the length in bits. */
	static const unsigned char padding[128] = { 0x80 };
	size_t used = hash->total % sizeof(hash->block);
	uint64_t bytes = hash->total;
	unsigned char length[16] = { 0 };

	store_big_endian(length, bytes >> 61);
	store_big_endian(length + 8, bytes << 3);
	sha512_add(hash, padding, (used < 112 ? 112 : 240) - used);
	sha512_add(hash, length, sizeof(length));
	for (int i = 0; i < 8; i++)
		store_big_endian(digest + 8 * i, hash->state[i]);
}
