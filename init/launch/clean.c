/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a run, whatever is left of it and however far it came. Each step is fine with finding
 * nothing; the record of the groups goes last, so that a clean-up that was cut short is begun
 * again.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "init/launch/internal.h"
#include "init/network/network.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/process.h"
#include "lib/tree.h"
#include "runtime/container.h"

/* It may have been reaped since we were told, and its number given to somebody else. */
static void kill_main(pid_t pid)
{
	struct process_stat status;

	if (pid > 0 && process_stat_read(pid, &status) == 0 && status.parent == getppid())
		kill(pid, SIGKILL);
}

static int clean_container(const struct run *run)
{
	int result;

	if (faccessat(run->folder, RUN_BUNDLE, F_OK, 0) < 0)
		return 0;
	result = oci_delete(run);
	if (IS_ENABLED(CONFIG_LAUNCH_LAYERS)) {
		const int unmounted = layer_unmount(run);

		result = result < 0 ? result : unmounted;
	}
	if (IS_ENABLED(CONFIG_IMAGE) && run->unit->source == SOURCE_IMAGE) {
		const int released = run_image_end(run);

		result = result < 0 ? result : released;
	}
	return result;
}

/* All but the host's socket, whatever has been left half written; the record last. */
static int remove_files(const struct run *run)
{
	DIR *stream = opendir(run->path);
	const struct dirent *entry;
	int result = 0;

	if (!stream)
		return errno == ENOENT ? 0 : fail(errno, "open %s", run->path);
	while (result == 0 && (entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, RUN_NOTIFY) != 0 &&
		    strcmp(entry->d_name, RUN_CGROUP) != 0)
			result = tree_remove(run->folder, entry->d_name);
	closedir(stream);
	return result < 0 ? result : tree_remove(run->folder, RUN_CGROUP);
}

int run_clean(const struct run *run)
{
	struct cgroup *cgroup = group_of(run);
	int result = 0, removed = 0;

	kill_main(run->launch->pid);
	if (run->folder >= 0)
		result = clean_container(run);
	/* Also where that has failed: nothing of it is to go on running. */
	if (cgroup)
		removed = cgroup_remove(cgroup);
	if (result == 0)
		result = removed;
	if (result == 0 && run->unit->network.mode == NETWORK_BRIDGE)
		result = network_detach(run->plan, run->launch->unit);
	return result == 0 && run->folder >= 0 ? remove_files(run) : result;
}

static int clean(const struct launch *launch, bool reset)
{
	auto_arena struct arena arena = { 0 };
	struct run run;
	int result = run_open(&run, launch, &arena, false);

	if (result == 0)
		result = run_clean(&run);
	if (result == 0 && reset)
		result = volumes_reset(&run);
	if (result == 0 && reset && IS_ENABLED(CONFIG_LAUNCH_LAYERS))
		result = layer_reset(&run);
	return result == 0 ? 0 : 1;
}

int launch_end(void)
{
	auto_arena struct arena arena = { 0 };
	const struct cgroup *cgroup =
		cgroup_guess(&arena, CGROUP_MANAGER_FS, RUN_GROUPS "none", "none");

	if (cgroup)
		cgroup_remove_above(cgroup);
	return cgroup ? 0 : 1;
}

int launch_clean(const struct launch *launch)
{
	return clean(launch, false);
}

int launch_reset(const struct launch *launch)
{
	return clean(launch, true);
}
