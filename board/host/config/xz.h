/* SPDX-License-Identifier: Apache-2.0 */
/* liblzma: what decodes .xz files of the kind that xz makes (LZMA2, no filters for machine code),
 * small. Given to the compiler before each of its files. */
#define HAVE_SMALL 1
#define HAVE_DECODERS 1
#define HAVE_DECODER_LZMA2 1
#define HAVE_CHECK_CRC32 1
#define HAVE_CHECK_CRC64 1
#define HAVE_CHECK_SHA256 1
#define HAVE_STDBOOL_H 1
#define HAVE_STDINT_H 1
#define HAVE_INTTYPES_H 1
#define HAVE__BOOL 1
#define HAVE___BUILTIN_BSWAPXX 1
#define HAVE_VISIBILITY 0
#define SIZEOF_SIZE_T __SIZEOF_SIZE_T__
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define WORDS_BIGENDIAN 1
#endif
#define ASSUME_RAM 128
#define NDEBUG 1
