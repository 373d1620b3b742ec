/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor and SELinux labels by procfs, without their libraries (kernel:
 * Documentation/admin-guide/LSM). */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/error.h"
#include "lib/file.h"
#include "lib/path.h"
#include "runtime/credentials.h"
#include "runtime/spec/spec.h"

#define APPARMOR_ENABLED "/sys/module/apparmor/parameters/enabled"
#define APPARMOR_UNCONFINED "unconfined"
#define SELINUX_MOUNT "/sys/fs/selinux"

enum { SELINUX_FILESYSTEM = (int)0xf97cff8c, LABEL_MAX = 4096 };

static int refuse(const char *property, const char *why)
{
	int result = fail_property(property, "%s", why);

	error_last()->code = ERROR_UNSUPPORTED;
	return result;
}

static bool apparmor_runs(void)
{
	char answer[4];

	return file_read_small(AT_FDCWD, APPARMOR_ENABLED, answer, sizeof(answer)) > 0 &&
	       answer[0] == 'Y';
}

static bool selinux_runs(void)
{
	struct statfs info;

	return statfs(SELINUX_MOUNT, &info) == 0 && (int)info.f_type == SELINUX_FILESYSTEM;
}

static bool wanted(const char *label)
{
	return label && label[0] != '\0';
}

/* "unconfined" is what a process is anyway where there is no AppArmor. */
static bool apparmor_wanted(const struct spec_process *process)
{
	return wanted(process->apparmor_profile) &&
	       (strcmp(process->apparmor_profile, APPARMOR_UNCONFINED) != 0 ||
		(IS_ENABLED(CONFIG_APPARMOR) && apparmor_runs()));
}

int credentials_check_labels(const struct spec_process *process)
{
	if (apparmor_wanted(process)) {
		if (!IS_ENABLED(CONFIG_APPARMOR))
			return refuse("process.apparmorProfile", "CONFIG_APPARMOR is not set");
		if (!apparmor_runs())
			return refuse("process.apparmorProfile",
				      "AppArmor is not enabled in this kernel");
	}
	if (wanted(process->selinux_label)) {
		if (!IS_ENABLED(CONFIG_SELINUX))
			return refuse("process.selinuxLabel", "CONFIG_SELINUX is not set");
		if (!selinux_runs())
			return refuse("process.selinuxLabel",
				      "SELinux is not enabled in this kernel");
	}
	return 0;
}

/* /proc/self is a link, which path_write_proc() does not follow: our number there, then the file.
 */
static int write_attribute(int proc, const char *file, const char *value)
{
	char path[64], self[16];
	ssize_t size = readlinkat(proc, "self", self, sizeof(self) - 1);

	if (size < 0)
		return fail(errno, "read /proc/self");
	self[size] = '\0';
	snprintf(path, sizeof(path), "%s/attr/%s", self, file);
	return path_write_proc(proc, path, value);
}

static int apparmor_apply(const char *profile, int proc)
{
	char value[LABEL_MAX];
	int result;

	if ((size_t)snprintf(value, sizeof(value), "exec %s", profile) >= sizeof(value))
		return fail_property("process.apparmorProfile", "longer than %d bytes",
				     LABEL_MAX - 6);
	/* A place of its own since 5.8, when several LSMs could be loaded. */
	result = write_attribute(proc, "apparmor/exec", value);
	if (result == -ENOENT)
		result = write_attribute(proc, "exec", value);
	/* Without AppArmor everything is unconfined; asking again in here could be answered by the
	 * container. */
	if ((result == -ENOENT || result == -EINVAL) && strcmp(profile, APPARMOR_UNCONFINED) == 0)
		return 0;
	return result < 0 ? fail_context(result, "process.apparmorProfile: %.200s", profile) : 0;
}

int credentials_apply_labels(const struct spec_process *process, int proc)
{
	int result = 0;

	if (IS_ENABLED(CONFIG_SELINUX) && wanted(process->selinux_label)) {
		result = write_attribute(proc, "exec", process->selinux_label);
		if (result < 0)
			fail_context(result, "process.selinuxLabel: %.200s",
				     process->selinux_label);
	}
	if (result == 0 && IS_ENABLED(CONFIG_APPARMOR) && wanted(process->apparmor_profile))
		result = apparmor_apply(process->apparmor_profile, proc);
	return result;
}
