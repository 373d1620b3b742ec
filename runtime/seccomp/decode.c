/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a filter apart. For a given architecture and number a program runs to a return or to its
 * first look at an argument, without a choice. The outcome can change only at numbers that it
 * compares with: between two of them one run stands for all. So what the filter does with any
 * number is known exactly, whatever its shape.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/arena.h"
#include "runtime/seccomp/internal.h"

/*
 * From here on are libseccomp's own numbers, of calls that an architecture does not have. It tests
 * for them all the same; no kernel has a call there, so they need no place: all of them are treated
 * as this first one, that is, as not named.
 */
static const uint32_t pseudo_numbers = UINT32_C(1) << 31;

/* What is in the accumulator. */
enum holds { HOLDS_NOTHING, HOLDS_NUMBER, HOLDS_ARCH };

size_t decode_jump(const struct sock_filter *instruction, size_t at, uint32_t accumulator)
{
	bool is_true;

	switch (instruction->code) {
	case BPF_JMP | BPF_JA:
		return at + 1 + instruction->k;
	case BPF_JMP | BPF_JEQ | BPF_K:
		is_true = accumulator == instruction->k;
		break;
	case BPF_JMP | BPF_JGT | BPF_K:
		is_true = accumulator > instruction->k;
		break;
	case BPF_JMP | BPF_JGE | BPF_K:
		is_true = accumulator >= instruction->k;
		break;
	default:
		return SIZE_MAX;
	}
	return at + 1 + (is_true ? instruction->jt : instruction->jf);
}

static int outcome(const struct seccomp_program *in, uint32_t arch, uint32_t number,
		   struct leaf *leaf)
{
	enum holds holds = HOLDS_NOTHING;
	size_t at = 0;

	while (at < in->count) {
		const struct sock_filter *instruction = &in->filter[at];

		if (instruction->code == (BPF_RET | BPF_K)) {
			*leaf = (struct leaf){ number, true, instruction->k };
			return 0;
		}
		if (instruction->code == LOAD_WORD) {
			if (instruction->k > DATA_ARCH) {
				*leaf = (struct leaf){ number, false, (uint32_t)at };
				return 0;
			}
			holds = instruction->k == DATA_ARCH ? HOLDS_ARCH : HOLDS_NUMBER;
			at++;
			continue;
		}
		if (holds == HOLDS_NOTHING && instruction->code != (BPF_JMP | BPF_JA))
			return -EOPNOTSUPP;
		at = decode_jump(instruction, at, holds == HOLDS_ARCH ? arch : number);
	}
	return -EOPNOTSUPP;
}

static bool is_known(const struct filter_facts *facts, uint32_t arch)
{
	for (size_t i = 0; i < facts->arch_count; i++)
		if (facts->arches[i] == arch)
			return true;
	return false;
}

int decode_foreign(const struct seccomp_program *in, const struct filter_facts *facts,
		   uint32_t *value)
{
	bool holds_arch = false;
	size_t at = 0;

	while (at < in->count) {
		const struct sock_filter *instruction = &in->filter[at];

		if (instruction->code == (BPF_RET | BPF_K)) {
			*value = instruction->k;
			return 0;
		}
		if (instruction->code == LOAD_WORD && instruction->k == DATA_ARCH) {
			holds_arch = true;
			at++;
		} else if (instruction->code == (BPF_JMP | BPF_JA)) {
			at += 1 + instruction->k;
		} else if (holds_arch && instruction->code == (BPF_JMP | BPF_JEQ | BPF_K) &&
			   is_known(facts, instruction->k)) {
			at += 1 + instruction->jf;
		} else {
			return -EOPNOTSUPP;
		}
	}
	return -EOPNOTSUPP;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/* The numbers from which on an outcome may differ, in order; 0 is one. */
static size_t boundaries(const struct seccomp_program *in, const struct filter_facts *facts,
			 uint32_t *list)
{
	size_t filled = 0, kept = 0;

	list[filled++] = 0;
	for (size_t i = 0; i < in->count; i++) {
		const struct sock_filter *instruction = &in->filter[i];

		if (BPF_CLASS(instruction->code) != BPF_JMP || instruction->k >= pseudo_numbers ||
		    BPF_OP(instruction->code) == BPF_JA)
			continue;
		list[filled++] = instruction->k;
		list[filled++] = instruction->k + 1;
	}
	list[filled++] = pseudo_numbers;
	for (size_t i = 0; i < facts->unknown_count; i++) {
		list[filled++] = facts->unknown[i].first;
		list[filled++] = facts->unknown[i].last + 1;
	}
	qsort(list, filled, sizeof(*list), compare_numbers);
	for (size_t i = 0; i < filled; i++)
		if (kept == 0 || list[kept - 1] != list[i])
			list[kept++] = list[i];
	return kept;
}

static bool is_unknown(const struct filter_facts *facts, uint32_t arch, uint32_t number)
{
	for (size_t i = 0; i < facts->unknown_count; i++)
		if (facts->unknown[i].arch == arch && number >= facts->unknown[i].first &&
		    number <= facts->unknown[i].last)
			return true;
	return false;
}

ssize_t decode_arch(struct arena *arena, const struct seccomp_program *in,
		    const struct filter_facts *facts, uint32_t arch, struct leaf **leaves)
{
	uint32_t *list = arena_array(arena, 2 * (in->count + RANGES_MAX + 1), sizeof(*list));
	size_t points = list ? boundaries(in, facts, list) : 0, filled = 0;
	struct leaf *result = arena_array(arena, points, sizeof(*result));

	if (!list || !result)
		return -ENOMEM;
	for (size_t i = 0; i < points; i++) {
		struct leaf *leaf = &result[filled];
		int error = outcome(in, arch, list[i], leaf);

		if (error < 0)
			return error;
		if (leaf->returns && leaf->value == facts->default_return &&
		    is_unknown(facts, arch, list[i]))
			leaf->value = SECCOMP_RET_ERRNO | ENOSYS;
		/* What looks at arguments may also look at the number again: not joined. */
		if (filled == 0 || !leaf->returns || !leaf[-1].returns ||
		    leaf->value != leaf[-1].value)
			filled++;
	}
	*leaves = result;
	return (ssize_t)filled;
}
