/* SPDX-License-Identifier: Apache-2.0 */
/* config.json's `process`: image-spec conversion.md, "Verbatim Fields" and "Parsed Fields". */
#include <fcntl.h>
#include <string.h>

#include "image/bundle/parts.h"
#include "image/document/node.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

const char *const bundle_capabilities[] = {
	"CAP_AUDIT_WRITE", "CAP_CHOWN",	  "CAP_DAC_OVERRIDE",	  "CAP_FOWNER",	    "CAP_FSETID",
	"CAP_KILL",	   "CAP_MKNOD",	  "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",    "CAP_SETFCAP",
	"CAP_SETGID",	   "CAP_SETPCAP", "CAP_SETUID",		  "CAP_SYS_CHROOT", NULL,
};

static void write_strings(struct json_writer *writer, const char *const *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		json_write_string(writer, NULL, items[i]);
}

static void write_user(struct bundle *bundle)
{
	struct json_writer *writer = &bundle->writer;
	const struct bundle_user *user = &bundle->user;
	const cJSON *group;

	json_write_object(writer, "user");
	json_write_uint(writer, "uid", user->uid);
	json_write_uint(writer, "gid", user->gid);
	if (user->additional_count || bundle->overrides.groups) {
		json_write_array(writer, "additionalGids");
		for (size_t i = 0; i < user->additional_count; i++)
			json_write_uint(writer, NULL, user->additional[i]);
		cJSON_ArrayForEach(group, bundle->overrides.groups)
		{
			uint64_t gid;

			if (json_uint64(group, &gid))
				json_write_uint(writer, NULL, gid);
		}
		json_write_end(writer, ']');
	}
	json_write_end(writer, '}');
}

static int write_arguments(struct bundle *bundle)
{
	const struct bundle_request *request = bundle->request;
	const struct image_config *config = bundle->config;
	bool given = request->command_count > 0;

	if (!config->entrypoint.count && !given && !config->command.count)
		return fail_as(ERROR_CONFIG, 0,
			       "%s: neither Entrypoint nor Cmd: say which command to run",
			       request->image->name);
	json_write_array(&bundle->writer, "args");
	write_strings(&bundle->writer, config->entrypoint.items, config->entrypoint.count);
	if (given)
		write_strings(&bundle->writer, request->command, request->command_count);
	else
		write_strings(&bundle->writer, config->command.items, config->command.count);
	json_write_end(&bundle->writer, ']');
	return 0;
}

/* Do both name the same variable? */
static bool same_name(const char *a, const char *b)
{
	size_t length = strcspn(a, "=");

	return strcspn(b, "=") == length && memcmp(a, b, length) == 0;
}

static bool has_name(const char *const *list, size_t count, const char *variable)
{
	for (size_t i = 0; i < count; i++) {
		if (same_name(list[i], variable))
			return true;
	}
	return false;
}

/* What nobody else said. */
static void write_default(struct bundle *bundle, const char *variable)
{
	const struct bundle_request *request = bundle->request;
	const struct string_list *image = &bundle->config->environment;

	if (!has_name(image->items, image->count, variable) &&
	    !has_name(request->environment, request->environment_count, variable))
		json_write_string(&bundle->writer, NULL, variable);
}

static int write_environment(struct bundle *bundle)
{
	const struct bundle_request *request = bundle->request;
	const struct string_list *image = &bundle->config->environment;
	const char *home = bundle->user.home;

	json_write_array(&bundle->writer, "env");
	for (size_t i = 0; i < image->count; i++) {
		if (!has_name(request->environment, request->environment_count, image->items[i]))
			json_write_string(&bundle->writer, NULL, image->items[i]);
	}
	write_strings(&bundle->writer, request->environment, request->environment_count);
	write_default(bundle, DEFAULT_PATH);
	if (request->terminal)
		write_default(bundle, "TERM=xterm");
	home = arena_printf(bundle->arena, "HOME=%s", home && *home == '/' ? home : "/");
	if (!home)
		return -ENOMEM;
	write_default(bundle, home);
	json_write_end(&bundle->writer, ']');
	return 0;
}

static int write_directory(struct bundle *bundle)
{
	const char *path = bundle->config->working_directory;

	if (!*path)
		path = "/";
	if (*path != '/')
		return fail_property("config.WorkingDir", "%.200s: not an absolute path", path);
	if (bundle->overrides.directory_must_exist) {
		auto_fd int fd = path_open(bundle->request->root, path, O_PATH | O_DIRECTORY, 0,
					   PATH_IN_ROOT);

		if (fd < 0)
			return fail_property("config.WorkingDir", "%.200s: not in the image", path);
	}
	json_write_string(&bundle->writer, "cwd", path);
	return 0;
}

static void write_capabilities(struct bundle *bundle)
{
	static const char *const sets[] = { "bounding", "effective", "permitted" };
	struct json_writer *writer = &bundle->writer;
	const cJSON *given = bundle->overrides.process ?
				     node_get(bundle->overrides.process, "capabilities") :
				     NULL;

	json_write_object(writer, "capabilities");
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (overrides_write(writer, given, sets[i]))
			continue;
		json_write_array(writer, sets[i]);
		for (size_t k = 0; bundle_capabilities[k]; k++)
			json_write_string(writer, NULL, bundle_capabilities[k]);
		json_write_end(writer, ']');
	}
	json_write_end(writer, '}');
}

int bundle_process(struct bundle *bundle)
{
	static const char limits[] = "[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}]";
	struct json_writer *writer = &bundle->writer;
	const cJSON *overrides = bundle->overrides.process;
	int result;

	json_write_object(writer, "process");
	json_write_bool(writer, "terminal", bundle->request->terminal);
	write_user(bundle);
	result = write_arguments(bundle);
	if (result == 0)
		result = write_environment(bundle);
	if (result == 0)
		result = write_directory(bundle);
	if (result < 0)
		return result;
	write_capabilities(bundle);
	json_write_raw(writer, "rlimits", limits, sizeof(limits) - 1);
	json_write_bool(writer, "noNewPrivileges", true);
	overrides_write(writer, overrides, "apparmorProfile");
	overrides_write(writer, overrides, "selinuxLabel");
	overrides_write(writer, overrides, "oomScoreAdj");
	json_write_end(writer, '}');
	return 0;
}
