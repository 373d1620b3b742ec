/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a unit: see launch.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "init/launch/internal.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/json.h"
#include "runtime/container.h"

/* What a host process takes; a container goes on from there. */
enum { START_ROOM = 3072 };

/*
 * Limits are what OCI's linux.resources says, but for the devices: those of a host process are the
 * host's, unless the unit has rules of its own.
 */
static int read_resources(const struct run *run, const struct spec_resources **resources)
{
	static const char base[] = "{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}";
	const char *given = run_text(run, run->unit->resources);
	const cJSON *patch;
	struct json_writer writer;
	char *text;
	size_t size;

	*resources = NULL;
	if (!given)
		return 0;
	patch = json_parse(run->arena, given, strlen(given), "resources");
	json_write_start(&writer, run->arena, JSON_COMPACT);
	if (!patch)
		return error_result();
	merge_write(&writer, NULL, json_parse(run->arena, base, sizeof(base) - 1, "resources"),
		    patch);
	text = json_write_finish(&writer, &size);
	if (text)
		*resources = container_read_resources(run->arena, text, size, "resources");
	return *resources ? 0 : error_result();
}

static int start_program(const struct run *run, const struct spec_resources *resources,
			 struct cgroup *cgroup)
{
	struct program program = {
		.run = run,
		.words = program_words(run, run->unit->command),
		.cgroup = cgroup,
		.main = true,
	};
	int result = program.words ? cgroup_make_bare(cgroup) : -ENOMEM;

	if (result == 0 && resources)
		result = cgroup_apply(cgroup, resources);
	if (result < 0)
		return result;
	result = program_start(&program);
	if (result < 0)
		return result;
	/* Otherwise it goes on by itself, and execve(2) closes its end of the socket. */
	if (program.shares)
		report_done(run->launch->report);
	return 0;
}

/* What an earlier supervisor has left, that was killed with its state, goes first. */
static int take(const struct run *run, const struct spec_resources *resources,
		struct cgroup **cgroup)
{
	int result = group_take(run, resources, cgroup);

	if (result == -EEXIST) {
		result = run_clean(run);
		if (result == 0)
			result = group_take(run, resources, cgroup);
	}
	return result;
}

static int start(struct run *run)
{
	const struct spec_resources *resources = NULL;
	struct cgroup *cgroup;
	int result = 0;

	if (run->unit->source == SOURCE_IMAGE && !IS_ENABLED(CONFIG_IMAGE))
		return fail_as(ERROR_UNSUPPORTED, 0, "image %s: CONFIG_IMAGE is not set",
			       run_text(run, run->unit->path));
	if (run->unit->source == SOURCE_EXEC)
		result = read_resources(run, &resources);
	if (result == 0)
		result = take(run, resources, &cgroup);
	if (result < 0)
		return result;
	return run->unit->source == SOURCE_EXEC ? start_program(run, resources, cgroup) :
						  oci_start(run, cgroup);
}

int launch_start(const struct launch *given)
{
	char room[START_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct launch launch = *given;
	const struct plan_unit *unit = &launch.plan->units[launch.unit];
	struct run run;
	int result = 0;

	/* Whoever waits for us waits for no unit. */
	unsetenv("NOTIFY_SOCKET");
	umask(0);
	if (unit->source != SOURCE_EXEC)
		result = oci_pass_descriptors(&launch, run_sockets(&launch),
					      (int)unit->ready.number);
	if (result == 0)
		result = run_open(&run, &launch, &arena, true);
	if (result == 0)
		result = start(&run);
	if (result == 0)
		return 0;
	report_error(launch.report);
	return 1;
}
