/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of a plan's records, for those who go through every word of one: the check of
 * plan_from_block(), and unit/, which lays a plan out.
 */
#ifndef INIT_PLAN_WALK_H
#define INIT_PLAN_WALK_H

#include <stdbool.h>
#include <stdint.h>

/* What a word is. A digit is a number up to that digit: an enum, a boolean. */
enum plan_word {
	WORD_NUMBER = 'n',
	WORD_RING = 'o',   /* a power of two, PLAN_RING_MIN to PLAN_RING_MAX */
	WORD_SIGNAL = 'k', /* 1 to 64 */
	WORD_FACTOR = '%', /* 100 and more */
	WORD_DIGEST = '#',
	WORD_TEXT = 't', /* or none */
	WORD_DESCRIPTION = 'd',
	WORD_REQUIRED = 'T', /* text */
	WORD_NAME = 'N',     /* text: plan_is_name() */
	WORD_ABOVE = 'U',    /* index of a unit that stands before this one */
	WORD_FOLLOWER = 'F', /* of one that stands after it */
	WORD_CONDITION = 'C',
	WORD_SYSTEM = 'S', /* reference to the one struct plan_system */
	WORD_LIST = '[',   /* two words; the letter after it says what the elements are */
};

/* The elements that are records; any other letter is a word. */
enum plan_record {
	RECORD_HEADER = 'h',
	RECORD_UNIT = 'u',
	RECORD_CONDITION = 'c',
	RECORD_SYSTEM = 's',
	RECORD_STEP = 'e',
	RECORD_VOLUME = 'v',
	RECORD_ROUTE = 'r',
	RECORD_MOUNT = 'm',
	RECORD_PAIR = 'p',
	RECORD_INTERFACE = 'i',
	RECORD_SOCKET = 'l',
};

/* The letters of a record, one a word; NULL for a letter that is none. */
const char *plan_layout(char record);

struct plan_walk {
	const void *block;
	uint32_t words_end; /* lists lie before it */
	uint32_t left;	    /* words that may still be visited: so lists cannot overlap */
	uint32_t unit;	    /* whose record it is */
	/* Called for each word; for a list (its two words at once) before its elements. 0, or a
	 * negative value that ends the walk. */
	int (*visit)(struct plan_walk *walk, char letter, const uint32_t *word);
};

/*
 * Visit every word of the record at `at`, and of all that it refers to. 0, -EINVAL for a list that
 * does not lie within the words, or what `visit` gave; nothing is recorded.
 */
int plan_walk(struct plan_walk *walk, char record, const uint32_t *at);

/* Does this machine number its signals as MIPS does? See PLAN_MIPS. */
bool plan_is_mips(void);

/* Turn all words of a block of `size` bytes to the other byte order. */
void plan_turn(void *block, size_t size);

/* Set the checksum of a finished block, of either byte order: it is of the bytes as they are. */
void plan_seal(void *block, size_t size);

#endif
