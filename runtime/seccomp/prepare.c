/* SPDX-License-Identifier: Apache-2.0 */
/* From a profile to a filter in the kernel. What the cache holds costs no call into libseccomp. */
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/log.h"
#include "runtime/seccomp/internal.h"
#include "runtime/spec/spec.h"

/* The kernel looks at the flags before it looks at the program: EFAULT means that it knows them
 * (seccomp(2)). */
static bool kernel_knows(uint32_t flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static int unsupported(const char *property, const char *what)
{
	int result = fail_property(property, "%s", what);

	error_last()->code = ERROR_UNSUPPORTED;
	return result;
}

static int choose_flags(const struct spec_seccomp *profile, uint32_t *flags)
{
	static const struct {
		uint32_t asked, flag;
		const char *name;
	} table[] = {
		{ SECCOMP_TSYNC, SECCOMP_FILTER_FLAG_TSYNC, "SECCOMP_FILTER_FLAG_TSYNC" },
		{ SECCOMP_LOG_FLAG, SECCOMP_FILTER_FLAG_LOG, "SECCOMP_FILTER_FLAG_LOG" },
		{ SECCOMP_SPEC_ALLOW, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		  "SECCOMP_FILTER_FLAG_SPEC_ALLOW" },
	};

	*flags = 0;
	if (!kernel_knows(0))
		return unsupported("linux.seccomp", "this kernel has no system call filters");
	if (profile->flags & SECCOMP_WAIT_KILLABLE)
		return unsupported("linux.seccomp.flags", "CONFIG_SECCOMP_NOTIFY is not set");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!(profile->flags & table[i].asked))
			continue;
		if (!kernel_knows(table[i].flag)) {
			int result = fail_property("linux.seccomp.flags",
						   "this kernel does not know %s", table[i].name);

			error_last()->code = ERROR_UNSUPPORTED;
			return result;
		}
		*flags |= table[i].flag;
	}
	/*
	 * As runc and crun: without it, kernels before 5.16 turn off speculation past stores for
	 * the container, at a price that nobody asked for.
	 */
	if (!profile->flags_present && kernel_knows(SECCOMP_FILTER_FLAG_SPEC_ALLOW))
		*flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	return 0;
}

static bool wants_notify(const struct spec_seccomp *profile)
{
	bool found = profile->default_action == SECCOMP_NOTIFY;

	for (size_t i = 0; i < profile->syscall_count; i++)
		found |= profile->syscalls[i].action == SECCOMP_NOTIFY;
	return found;
}

/* Put the tree in place of the list. 0, or -errno (records nothing): the list stays. */
static int shape(struct arena *arena, const struct filter_facts *facts,
		 struct seccomp_program *program)
{
	auto_arena struct arena scratch = { 0 };
	struct sock_filter *tree = arena_array(&scratch, FILTER_MAX, sizeof(*tree));
	ssize_t count = tree ? tree_build(&scratch, program, facts, tree) : -ENOMEM;
	struct sock_filter *filter;

	if (count < 0)
		return (int)count;
	filter = arena_array(arena, (size_t)count, sizeof(*filter));
	if (!filter)
		return -ENOMEM;
	memcpy(filter, tree, (size_t)count * sizeof(*filter));
	log_debug("linux.seccomp: %zd instructions from %u", count, program->count);
	program->filter = filter;
	program->count = (uint16_t)count;
	return 0;
}

static int compile(struct arena *arena, const struct spec_seccomp *profile,
		   struct seccomp_program *program)
{
	struct filter_facts facts;
	struct arch_set arches;
	int result;

	if (wants_notify(profile))
		return unsupported("linux.seccomp",
				   "SCMP_ACT_NOTIFY: CONFIG_SECCOMP_NOTIFY is not set");
	result = choose_flags(profile, &program->flags);
	if (result < 0)
		return result;
	arch_select(profile, &arches);
	result = compile_profile(arena, profile, &arches, program);
	if (result < 0)
		return result;
	arch_facts(profile, &arches, &facts);
	if (shape(arena, &facts, program) == 0)
		return 0;
	/* Right as it is, only dearer, and with the default action for newer calls. */
	log_debug("linux.seccomp: the filter stays as libseccomp made it");
	error_clear();
	return program->count <= FILTER_MAX ? 0 : fail(E2BIG, "linux.seccomp: the filter");
}

int seccomp_prepare(struct arena *arena, const struct spec_seccomp *profile, int root,
		    struct seccomp_program *program)
{
	bool cached = IS_ENABLED(CONFIG_SECCOMP_CACHE) && root >= 0;
	unsigned char key[SHA256_SIZE];
	int result;

	*program = (struct seccomp_program){ .count = 0 };
	if (!profile->present)
		return 0;
	if (cached) {
		cache_key(profile, key);
		result = cache_load(arena, root, key, program);
		if (result == 0)
			return 0;
		if (result != -ENOENT)
			log_debug("seccomp filter in the cache not used: %s",
				  error_errno_text(-result));
	}
	result = compile(arena, profile, program);
	if (result == 0 && cached)
		cache_store(root, key, program);
	return result;
}

int seccomp_load_program(const struct seccomp_program *program)
{
	struct sock_fprog code = { program->count, program->filter };
	long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->flags, &code);

	if (result < 0 && errno == ENOSYS)
		result = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &code, 0, 0);
	if (result > 0) /* TSYNC: the thread that could not follow */
		return fail(ESRCH, "load the seccomp filter into thread %ld", result);
	return result < 0 ? fail(errno, "load the seccomp filter") : 0;
}
