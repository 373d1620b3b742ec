/* SPDX-License-Identifier: Apache-2.0 */
/* process.scheduler (sched_setattr(2)) and the session keyring (keyctl(2)): settings of a process
 * that cost one call each. */
#include <linux/keyctl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/log.h"
#include "lib/config.h"
#include "runtime/credentials.h"
#include "runtime/spec/spec.h"

/* struct sched_attr as of Linux 3.14 (SCHED_ATTR_SIZE_VER0); libc's headers have it under changing
 * names. */
struct scheduler_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
_Static_assert(sizeof(struct scheduler_attributes) == 48, "SCHED_ATTR_SIZE_VER0");

enum {
	/* KEY_POS_ALL, and for the owner what a session keyring has anyway plus KEY_USR_SEARCH. */
	KEYRING_PERMISSIONS = 0x3f000000 | 0x001b0000,
};

int credentials_scheduler(const struct spec_process *process, pid_t pid)
{
	const struct spec_scheduler *wanted = &process->scheduler;
	const struct scheduler_attributes attributes = {
		.size = sizeof(attributes),
		.policy = wanted->policy,
		.flags = wanted->flags,
		.nice = wanted->nice,
		.priority = (uint32_t)wanted->priority,
		.runtime = wanted->runtime,
		.deadline = wanted->deadline,
		.period = wanted->period,
	};

	if (!IS_ENABLED(CONFIG_SCHEDULER) || !wanted->present)
		return 0;
	if (syscall(SYS_sched_setattr, pid, &attributes, 0) < 0)
		return fail(errno, "process.scheduler: set policy %u", wanted->policy);
	return 0;
}

/* By its name: exec joins the keyring that create made, as far as its owner may search it. */
int credentials_keyring(const char *id, bool fresh)
{
	char name[264];
	long serial;

	if (!IS_ENABLED(CONFIG_KEYRING))
		return 0;
	snprintf(name, sizeof(name), "_ses.%s", id);
	serial = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
	if (serial < 0 && errno == ENOSYS) {
		log_debug("this kernel has no keyrings");
		return 0;
	}
	if (serial < 0 && errno == EDQUOT) {
		log_warning("no session keyring: the quota of this user is used up");
		return 0;
	}
	if (serial < 0)
		return fail(errno, "create session keyring %s", name);
	/* Not ours when it was there before: then its permissions are set already. */
	if (fresh && syscall(SYS_keyctl, KEYCTL_SETPERM, serial, KEYRING_PERMISSIONS) < 0)
		log_debug("session keyring %s: permissions unchanged", name);
	return 0;
}
