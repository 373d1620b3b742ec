/* SPDX-License-Identifier: Apache-2.0 */
/* A unit's run: its folder, and the record of its groups. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/launch/internal.h"
#include "init/paths.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "runtime/container.h"

enum { RECORD_MAX = 16384 };

const char *run_text(const struct run *run, uint32_t offset)
{
	return plan_text(run->plan, offset);
}

int run_open(struct run *run, const struct launch *launch, struct arena *arena, bool make)
{
	*run = (struct run){
		.launch = launch,
		.plan = launch->plan,
		.unit = &launch->plan->units[launch->unit],
		.name = plan_unit_name(launch->plan, launch->unit),
		.arena = arena,
		.folder = -1,
	};
	run->path = arena_printf(arena, INIT_RUN_UNITS "/%s", run->name);
	if (!run->path)
		return -ENOMEM;
	if (make && mkdir(run->path, 0700) < 0 && errno != EEXIST)
		return fail(errno, "make %s", run->path);
	run->folder = open(run->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return run->folder < 0 && make ? fail(errno, "open %s", run->path) : 0;
}

char *run_path(const struct run *run, const char *name)
{
	return arena_printf(run->arena, "%s/%s", run->path, name);
}

int run_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

const char *run_groups(const struct run *run)
{
	return arena_printf(run->arena, RUN_GROUPS "%s", run->name);
}

int group_take(const struct run *run, const struct spec_resources *resources,
	       struct cgroup **cgroup)
{
	auto_fd int fd =
		openat(run->folder, RUN_CGROUP, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	const char *path = run_groups(run), *record;

	*cgroup = NULL;
	if (fd < 0)
		return errno == EEXIST ? -EEXIST : fail(errno, "make %s/" RUN_CGROUP, run->path);
	if (!path)
		return -ENOMEM;
	*cgroup = cgroup_plan(run->arena, CGROUP_MANAGER_FS, path, run->name, resources);
	if (!*cgroup)
		return error_result();
	record = cgroup_record(*cgroup);
	if (fd_write_all(fd, record, strlen(record)) < 0)
		return fail(errno, "write %s/" RUN_CGROUP, run->path);
	return 0;
}

struct cgroup *group_of(const struct run *run)
{
	const char *path = run_groups(run);
	size_t size = 0;
	const char *record =
		run->folder < 0 || faccessat(run->folder, RUN_CGROUP, F_OK, 0) < 0 ?
			NULL :
			file_read(run->arena, run->folder, RUN_CGROUP, RECORD_MAX, &size);

	if (!record || !path)
		return NULL;
	/* Cut short before it was written: the groups are where they would have been. */
	return size ? cgroup_from_record(run->arena, record) :
		      cgroup_guess(run->arena, CGROUP_MANAGER_FS, path, run->name);
}

bool run_owns_network(const struct run *run)
{
	return run->unit->network.mode >= NETWORK_NONE;
}

int run_told(const struct run *run, const char *socket, char *texts[RUN_TOLD_MAX])
{
	int count = 0;

	if (run->launch->notify >= 0)
		texts[count++] = arena_printf(run->arena, "NOTIFY_SOCKET=%s", socket);
	if (run->unit->watchdog_timeout)
		texts[count++] = arena_printf(run->arena, "WATCHDOG_USEC=%lu000",
					      (unsigned long)run->unit->watchdog_timeout);
	for (int i = 0; i < count; i++)
		if (!texts[i])
			return -ENOMEM;
	return count;
}
