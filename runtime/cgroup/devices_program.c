/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules as a program of type BPF_PROG_TYPE_CGROUP_DEVICE, which the kernel asks with a
 * device and the wanted access and which answers 1 or 0. Most of what a program costs is the
 * kernel's verifier, which walks every way through it: so rules that allow are gathered, by type
 * and major number, and minor numbers tested all at once. Opcodes of linux/bpf.h are written down
 * here.
 */
#include <string.h>

#include "runtime/cgroup/devices.h"

enum opcode {
	LOAD_WORD = 0x61,
	MOVE = 0xbf,
	MOVE_VALUE = 0xb7,
	AND_VALUE = 0x57,
	SHIFT_RIGHT = 0x77,
	SHIFT_LEFT_BY = 0x6f,
	JUMP = 0x05,
	JUMP_IF_EQUAL = 0x15,
	JUMP_IF_NOT_EQUAL = 0x55,
	JUMP_IF_GREATER = 0x25,
	JUMP_IF_BITS = 0x45,
	EXIT = 0x95,
};

enum reg { RESULT = 0, CONTEXT = 1, TYPE = 2, ACCESS = 3, MAJOR = 4, MINOR = 5, BIT = 6 };

/* Placeholders for jumps to ends that are not known yet. */
enum { TO_ALLOW = -1, TO_DENY = -2, TO_NEXT_MAJOR = -3, TO_NEXT_TYPE = -4 };

/* Minor numbers that one immediate value has a bit for, its sign left alone. */
enum { MINOR_BITS = 31 };

struct writer {
	struct device_insn *program;
	size_t size;
};

static void put(struct writer *writer, enum opcode code, enum reg destination, enum reg source,
		int16_t offset, int32_t value)
{
	writer->program[writer->size++] = (struct device_insn){
		.code = (uint8_t)code,
		.destination = (uint8_t)destination & 15,
		.source = (uint8_t)source & 15,
		.offset = offset,
		.value = value,
	};
}

/* Let all jumps to a placeholder come here. Were there any? */
static bool land(struct writer *writer, int16_t placeholder)
{
	bool any = false;

	for (size_t i = 0; i < writer->size; i++) {
		if (writer->program[i].offset != placeholder)
			continue;
		writer->program[i].offset = (int16_t)(writer->size - i - 1);
		any = true;
	}
	return any;
}

/* struct bpf_cgroup_dev_ctx: access << 16 | type, major, minor. */
static void put_start(struct writer *writer)
{
	put(writer, LOAD_WORD, TYPE, CONTEXT, 0, 0);
	put(writer, MOVE, ACCESS, TYPE, 0, 0);
	put(writer, AND_VALUE, TYPE, 0, 0, 0xffff);
	put(writer, SHIFT_RIGHT, ACCESS, 0, 0, 16);
	put(writer, LOAD_WORD, MAJOR, CONTEXT, 4, 0);
	put(writer, LOAD_WORD, MINOR, CONTEXT, 8, 0);
}

static int32_t type_number(char type)
{
	return type == 'b' ? 1 : 2;
}

/*
 * Any rule. ACCESS holds the kinds of access that no rule has decided yet: what a rule allows is
 * taken out, and nothing left means yes; what it denies means no at once.
 */
static void put_rule(struct writer *writer, const struct device_rule *rule)
{
	const bool partly = rule->allow && rule->access != DEVICE_ALL;
	int16_t left = (int16_t)((rule->type != 'a') + (rule->major != DEVICE_ANY) +
				 (rule->minor != DEVICE_ANY) + (partly ? 2 : 1) - 1);

	if (rule->type != 'a')
		put(writer, JUMP_IF_NOT_EQUAL, TYPE, 0, left--, type_number(rule->type));
	if (rule->major != DEVICE_ANY)
		put(writer, JUMP_IF_NOT_EQUAL, MAJOR, 0, left--, rule->major);
	if (rule->minor != DEVICE_ANY)
		put(writer, JUMP_IF_NOT_EQUAL, MINOR, 0, left--, rule->minor);
	if (partly)
		put(writer, AND_VALUE, ACCESS, 0, 0, (int32_t)~rule->access);
	if (!rule->allow)
		put(writer, JUMP_IF_BITS, ACCESS, 0, TO_DENY, (int32_t)rule->access);
	else if (partly)
		put(writer, JUMP_IF_EQUAL, ACCESS, 0, TO_ALLOW, 0);
	else
		put(writer, JUMP, 0, 0, TO_ALLOW, 0);
}

/* ---- a run: rules that allow, with none between them that denies: their order is nothing ---- */

struct run {
	const struct device_rule *items;
	size_t count;
};

static bool is_wide(const struct device_rule *rule)
{
	return rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY;
}

/* All access to devices of one major number: those can be gathered. */
static bool is_plain(const struct device_rule *rule)
{
	return rule->type != 'a' && rule->major != DEVICE_ANY && rule->access == DEVICE_ALL;
}

/* What is allowed for all devices of a type. */
static unsigned int wide_access(const struct run *run, char type)
{
	unsigned int access = 0;

	for (size_t i = 0; i < run->count; i++)
		if (is_wide(&run->items[i]) &&
		    (run->items[i].type == type || run->items[i].type == 'a'))
			access |= run->items[i].access;
	return access;
}

static void put_wide(struct writer *writer, const struct run *run)
{
	const unsigned int block = wide_access(run, 'b'), character = wide_access(run, 'c');
	const unsigned int both = block & character;

	if (both)
		put(writer, AND_VALUE, ACCESS, 0, 0, (int32_t)~both);
	if (block & ~both) {
		put(writer, JUMP_IF_NOT_EQUAL, TYPE, 0, 1, type_number('b'));
		put(writer, AND_VALUE, ACCESS, 0, 0, (int32_t)~block);
	}
	if (character & ~both) {
		put(writer, JUMP_IF_NOT_EQUAL, TYPE, 0, 1, type_number('c'));
		put(writer, AND_VALUE, ACCESS, 0, 0, (int32_t)~character);
	}
	if (block | character)
		put(writer, JUMP_IF_EQUAL, ACCESS, 0, TO_ALLOW, 0);
}

static bool same_major(const struct device_rule *a, const struct device_rule *b)
{
	return is_plain(a) && is_plain(b) && a->type == b->type && a->major == b->major;
}

/* The minor numbers of one major, those of rules from `first` on. */
static void put_minors(struct writer *writer, const struct run *run, size_t first)
{
	const struct device_rule *of = &run->items[first];
	uint32_t bits = 0;

	for (size_t i = first; i < run->count; i++) {
		const struct device_rule *rule = &run->items[i];

		if (!same_major(of, rule))
			continue;
		if (rule->minor == DEVICE_ANY) {
			put(writer, JUMP, 0, 0, TO_ALLOW, 0);
			return;
		}
		if (rule->minor < MINOR_BITS)
			bits |= UINT32_C(1) << rule->minor;
		else
			put(writer, JUMP_IF_EQUAL, MINOR, 0, TO_ALLOW, rule->minor);
	}
	if (!bits)
		return;
	put(writer, JUMP_IF_GREATER, MINOR, 0, TO_NEXT_MAJOR, MINOR_BITS - 1);
	put(writer, MOVE_VALUE, BIT, 0, 0, 1);
	put(writer, SHIFT_LEFT_BY, BIT, MINOR, 0, 0);
	put(writer, JUMP_IF_BITS, BIT, 0, TO_ALLOW, (int32_t)bits);
}

static bool seen_before(const struct run *run, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_major(&run->items[i], &run->items[at]))
			return true;
	return false;
}

static void put_type(struct writer *writer, const struct run *run, char type)
{
	bool begun = false;

	for (size_t i = 0; i < run->count; i++) {
		const struct device_rule *rule = &run->items[i];

		if (!is_plain(rule) || rule->type != type || seen_before(run, i))
			continue;
		if (!begun)
			put(writer, JUMP_IF_NOT_EQUAL, TYPE, 0, TO_NEXT_TYPE, type_number(type));
		begun = true;
		put(writer, JUMP_IF_NOT_EQUAL, MAJOR, 0, TO_NEXT_MAJOR, rule->major);
		put_minors(writer, run, i);
		land(writer, TO_NEXT_MAJOR);
	}
	land(writer, TO_NEXT_TYPE);
}

static void put_run(struct writer *writer, const struct run *run)
{
	put_wide(writer, run);
	put_type(writer, run, 'c');
	put_type(writer, run, 'b');
	for (size_t i = 0; i < run->count; i++)
		if (!is_wide(&run->items[i]) && !is_plain(&run->items[i]))
			put_rule(writer, &run->items[i]);
}

/* ---- all of it ---- */

static bool is_everything(const struct device_rule *rule)
{
	return rule->type == 'a' && is_wide(rule) && rule->access == DEVICE_ALL;
}

static bool joins_run(const struct device_rule *rule)
{
	return rule->allow && !is_everything(rule);
}

static void put_answer(struct writer *writer, bool allow)
{
	put(writer, MOVE_VALUE, RESULT, 0, 0, allow);
	put(writer, EXIT, 0, 0, 0, 0);
}

size_t devices_program(const struct device_rules *rules, struct device_insn *program)
{
	struct writer writer = { .program = program };
	bool allow = rules->allow;
	size_t end = rules->count;

	put_start(&writer);
	/* The last rule that matches counts: from the last one on, the first. */
	while (end > 0 && !is_everything(&rules->items[end - 1])) {
		size_t begin = end;

		while (begin > 0 && joins_run(&rules->items[begin - 1]))
			begin--;
		if (begin < end)
			put_run(&writer, &(struct run){ &rules->items[begin], end - begin });
		else
			put_rule(&writer, &rules->items[--begin]);
		end = begin;
	}
	/* The kernel takes no instruction that is never reached: nothing before such a rule. */
	if (end > 0)
		allow = rules->items[end - 1].allow;
	if (allow)
		land(&writer, TO_ALLOW);
	else
		land(&writer, TO_DENY);
	put_answer(&writer, allow);
	if (land(&writer, allow ? TO_DENY : TO_ALLOW))
		put_answer(&writer, !allow);
	return writer.size;
}
