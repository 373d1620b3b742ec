/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic of doubles and floats by integers, under the names the compiler calls, for targets
 * with -msoft-float: Debian's libgcc for MIPS is made for processors with an FPU, takes its
 * arguments in registers of that, and computes with them. IEEE 754: rounding to nearest even,
 * subnormal numbers, infinities, NaN; no exception flags and no other rounding. What it returns for
 * a NaN is the default one. board/host/soft-libgcc compiles it, without link-time optimization,
 * which would drop what only the compiler calls.
 */
#include <stdint.h>
#include <string.h>

/* The compiler's names where it calls them; names of our own where a test compares. */
#ifdef __mips_soft_float
#define SOFT(name) __##name
#else
#define SOFT(name) soft_##name
#endif

enum { MANTISSA = 52, BIAS = 1023, MAX_EXPONENT = 2047, GUARD = 3 };
#define HIDDEN (UINT64_C(1) << MANTISSA)
#define SIGN (UINT64_C(1) << 63)
#define INFINITE ((uint64_t)MAX_EXPONENT << MANTISSA)
#define NOT_A_NUMBER (INFINITE | HIDDEN >> 1)

static uint64_t bits_of(double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof(bits));
	return bits;
}

static double double_of(uint64_t bits)
{
	double number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

static uint64_t magnitude(uint64_t bits)
{
	return bits & ~SIGN;
}
static int exponent_of(uint64_t bits)
{
	return (int)(bits >> MANTISSA & MAX_EXPONENT);
}
static int is_nan(uint64_t bits)
{
	return magnitude(bits) > INFINITE;
}

/* Number of zero bits in front. Not the compiler's own function: that may be a call to libgcc. */
static int leading_zeros(uint64_t value)
{
	int count = 0;

	if (!value)
		return 64;
	for (int step = 32; step; step /= 2)
		if (!(value >> (64 - step))) {
			value <<= step;
			count += step;
		}
	return count;
}

/* To the right; what is shifted out stays as a sticky lowest bit. */
static uint64_t shift_sticky(uint64_t value, int by)
{
	if (by >= 64)
		return value != 0;
	return by ? value >> by | ((value << (64 - by)) != 0) : value;
}

/* The mantissa with its hidden bit, and an exponent that fits it: subnormal numbers are normalized.
 */
static uint64_t unpack(uint64_t bits, int *exponent)
{
	uint64_t mantissa = bits & (HIDDEN - 1);

	*exponent = exponent_of(bits);
	if (*exponent)
		return mantissa | HIDDEN;
	if (mantissa) {
		const int by = leading_zeros(mantissa) - (63 - MANTISSA);

		mantissa <<= by;
		*exponent = 1 - by;
	}
	return mantissa;
}

/*
 * mantissa * 2^(exponent - BIAS - MANTISSA - GUARD), rounded. The mantissa has its highest bit at
 * MANTISSA + GUARD, or is 0.
 */
static uint64_t pack(uint64_t sign, int exponent, uint64_t mantissa)
{
	unsigned int rest;

	if (!mantissa)
		return sign;
	if (exponent <= 0) {
		mantissa = shift_sticky(mantissa, 1 - exponent);
		exponent = 0;
	} else if (exponent >= MAX_EXPONENT) {
		return sign | INFINITE;
	}
	rest = mantissa & ((1U << GUARD) - 1);
	mantissa >>= GUARD;
	/* A carry out of the mantissa is right: it makes the exponent one more. */
	mantissa += rest > 4 || (rest == 4 && mantissa & 1);
	if (exponent)
		mantissa += (uint64_t)(exponent - 1) << MANTISSA;
	return sign | mantissa;
}

/* Any mantissa: brought to its place first. */
static uint64_t pack_any(uint64_t sign, int exponent, uint64_t mantissa)
{
	const int by = leading_zeros(mantissa) - (63 - MANTISSA - GUARD);

	if (!mantissa)
		return sign;
	if (by < 0)
		return pack(sign, exponent - by, shift_sticky(mantissa, -by));
	return pack(sign, exponent - by, mantissa << by);
}

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t mantissa_a, mantissa_b;
	int exponent_a, exponent_b;

	if (is_nan(a) || is_nan(b))
		return NOT_A_NUMBER;
	if (magnitude(a) < magnitude(b)) {
		const uint64_t other = a;

		a = b;
		b = other;
	}
	if (magnitude(a) == INFINITE)
		return magnitude(b) == INFINITE && a != b ? NOT_A_NUMBER : a;
	mantissa_a = unpack(a, &exponent_a) << GUARD;
	mantissa_b = unpack(b, &exponent_b) << GUARD;
	if (!mantissa_b)
		return mantissa_a ? a : a & b;
	mantissa_b = shift_sticky(mantissa_b, exponent_a - exponent_b);
	if ((a ^ b) & SIGN) {
		if (mantissa_a == mantissa_b)
			return 0;
		return pack_any(a & SIGN, exponent_a, mantissa_a - mantissa_b);
	}
	return pack_any(a & SIGN, exponent_a, mantissa_a + mantissa_b);
}

/* The product's upper 64 bits, with the lower ones as a sticky bit. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
	const uint64_t a_high = a >> 32, a_low = (uint32_t)a, b_high = b >> 32, b_low = (uint32_t)b;
	const uint64_t low = a_low * b_low, middle = a_high * b_low + (low >> 32);
	const uint64_t other = a_low * b_high + (uint32_t)middle;

	return (a_high * b_high + (middle >> 32) + (other >> 32)) |
	       (((uint32_t)low | (uint32_t)other) != 0);
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
	const uint64_t sign = (a ^ b) & SIGN;
	uint64_t mantissa_a, mantissa_b;
	int exponent_a, exponent_b;

	if (is_nan(a) || is_nan(b))
		return NOT_A_NUMBER;
	if (magnitude(a) == INFINITE || magnitude(b) == INFINITE)
		return magnitude(a) && magnitude(b) ? sign | INFINITE : NOT_A_NUMBER;
	if (!magnitude(a) || !magnitude(b))
		return sign;
	mantissa_a = unpack(a, &exponent_a) << (63 - MANTISSA);
	mantissa_b = unpack(b, &exponent_b) << (63 - MANTISSA);
	/* The product of two numbers with bit 63 set has bit 127 or 126 set: 62 above is 1.0. */
	return pack_any(sign, exponent_a + exponent_b - BIAS - (62 - MANTISSA - GUARD),
			multiply_high(mantissa_a, mantissa_b));
}

static uint64_t divide(uint64_t a, uint64_t b)
{
	const uint64_t sign = (a ^ b) & SIGN;
	uint64_t rest, divisor, quotient = 0;
	int exponent_a, exponent_b;

	if (is_nan(a) || is_nan(b))
		return NOT_A_NUMBER;
	if (magnitude(a) == INFINITE)
		return magnitude(b) == INFINITE ? NOT_A_NUMBER : sign | INFINITE;
	if (magnitude(b) == INFINITE)
		return sign;
	if (!magnitude(b))
		return magnitude(a) ? sign | INFINITE : NOT_A_NUMBER;
	if (!magnitude(a))
		return sign;
	rest = unpack(a, &exponent_a);
	divisor = unpack(b, &exponent_b);
	for (int bit = 0; bit <= MANTISSA + GUARD + 1; bit++) {
		quotient <<= 1;
		if (rest >= divisor) {
			rest -= divisor;
			quotient |= 1;
		}
		rest <<= 1;
	}
	return pack_any(sign, exponent_a - exponent_b + BIAS - 1, quotient | (rest != 0));
}

/* -1, 0, 1; `unordered` with a NaN. */
static int compare(uint64_t a, uint64_t b, int unordered)
{
	if (is_nan(a) || is_nan(b))
		return unordered;
	if (a == b || !magnitude(a | b))
		return 0;
	if ((a ^ b) & SIGN)
		return a & SIGN ? -1 : 1;
	return (a < b) == !(a & SIGN) ? -1 : 1;
}

/* ---- integers ---- */

/* The whole part of a magnitude; what is too large for 64 bits is their greatest value. */
static uint64_t whole(uint64_t bits)
{
	int exponent;
	const uint64_t mantissa = unpack(magnitude(bits), &exponent);
	const int by = exponent - BIAS - MANTISSA;

	if (exponent < BIAS)
		return 0;
	if (by > 63 - MANTISSA)
		return UINT64_MAX;
	return by < 0 ? mantissa >> -by : mantissa << by;
}

static int64_t to_signed(uint64_t bits, uint64_t limit)
{
	const uint64_t value = whole(bits);

	if (is_nan(bits))
		return 0;
	if (bits & SIGN)
		return value >= limit ? -(int64_t)(limit - 1) - 1 : -(int64_t)value;
	return value >= limit ? (int64_t)(limit - 1) : (int64_t)value;
}

static uint64_t to_unsigned(uint64_t bits, uint64_t limit)
{
	const uint64_t value = whole(bits);

	return is_nan(bits) || bits & SIGN ? 0 : value > limit ? limit : value;
}

static uint64_t from_unsigned(uint64_t sign, uint64_t value)
{
	return pack_any(sign, BIAS + MANTISSA + GUARD, value);
}

static uint64_t from_signed(int64_t value)
{
	return value < 0 ? from_unsigned(SIGN, -(uint64_t)value) :
			   from_unsigned(0, (uint64_t)value);
}

/* ---- floats: computed as doubles, which have more than twice their digits ---- */

static uint64_t widen(float number)
{
	uint32_t bits;
	uint64_t sign, mantissa;

	memcpy(&bits, &number, sizeof(bits));
	sign = (uint64_t)(bits >> 31) << 63;
	mantissa = bits & 0x7fffff;
	if ((bits >> 23 & 255) == 255)
		return mantissa ? NOT_A_NUMBER : sign | INFINITE;
	if (bits >> 23 & 255)
		return sign | (uint64_t)((bits >> 23 & 255) + BIAS - 127) << MANTISSA |
		       mantissa << 29;
	return pack_any(sign, BIAS - 126 + MANTISSA + GUARD - 23, mantissa);
}

static float narrow(uint64_t bits)
{
	int exponent;
	const uint64_t mantissa = unpack(magnitude(bits), &exponent) << GUARD;
	uint32_t result, rest, sign = (uint32_t)(bits >> 32) & 0x80000000;
	float number;

	exponent += 127 - BIAS;
	if (is_nan(bits)) {
		result = 0x7fc00000;
	} else if (exponent >= 255 && mantissa) {
		result = sign | 0x7f800000;
	} else {
		const int subnormal = exponent <= 0;
		const uint64_t shifted =
			shift_sticky(mantissa, 29 + (subnormal ? 1 - exponent : 0));

		rest = shifted & 7;
		result = (uint32_t)(shifted >> GUARD);
		result += rest > 4 || (rest == 4 && result & 1);
		if (!subnormal)
			result += (uint32_t)(exponent - 1) << 23;
		result |= sign;
	}
	memcpy(&number, &result, sizeof(number));
	return number;
}

/* ---- the names that the compiler calls ---- */

double SOFT(adddf3)(double a, double b)
{
	return double_of(add(bits_of(a), bits_of(b)));
}
double SOFT(subdf3)(double a, double b)
{
	return double_of(add(bits_of(a), is_nan(bits_of(b)) ? bits_of(b) : bits_of(b) ^ SIGN));
}
double SOFT(muldf3)(double a, double b)
{
	return double_of(multiply(bits_of(a), bits_of(b)));
}
double SOFT(divdf3)(double a, double b)
{
	return double_of(divide(bits_of(a), bits_of(b)));
}
float SOFT(addsf3)(float a, float b)
{
	return narrow(add(widen(a), widen(b)));
}
float SOFT(subsf3)(float a, float b)
{
	return narrow(add(widen(a), widen(b) ^ SIGN));
}
float SOFT(mulsf3)(float a, float b)
{
	return narrow(multiply(widen(a), widen(b)));
}
float SOFT(divsf3)(float a, float b)
{
	return narrow(divide(widen(a), widen(b)));
}

int SOFT(eqdf2)(double a, double b)
{
	return compare(bits_of(a), bits_of(b), 1);
}
int SOFT(nedf2)(double a, double b)
{
	return compare(bits_of(a), bits_of(b), 1);
}
int SOFT(ledf2)(double a, double b)
{
	return compare(bits_of(a), bits_of(b), 1);
}
int SOFT(ltdf2)(double a, double b)
{
	return compare(bits_of(a), bits_of(b), 1);
}
int SOFT(gedf2)(double a, double b)
{
	return compare(bits_of(a), bits_of(b), -1);
}
int SOFT(gtdf2)(double a, double b)
{
	return compare(bits_of(a), bits_of(b), -1);
}
int SOFT(unorddf2)(double a, double b)
{
	return is_nan(bits_of(a)) || is_nan(bits_of(b));
}
int SOFT(eqsf2)(float a, float b)
{
	return compare(widen(a), widen(b), 1);
}
int SOFT(nesf2)(float a, float b)
{
	return compare(widen(a), widen(b), 1);
}
int SOFT(lesf2)(float a, float b)
{
	return compare(widen(a), widen(b), 1);
}
int SOFT(ltsf2)(float a, float b)
{
	return compare(widen(a), widen(b), 1);
}
int SOFT(gesf2)(float a, float b)
{
	return compare(widen(a), widen(b), -1);
}
int SOFT(gtsf2)(float a, float b)
{
	return compare(widen(a), widen(b), -1);
}
int SOFT(unordsf2)(float a, float b)
{
	return is_nan(widen(a)) || is_nan(widen(b));
}

int32_t SOFT(fixdfsi)(double number)
{
	return (int32_t)to_signed(bits_of(number), UINT64_C(1) << 31);
}
int64_t SOFT(fixdfdi)(double number)
{
	return to_signed(bits_of(number), UINT64_C(1) << 63);
}
uint32_t SOFT(fixunsdfsi)(double number)
{
	return (uint32_t)to_unsigned(bits_of(number), UINT32_MAX);
}
uint64_t SOFT(fixunsdfdi)(double number)
{
	return to_unsigned(bits_of(number), UINT64_MAX);
}
int32_t SOFT(fixsfsi)(float number)
{
	return (int32_t)to_signed(widen(number), UINT64_C(1) << 31);
}
int64_t SOFT(fixsfdi)(float number)
{
	return to_signed(widen(number), UINT64_C(1) << 63);
}
uint32_t SOFT(fixunssfsi)(float number)
{
	return (uint32_t)to_unsigned(widen(number), UINT32_MAX);
}
uint64_t SOFT(fixunssfdi)(float number)
{
	return to_unsigned(widen(number), UINT64_MAX);
}
double SOFT(floatsidf)(int32_t value)
{
	return double_of(from_signed(value));
}
double SOFT(floatdidf)(int64_t value)
{
	return double_of(from_signed(value));
}
double SOFT(floatunsidf)(uint32_t value)
{
	return double_of(from_unsigned(0, value));
}
double SOFT(floatundidf)(uint64_t value)
{
	return double_of(from_unsigned(0, value));
}
float SOFT(floatsisf)(int32_t value)
{
	return narrow(from_signed(value));
}
float SOFT(floatunsisf)(uint32_t value)
{
	return narrow(from_unsigned(0, value));
}
double SOFT(extendsfdf2)(float number)
{
	return double_of(widen(number));
}
float SOFT(truncdfsf2)(double number)
{
	return narrow(bits_of(number));
}
