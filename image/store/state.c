/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash on its way, as a record on disk: so that a download goes on after a reboot without reading
 * again what is there. The same on every machine: numbers are big-endian.
 *
 *   0  "cruethd1"     8  the digest that is wanted: algorithm, then 64 bytes
 *  73  8 words of the state, of 8 bytes each    137  bytes hashed so far
 * 145  the block that is not full yet, 128 bytes
 * 273  SHA-256 of all before; the rest is zero
 */
#include <string.h>

#include "image/store/internal.h"

enum {
	AT_ALGORITHM = 8,
	AT_DIGEST = 9,
	AT_WORDS = AT_DIGEST + SHA512_SIZE,
	AT_TOTAL = AT_WORDS + 8 * 8,
	AT_BLOCK = AT_TOTAL + 8,
	AT_CHECK = AT_BLOCK + 128,
	AT_END = AT_CHECK + SHA256_SIZE,
};
_Static_assert((int)AT_END <= (int)HASH_STATE_SIZE, "a record of the hash's state is too small");

static const char magic[] = "cruethd1";

static void put_number(unsigned char *at, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		at[i] = (unsigned char)value;
}

static uint64_t get_number(const unsigned char *at)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | at[i];
	return value;
}

/* All that says whose it is. */
static void put_head(unsigned char *record, const struct digest *wanted)
{
	memset(record, 0, HASH_STATE_SIZE);
	memcpy(record, magic, AT_ALGORITHM);
	record[AT_ALGORITHM] = (unsigned char)wanted->algorithm;
	memcpy(record + AT_DIGEST, wanted->bytes, SHA512_SIZE);
}

static void put_check(unsigned char *record)
{
	struct digest check;

	digest_of(&check, DIGEST_SHA256, record, AT_CHECK);
	memcpy(record + AT_CHECK, check.bytes, SHA256_SIZE);
}

void hash_state_save(unsigned char record[HASH_STATE_SIZE], const struct digest *wanted,
		     const struct digester *digester)
{
	const struct sha256 *small = &digester->state.sha256;
	const struct sha512 *large = &digester->state.sha512;
	bool is_small = digester->algorithm == DIGEST_SHA256;
	uint64_t total = is_small ? small->total : large->total;

	put_head(record, wanted);
	for (int i = 0; i < 8; i++)
		put_number(record + AT_WORDS + 8 * i, is_small ? small->state[i] : large->state[i]);
	put_number(record + AT_TOTAL, total);
	if (is_small)
		memcpy(record + AT_BLOCK, small->block, total % sizeof(small->block));
	else
		memcpy(record + AT_BLOCK, large->block, total % sizeof(large->block));
	put_check(record);
}

bool hash_state_load(const unsigned char record[HASH_STATE_SIZE], const struct digest *wanted,
		     struct digester *digester, uint64_t *length)
{
	unsigned char proper[HASH_STATE_SIZE];

	put_head(proper, wanted);
	if (memcmp(record, proper, AT_WORDS) != 0)
		return false;
	memcpy(proper + AT_WORDS, record + AT_WORDS, AT_CHECK - AT_WORDS);
	put_check(proper);
	if (memcmp(record, proper, HASH_STATE_SIZE) != 0)
		return false;
	digester_start(digester, wanted->algorithm);
	*length = get_number(record + AT_TOTAL);
	if (wanted->algorithm == DIGEST_SHA256) {
		struct sha256 *small = &digester->state.sha256;

		for (int i = 0; i < 8; i++)
			small->state[i] = (uint32_t)get_number(record + AT_WORDS + 8 * i);
		small->total = *length;
		memcpy(small->block, record + AT_BLOCK, sizeof(small->block));
	} else {
		struct sha512 *large = &digester->state.sha512;

		for (int i = 0; i < 8; i++)
			large->state[i] = get_number(record + AT_WORDS + 8 * i);
		large->total = *length;
		memcpy(large->block, record + AT_BLOCK, sizeof(large->block));
	}
	return true;
}
