/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Architectures. A filter holds the native one, and of those in the profile the others that this
 * kernel runs; to leave one out costs a foreign process its life, so that is done only where the
 * kernel said that there can be none.
 *
 * "Newer than the profile" (answered ENOSYS, as a kernel without the call would, so that the C
 * library falls back to an older one): a number beyond the newest that the profile names and
 * libseccomp knows, and beyond mlock2, the newest call of Linux 4.4. That one is our oldest kernel:
 * whoever wrote a profile knew the calls up to there, and left them out on purpose. Names that only
 * a newer libseccomp knows thus also become ENOSYS.
 */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/seccomp/internal.h"
#include "runtime/spec/spec.h"

enum {
	LAST_NUMBER = 0x3fffffff, /* above are x32's, and the negative ones */
	X32_BIT = 0x40000000,
	X32_OWN_FIRST = 512,
	X32_OWN_LAST = 547, /* calls that x32 has twice, from before 2012 */
	ARM_PRIVATE = 0x0f0000,
};
#define NEWEST_OF_OLDEST_KERNEL "mlock2"
#define ARCH_PREFIX "SCMP_ARCH_"

/* Which ones a kernel can run at once: the 64-bit one first. */
static const uint32_t families[][3] = {
	{ SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 },
	{ SCMP_ARCH_AARCH64, SCMP_ARCH_ARM },
	{ SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPS },
	{ SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL64N32, SCMP_ARCH_MIPSEL },
	{ SCMP_ARCH_PPC64, SCMP_ARCH_PPC },
	{ SCMP_ARCH_S390X, SCMP_ARCH_S390 },
	{ SCMP_ARCH_PARISC64, SCMP_ARCH_PARISC },
};

static bool same_family(uint32_t a, uint32_t b)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		bool has_a = false, has_b = false;

		for (size_t j = 0; j < 3; j++) {
			has_a |= families[i][j] == a;
			has_b |= families[i][j] == b;
		}
		if (has_a && has_b)
			return true;
	}
	return false;
}

#if defined(__x86_64__) && !defined(__ILP32__)
static void attempt_failed(int number)
{
	(void)number;
	_exit(1);
}

/* In a process of its own: a kernel without it answers with a signal, a filter on us perhaps too.
 */
static bool attempt(long (*call)(void))
{
	struct sigaction action = { .sa_handler = attempt_failed };
	pid_t pid = fork(), ended;
	int status;

	if (pid == 0) {
		sigaction(SIGSEGV, &action, NULL);
		sigaction(SIGSYS, &action, NULL);
		_exit(call() > 0 ? 0 : 1);
	}
	do
		ended = waitpid(pid, &status, 0);
	while (ended < 0 && errno == EINTR);
	/* Not known: then it is not left out. */
	return pid < 0 || ended < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static long getpid_x86(void)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(20L)
			 : "r8", "r9", "r10", "r11", "memory");
	return result;
}

static long getpid_x32(void)
{
	return syscall(X32_BIT + SYS_getpid);
}

static bool kernel_runs(uint32_t token)
{
	return token == SCMP_ARCH_X86 ? attempt(getpid_x86) :
	       token == SCMP_ARCH_X32 ? attempt(getpid_x32) :
					true;
}
#else
/* The others differ in their 64-bit kernel only, which does not hide itself. */
static bool kernel_runs(uint32_t token)
{
	struct utsname kernel;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i][0] == token)
			return uname(&kernel) < 0 || strstr(kernel.machine, "64") ||
			       strcmp(kernel.machine, "s390x") == 0;
	return true;
}
#endif

static uint32_t token_of_name(const char *name)
{
	char lower[24];
	size_t length = 0;

	if (strncmp(name, ARCH_PREFIX, strlen(ARCH_PREFIX)) != 0)
		return 0;
	for (name += strlen(ARCH_PREFIX); *name && length < sizeof(lower) - 1; name++)
		lower[length++] = *name >= 'A' && *name <= 'Z' ? (char)(*name | 0x20) : *name;
	lower[length] = '\0';
	return seccomp_arch_resolve_name(lower);
}

void arch_select(const struct spec_seccomp *profile, struct arch_set *set)
{
	uint32_t native = seccomp_arch_native();

	set->tokens[0] = native;
	set->count = 1;
	for (size_t i = 0; i < profile->architectures.count && set->count < ARCHES_MAX; i++) {
		uint32_t token = token_of_name(profile->architectures.items[i]);
		bool known = token == 0; /* no such one: not the end of a row of two */

		for (size_t j = 0; j < set->count; j++)
			known |= set->tokens[j] == token;
		if (!known && same_family(native, token) && kernel_runs(token))
			set->tokens[set->count++] = token;
	}
}

/* The number of a call, without x32's bit; -1 if there is none, or if it says nothing about age. */
static int ordinary_number(uint32_t token, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(token, name);

	if (number < 0)
		return -1;
	if (token == SCMP_ARCH_X32) {
		number &= ~X32_BIT;
		return number >= X32_OWN_FIRST && number <= X32_OWN_LAST ? -1 : number;
	}
	return token == SCMP_ARCH_ARM && number >= ARM_PRIVATE ? -1 : number;
}

static uint32_t newest_number(const struct spec_seccomp *profile, uint32_t token)
{
	int newest = ordinary_number(token, NEWEST_OF_OLDEST_KERNEL);

	for (size_t i = 0; i < profile->syscall_count; i++) {
		const struct spec_strings *names = &profile->syscalls[i].names;

		for (size_t j = 0; j < names->count; j++) {
			int number = ordinary_number(token, names->items[j]);

			if (number > newest)
				newest = number;
		}
	}
	return (uint32_t)newest;
}

static void add_unknown(struct filter_facts *facts, uint32_t arch, uint32_t first, uint32_t last)
{
	if (first <= last)
		facts->unknown[facts->unknown_count++] = (struct number_range){ arch, first, last };
}

static void find_unknown(const struct spec_seccomp *profile, uint32_t token, uint32_t arch,
			 struct filter_facts *facts)
{
	uint32_t newer = newest_number(profile, token) + 1;

	if (token == SCMP_ARCH_X32) {
		add_unknown(facts, arch, X32_BIT + newer, X32_BIT + X32_OWN_FIRST - 1);
		newer = newer > X32_OWN_LAST ? newer : X32_OWN_LAST + 1;
		add_unknown(facts, arch, X32_BIT + newer, X32_BIT + LAST_NUMBER);
	} else {
		add_unknown(facts, arch, newer,
			    token == SCMP_ARCH_ARM ? ARM_PRIVATE - 1 : LAST_NUMBER);
	}
}

/* Does it keep calls from being made? TRACE leaves that to a tracer, who can tell. */
static bool restrictive(enum spec_seccomp_action action)
{
	return action == SECCOMP_ERRNO || action == SECCOMP_TRAP || action == SECCOMP_KILL_THREAD ||
	       action == SECCOMP_KILL_PROCESS;
}

void arch_facts(const struct spec_seccomp *profile, const struct arch_set *set,
		struct filter_facts *facts)
{
	*facts = (struct filter_facts){ .arch_count = 0 };
	facts->default_return = compile_action(profile->default_action, profile->default_errno_ret);
	for (size_t i = 0; i < set->count; i++) {
		/* x32 differs from x86-64 by its numbers only. */
		uint32_t arch = set->tokens[i] == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : set->tokens[i];
		bool known = false;

		for (size_t j = 0; j < facts->arch_count; j++)
			known |= facts->arches[j] == arch;
		if (!known)
			facts->arches[facts->arch_count++] = arch;
		if (restrictive(profile->default_action))
			find_unknown(profile, set->tokens[i], arch, facts);
	}
}
