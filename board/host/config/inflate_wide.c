/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate_fast() of zlib, as inffast.c has it, for 64 bits: input is taken eight bytes at a time,
 * once for a whole pair of length and distance (48 bits at most), and matches are copied in pieces
 * of 16.
 *
 * - On entry: INFLATE_FAST_MIN_INPUT and INFLATE_FAST_MIN_OUTPUT bytes are there, state->bits < 8.
 * - `hold` has the next `bits` bits of the input, and above them what the next load puts there
 * again.
 * - Up to 15 bytes behind the end of a match are written, within avail_out.
 */
#ifndef INFLATE_WIDE
#include "inffast.c"
#else

#include <stdint.h>
#include <string.h>

#include "zutil.h"

#include "inftrees.h"

#include "inflate.h"

#include "inffast.h"

enum { PIECE = 16, LINK = 0x0f, BASE = 0x10, END_OF_BLOCK = 0x20 };

struct bits {
	const unsigned char *in;
	uint64_t hold;
	unsigned int count;
};

/* At least 56 bits. */
static inline void refill(struct bits *bits)
{
	uint64_t next;

	memcpy(&next, bits->in, sizeof(next));
	bits->hold |= next << bits->count;
	bits->in += (63 - bits->count) >> 3;
	bits->count |= 56;
}

static inline void drop(struct bits *bits, unsigned int count)
{
	bits->hold >>= count;
	bits->count -= count;
}

static inline unsigned int take(struct bits *bits, unsigned int count)
{
	const unsigned int value = (unsigned int)bits->hold & ((1U << count) - 1);

	drop(bits, count);
	return value;
}

/* The entry of the second table that one of the first leads to. */
static inline code follow(struct bits *bits, const code *table, code here)
{
	drop(bits, here.bits);
	return table[here.val + ((unsigned int)bits->hold & ((1U << here.op) - 1))];
}

static inline unsigned char *copy_pieces(unsigned char *out, const unsigned char *from,
					 unsigned int length)
{
	unsigned char *const stop = out + length;

	do {
		memcpy(out, from, PIECE);
		out += PIECE;
		from += PIECE;
	} while (out < stop);
	return stop;
}

/* From what has been written; where the match runs into itself, it repeats. */
static inline unsigned char *copy_match(unsigned char *out, unsigned int distance,
					unsigned int length)
{
	const unsigned char *from = out - distance;
	unsigned char *const stop = out + length;

	if (distance >= PIECE)
		return copy_pieces(out, from, length);
	if (distance == 1) {
		const uint64_t same = *from * (uint64_t)0x0101010101010101;

		for (; out < stop; out += sizeof(same))
			memcpy(out, &same, sizeof(same));
	} else {
		while (out < stop)
			*out++ = *from++;
	}
	return stop;
}

/* `behind` bytes of the match are before this call's output: a ring, whose next place is wnext. */
static unsigned char *copy_window(const struct inflate_state *state, unsigned char *out,
				  unsigned int behind, unsigned int distance, unsigned int length)
{
	unsigned int at = state->wnext - behind + (state->wnext < behind ? state->wsize : 0);

	while (length && behind) {
		unsigned int here = behind < length ? behind : length;

		if (here > state->wsize - at)
			here = state->wsize - at;
		if (state->wsize - at >= here + PIECE)
			copy_pieces(out, state->window + at, here);
		else
			for (unsigned int i = 0; i < here; i++)
				out[i] = state->window[at + i];
		out += here;
		length -= here;
		behind -= here;
		at = 0;
	}
	return length ? copy_match(out, distance, length) : out;
}

/* NULL: so much is not there. `begin` is this call's. */
static inline unsigned char *copy(const struct inflate_state *state, const unsigned char *begin,
				  unsigned char *out, unsigned int distance, unsigned int length)
{
	const unsigned int there = (unsigned int)(out - begin);

	if (distance <= there)
		return copy_match(out, distance, length);
	if (distance - there > state->whave)
		return NULL;
	return copy_window(state, out, distance - there, distance, length);
}

static void bad(z_streamp stream, struct inflate_state *state, const char *what)
{
	stream->msg = (char *)what;
	state->mode = BAD;
}

static void no_length(z_streamp stream, struct inflate_state *state, code here)
{
	if (here.op & END_OF_BLOCK)
		state->mode = TYPE;
	else
		bad(stream, state, "invalid literal/length code");
}

/* Whole bytes. */
static void give_back(z_streamp stream, struct inflate_state *state, const struct bits *bits,
		      const unsigned char *in_end)
{
	const unsigned char *in = bits->in - (bits->count >> 3);

	state->bits = bits->count & 7;
	state->hold = (unsigned long)bits->hold & ((1U << state->bits) - 1);
	stream->next_in = (z_const Bytef *)in;
	stream->avail_in = (unsigned int)(in_end - in);
}

void ZLIB_INTERNAL inflate_fast(z_streamp stream, unsigned start)
{
	struct inflate_state *const state = (struct inflate_state *)stream->state;
	struct bits bits = { stream->next_in, state->hold, state->bits };
	const unsigned char *const in_end = stream->next_in + stream->avail_in;
	const unsigned char *const in_last = in_end - INFLATE_FAST_MIN_INPUT;
	unsigned char *out = stream->next_out;
	unsigned char *const begin = out - (start - stream->avail_out);
	unsigned char *const end = out + stream->avail_out;
	unsigned char *const last = end - INFLATE_FAST_MIN_OUTPUT;
	const code *const lengths = state->lencode, *const distances = state->distcode;
	const unsigned int length_mask = (1U << state->lenbits) - 1;
	const unsigned int distance_mask = (1U << state->distbits) - 1;

	do {
		unsigned int length, distance;
		unsigned char *copied;
		code here;

		refill(&bits);
		here = lengths[bits.hold & length_mask];
		/* Three literals are 45 bits at most. */
		for (int i = 0; i < 3 && here.op == 0; i++) {
			drop(&bits, here.bits);
			*out++ = (unsigned char)here.val;
			here = lengths[bits.hold & length_mask];
		}
		if (here.op == 0)
			continue;
		refill(&bits);
		if (here.op <= LINK)
			here = follow(&bits, lengths, here);
		drop(&bits, here.bits);
		if (here.op == 0) {
			*out++ = (unsigned char)here.val;
			continue;
		}
		if (!(here.op & BASE)) {
			no_length(stream, state, here);
			break;
		}
		length = here.val + take(&bits, here.op & 15);
		here = distances[bits.hold & distance_mask];
		if (here.op <= LINK)
			here = follow(&bits, distances, here);
		drop(&bits, here.bits);
		if (!(here.op & BASE)) {
			bad(stream, state, "invalid distance code");
			break;
		}
		distance = here.val + take(&bits, here.op & 15);
		copied = copy(state, begin, out, distance, length);
		if (!copied) {
			bad(stream, state, "invalid distance too far back");
			break;
		}
		out = copied;
	} while (bits.in <= in_last && out <= last);

	give_back(stream, state, &bits, in_end);
	stream->next_out = out;
	stream->avail_out = (unsigned int)(end - out);
}
#endif
