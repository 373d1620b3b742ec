/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of this folder. */
#ifndef RUNTIME_SECCOMP_INTERNAL_H
#define RUNTIME_SECCOMP_INTERNAL_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/sha256.h"
#include "runtime/seccomp/seccomp.h"

/* Newer than the oldest headers we build with; all are fixed by the kernel's ABI. */
#ifndef SECCOMP_FILTER_FLAG_TSYNC
#define SECCOMP_FILTER_FLAG_TSYNC (1UL << 0)
#endif
#ifndef SECCOMP_FILTER_FLAG_LOG
#define SECCOMP_FILTER_FLAG_LOG (1UL << 1)
#endif
#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif
#ifndef SECCOMP_SET_MODE_FILTER
#define SECCOMP_SET_MODE_FILTER 1
#endif

enum {
	FILTER_MAX = BPF_MAXINSNS,
	ARCHES_MAX = 4, /* native and all others that one kernel runs beside it */
	RANGES_MAX = 2 * ARCHES_MAX,
};

/* System call numbers of one architecture, both ends included. */
struct number_range {
	uint32_t arch; /* AUDIT_ARCH_*, as in struct seccomp_data */
	uint32_t first, last;
};

/* What a filter is about, beside its instructions. */
struct filter_facts {
	uint32_t arches[ARCHES_MAX]; /* AUDIT_ARCH_*, without duplicates; the native one first */
	size_t arch_count;
	uint32_t default_return; /* SECCOMP_RET_* of what no rule names */
	/* Numbers newer than the profile: ENOSYS in place of default_return. */
	struct number_range unknown[RANGES_MAX];
	size_t unknown_count;
};

/* ---- arch.c ---- */

/* Architectures of a profile beside the native one that this kernel runs. */
struct arch_set {
	uint32_t tokens[ARCHES_MAX]; /* SCMP_ARCH_*; [0] is the native one */
	size_t count;
};
void arch_select(const struct spec_seccomp *profile, struct arch_set *set);

/* Fill in `arches` and `unknown`. */
void arch_facts(const struct spec_seccomp *profile, const struct arch_set *set,
		struct filter_facts *facts);

/* ---- compile.c ---- */

/* By libseccomp, as it comes from there. Instructions from the arena. 0, or -errno recorded. */
int compile_profile(struct arena *arena, const struct spec_seccomp *profile,
		    const struct arch_set *set, struct seccomp_program *program);
/* SECCOMP_RET_* of an action. */
uint32_t compile_action(unsigned int action, uint32_t errno_ret);

/* ---- decode.c ---- */

/*
 * What a filter does with a run of numbers of one architecture, from `first` to the next leaf's: it
 * returns `value`, or looks at arguments from instruction `value` on.
 */
struct leaf {
	uint32_t first;
	bool returns;
	uint32_t value;
};

/*
 * The leaves of an architecture in order: they cover all 2^32 numbers, and neighbours differ.
 * From the arena. Count, or -EOPNOTSUPP, -ENOMEM.
 */
ssize_t decode_arch(struct arena *arena, const struct seccomp_program *in,
		    const struct filter_facts *facts, uint32_t arch, struct leaf **leaves);
/* What is returned for all other architectures. 0, or -EOPNOTSUPP. */
int decode_foreign(const struct seccomp_program *in, const struct filter_facts *facts,
		   uint32_t *value);
/* One instruction with the accumulator known: the next one's index, or SIZE_MAX if it is no jump we
 * know. */
size_t decode_jump(const struct sock_filter *instruction, size_t at, uint32_t accumulator);

/* Where struct seccomp_data holds what, and how the kernel lets it be read: 32-bit words. */
enum { DATA_NUMBER = 0, DATA_ARCH = 4, LOAD_WORD = BPF_LD | BPF_W | BPF_ABS };

/* ---- tree.c ---- */

/*
 * The same filter as a search tree, with the unknown numbers of `facts`. `out` has room for
 * FILTER_MAX. Number of instructions; -EOPNOTSUPP when `in` holds what is not understood here,
 * -E2BIG when the result is too long.
 */
ssize_t tree_build(struct arena *scratch, const struct seccomp_program *in,
		   const struct filter_facts *facts, struct sock_filter *out);

/* ---- cache.c ---- */

/* Digest of everything that a compiled filter of the profile depends on. */
void cache_key(const struct spec_seccomp *profile, unsigned char key[SHA256_SIZE]);
/* 0, or -errno (records nothing): none there, damaged, or not ours. */
int cache_load(struct arena *arena, int root, const unsigned char key[SHA256_SIZE],
	       struct seccomp_program *program);
/* Failures are logged at debug: the filter is at hand. */
void cache_store(int root, const unsigned char key[SHA256_SIZE],
		 const struct seccomp_program *program);

#endif
