/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-GCM (NIST SP 800-38D) in bulk, by the instructions of x86-64: eight counters are encrypted
 * side by side, and their eight blocks are hashed with one reduction, where the library does one
 * block after the other. What is less than eight blocks is left to it.
 *
 * GHASH is computed as POLYVAL, RFC 8452 appendix A: with the bytes of each block reversed, and H
 * multiplied by x, a product needs no shifts of bits.
 */
#include "gcm_bulk.h"

#ifdef MBEDTLS_AESNI_C /* x86-64 */

#include <emmintrin.h>
#include <string.h>
#include <tmmintrin.h>
#include <wmmintrin.h>

#include "mbedtls/aes.h"
#include "mbedtls/aesni.h"

#define FAST_CODE __attribute__((target("aes,pclmul,ssse3")))

enum { BLOCK = 16, LANES = 8 };

FAST_CODE static __m128i reverse(__m128i value)
{
	return _mm_shuffle_epi8(value, _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f));
}

FAST_CODE static __m128i load(const void *from)
{
	return _mm_loadu_si128(from);
}

struct product {
	__m128i low, middle, high;
};

FAST_CODE static void add_product(struct product *sum, __m128i a, __m128i b)
{
	sum->low = _mm_xor_si128(sum->low, _mm_clmulepi64_si128(a, b, 0x00));
	sum->high = _mm_xor_si128(sum->high, _mm_clmulepi64_si128(a, b, 0x11));
	sum->middle = _mm_xor_si128(sum->middle, _mm_clmulepi64_si128(a, b, 0x01));
	sum->middle = _mm_xor_si128(sum->middle, _mm_clmulepi64_si128(a, b, 0x10));
}

/* Times x^-128, modulo x^128 + x^127 + x^126 + x^121 + 1. */
FAST_CODE static __m128i reduce(struct product sum)
{
	const __m128i polynomial = _mm_set_epi64x((long long)0xc200000000000000, 1);
	__m128i low = _mm_xor_si128(sum.low, _mm_slli_si128(sum.middle, 8));

	for (int i = 0; i < 2; i++)
		low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e),
				    _mm_clmulepi64_si128(low, polynomial, 0x10));
	return _mm_xor_si128(_mm_xor_si128(sum.high, _mm_srli_si128(sum.middle, 8)), low);
}

/* H times x, and the powers of that: powers[0] is the highest. */
FAST_CODE static void make_powers(const mbedtls_gcm_context *ctx, __m128i powers[LANES])
{
	const uint64_t high = ctx->HH[8], low = ctx->HL[8], carry = 0 - (high >> 63);
	const __m128i one =
		_mm_set_epi64x((long long)((high << 1 | low >> 63) ^ (carry & 0xc200000000000000)),
			       (long long)(low << 1 ^ (carry & 1)));

	powers[LANES - 1] = one;
	for (int i = LANES - 2; i >= 0; i--) {
		struct product sum = { 0 };

		add_product(&sum, powers[i + 1], one);
		powers[i] = reduce(sum);
	}
}

FAST_CODE static __m128i hash(__m128i sum, const __m128i powers[LANES], const unsigned char *blocks)
{
	struct product total = { 0 };

#pragma GCC unroll 8
	for (int i = 0; i < LANES; i++) {
		__m128i block = reverse(load(blocks + BLOCK * i));

		if (i == 0)
			block = _mm_xor_si128(block, sum);
		add_product(&total, block, powers[i]);
	}
	return reduce(total);
}

/* `counter` has its bytes reversed: the 32 bits that count are the lowest. */
FAST_CODE static void encrypt(const mbedtls_aes_context *aes, __m128i counter,
			      const unsigned char *in, unsigned char *out)
{
	const __m128i *keys = (const void *)aes->rk;
	__m128i lanes[LANES], key = load(keys);

#pragma GCC unroll 8
	for (int i = 0; i < LANES; i++)
		lanes[i] =
			_mm_xor_si128(key, reverse(_mm_add_epi32(counter,
								 _mm_set_epi32(0, 0, 0, i + 1))));
	for (int round = 1; round < aes->nr; round++) {
		key = load(keys + round);
#pragma GCC unroll 8
		for (int i = 0; i < LANES; i++)
			lanes[i] = _mm_aesenc_si128(lanes[i], key);
	}
	key = load(keys + aes->nr);
#pragma GCC unroll 8
	for (int i = 0; i < LANES; i++)
		_mm_storeu_si128((__m128i *)(void *)(out + BLOCK * i),
				 _mm_xor_si128(_mm_aesenclast_si128(lanes[i], key),
					       load(in + BLOCK * i)));
}

FAST_CODE static size_t do_blocks(mbedtls_gcm_context *ctx, const unsigned char *in,
				  unsigned char *out, size_t size)
{
	const mbedtls_aes_context *aes = ctx->cipher_ctx.cipher_ctx;
	__m128i powers[LANES], counter = reverse(load(ctx->y)), sum = reverse(load(ctx->buf));
	size_t done = 0;

	make_powers(ctx, powers);
	for (; size - done >= BLOCK * LANES; done += BLOCK * LANES) {
		/* `out` may be `in`. */
		if (ctx->mode == MBEDTLS_GCM_DECRYPT)
			sum = hash(sum, powers, in + done);
		encrypt(aes, counter, in + done, out + done);
		if (ctx->mode == MBEDTLS_GCM_ENCRYPT)
			sum = hash(sum, powers, out + done);
		counter = _mm_add_epi32(counter, _mm_set_epi32(0, 0, 0, LANES));
	}
	_mm_storeu_si128((__m128i *)(void *)ctx->y, reverse(counter));
	_mm_storeu_si128((__m128i *)(void *)ctx->buf, reverse(sum));
	return done;
}

size_t gcm_bulk(mbedtls_gcm_context *ctx, const unsigned char *in, unsigned char *out, size_t size)
{
	const mbedtls_cipher_type_t type = mbedtls_cipher_get_type(&ctx->cipher_ctx);

	if (size < BLOCK * LANES || !mbedtls_aesni_has_support(MBEDTLS_AESNI_AES) ||
	    !mbedtls_aesni_has_support(MBEDTLS_AESNI_CLMUL))
		return 0;
	if (type != MBEDTLS_CIPHER_AES_128_ECB && type != MBEDTLS_CIPHER_AES_192_ECB &&
	    type != MBEDTLS_CIPHER_AES_256_ECB)
		return 0;
	/* It may lie before the output, within it: not eight blocks at a time. */
	if (in != out && in < out + size && out < in + size)
		return 0;
	return do_blocks(ctx, in, out, size);
}
#endif
