/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup file systems: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/cgroups.rst. */
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

enum { CONTROLLERS_MAX = 512, PROC_CGROUPS_MAX = 2048 };

/* The newest first: 5.7, 4.13; a kernel that does not know an option says EINVAL. */
static const char *const v2_options[] = {
	"nsdelegate,memory_recursiveprot",
	"nsdelegate",
	"",
};

/*
 * Linux 6.0: moving a process no longer waits for an RCU grace period, some 10 ms. But switching it
 * on does: not before the first units are on their way.
 */
#define V2_LATE_OPTIONS "nsdelegate,memory_recursiveprot,favordynmods"

static int mount_v2(void)
{
	int result = -1;

	for (size_t i = 0; i < sizeof(v2_options) / sizeof(v2_options[0]); i++) {
		result = mount("cgroup2", CGROUP_ROOT, "cgroup2", CGROUP_FLAGS, v2_options[i]);
		if (result == 0 || errno != EINVAL)
			break;
	}
	if (result < 0 && errno != EBUSY)
		return fail(errno, "mount cgroup2 on " CGROUP_ROOT);
	return 0;
}

/* One by one: what one of them has against it is not the others' matter. */
static void enable_controllers(const char *group)
{
	char text[CONTROLLERS_MAX], *rest = text + 1, *name;
	auto_fd int folder = open(group, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ssize_t result = file_read_small(folder, "cgroup.controllers", rest, sizeof(text) - 1);

	while (result >= 0 && (name = strsep(&rest, " \n")) != NULL) {
		const size_t size = strlen(name);

		if (!size)
			continue;
		*--name = '+'; /* where the separator was */
		result = file_write(folder, "cgroup.subtree_control", name, size + 1);
		if (result < 0) {
			fail((int)-result, "enable cgroup controller %s in %s", name + 1, group);
			log_error();
		}
		result = result == -EBUSY ? result : 0; /* the group has processes: for all */
	}
}

/* ---- v1 ---- */

static int mount_controller(const char *name)
{
	char path[sizeof(CGROUP_ROOT) + 64];

	snprintf(path, sizeof(path), CGROUP_ROOT "/%.32s", name);
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) ||
	    (mount("cgroup", path, "cgroup", CGROUP_FLAGS, name) < 0 && errno != EBUSY))
		return fail(errno, "mount cgroup v1 on %s", path);
	/* Before 5.11 limits do not hold for what lies below unless this says so. */
	if (strcmp(name, "memory") == 0)
		file_write(AT_FDCWD, CGROUP_ROOT "/memory/memory.use_hierarchy", "1", 1);
	return 0;
}

/* /proc/cgroups: name, hierarchy, groups, enabled. */
static int mount_v1(void)
{
	char text[PROC_CGROUPS_MAX], *rest = text, *line;
	const ssize_t size = file_read_small(AT_FDCWD, "/proc/cgroups", text, sizeof(text));
	int result = 0;

	if (size < 0)
		return fail((int)-size, "read /proc/cgroups");
	if (mount("cgroup", CGROUP_ROOT, "tmpfs", CGROUP_FLAGS, "mode=0755") < 0)
		return fail(errno, "mount tmpfs on " CGROUP_ROOT);
	while ((line = strsep(&rest, "\n")) != NULL) {
		const char *enabled = strrchr(line, '\t');

		if (line[0] != '#' && enabled && enabled[1] == '1')
			result |= mount_controller(strsep(&line, "\t"));
	}
	return result < 0 ? error_result() : 0;
}

/* ---- for all ---- */

static bool is_v2(void)
{
	struct statfs status;

	return statfs(CGROUP_ROOT, &status) == 0 &&
	       (unsigned long)status.f_type == CGROUP2_SUPER_MAGIC;
}

int board_cgroups(const struct plan *plan)
{
	struct stat parent;

	/* By a container's manager, in his way. */
	if (stat("/sys/fs", &parent) == 0 && board_is_mounted(CGROUP_ROOT, &parent))
		return 0;
	/* Without a controller yet: each makes the first groups dearer. */
	if (plan->system->cgroups == CGROUP_LAYOUT_V2)
		return mount_v2();
	if (IS_ENABLED(CONFIG_INIT_CGROUP_V1))
		return mount_v1();
	return fail_as(ERROR_UNSUPPORTED, 0,
		       "system.json: cgroups: CONFIG_INIT_CGROUP_V1 is not set");
}

int board_own_leaf(void)
{
	int result;

	if (!is_v2())
		return 0;
	mount("cgroup2", CGROUP_ROOT, "cgroup2", MS_REMOUNT | CGROUP_FLAGS, V2_LATE_OPTIONS);
	mkdir(CGROUP_ROOT "/init", 0755);
	result = file_write(AT_FDCWD, CGROUP_ROOT "/init/cgroup.procs", "1", 1);
	if (result < 0)
		return fail(-result, "move PID 1 to " CGROUP_ROOT "/init");
	/* In a container nothing may be left where controllers are enabled: we go along. */
	file_write(AT_FDCWD, CGROUP_ROOT "/init/cgroup.procs", "0", 1);
	enable_controllers(CGROUP_ROOT);
	mkdir(CGROUP_ROOT "/cruet", 0755);
	enable_controllers(CGROUP_ROOT "/cruet");
	return 0;
}
