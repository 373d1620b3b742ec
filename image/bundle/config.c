/* SPDX-License-Identifier: Apache-2.0 */
/* The whole config.json: see bundle.h. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/bundle/parts.h"
#include "image/document/node.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"

enum { HOSTNAME_MAX = 63 };

static const char hidden_paths[] =
	"[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\",\"/proc/latency_stats\","
	"\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/proc/scsi\","
	"\"/sys/firmware\",\"/sys/devices/virtual/powercap\"]";

static const char readonly_paths[] = "[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
				     "\"/proc/sysrq-trigger\"]";

static const char no_devices[] = "[{\"allow\":false,\"access\":\"rwm\"}]";

static const char namespaces[] =
	"{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
	"{\"type\":\"mount\"},{\"type\":\"cgroup\"}";

/* Kernels before 4.6 have no namespace of cgroups, the last in the list. */
static size_t namespaces_size(void)
{
	auto_fd int proc = path_open_proc();

	error_clear();
	return proc >= 0 && faccessat(proc, "self/ns/cgroup", F_OK, 0) < 0 ?
		       (size_t)(strstr(namespaces, ",{\"type\":\"cgroup\"}") - namespaces) :
		       sizeof(namespaces) - 1;
}

static void write_linux(struct bundle *bundle)
{
	struct json_writer *writer = &bundle->writer;
	const cJSON *linux_part = bundle->overrides.linux_part;
	const cJSON *resources = linux_part ? node_get(linux_part, "resources") : NULL;

	json_write_object(writer, "linux");
	json_write_object(writer, "resources");
	json_write_raw(writer, "devices", no_devices, sizeof(no_devices) - 1);
	overrides_write(writer, resources, "cpu");
	overrides_write(writer, resources, "memory");
	overrides_write(writer, resources, "pids");
	overrides_write(writer, resources, "blockIO");
	json_write_end(writer, '}');
	overrides_write(writer, linux_part, "sysctl");
	overrides_write_seccomp(writer, linux_part);
	json_write_array(writer, "namespaces");
	json_write_raw(writer, NULL, namespaces, namespaces_size());
	json_write_end(writer, ']');
	json_write_raw(writer, "maskedPaths", hidden_paths, sizeof(hidden_paths) - 1);
	json_write_raw(writer, "readonlyPaths", readonly_paths, sizeof(readonly_paths) - 1);
	json_write_end(writer, '}');
}

static void write_hooks(struct json_writer *writer, const struct bundle_request *request)
{
	json_write_object(writer, "hooks");
	json_write_array(writer, "poststop");
	json_write_object(writer, NULL);
	json_write_string(writer, "path", request->release_program);
	json_write_array(writer, "args");
	json_write_string(writer, NULL, request->release_program);
	json_write_string(writer, NULL, "image");
	json_write_string(writer, NULL, "release");
	json_write_string(writer, NULL, request->id);
	json_write_end(writer, ']');
	json_write_end(writer, '}');
	json_write_end(writer, ']');
	json_write_end(writer, '}');
}

/* An id may be longer than a host's name. */
static int write_start(struct bundle *bundle)
{
	const struct bundle_request *request = bundle->request;
	struct json_writer *writer = &bundle->writer;
	const char *hostname = request->hostname;

	if (!hostname)
		hostname = arena_printf(bundle->arena, "%.*s", HOSTNAME_MAX, request->id);
	if (!hostname)
		return -ENOMEM;
	json_write_start(writer, bundle->arena, JSON_TABS);
	json_write_object(writer, NULL);
	json_write_string(writer, "ociVersion", "1.3.0");
	json_write_object(writer, "root");
	json_write_string(writer, "path", request->root_path);
	json_write_bool(writer, "readonly", request->read_only);
	json_write_end(writer, '}');
	json_write_string(writer, "hostname", hostname);
	return 0;
}

static int write_all(struct bundle *bundle)
{
	int result = write_start(bundle);

	if (result == 0)
		result = bundle_process(bundle);
	if (result == 0)
		result = bundle_mounts(bundle);
	if (result == 0)
		result = bundle_annotations(bundle);
	if (result < 0)
		return result;
	if (bundle->request->release_program)
		write_hooks(&bundle->writer, bundle->request);
	write_linux(bundle);
	json_write_end(&bundle->writer, '}');
	return 0;
}

char *bundle_config(struct arena *arena, const struct bundle_request *request, size_t *size)
{
	struct bundle bundle = {
		.arena = arena,
		.request = request,
		.config = &request->image->config,
	};
	int result = overrides_read(arena, bundle.config, &bundle.overrides);

	if (result == 0)
		result = bundle_look_up(arena, request->root, bundle.config->user,
					bundle.overrides.present, &bundle.user);
	if (result == 0)
		result = write_all(&bundle);
	return result < 0 ? NULL : json_write_finish(&bundle.writer, size);
}
