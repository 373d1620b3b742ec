/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This board: the architecture is what we were compiled for (that much runs here), the variant what
 * the kernel and the processor say.
 */
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>

#include "image/document/platform.h"

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LITTLE(name, little) name
#else
#define LITTLE(name, little) name little
#endif

#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#elif defined(__i386__)
#define ARCHITECTURE "386"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#elif defined(__arm__)
#define ARCHITECTURE "arm"
#elif defined(__mips64)
#define ARCHITECTURE LITTLE("mips64", "le")
#elif defined(__mips__)
#define ARCHITECTURE LITTLE("mips", "le")
#elif defined(__riscv)
#define ARCHITECTURE (sizeof(void *) == 8 ? "riscv64" : "riscv")
#elif defined(__powerpc64__)
#define ARCHITECTURE LITTLE("ppc64", "le")
#elif defined(__powerpc__)
#define ARCHITECTURE "ppc"
#elif defined(__s390x__)
#define ARCHITECTURE "s390x"
#elif defined(__loongarch64)
#define ARCHITECTURE "loong64"
#else
#define ARCHITECTURE "unknown" /* Go has no name for it: only what says nothing fits */
#endif

#if defined(__x86_64__)
#include <cpuid.h>

/* x86-64 psABI, table 3.1: all that a level has above the one before. Bits of cpuid's leaves. */
enum {
	V2_1C = 1 << 0 | 1 << 9 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 23, /* sse3 .. popcnt */
	V2_EXTENDED_C = 1 << 0,						 /* lahf */
	V3_1C = 1 << 12 | 1 << 22 | 1 << 27 | 1 << 28 | 1 << 29, /* fma movbe osxsave avx f16c */
	V3_7B = 1 << 3 | 1 << 5 | 1 << 8,			 /* bmi1 avx2 bmi2 */
	V3_EXTENDED_C = 1 << 5,					 /* lzcnt */
	V4_7B = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30,		 /* avx512 f dq cd bw; vl: sign */
};

static const char *variant(void)
{
	unsigned int a, b, c, d, seven = 0, extended = 0, enabled = 0;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & V2_1C) != V2_1C)
		return "v1";
	if (__get_cpuid(0x80000001, &a, &b, &extended, &d) && !(extended & V2_EXTENDED_C))
		return "v1";
	__get_cpuid_count(7, 0, &a, &seven, &b, &d);
	if (c & 1 << 27)
		__asm__("xgetbv" : "=a"(enabled), "=d"(d) : "c"(0));
	if ((c & V3_1C) != V3_1C || (seven & V3_7B) != V3_7B || !(extended & V3_EXTENDED_C) ||
	    (enabled & 6) != 6)
		return "v2";
	return (seven & V4_7B) == V4_7B && seven >> 31 && (enabled & 0xe6) == 0xe6 ? "v4" : "v3";
}

#elif defined(__aarch64__)
#include <asm/hwcap.h>

/* What became mandatory with each (Arm ARM, "The Armv8 architecture extensions"). */
static const char *variant(void)
{
	static const struct {
		const char *name;
		unsigned long needs;
	} steps[] = {
		{ "v8.1", HWCAP_ATOMICS | HWCAP_ASIMDRDM },
		{ "v8.2", HWCAP_DCPOP },
		{ "v8.3", HWCAP_JSCVT | HWCAP_FCMA | HWCAP_LRCPC },
		{ "v8.4", HWCAP_USCAT | HWCAP_ILRCPC | HWCAP_FLAGM },
	};
	unsigned long has = getauxval(AT_HWCAP);
	const char *result = "v8";

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if ((has & steps[i].needs) != steps[i].needs)
			break;
		result = steps[i].name;
	}
	return result;
}

#elif defined(__arm__)
#define OWN_LEVEL (__ARM_ARCH < 6 ? 0 : __ARM_ARCH < 8 ? __ARM_ARCH - 5 : 3)

/* "armv5tejl", "armv6l", "armv7l"; "aarch64" or "armv8l" where the kernel has 64 bits. */
static const char *variant(void)
{
	static const char *const names[] = { "v5", "v6", "v7", "v8" };
	struct utsname system;

	if (uname(&system) < 0)
		return names[OWN_LEVEL];
	if (strncmp(system.machine, "armv", 4) == 0 && system.machine[4] >= '5' &&
	    system.machine[4] <= '8')
		return names[system.machine[4] - '5'];
	return strcmp(system.machine, "aarch64") == 0 ? "v8" : names[OWN_LEVEL];
}

#elif defined(__mips__)
#ifdef __mips_soft_float
#define FLOAT "softfloat"
#else
#define FLOAT "hardfloat"
#endif

static const char *variant(void)
{
#if defined(__mips_isa_rev) && __mips_isa_rev >= 6
	return "r6";
#else
	return FLOAT;
#endif
}

#elif defined(__powerpc64__)
/* AT_PLATFORM is "power8", "power9", "power10". */
static const char *variant(void)
{
	const char *platform = (const char *)getauxval(AT_PLATFORM);

	return platform && strncmp(platform, "power", 5) == 0 ? platform : "power8";
}

#else
static const char *variant(void)
{
	return "";
}
#endif

void platform_host(struct platform *platform)
{
	*platform = (struct platform){ "linux", ARCHITECTURE, variant(), "" };
}
