/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by the processor's own instructions, where the compiler knows them: the SHA extensions of
 * x86 (Intel SDM, "SHA256RNDS2") and ARMv8's (Arm ARM, "SHA256H"). Whether this processor has them
 * is asked once: cpuid is slow in a virtual machine.
 */
#include "lib/sha256_fast.h"

#if defined(__x86_64__) || defined(__i386__)
#define FAST_X86
#elif defined(__aarch64__) && defined(__AARCH64EL__) && !defined(__clang__)
#define FAST_ARM "+crypto"
#elif defined(__arm__) && defined(__ARMEL__) && __ARM_ARCH >= 7 && !defined(__SOFTFP__) && \
	!defined(__clang__)
#define FAST_ARM "fpu=crypto-neon-fp-armv8"
#endif

#ifdef FAST_X86
#include <cpuid.h>
#include <immintrin.h>

#define FAST_CODE __attribute__((target("sha,sse4.1,ssse3")))

static bool processor_has(void)
{
	enum { SSSE3 = 1 << 9, SSE4_1 = 1 << 19, SHA = 1 << 29 };
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (SSSE3 | SSE4_1)) != (SSSE3 | SSE4_1))
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & SHA);
}

/* The instructions want a, b, e, f in one register and c, d, g, h in the other. */
FAST_CODE static void add_blocks(uint32_t state[8], const unsigned char *data, size_t blocks)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
	__m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
	__m128i abef = _mm_alignr_epi8(badc, hgfe, 8);
	__m128i cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);

	for (; blocks; blocks--, data += 64) {
		const __m128i abef_before = abef, cdgh_before = cdgh;
		__m128i w[4];

		for (int i = 0; i < 4; i++)
			w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)data + i), swap);
		for (int i = 0; i < 64; i += 4) {
			const __m128i *constants = (const __m128i *)(sha256_constants + i);
			__m128i sum = _mm_add_epi32(w[0], _mm_loadu_si128(constants));
			__m128i next = _mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]),
						     _mm_alignr_epi8(w[3], w[2], 4));

			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
			next = _mm_sha256msg2_epu32(next, w[3]);
			w[0] = w[1];
			w[1] = w[2];
			w[2] = w[3];
			w[3] = next;
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	badc = _mm_shuffle_epi32(abef, 0x1b);
	hgfe = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(badc, hgfe, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(hgfe, badc, 8));
}
#endif

#ifdef FAST_ARM
#include <arm_neon.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>

#define FAST_CODE __attribute__((target(FAST_ARM)))

static bool processor_has(void)
{
#ifdef __aarch64__
	return getauxval(AT_HWCAP) & HWCAP_SHA2;
#else
	return getauxval(AT_HWCAP2) & HWCAP2_SHA2;
#endif
}

FAST_CODE static void add_blocks(uint32_t state[8], const unsigned char *data, size_t blocks)
{
	uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);

	for (; blocks; blocks--, data += 64) {
		const uint32x4_t abcd_before = abcd, efgh_before = efgh;
		uint32x4_t w[4];

		for (int i = 0; i < 4; i++)
			w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data + 16 * i)));
		for (int i = 0; i < 64; i += 4) {
			uint32x4_t sum = vaddq_u32(w[0], vld1q_u32(sha256_constants + i));
			uint32x4_t next = vsha256su1q_u32(vsha256su0q_u32(w[0], w[1]), w[2], w[3]);
			uint32x4_t old = abcd;

			abcd = vsha256hq_u32(abcd, efgh, sum);
			efgh = vsha256h2q_u32(efgh, old, sum);
			w[0] = w[1];
			w[1] = w[2];
			w[2] = w[3];
			w[3] = next;
		}
		abcd = vaddq_u32(abcd, abcd_before);
		efgh = vaddq_u32(efgh, efgh_before);
	}
	vst1q_u32(state, abcd);
	vst1q_u32(state + 4, efgh);
}
#endif

#ifdef FAST_CODE
bool sha256_fast(uint32_t state[8], const unsigned char *data, size_t blocks)
{
	static int has = -1;

	if (has < 0)
		has = processor_has();
	if (has)
		add_blocks(state, data, blocks);
	return has;
}
#else
bool sha256_fast(uint32_t state[8], const unsigned char *data, size_t blocks)
{
	(void)state;
	(void)data;
	(void)blocks;
	return false;
}
#endif
