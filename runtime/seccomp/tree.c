/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cheapest filter we know: by architecture, then by a balanced search over runs of numbers that
 * are treated alike. Since 5.11 the kernel runs a new filter once for every number of every
 * architecture, and translates every instruction: few instructions and short ways are what makes it
 * cheap to install.
 *
 * A program jumps forward only, so it is written from its end: each target has its place before the
 * jump that leads there. Returns are shared as far as jumps reach.
 */
#include <errno.h>
#include <string.h>

#include "lib/arena.h"
#include "runtime/seccomp/internal.h"

enum {
	REACH = 250, /* of a conditional jump: 255, less what a node's other target may need first
		      */
	RETURNS_KEPT = 8, /* different return values remembered for sharing */
	EXCEPTIONS = 5,	  /* single numbers in a group: measured, see struct group */
};

/*
 * Leaves in a row that do the same, but for a few single numbers among them: those are told by one
 * comparison each, where a search needs two. Installing the default profile for x86-64 alone took
 * 35 us without exceptions, 29 with up to five; with x86 as well 59 and 46 (libseccomp's list: 226
 * and 457; Linux 6.18). To balance the search by how many numbers a group has gained nothing more.
 */
struct group {
	size_t first, count, base; /* indexes of leaves; what is no exception does as `base` does */
};

struct emitter {
	struct arena *scratch;
	const struct seccomp_program *in;
	struct sock_filter *out; /* FILTER_MAX, filled from the end */
	size_t top;		 /* index of the first instruction written */
	int error;
	uint16_t *copies; /* of instructions of `in` for the leaf at work: index in out, 0: none */
	uint32_t arch, number; /* of the leaf at work */
	struct {
		uint32_t value;
		size_t at;
	} returns[RETURNS_KEPT];
	size_t return_count;
};

static size_t push(struct emitter *emitter, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (emitter->top == 1) { /* 0 means "none" in `copies` */
		emitter->error = -E2BIG;
		return emitter->top;
	}
	emitter->out[--emitter->top] = (struct sock_filter){ code, jt, jf, k };
	return emitter->top;
}

/* Instructions between the next one to be written and a target. */
static size_t distance(const struct emitter *emitter, size_t target)
{
	return target - emitter->top;
}

static size_t jump(struct emitter *emitter, size_t target)
{
	return push(emitter, BPF_JMP | BPF_JA, 0, 0, (uint32_t)distance(emitter, target));
}

static size_t push_return(struct emitter *emitter, uint32_t value)
{
	size_t slot = 0;

	while (slot < emitter->return_count && emitter->returns[slot].value != value)
		slot++;
	if (slot < emitter->return_count && distance(emitter, emitter->returns[slot].at) < REACH)
		return emitter->returns[slot].at;
	if (slot == RETURNS_KEPT)
		slot--;
	else if (slot == emitter->return_count)
		emitter->return_count++;
	emitter->returns[slot].value = value;
	emitter->returns[slot].at = push(emitter, BPF_RET | BPF_K, 0, 0, value);
	return emitter->returns[slot].at;
}

/* A place near enough for a conditional jump that leads to the target. */
static size_t near(struct emitter *emitter, size_t target)
{
	if (emitter->error || distance(emitter, target) < REACH)
		return target;
	if (emitter->out[target].code == (BPF_RET | BPF_K))
		return push_return(emitter, emitter->out[target].k);
	return jump(emitter, target);
}

static size_t branch(struct emitter *emitter, uint16_t code, uint32_t k, size_t if_true,
		     size_t if_false)
{
	if (if_true == if_false)
		return if_true;
	if_true = near(emitter, if_true);
	if_false = near(emitter, if_false);
	return push(emitter, code, (uint8_t)distance(emitter, if_true),
		    (uint8_t)distance(emitter, if_false), k);
}

/* An instruction after which `next` follows. */
static size_t straight(struct emitter *emitter, const struct sock_filter *instruction, size_t next)
{
	if (next != emitter->top)
		jump(emitter, next);
	return push(emitter, instruction->code, 0, 0, instruction->k);
}

/*
 * Step over what is known for the leaf at work: where the filter looks at number or architecture
 * again. Leaves in `at` the instruction that has to be copied, with nothing known in the
 * accumulator.
 */
static int settle(const struct emitter *emitter, size_t *at)
{
	uint32_t accumulator = 0;
	bool known = false;

	while (*at < emitter->in->count) {
		const struct sock_filter *instruction = &emitter->in->filter[*at];

		if (instruction->code == LOAD_WORD && instruction->k <= DATA_ARCH) {
			known = true;
			accumulator = instruction->k == DATA_ARCH ? emitter->arch : emitter->number;
			++*at;
		} else if (instruction->code == (BPF_JMP | BPF_JA) ||
			   (known && BPF_CLASS(instruction->code) == BPF_JMP)) {
			*at = decode_jump(instruction, *at, accumulator);
		} else {
			return known && BPF_CLASS(instruction->code) == BPF_ALU ? -EOPNOTSUPP : 0;
		}
	}
	return -EOPNOTSUPP;
}

/* Copy what looks at arguments, from instruction `at` on to its returns. A program has no loop:
 * this ends. */
static size_t copy(struct emitter *emitter, size_t at)
{
	const struct sock_filter *instruction;
	size_t result, other;

	if (emitter->error == 0)
		emitter->error = settle(emitter, &at);
	if (emitter->error < 0)
		return emitter->top;
	instruction = &emitter->in->filter[at];
	if (instruction->code == (BPF_RET | BPF_K))
		return push_return(emitter, instruction->k);
	if (emitter->copies[at])
		return emitter->copies[at];
	if (BPF_SRC(instruction->code) == BPF_K && BPF_CLASS(instruction->code) == BPF_JMP) {
		other = copy(emitter, at + 1 + instruction->jf);
		result = copy(emitter, at + 1 + instruction->jt);
		result = branch(emitter, instruction->code, instruction->k, result, other);
	} else if (instruction->code == LOAD_WORD || (BPF_SRC(instruction->code) == BPF_K &&
						      BPF_CLASS(instruction->code) == BPF_ALU)) {
		result = straight(emitter, instruction, copy(emitter, at + 1));
	} else {
		emitter->error = -EOPNOTSUPP;
		return emitter->top;
	}
	emitter->copies[at] = (uint16_t)result;
	return result;
}

static size_t emit_leaf(struct emitter *emitter, const struct leaf *leaf)
{
	if (leaf->returns)
		return push_return(emitter, leaf->value);
	emitter->number = leaf->first;
	memset(emitter->copies, 0, emitter->in->count * sizeof(*emitter->copies));
	return copy(emitter, leaf->value);
}

static bool same(const struct leaf *a, const struct leaf *b)
{
	return a->returns && b->returns && a->value == b->value;
}

static bool is_single(const struct leaf *leaves, size_t count, size_t index)
{
	return index + 1 < count && leaves[index + 1].first - leaves[index].first == 1;
}

/* How many leaves from `start` on, count being all, are like `base` but for a few single numbers.
 */
static size_t group_length(const struct leaf *leaves, size_t count, size_t start, size_t base)
{
	size_t exceptions = 0, end = start;

	for (; end < count; end++)
		if (end != base && !same(&leaves[end], &leaves[base]) &&
		    (!is_single(leaves, count, end) || ++exceptions > EXCEPTIONS))
			break;
	return end > base ? end - start : 0;
}

/* The groups of an architecture's leaves, in order. */
static size_t make_groups(const struct leaf *leaves, size_t count, struct group *groups)
{
	size_t filled = 0;

	for (size_t start = 0; start < count; filled++) {
		struct group *group = &groups[filled];
		size_t other =
			start + 1 < count ? group_length(leaves, count, start, start + 1) : 0;

		*group = (struct group){ start, group_length(leaves, count, start, start), start };
		if (other > group->count) {
			group->count = other;
			group->base = start + 1;
		}
		start += group->count;
	}
	return filled;
}

static size_t emit_group(struct emitter *emitter, const struct leaf *leaves,
			 const struct group *group)
{
	const struct leaf *base = &leaves[group->base];
	size_t next = emit_leaf(emitter, base);

	for (size_t i = group->first + group->count; i-- > group->first;)
		if (i != group->base && !same(&leaves[i], base))
			next = branch(emitter, BPF_JMP | BPF_JEQ | BPF_K, leaves[i].first,
				      emit_leaf(emitter, &leaves[i]), next);
	return next;
}

static size_t search(struct emitter *emitter, const struct leaf *leaves, const struct group *groups,
		     size_t count)
{
	size_t middle = count / 2, above, below;

	if (count == 1)
		return emit_group(emitter, leaves, groups);
	above = search(emitter, leaves, groups + middle, count - middle);
	below = search(emitter, leaves, groups, middle);
	return branch(emitter, BPF_JMP | BPF_JGE | BPF_K, leaves[groups[middle].first].first, above,
		      below);
}

static size_t emit_arch(struct emitter *emitter, const struct filter_facts *facts, uint32_t arch)
{
	static const struct sock_filter load = { LOAD_WORD, 0, 0, DATA_NUMBER };
	struct leaf *leaves;
	struct group *groups = NULL;
	ssize_t count = decode_arch(emitter->scratch, emitter->in, facts, arch, &leaves);

	if (count > 0)
		groups = arena_array(emitter->scratch, (size_t)count, sizeof(*groups));
	if (!groups) {
		emitter->error = count < 0 ? (int)count : -ENOMEM;
		return emitter->top;
	}
	emitter->arch = arch;
	return straight(emitter, &load,
			search(emitter, leaves, groups,
			       make_groups(leaves, (size_t)count, groups)));
}

ssize_t tree_build(struct arena *scratch, const struct seccomp_program *in,
		   const struct filter_facts *facts, struct sock_filter *out)
{
	static const struct sock_filter load = { LOAD_WORD, 0, 0, DATA_ARCH };
	uint16_t *copies = arena_array(scratch, in->count, sizeof(*copies));
	struct emitter emitter = {
		.scratch = scratch,
		.in = in,
		.out = out,
		.top = FILTER_MAX,
		.copies = copies,
	};
	size_t entries[ARCHES_MAX], next;
	uint32_t foreign = 0;
	int result = decode_foreign(in, facts, &foreign);

	if (!copies)
		return -ENOMEM;
	if (result < 0)
		return result;
	for (size_t i = facts->arch_count; i-- > 0 && !emitter.error;)
		entries[i] = emit_arch(&emitter, facts, facts->arches[i]);
	if (emitter.error)
		return emitter.error;
	next = push_return(&emitter, foreign);
	for (size_t i = facts->arch_count; i-- > 0;)
		next = branch(&emitter, BPF_JMP | BPF_JEQ | BPF_K, facts->arches[i], entries[i],
			      next);
	straight(&emitter, &load, next);
	if (emitter.error)
		return emitter.error;
	memmove(out, out + emitter.top, (FILTER_MAX - emitter.top) * sizeof(*out));
	return (ssize_t)(FILTER_MAX - emitter.top);
}
