/* SPDX-License-Identifier: Apache-2.0 */
/* The words that config.json knows: lists of names, and the numbers they stand for. */
#ifndef RUNTIME_SPEC_WORDS_H
#define RUNTIME_SPEC_WORDS_H

#include <stddef.h>

enum spec_words {
	WORDS_CAPABILITIES,  /* value: number of the capability */
	WORDS_RLIMITS,	     /* RLIMIT_* of this architecture */
	WORDS_NAMESPACES,    /* enum spec_namespace_type */
	WORDS_POLICIES,	     /* SCHED_* */
	WORDS_SCHED_FLAGS,   /* number of the bit */
	WORDS_PROPAGATION,   /* MS_UNBINDABLE << (value % 4), recursive from 4 on */
	WORDS_PERSONALITIES, /* 0: LINUX, 1: LINUX32 */
	WORDS_ACTIONS,	     /* enum spec_seccomp_action */
	WORDS_OPERATORS,     /* enum scmp_compare */
	WORDS_SECCOMP_FLAGS, /* number of the bit of enum spec_seccomp_flag */
	WORDS_ARCHITECTURES, /* position in the list */
	WORD_LISTS,
};

enum { SPEC_WORD_SIZE = 48 }; /* of the longest word with prefix and NUL */

/* The value of a word, spelled exactly, or -1. */
int spec_word_value(enum spec_words list, const char *word);

/* The word at a position of the list, put together in `buffer`; NULL behind the last. */
const char *spec_word(enum spec_words list, size_t position, char buffer[SPEC_WORD_SIZE]);

#endif
