/* SPDX-License-Identifier: Apache-2.0 */
/* From a prepared child to the user's program: see become.h. */
#include "runtime/become.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/process.h"
#include "runtime/credentials.h"
#include "runtime/exec_path.h"
#include "runtime/spec/spec.h"

#define SIGNAL_BIT(signal) (UINT64_C(1) << ((signal)-1))

const uint64_t become_often_ignored =
	SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGQUIT) | SIGNAL_BIT(SIGPIPE);

void become_reset_signals(uint64_t ignored)
{
	sigset_t none;

	for (int number = 1; number < 32; number++)
		if (ignored & SIGNAL_BIT(number))
			signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * The user must be able to reopen its own pipes through /proc/self/fd. Never a device: the
 * host's /dev/null is one and the same everywhere.
 */
static void own_standard_streams(uid_t uid)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat status;

		if (fstat(fd, &status) < 0 || status.st_uid == uid)
			continue;
		if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISREG(status.st_mode))
			(void)!fchown(fd, uid, (gid_t)-1);
	}
}

/*
 * Loading a filter without no_new_privs takes CAP_SYS_ADMIN, and the filter is loaded last. The
 * capability is kept until execve(2), which takes it away: permitted is then computed anew from
 * the bounding and ambient sets (capabilities(7)).
 */
static uint64_t kept_for_filter(const struct become *become)
{
	if (become->seccomp->count == 0 || become->process->no_new_privileges)
		return 0;
	return UINT64_C(1) << CAP_SYS_ADMIN;
}

int become_namespace_root(void)
{
	if (process_set_gid(0) < 0 || process_set_uid(0) < 0)
		return fail(errno, "become root of the user namespace");
	/* Where groups may not be changed at all, there are none to be dropped. */
	if (process_set_groups(NULL, 0) < 0 && errno != EPERM)
		return fail(errno, "drop the groups in the user namespace");
	return 0;
}

static int set_personality(const struct spec *spec)
{
	if (IS_ENABLED(CONFIG_PERSONALITY) && spec->personality_set &&
	    personality(spec->personality) < 0)
		return fail(errno, "linux.personality");
	return 0;
}

static int set_before_user(const struct become *become)
{
	const struct spec_process *process = become->process;
	int result = become->user_namespace ? 0 : credentials_rlimits(process, 0);

	if (process->user.umask.set)
		umask((mode_t)process->user.umask.value);
	else if (become->first)
		umask(022);
	if (result == 0)
		result = set_personality(become->spec);
	if (result == 0)
		result = credentials_apply_labels(process, become->proc);
	if (result == 0)
		result = credentials_bounding(&process->capabilities);
	return result;
}

int become_prepare(struct become *become)
{
	const struct spec_process *process = become->process;
	int result = set_before_user(become);
	int directory;

	if (result < 0)
		return result;
	become->environment = exec_environment(become->arena, process);
	if (!become->environment)
		return -ENOMEM;
	/* As root first, who may make it; a folder that only the user may enter comes after. */
	directory = exec_working_directory(process->cwd, become->first);
	if (directory < 0 && directory != -EACCES && directory != -EPERM)
		return directory;
	if (process->user.uid != 0)
		own_standard_streams(process->user.uid);
	result = credentials_user(&process->user, become->user_namespace && !process_is_root());
	if (result == 0)
		result = credentials_capabilities(&process->capabilities, kept_for_filter(become));
	if (result == 0 && directory < 0)
		result = exec_working_directory(process->cwd, 0);
	if (result < 0)
		return result;
	become->program = exec_path_find(become->arena, process->args.items[0], &process->env);
	if (!become->program)
		return error_result();
	if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(errno, "process.noNewPrivileges");
	return 0;
}

int become_execute(const struct become *become)
{
	const struct spec_process *process = become->process;
	int result = 0;

	if (IS_ENABLED(CONFIG_SECCOMP) && become->seccomp->count > 0)
		result = seccomp_load_program(become->seccomp);
	if (result < 0)
		return result;
	execve(become->program, (char *const *)(const void *)process->args.items,
	       become->environment);
	return fail_as(ERROR_PROCESS, errno, "exec %s", become->program);
}
