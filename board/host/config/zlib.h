/* SPDX-License-Identifier: Apache-2.0 */
/* zlib: where the processor loads eight bytes from anywhere in one go, and they are the next bits
 * in their order, inflate_wide.c stands for inffast.c. It wants more room at both ends. */
#if defined(__x86_64__) || (defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define INFLATE_WIDE
#define INFLATE_FAST_MIN_INPUT 16
#define INFLATE_FAST_MIN_OUTPUT (3 + 258 + 16)
#endif
