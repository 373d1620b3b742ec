/* SPDX-License-Identifier: Apache-2.0 */
/*
 * v1 values as v2 wants them. cpu.shares become
 *
 *	weight = ceil(10 ^ ((l * l + 125 * l) / 612 - 7 / 34)), l = log2(shares)
 *
 * a curve through (2, 1), (1024, 100) and (262144, 10000): least, default and most of both. Without
 * floating point, which costs some boards several KiB of library.
 */
#include "runtime/cgroup/limits.h"

enum {
	SHARES_MIN = 2,
	SHARES_MAX = 262144,
	WEIGHT_MIN = 1,
	WEIGHT_MAX = 10000,
	LOG_BITS = 58, /* fraction bits of a logarithm: 6 are left for values up to 63 */
};

/* The upper 64 bits of a product. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
	const uint64_t low = 0xffffffff;
	uint64_t middle = (a >> 32) * (b & low) + ((a & low) * (b & low) >> 32);
	uint64_t other = (a & low) * (b >> 32) + (middle & low);

	return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
}

/*
 * log2 of a value from 1 on, LOG_BITS of fraction: squaring doubles it, so each square gives one
 * more bit.
 */
static uint64_t log2_fixed(uint64_t value)
{
	unsigned int integer = 63 - (unsigned int)__builtin_clzll(value);
	uint64_t x = value << (63 - integer); /* 1 <= x < 2, 63 bits of fraction */
	uint64_t fraction = 0;

	for (unsigned int bit = 0; bit < LOG_BITS; bit++) {
		x = multiply_high(x, x); /* 62 bits of fraction */
		fraction <<= 1;
		if (x >> 63)
			fraction |= 1;
		else
			x <<= 1;
	}
	return ((uint64_t)integer << LOG_BITS) + fraction;
}

/* log2 of the curve's value before rounding, 57 bits of fraction. */
static uint64_t curve(uint64_t shares)
{
	const uint64_t log2_10_by_612 = UINT64_C(0xb1dd4180ab97e10a); /* 71 bits of fraction */
	uint64_t l = log2_fixed(shares);
	uint64_t sum = (l >> 2) + ((uint64_t)125 << 56); /* l + 125; 56 bits */
	uint64_t product = multiply_high(l, sum);	 /* 50 bits */

	return multiply_high(product - ((uint64_t)126 << 50), log2_10_by_612);
}

unsigned int convert_shares(uint64_t shares)
{
	/* Where the curve meets an integer it may not be missed by a rounding error (about 2^-49).
	 */
	const uint64_t slack = UINT64_C(1) << 12;
	unsigned int low = WEIGHT_MIN, high = WEIGHT_MAX;
	uint64_t wanted;

	if (shares <= SHARES_MIN)
		return WEIGHT_MIN;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	wanted = curve(shares);
	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if ((log2_fixed(middle) >> 1) + slack >= wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

unsigned int convert_blkio_weight(unsigned int weight)
{
	return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}
