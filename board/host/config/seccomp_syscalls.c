/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In place of libseccomp's syscalls.perf.c, a perfect hash over the numbers of every architecture:
 * the architectures that one kernel runs at once, as in syscalls.csv, to be searched by halves.
 * build_libseccomp writes <family.h>: FAMILY(COLUMN), the columns that are kept, and NAME(name) and
 * ROW(name, numbers...) for each system call, in the order of strcmp(3).
 */
#include <seccomp.h>
#include <string.h>

#include "syscalls.h"

#include "family.h"

enum {
	PRIVATE_CALLS = 0x0f0000, /* arm's own, which do not fit into a column */
	PRIVATE_SHORT = 0x7f00,
};

/* One string after the other, and where each begins. */
static const struct names {
#define NAME(name) char name##_[sizeof(#name)];
	NAMES
#undef NAME
} names = {
#define NAME(name) #name,
	NAMES
#undef NAME
};

#define SHORT(number) \
	((number) >= PRIVATE_CALLS ? (number)-PRIVATE_CALLS + PRIVATE_SHORT : (number))
static const struct arch_syscall_table table[] = {
#define ROW(name, ...) { offsetof(struct names, name##_), __VA_ARGS__ },
	ROWS
#undef ROW
};

static const char *name_of(const struct arch_syscall_table *row)
{
	return (const char *)&names + row->name;
}

static int number_of(const struct arch_syscall_table *row, int offset)
{
	int number = *(const short *)((const char *)row + offset);

	return number >= PRIVATE_SHORT ? number - PRIVATE_SHORT + PRIVATE_CALLS : number;
}

int syscall_resolve_name(const char *name, int offset)
{
	size_t first = 0, end = sizeof(table) / sizeof(table[0]);

	while (first < end) {
		size_t middle = (first + end) / 2;
		int order = strcmp(name, name_of(&table[middle]));

		if (order == 0)
			return number_of(&table[middle], offset);
		if (order < 0)
			end = middle;
		else
			first = middle + 1;
	}
	return __NR_SCMP_ERROR;
}

const char *syscall_resolve_num(int num, int offset)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (number_of(&table[i], offset) == num)
			return name_of(&table[i]);
	return NULL;
}
