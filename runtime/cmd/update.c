/* SPDX-License-Identifier: Apache-2.0 */
/* cruet update */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "runtime/cmd/command.h"
#include "runtime/spec/spec.h"

struct options {
	const char *resources, *cpuset_cpus, *cpuset_mems, *cache_schema, *bandwidth_schema;
	uint64_t blkio_weight, period, shares, burst, realtime_period;
	int64_t quota, realtime_runtime, idle, pids;
	int64_t memory, reservation, swap, kernel, kernel_tcp;
	bool has_blkio_weight, has_period, has_shares, has_burst, has_realtime_period, has_quota,
		has_realtime_runtime, has_idle, has_pids, has_memory, has_reservation, has_swap,
		has_kernel, has_kernel_tcp;
};

#define NUMBER(field) offsetof(struct options, field), offsetof(struct options, has_##field)
#define TEXT(field) offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "resources", 'r', ARGS_STRING, TEXT(resources), "FILE",
	  "linux.resources as JSON, - for stdin; the other options are then ignored" },
	{ "memory", 0, ARGS_SIZE, NUMBER(memory), "BYTES",
	  "memory limit (suffix k, m, g; -1: none)" },
	{ "memory-reservation", 0, ARGS_SIZE, NUMBER(reservation), "BYTES", "soft limit" },
	{ "memory-swap", 0, ARGS_SIZE, NUMBER(swap), "BYTES",
	  "memory and swap together (-1: none)" },
	{ "kernel-memory", 0, ARGS_SIZE, NUMBER(kernel), "BYTES", NULL },
	{ "kernel-memory-tcp", 0, ARGS_SIZE, NUMBER(kernel_tcp), "BYTES", NULL },
	{ "cpu-share", 0, ARGS_UINT, NUMBER(shares), "N", "relative weight, 2 to 262144" },
	{ "cpu-period", 0, ARGS_UINT, NUMBER(period), "US", "length of a period" },
	{ "cpu-quota", 0, ARGS_INT, NUMBER(quota), "US", "CPU time in a period (-1: no limit)" },
	{ "cpu-burst", 0, ARGS_UINT, NUMBER(burst), "US", "what may be saved up for a burst" },
	{ "cpu-idle", 0, ARGS_INT, NUMBER(idle), "0|1", "run only when nothing else does" },
	{ "cpu-rt-period", 0, ARGS_UINT, NUMBER(realtime_period), "US", "real-time period" },
	{ "cpu-rt-runtime", 0, ARGS_INT, NUMBER(realtime_runtime), "US", "real-time CPU time" },
	{ "cpuset-cpus", 0, ARGS_STRING, TEXT(cpuset_cpus), "LIST", "CPUs to use" },
	{ "cpuset-mems", 0, ARGS_STRING, TEXT(cpuset_mems), "LIST", "memory nodes to use" },
	{ "pids-limit", 0, ARGS_INT, NUMBER(pids), "N", "processes (-1: no limit)" },
	{ "blkio-weight", 0, ARGS_UINT, NUMBER(blkio_weight), "N", "relative weight, 10 to 1000" },
	{ "l3-cache-schema", 0, ARGS_STRING, TEXT(cache_schema), "TEXT", NULL },
	{ "mem-bw-schema", 0, ARGS_STRING, TEXT(bandwidth_schema), "TEXT", NULL },
	COMMAND_OPTIONS_END,
};

/* The options as the JSON that --resources would have given: one reader, one set of checks. */
static char *options_to_json(struct arena *arena, const struct options *values, size_t *size)
{
	struct json_writer writer;

	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_object(&writer, "memory");
	if (values->has_memory)
		json_write_int(&writer, "limit", values->memory);
	if (values->has_reservation)
		json_write_int(&writer, "reservation", values->reservation);
	if (values->has_swap)
		json_write_int(&writer, "swap", values->swap);
	json_write_end(&writer, '}');
	json_write_object(&writer, "cpu");
	if (values->has_shares)
		json_write_uint(&writer, "shares", values->shares);
	if (values->has_period)
		json_write_uint(&writer, "period", values->period);
	if (values->has_quota)
		json_write_int(&writer, "quota", values->quota);
	if (values->has_burst)
		json_write_uint(&writer, "burst", values->burst);
	if (values->has_idle)
		json_write_int(&writer, "idle", values->idle);
	if (values->has_realtime_period)
		json_write_uint(&writer, "realtimePeriod", values->realtime_period);
	if (values->has_realtime_runtime)
		json_write_int(&writer, "realtimeRuntime", values->realtime_runtime);
	if (values->cpuset_cpus)
		json_write_string(&writer, "cpus", values->cpuset_cpus);
	if (values->cpuset_mems)
		json_write_string(&writer, "mems", values->cpuset_mems);
	json_write_end(&writer, '}');
	if (values->has_pids) {
		json_write_object(&writer, "pids");
		json_write_int(&writer, "limit", values->pids);
		json_write_end(&writer, '}');
	}
	if (values->has_blkio_weight) {
		json_write_object(&writer, "blockIO");
		json_write_uint(&writer, "weight", values->blkio_weight);
		json_write_end(&writer, '}');
	}
	json_write_end(&writer, '}');
	return json_write_finish(&writer, size);
}

static char *read_resources(struct arena *arena, const char *name, size_t *size)
{
	if (strcmp(name, "-") == 0)
		return file_read_fd(arena, STDIN_FILENO, "standard input", JSON_MAX_SIZE, size);
	return file_read(arena, AT_FDCWD, name, JSON_MAX_SIZE, size);
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_arena struct arena arena = { 0 };
	const struct options *values = given;
	const char *name = values->resources ? values->resources : "options";
	const struct spec_resources *resources;
	size_t size;
	char *text;

	(void)argc;
	if (values->cache_schema || values->bandwidth_schema)
		return fail_as(ERROR_UNSUPPORTED, 0, "%s: CONFIG_INTEL_RDT is not set",
			       values->cache_schema ? "--l3-cache-schema" : "--mem-bw-schema");
	if (values->has_kernel || values->has_kernel_tcp)
		log_warning("kernel memory limits are gone from the kernel (5.16): ignored");
	text = values->resources ? read_resources(&arena, values->resources, &size) :
				   options_to_json(&arena, values, &size);
	if (!text)
		return error_result();
	resources = spec_parse_resources(&arena, text, size, name);
	return resources ? container_update(context, argv[0], resources) : -EINVAL;
}

const struct command command_update = {
	.name = "update",
	.arguments = "CONTAINER-ID",
	.summary = "change the limits of a running container",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = run,
};
