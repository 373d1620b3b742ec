/* SPDX-License-Identifier: Apache-2.0 */
/* libsodium: portable C only. Given to the compiler before each of its files. */
#define SODIUM_STATIC 1
#define CONFIGURED 1
#define NDEBUG 1 /* assert() would bring printf() */
#define HAVE_SYS_RANDOM_H 1
#define HAVE_GETRANDOM 1
#define HAVE_SYS_MMAN_H 1
#define HAVE_MMAP 1
#define HAVE_MLOCK 1
#define HAVE_MADVISE 1
#define HAVE_MPROTECT 1
#define HAVE_EXPLICIT_BZERO 1
#define HAVE_POSIX_MEMALIGN 1
#define HAVE_GETPID 1
#define HAVE_C_VARARRAYS 1
#ifdef __SIZEOF_INT128__
#define HAVE_TI_MODE 1
#endif
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NATIVE_BIG_ENDIAN 1
#else
#define NATIVE_LITTLE_ENDIAN 1
#endif
