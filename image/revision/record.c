/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot state as a record on disk, the same on every machine: numbers are big-endian.
 *
 *   0  "cruetbt1"     8  sequence, 8 bytes: the larger one counts
 *  16  committed   20  previous   24  trial   28  tries_left   32  failed, 4 bytes each
 *  36  reason, 96 bytes, the last one NUL
 * 132  SHA-256 of all before; the rest is zero
 */
#include <string.h>

#include "image/document/digest.h"
#include "image/revision/internal.h"

enum {
	AT_SEQUENCE = 8,
	AT_NUMBERS = 16,
	NUMBERS = 5,
	AT_REASON = AT_NUMBERS + 4 * NUMBERS,
	AT_CHECK = AT_REASON + sizeof(((struct revision_state *)0)->reason),
	AT_END = AT_CHECK + SHA256_SIZE,
};
_Static_assert((int)AT_END <= (int)BOOT_RECORD_SIZE, "a record of the boot state is too small");

static const char magic[] = "cruetbt1";

static void put_number(unsigned char *at, uint64_t value, int size)
{
	for (int i = size - 1; i >= 0; i--, value >>= 8)
		at[i] = (unsigned char)value;
}

static uint64_t get_number(const unsigned char *at, int size)
{
	uint64_t value = 0;

	for (int i = 0; i < size; i++)
		value = value << 8 | at[i];
	return value;
}

void boot_record_save(unsigned char record[BOOT_RECORD_SIZE], const struct revision_state *state,
		      uint64_t sequence)
{
	const uint32_t numbers[NUMBERS] = { state->committed, state->previous, state->trial,
					    state->tries_left, state->failed };
	struct digest check;

	memset(record, 0, BOOT_RECORD_SIZE);
	memcpy(record, magic, AT_SEQUENCE);
	put_number(record + AT_SEQUENCE, sequence, 8);
	for (int i = 0; i < NUMBERS; i++)
		put_number(record + AT_NUMBERS + 4 * i, numbers[i], 4);
	memcpy(record + AT_REASON, state->reason,
	       strnlen(state->reason, sizeof(state->reason) - 1));
	digest_of(&check, DIGEST_SHA256, record, AT_CHECK);
	memcpy(record + AT_CHECK, check.bytes, SHA256_SIZE);
}

bool boot_record_load(const unsigned char record[BOOT_RECORD_SIZE], struct revision_state *state,
		      uint64_t *sequence)
{
	unsigned char proper[BOOT_RECORD_SIZE];
	uint32_t numbers[NUMBERS];

	memset(state, 0, sizeof(*state));
	for (int i = 0; i < NUMBERS; i++)
		numbers[i] = (uint32_t)get_number(record + AT_NUMBERS + 4 * i, 4);
	*sequence = get_number(record + AT_SEQUENCE, 8);
	state->committed = numbers[0];
	state->previous = numbers[1];
	state->trial = numbers[2];
	state->tries_left = numbers[3];
	state->failed = numbers[4];
	memcpy(state->reason, record + AT_REASON, sizeof(state->reason) - 1);
	/* What is written of it again is what was read: magic, checksum and zeros as well. */
	boot_record_save(proper, state, *sequence);
	return memcmp(record, proper, BOOT_RECORD_SIZE) == 0;
}
