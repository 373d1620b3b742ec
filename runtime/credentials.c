/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users, groups and capabilities by raw system calls: libc's setuid() and its kin stop all threads
 * with signals first, and we have one thread. The order between these functions is the caller's
 * (capabilities(7)).
 */
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/log.h"
#include "lib/path.h"
#include "lib/process.h"
#include "runtime/credentials.h"
#include "runtime/spec/spec.h"

enum { CAPABILITY_BITS = 64 };

struct capability_sets {
	uint64_t effective, permitted, inheritable;
};

int credentials_bounding(const struct spec_capabilities *capabilities)
{
	uint64_t keep = capabilities->present ? capabilities->bounding : 0;

	for (unsigned int i = 0; i < CAPABILITY_BITS; i++) {
		if (keep & (UINT64_C(1) << i) || prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return 0; /* beyond the kernel's last one */
		/* Without CAP_SETPCAP: right all the same if it is not there. */
		if (errno != EPERM || prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 0)
			return fail(errno, "drop capability %u from the bounding set", i);
	}
	return 0;
}

/*
 * Are user and group 0 what the program was started with? Then they are so still, in a user
 * namespace too: nobody changes them before this. Should that ever be wrong, the process has less,
 * not more.
 */
static bool started_as_root(void)
{
	return getauxval(AT_UID) == 0 && getauxval(AT_EUID) == 0 && getauxval(AT_GID) == 0 &&
	       getauxval(AT_EGID) == 0;
}

static int capabilities_set(const struct capability_sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(sets->effective >> (32 * i));
		data[i].permitted = (uint32_t)(sets->permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(sets->inheritable >> (32 * i));
	}
	return (int)syscall(SYS_capset, &header, data);
}

static int capabilities_get(struct capability_sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

/*
 * Has setgroups(2) failed although we may change groups? Then we were started in a user namespace
 * where it is denied (`unshare -r`): nobody in there can drop the groups of who made it.
 */
static bool groups_are_fixed(void)
{
	struct capability_sets have;

	return capabilities_get(&have) == 0 && (have.effective & UINT64_C(1) << CAP_SETGID);
}

int credentials_user(const struct spec_user *user, bool setgroups_denied)
{
	bool keep = user->uid != 0;

	if (setgroups_denied && user->additional_gid_count)
		return fail_property("process.user.additionalGids",
				     "setgroups is denied in this user namespace");
	if (!setgroups_denied &&
	    process_set_groups(user->additional_gids, user->additional_gid_count) < 0 &&
	    (user->additional_gid_count || errno != EPERM || !groups_are_fixed()))
		return fail(errno, "set %zu additional groups", user->additional_gid_count);
	if (user->uid == 0 && user->gid == 0 && started_as_root())
		return 0;
	if (process_set_gid(user->gid) < 0)
		return fail(errno, "set group id %u", user->gid);
	/* Only a change away from user 0 takes capabilities. */
	if (keep && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fail(errno, "keep capabilities");
	if (process_set_uid(user->uid) < 0)
		return fail(errno, "set user id %u", user->uid);
	if (keep && prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return fail(errno, "stop keeping capabilities");
	return 0;
}

/* Cut the sets down to what capset(2) will grant. */
static int capabilities_limit(struct capability_sets *sets)
{
	struct capability_sets have;
	uint64_t may_inherit;

	if (capabilities_get(&have) < 0)
		return fail(errno, "read capabilities");
	sets->permitted &= have.permitted;
	sets->effective &= sets->permitted;
	may_inherit = have.inheritable;
	for (unsigned int i = 0; i < CAPABILITY_BITS; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if ((sets->inheritable & have.permitted & bit) &&
		    prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			may_inherit |= bit;
	}
	sets->inheritable &= may_inherit;
	return 0;
}

static void warn_lost(uint64_t asked, uint64_t granted, const char *set)
{
	if (asked & ~granted)
		log_warning("process.capabilities.%s: cannot be granted, dropped: 0x%llx", set,
			    (unsigned long long)(asked & ~granted));
}

/* Ambient ones need permitted and inheritable; what capset(2) took from those is gone from ambient
 * already. */
static int ambient_set(uint64_t ambient, const struct capability_sets *sets)
{
	uint64_t possible = sets->permitted & sets->inheritable;

	if ((possible & ~ambient) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
	    errno != EINVAL)
		return fail(errno, "clear ambient capabilities");
	for (unsigned int i = 0; i < CAPABILITY_BITS; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if ((ambient & possible & bit) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0) {
			if (errno != EPERM && errno != EINVAL)
				return fail(errno, "raise ambient capability %u", i);
			possible &= ~bit;
		}
	}
	warn_lost(ambient, possible, "ambient");
	return 0;
}

int credentials_capabilities(const struct spec_capabilities *capabilities, uint64_t extra)
{
	static const struct spec_capabilities none;
	const struct spec_capabilities *asked = capabilities->present ? capabilities : &none;
	struct capability_sets sets = {
		.permitted = asked->permitted | extra,
		.effective = asked->effective | extra,
		.inheritable = asked->inheritable,
	};

	/* The usual case costs one call; what we have is asked only when that was too much. */
	if (capabilities_set(&sets) < 0) {
		if (errno != EPERM)
			return fail(errno, "set capabilities");
		if (capabilities_limit(&sets) < 0)
			return -errno;
		if (capabilities_set(&sets) < 0)
			return fail(errno, "set capabilities");
		warn_lost(asked->permitted, sets.permitted, "permitted");
		warn_lost(asked->effective, sets.effective, "effective");
		warn_lost(asked->inheritable, sets.inheritable, "inheritable");
	}
	return ambient_set(asked->ambient, &sets);
}

int credentials_rlimits(const struct spec_process *process, pid_t pid)
{
	for (size_t i = 0; i < process->rlimit_count; i++) {
		const struct spec_rlimit *wanted = &process->rlimits[i];
		struct rlimit limit = { .rlim_cur = wanted->soft, .rlim_max = wanted->hard };

		if (prlimit(pid, wanted->resource, &limit, NULL) < 0)
			return fail(errno, "set %s to %llu:%llu", wanted->name,
				    (unsigned long long)wanted->soft,
				    (unsigned long long)wanted->hard);
	}
	return 0;
}

int credentials_oom_score(const struct spec_process *process, int proc, pid_t pid)
{
	char path[48], value[24], self[16];

	if (!process->oom_score_adj.set)
		return 0;
	if (pid == 0) {
		/* Our number in that procfs's namespace: getpid(2) may tell another. */
		ssize_t size = readlinkat(proc, "self", self, sizeof(self) - 1);

		if (size < 0)
			return fail(errno, "read /proc/self");
		self[size] = '\0';
	} else {
		snprintf(self, sizeof(self), "%d", (int)pid);
	}
	snprintf(path, sizeof(path), "%s/oom_score_adj", self);
	snprintf(value, sizeof(value), "%lld", (long long)process->oom_score_adj.value);
	return path_write_proc(proc, path, value);
}
