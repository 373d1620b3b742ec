/* SPDX-License-Identifier: Apache-2.0 */
/* Our filters say the same as libseccomp's plain lists, for every number, and ENOSYS for calls
 * newer than the profile. */
/* link: -Wl,--wrap=seccomp_arch_native -Wl,--wrap=seccomp_arch_resolve_name */
#include "seccomp_model.h"

#include <linux/audit.h>

#include "lib/arena.h"

enum { ROOM = 65536, SAMPLES = 6, RANDOM_PROFILES = 60 };

/* libseccomp loses some memory when it refuses a rule. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp";
}

static struct model model;
static struct sock_filter reference[ROOM], tree[FILTER_MAX];

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Values at which conditions of the profile change, and some others. */
static uint64_t random_argument(void)
{
	const struct spec_syscall *call;
	uint64_t value;

	if (model.profile.syscall_count == 0 || random_number() % 4 == 0)
		return random_number() >> (random_number() % 64);
	call = &model.profile.syscalls[random_number() % model.profile.syscall_count];
	if (call->arg_count == 0)
		return random_number() % 16;
	value = call->args[random_number() % call->arg_count].value;
	switch (random_number() % 5) {
	case 0:
		return value - 1;
	case 1:
		return value + 1;
	case 2:
		return call->args[0].value_two | (random_number() & ~call->args[0].value);
	case 3:
		return value ^ (1ull << (random_number() % 64));
	default:
		return value;
	}
}

static bool newer(const struct filter_facts *facts, uint32_t arch, uint32_t number)
{
	for (size_t i = 0; i < facts->unknown_count; i++)
		if (facts->unknown[i].arch == arch && number >= facts->unknown[i].first &&
		    number <= facts->unknown[i].last)
			return true;
	return false;
}

static void compare_number(size_t reference_count, size_t tree_count,
			   const struct filter_facts *facts, uint32_t arch, uint32_t number)
{
	for (unsigned int i = 0; i < SAMPLES; i++) {
		struct seccomp_data data = { .nr = (int)number, .arch = arch };
		uint32_t expected, found;

		for (unsigned int j = 0; j < 6; j++)
			data.args[j] = random_argument();
		/* libseccomp's own numbers for calls that an architecture does not have: as if not
		 * named. */
		if (number > 0x80000000)
			data.nr = INT32_MIN;
		expected = bpf_run(reference, reference_count, &data);
		data.nr = (int)number;
		if (expected == facts->default_return && newer(facts, arch, number))
			expected = SECCOMP_RET_ERRNO | ENOSYS;
		found = bpf_run(tree, tree_count, &data);
		if (found != expected)
			fail_msg("arch 0x%x number %u (0x%llx ...): 0x%x, expected 0x%x", arch,
				 number, (unsigned long long)data.args[0], found, expected);
	}
}

/* Build both, compare; returns the tree's length. */
static size_t compare(const struct arch_set *set)
{
	static const uint32_t foreign[] = { 0,
					    1,
					    AUDIT_ARCH_X86_64,
					    AUDIT_ARCH_I386,
					    AUDIT_ARCH_ARM,
					    AUDIT_ARCH_AARCH64,
					    UINT32_MAX };
	struct arena arena = { 0 };
	struct seccomp_program program = { 0 };
	struct filter_facts facts;
	size_t reference_count = model_reference(&model, set, reference, ROOM);
	ssize_t count;

	if (compile_profile(&arena, &model.profile, set, &program) <
	    0) { /* rules against each other */
		assert_non_null(strstr(error_last()->text, "two actions"));
		arena_free(&arena);
		return 0;
	}
	arch_facts(&model.profile, set, &facts);
	count = tree_build(&arena, &program, &facts, tree);
	assert_true(count > 0);
	for (uint32_t number = 0; number < 1024; number++) {
		for (size_t i = 0; i < facts.arch_count; i++) {
			compare_number(reference_count, (size_t)count, &facts, facts.arches[i],
				       number);
			compare_number(reference_count, (size_t)count, &facts, facts.arches[i],
				       number | 0x40000000);
		}
	}
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		for (uint32_t number = 0; number < 64; number++)
			compare_number(reference_count, (size_t)count, &facts, foreign[i],
				       (uint32_t)random_number());
	for (size_t i = 0; i < facts.arch_count; i++) {
		static const uint32_t edges[] = { 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000,
						  UINT32_MAX };

		for (size_t j = 0; j < sizeof(edges) / sizeof(edges[0]); j++)
			compare_number(reference_count, (size_t)count, &facts, facts.arches[i],
				       edges[j]);
		for (unsigned int j = 0; j < 512; j++)
			compare_number(reference_count, (size_t)count, &facts, facts.arches[i],
				       (uint32_t)(random_number() >> (random_number() % 32)));
	}
	arena_free(&arena);
	return (size_t)count;
}

static struct arch_set native_arch(void)
{
	return (struct arch_set){ .tokens = { seccomp_arch_native() }, .count = 1 };
}

static struct arch_set x86_all(void)
{
	return (struct arch_set){ .tokens = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 },
				  .count = 3 };
}

static void default_profile(void **state)
{
	struct arch_set set = native_arch();
	size_t count;

	(void)state;
	model_read(&model, "tests/bench/seccomp.json");
	count = compare(&set);
	print_message("default profile, native: %zu instructions\n", count);
	assert_true(count < 200);
	set = x86_all();
	if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
		count = compare(&set);
		print_message("default profile, three architectures: %zu instructions\n", count);
		assert_true(count < 500);
	}
}

/* Names that libseccomp gives live until the test ends. */
static char *kept[RANDOM_PROFILES * 600];
static size_t kept_count;

static const char *keep(char *name)
{
	kept[kept_count++] = name;
	return name;
}

static void random_profile(void)
{
	static const enum spec_seccomp_action actions[] = {
		SECCOMP_KILL_THREAD, SECCOMP_KILL_PROCESS, SECCOMP_TRAP, SECCOMP_ERRNO,
		SECCOMP_TRACE,	     SECCOMP_ALLOW,	   SECCOMP_LOG
	};
	/* Few calls, so that rules meet. */
	unsigned int spread = random_number() % 2 ? 440 : 12, rules = random_number() % 30;

	model_reset(&model);
	model.profile.default_action = actions[random_number() % 7];
	model.profile.default_errno_ret = (uint32_t)random_number() % 40;
	for (unsigned int i = 0; i < rules; i++) {
		enum spec_seccomp_action action = actions[random_number() % 7];
		struct spec_syscall *call =
			model_call(&model, action, (uint32_t)random_number() % 4);
		unsigned int names = 1 + random_number() % 20,
			     args = random_number() % 2 ? 0 : random_number() % 5;

		for (unsigned int j = 0; j < names; j++) {
			char *name =
				seccomp_syscall_resolve_num_arch(seccomp_arch_native(),
								 (int)(random_number() % spread));

			if (name)
				model_name(&model, call, keep(name));
		}
		for (unsigned int j = 0; j < args; j++)
			model_arg(call, random_number() % 6, 1 + (int)(random_number() % 7),
				  random_number() >> (random_number() % 64),
				  random_number() >> (random_number() % 64));
	}
}

static void random_profiles(void **state)
{
	unsigned int compared = 0;

	(void)state;
	for (unsigned int i = 0; i < RANDOM_PROFILES; i++) {
		struct arch_set set = i % 2 && seccomp_arch_native() == SCMP_ARCH_X86_64 ?
					      x86_all() :
					      native_arch();

		random_profile();
		compared += compare(&set) > 0;
	}
	assert_true(compared > RANDOM_PROFILES / 2);
	while (kept_count > 0)
		free(kept[--kept_count]);
}

/* What the filter of a profile answers to one call. */
static uint32_t ask_arch(const struct arch_set *set, uint32_t arch, uint32_t number, uint64_t first,
			 uint64_t second)
{
	struct seccomp_data data = { .nr = (int)number, .arch = arch, .args = { first, second } };
	struct arena arena = { 0 };
	struct seccomp_program program = { 0 };
	struct filter_facts facts;
	ssize_t count;

	assert_int_equal(compile_profile(&arena, &model.profile, set, &program), 0);
	arch_facts(&model.profile, set, &facts);
	count = tree_build(&arena, &program, &facts, tree);
	assert_true(count > 0);
	arena_free(&arena);
	return bpf_run(tree, (size_t)count, &data);
}

static uint32_t ask(const char *name, uint64_t first, uint64_t second)
{
	struct arch_set set = native_arch();

	return ask_arch(&set, set.tokens[0], (uint32_t)seccomp_syscall_resolve_name(name), first,
			second);
}

static void arguments_all_must_hold(void **state)
{
	struct spec_syscall *call;

	(void)state;
	model_reset(&model);
	model.profile.default_action = SECCOMP_ALLOW;
	call = model_call(&model, SECCOMP_ERRNO, 7);
	model_name(&model, call, "kill");
	model_arg(call, 0, SCMP_CMP_EQ, 1, 0);
	model_arg(call, 1, SCMP_CMP_MASKED_EQ, 0xf0, 0x30);
	assert_int_equal(ask("kill", 1, 0x35), SECCOMP_RET_ERRNO | 7);
	assert_int_equal(ask("kill", 2, 0x35), SECCOMP_RET_ALLOW);
	assert_int_equal(ask("kill", 1, 0x45), SECCOMP_RET_ALLOW);
}

static void argument_twice_means_either(void **state)
{
	struct spec_syscall *call;

	(void)state;
	model_reset(&model);
	model.profile.default_action = SECCOMP_ALLOW;
	call = model_call(&model, SECCOMP_ERRNO, 7);
	model_name(&model, call, "kill");
	model_arg(call, 0, SCMP_CMP_EQ, 1, 0);
	model_arg(call, 0, SCMP_CMP_EQ, 2, 0);
	model_arg(call, 1, SCMP_CMP_GT, 100, 0);
	assert_int_equal(ask("kill", 1, 0), SECCOMP_RET_ERRNO | 7);
	assert_int_equal(ask("kill", 2, 0), SECCOMP_RET_ERRNO | 7);
	assert_int_equal(ask("kill", 3, 101), SECCOMP_RET_ERRNO | 7);
	assert_int_equal(ask("kill", 3, 100), SECCOMP_RET_ALLOW);
}

static void sixty_four_bit_arguments(void **state)
{
	struct spec_syscall *call;

	(void)state;
	model_reset(&model);
	model.profile.default_action = SECCOMP_ALLOW;
	call = model_call(&model, SECCOMP_KILL_PROCESS, 0);
	model_name(&model, call, "kill");
	model_arg(call, 0, SCMP_CMP_GE, 0x100000001ull, 0);
	assert_int_equal(ask("kill", 0x100000000ull, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask("kill", 0x100000001ull, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(ask("kill", 0x200000000ull, 0), SECCOMP_RET_KILL_PROCESS);
}

static void every_action(void **state)
{
	static const struct {
		enum spec_seccomp_action action;
		uint32_t data, expected;
	} table[] = {
		{ SECCOMP_KILL_THREAD, 0, 0 },	  { SECCOMP_KILL_PROCESS, 0, 0x80000000 },
		{ SECCOMP_TRAP, 0, 0x00030000 },  { SECCOMP_ERRNO, 5, 0x00050005 },
		{ SECCOMP_TRACE, 6, 0x7ff00006 }, { SECCOMP_LOG, 0, 0x7ffc0000 },
		{ SECCOMP_ALLOW, 0, 0x7fff0000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		model_reset(&model);
		model.profile.default_action = SECCOMP_ERRNO;
		model.profile.default_errno_ret = 1;
		model_name(&model, model_call(&model, table[i].action, table[i].data), "kill");
		assert_int_equal(ask("kill", 0, 0), table[i].expected);
		assert_int_equal(ask("getpid", 0, 0), SECCOMP_RET_ERRNO | 1);
	}
}

static void same_action_and_unknown_name(void **state)
{
	struct spec_syscall *call;

	(void)state;
	model_reset(&model);
	model.profile.default_action = SECCOMP_ALLOW;
	call = model_call(&model, SECCOMP_ALLOW, 0);
	model_name(&model, call, "kill");
	call = model_call(&model, SECCOMP_ERRNO, 3);
	model_name(&model, call, "no_such_call_ever");
	model_name(&model, call, "getpid");
	model_name(&model, call, "getpid");
	assert_int_equal(ask("kill", 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask("getpid", 0, 0), SECCOMP_RET_ERRNO | 3);
}

static void newer_than_profile(void **state)
{
	struct arch_set set = native_arch();
	uint32_t newest, base;

	(void)state;
	for (int action = SECCOMP_KILL_THREAD; action <= SECCOMP_LOG; action++) {
		bool restricts = action <= SECCOMP_ERRNO;
		uint32_t usual = compile_action((unsigned int)action, EPERM);

		model_reset(&model);
		model.profile.default_action = (enum spec_seccomp_action)action;
		model.profile.default_errno_ret = EPERM;
		model_name(&model,
			   model_call(&model, action == SECCOMP_ALLOW ? SECCOMP_LOG : SECCOMP_ALLOW,
				      0),
			   "openat2");
		newest = (uint32_t)seccomp_syscall_resolve_name("openat2");
		assert_int_equal(ask_arch(&set, set.tokens[0], newest + 1, 0, 0),
				 restricts ? SECCOMP_RET_ERRNO | ENOSYS : usual);
		assert_int_equal(ask_arch(&set, set.tokens[0], newest - 1, 0, 0), usual);
		assert_int_equal(ask("getpid", 0, 0), usual);
	}
	/* A short profile: what Linux 4.4 has was left out on purpose. */
	model_reset(&model);
	model.profile.default_action = SECCOMP_ERRNO;
	model.profile.default_errno_ret = EPERM;
	model_name(&model, model_call(&model, SECCOMP_ALLOW, 0), "read");
	base = (uint32_t)seccomp_syscall_resolve_name("mlock2");
	assert_int_equal(ask_arch(&set, set.tokens[0], base, 0, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(ask_arch(&set, set.tokens[0], base + 1, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
}

static void foreign_architecture_dies(void **state)
{
	struct arch_set set = native_arch();

	(void)state;
	model_reset(&model);
	model.profile.default_action = SECCOMP_ALLOW;
	assert_int_equal(ask_arch(&set, 0x12345678, 1, 0, 0), SECCOMP_RET_KILL_PROCESS);
}

static void only_what_the_kernel_runs(void **state)
{
	struct arch_set set;

	(void)state;
	model_reset(&model);
	model_arch(&model, "SCMP_ARCH_S390X");
	model_arch(&model, "SCMP_ARCH_PARISC");
	model_arch(&model, "SCMP_ARCH_LOONGARCH64");
	model_arch(&model, "SCMP_ARCH_AARCH64");
	model_arch(&model, "SCMP_ARCH_X86_64");
	arch_select(&model.profile, &set);
	assert_int_equal(set.tokens[0], seccomp_arch_native());
	assert_int_equal(set.count, 1);
	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		return;
	model_arch(&model, "SCMP_ARCH_X86");
	model_arch(&model, "SCMP_ARCH_X32");
	arch_select(&model.profile, &set);
	assert_in_range(set.count, 1, 3);
	print_message("this kernel runs %zu of x86-64, x86, x32\n", set.count);
}

/* As on another machine, with a libseccomp that knows the architectures of one kernel. */
static const struct machine {
	uint32_t native;
	const char *known[3]; /* as libseccomp writes them */
	size_t count;	      /* of a profile that lists all: this machine has a 64-bit kernel */
} machines[] = {
	{ SCMP_ARCH_X86_64, { "x86_64" }, 1 },
	{ SCMP_ARCH_ARM, { "arm", "aarch64" }, 2 },
	{ SCMP_ARCH_AARCH64, { "aarch64", "arm" }, 2 },
	{ SCMP_ARCH_MIPS, { "mips", "mips64", "mips64n32" }, 3 },
	{ SCMP_ARCH_MIPSEL, { "mipsel", "mipsel64", "mipsel64n32" }, 3 },
	{ SCMP_ARCH_PPC, { "ppc", "ppc64" }, 2 },
	{ SCMP_ARCH_RISCV64, { "riscv64" }, 1 },
};
static const struct machine *machine;

uint32_t __real_seccomp_arch_native(void);
uint32_t __wrap_seccomp_arch_native(void)
{
	return machine ? machine->native : __real_seccomp_arch_native();
}

uint32_t __real_seccomp_arch_resolve_name(const char *name);
uint32_t __wrap_seccomp_arch_resolve_name(const char *name)
{
	bool known = !machine;

	for (size_t i = 0; !known && i < 3 && machine->known[i]; i++)
		known = strcmp(name, machine->known[i]) == 0;
	return known ? __real_seccomp_arch_resolve_name(name) : 0;
}

/* What is not of this kernel is left out, whether libseccomp knows it or not. */
static void foreign_names_on_other_machines(void **state)
{
	static const char *const names[] = { "LOONGARCH64", "X86_64", "S390X",	  "NO_SUCH",
					     "AARCH64",	    "ARM",    "MIPS64",	  "MIPS64N32",
					     "MIPS",	    "PPC64",  "MIPSEL64", "MIPSEL64N32",
					     "MIPSEL",	    "PPC",    "RISCV64",  "PARISC" };
	const struct machine *end = machines + sizeof(machines) / sizeof(machines[0]);
	char full[32];
	struct arch_set set;

	(void)state;
	for (machine = machines; machine < end; machine++) {
		size_t count = 0;

		model_reset(&model);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			snprintf(full, sizeof(full), "SCMP_ARCH_%s", names[i]);
			model.profile.architectures =
				(struct spec_strings){ model.arches, 1, true };
			model.arches[0] = full;
			arch_select(&model.profile, &set);
			for (size_t j = 1; j < set.count; j++, count++)
				assert_int_not_equal(set.tokens[j], 0);
		}
		if (count + 1 != machine->count)
			fail_msg("%s: %zu architectures", machine->known[0], count + 1);
	}
	machine = NULL;
}

/* What we do not understand is refused, and libseccomp's program kept. */
static void unknown_shapes(void **state)
{
	static const struct sock_filter programs[][4] = {
		{ { LOAD_WORD, 0, 0, 4 },
		  { BPF_ALU | BPF_AND | BPF_K, 0, 0, 1 },
		  { BPF_RET | BPF_K, 0, 0, 0 } },
		{ { LOAD_WORD, 0, 0, 0 },
		  { BPF_JMP | BPF_JSET | BPF_K, 0, 0, 1 },
		  { BPF_RET | BPF_K, 0, 0, 0 } },
		{ { LOAD_WORD, 0, 0, 16 }, { BPF_RET | BPF_A, 0, 0, 0 } },
		{ { BPF_MISC | BPF_TAX, 0, 0, 0 }, { BPF_RET | BPF_K, 0, 0, 0 } },
	};
	struct filter_facts facts = { .arches = { AUDIT_ARCH_X86_64 }, .arch_count = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct arena arena = { 0 };
		struct seccomp_program program = { (struct sock_filter *)programs[i], 4, 0 };

		assert_int_equal(tree_build(&arena, &program, &facts, tree), -EOPNOTSUPP);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_profile),
		cmocka_unit_test(random_profiles),
		cmocka_unit_test(arguments_all_must_hold),
		cmocka_unit_test(argument_twice_means_either),
		cmocka_unit_test(sixty_four_bit_arguments),
		cmocka_unit_test(every_action),
		cmocka_unit_test(same_action_and_unknown_name),
		cmocka_unit_test(newer_than_profile),
		cmocka_unit_test(foreign_architecture_dies),
		cmocka_unit_test(only_what_the_kernel_runs),
		cmocka_unit_test(foreign_names_on_other_machines),
		cmocka_unit_test(unknown_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
