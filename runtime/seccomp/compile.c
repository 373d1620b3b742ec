/* SPDX-License-Identifier: Apache-2.0 */
/* A profile to a BPF program, by libseccomp. */
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "runtime/seccomp/internal.h"
#include "runtime/spec/spec.h"

enum { ARGUMENTS = 6, BALANCED_TREE = 2 };

static void release_filter(scmp_filter_ctx *context)
{
	if (*context)
		seccomp_release(*context);
}

uint32_t compile_action(unsigned int action, uint32_t errno_ret)
{
	switch ((enum spec_seccomp_action)action) {
	case SECCOMP_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case SECCOMP_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case SECCOMP_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_ERRNO:
		return SCMP_ACT_ERRNO(errno_ret);
	case SECCOMP_TRACE:
		return SCMP_ACT_TRACE(errno_ret);
	case SECCOMP_ALLOW:
		return SCMP_ACT_ALLOW;
	case SECCOMP_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_NOTIFY:
		return SCMP_ACT_NOTIFY;
	}
	return SCMP_ACT_KILL_PROCESS;
}

static int add_rule(scmp_filter_ctx context, uint32_t action, int number, const char *name,
		    unsigned int count, const struct scmp_arg_cmp *arguments)
{
	int result = seccomp_rule_add_array(context, action, number, count, arguments);

	if (result == 0 || result == -EDOM) /* EDOM: none of the architectures has the call */
		return 0;
	if (result == -EEXIST)
		return fail_property("linux.seccomp.syscalls",
				     "two actions for %s with the same arguments", name);
	return fail_as(result == -EINVAL || result == -EOPNOTSUPP ? ERROR_UNSUPPORTED :
								    ERROR_SYSTEM,
		       -result, "linux.seccomp: rule for %s", name);
}

/* Conditions on different arguments must all hold; when an argument has several, any one of all is
 * enough. */
static int add_call(scmp_filter_ctx context, const struct spec_syscall *rule, uint32_t action,
		    const char *name)
{
	int number = seccomp_syscall_resolve_name(name), result = 0;
	struct scmp_arg_cmp arguments[ARGUMENTS];
	unsigned int seen = 0;
	bool alternatives = false;

	if (number == __NR_SCMP_ERROR) {
		log_debug("linux.seccomp: unknown system call %s", name);
		return 0;
	}
	for (size_t i = 0; i < rule->arg_count; i++) {
		alternatives |= (seen & (1u << rule->args[i].index)) != 0;
		seen |= 1u << rule->args[i].index;
	}
	if (rule->arg_count == 0)
		return add_rule(context, action, number, name, 0, NULL);
	for (size_t i = 0; i < rule->arg_count && result == 0; i++) {
		const struct spec_syscall_arg *from = &rule->args[i];
		struct scmp_arg_cmp *to = &arguments[alternatives ? 0 : i];

		*to = SCMP_CMP64(from->index, (enum scmp_compare)from->op, from->value,
				 from->value_two);
		if (alternatives)
			result = add_rule(context, action, number, name, 1, arguments);
	}
	return alternatives ? result :
			      add_rule(context, action, number, name, (unsigned int)rule->arg_count,
				       arguments);
}

static int add_rules(scmp_filter_ctx context, const struct spec_seccomp *profile,
		     uint32_t default_action)
{
	for (size_t i = 0; i < profile->syscall_count; i++) {
		const struct spec_syscall *rule = &profile->syscalls[i];
		uint32_t action = compile_action(rule->action, rule->errno_ret);

		if (action == default_action)
			continue; /* nothing new, and an error for libseccomp */
		for (size_t j = 0; j < rule->names.count; j++) {
			int result = add_call(context, rule, action, rule->names.items[j]);

			if (result < 0)
				return result;
		}
	}
	return 0;
}

/* 2.5 can export to a descriptor only. */
static int export_program(scmp_filter_ctx context, struct arena *arena,
			  struct seccomp_program *program)
{
	auto_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct stat info;
	int result;

	if (fd < 0)
		return fail(errno, "memory for a seccomp filter");
	result = seccomp_export_bpf(context, fd);
	if (result < 0)
		return fail(-result, "linux.seccomp: libseccomp cannot compile the profile");
	if (fstat(fd, &info) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return fail(errno, "read a seccomp filter");
	if (info.st_size <= 0 || (uint64_t)info.st_size > UINT16_MAX * sizeof(struct sock_filter))
		return fail(E2BIG, "linux.seccomp: the filter");
	program->count = (uint16_t)((size_t)info.st_size / sizeof(struct sock_filter));
	program->filter = arena_alloc(arena, (size_t)info.st_size);
	if (!program->filter)
		return -ENOMEM;
	if (fd_read_all(fd, program->filter, (size_t)info.st_size) < 0)
		return fail(errno, "read a seccomp filter");
	return 0;
}

int compile_profile(struct arena *arena, const struct spec_seccomp *profile,
		    const struct arch_set *set, struct seccomp_program *program)
{
	uint32_t default_action =
		compile_action(profile->default_action, profile->default_errno_ret);
	__attribute__((cleanup(release_filter))) scmp_filter_ctx context =
		seccomp_init(default_action);
	int result;

	if (!context) {
		result = fail_property("linux.seccomp.defaultAction",
				       "this kernel does not have it");
		error_last()->code = ERROR_UNSUPPORTED;
		return result;
	}
	/*
	 * Processes of an architecture that the filter does not hold die as a whole; a kernel
	 * before 4.14 can end the thread only, which is libseccomp's default. Search trees are
	 * faster to take apart, no more.
	 */
	seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, BALANCED_TREE);
	for (size_t i = 1; i < set->count; i++) {
		result = seccomp_arch_add(context, set->tokens[i]);
		if (result < 0 && result != -EEXIST)
			return fail(-result, "linux.seccomp.architectures: 0x%x", set->tokens[i]);
	}
	result = add_rules(context, profile, default_action);
	return result < 0 ? result : export_program(context, arena, program);
}
