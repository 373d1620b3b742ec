/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The derived bundle: the unit's own config.json with what the unit says on top, for whichever
 * runtime is to make it. What it changes is written as a patch first, and then merged.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/launch/internal.h"
#include "init/paths.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"

struct derivation {
	const struct run *run;
	const char *bundle; /* the unit's own */
	const cJSON *base;
	struct json_writer patch;
	struct owner owner;
};

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* Of an array or object; nothing else has any. */
static const cJSON *first_of(const cJSON *node)
{
	return node ? node->child : NULL;
}

static const char *text_of(const cJSON *node)
{
	return cJSON_IsString(node) ? node->valuestring : NULL;
}

static bool is_text(const cJSON *node, const char *wanted)
{
	const char *text = text_of(node);

	return text && strcmp(text, wanted) == 0;
}

static uint64_t number_of(const cJSON *object, const char *key)
{
	uint64_t value = 0;

	json_uint64(member(object, key), &value);
	return value;
}

/* A path of the bundle, as others than its own config.json may say it. */
static const char *absolute(const struct derivation *derivation, const char *path)
{
	return path[0] == '/' ?
		       path :
		       arena_printf(derivation->run->arena, "%s/%s", derivation->bundle, path);
}

static void put(struct json_writer *writer, const char *key, const char *text)
{
	json_write_raw(writer, key, text, strlen(text));
}

static void copy(struct json_writer *writer, const cJSON *node)
{
	merge_write(writer, NULL, node, NULL);
}

/* ---- process ---- */

/* Which host id the container's `id` is; that of nobody's else. */
static uint32_t map_id(const cJSON *mappings, uint64_t id)
{
	for (const cJSON *item = first_of(mappings); item; item = item->next) {
		const uint64_t first = number_of(item, "containerID");

		if (id >= first && id - first < number_of(item, "size"))
			return (uint32_t)(number_of(item, "hostID") + (id - first));
	}
	return (uint32_t)id;
}

static void find_owner(struct derivation *derivation)
{
	const cJSON *user = member(member(derivation->base, "process"), "user");
	const cJSON *linux_part = member(derivation->base, "linux");

	derivation->owner.uid = map_id(member(linux_part, "uidMappings"), number_of(user, "uid"));
	derivation->owner.gid = map_id(member(linux_part, "gidMappings"), number_of(user, "gid"));
}

/* Do both say KEY=...? */
static bool same_key(const char *a, const char *b)
{
	const size_t length = strcspn(a, "=");

	return strncmp(a, b, length) == 0 && b[length] == '=';
}

/* Programs disagree which of two variables of one name counts: there is only one. */
static int patch_environment(struct derivation *derivation)
{
	const struct run *run = derivation->run;
	const struct plan_list given = run->unit->environment;
	struct json_writer *patch = &derivation->patch;
	const cJSON *env = member(member(derivation->base, "process"), "env");
	char *told[RUN_TOLD_MAX];
	const int count = run_told(run, INIT_NOTIFY_INSIDE, told);

	if (count < 0)
		return count;
	json_write_array(patch, "env");
	for (const cJSON *item = first_of(env); item; item = item->next) {
		const char *text = text_of(item);
		bool replaced = false;

		for (uint32_t i = 0; text && i < given.count; i++)
			replaced |= same_key(plan_list_text(run->plan, given, i), text);
		for (int i = 0; text && i < count; i++)
			replaced |= same_key(told[i], text);
		if (!replaced)
			copy(patch, item);
	}
	for (uint32_t i = 0; i < given.count; i++)
		json_write_string(patch, NULL, plan_list_text(run->plan, given, i));
	for (int i = 0; i < count; i++)
		json_write_string(patch, NULL, told[i]);
	json_write_end(patch, ']');
	return 0;
}

static int patch_process(struct derivation *derivation)
{
	const cJSON *process = member(derivation->base, "process");
	int result;

	if (!process)
		return fail_property("process", "is missing: there is nothing to run");
	if (cJSON_IsTrue(member(process, "terminal")))
		log_warning("process.terminal: a unit has none, its output goes to the log");
	json_write_object(&derivation->patch, "process");
	put(&derivation->patch, "terminal", "false");
	result = patch_environment(derivation);
	json_write_end(&derivation->patch, '}');
	return result;
}

/* ---- root and mounts ---- */

static int patch_root(struct derivation *derivation)
{
	const struct run *run = derivation->run;
	const char *path = text_of(member(member(derivation->base, "root"), "path"));

	if (!path)
		return fail_property("root.path", "is missing");
	path = absolute(derivation, path);
	if (run->unit->layer != LAYER_NONE && !IS_ENABLED(CONFIG_LAUNCH_LAYERS))
		return fail_as(ERROR_UNSUPPORTED, 0, "layer: CONFIG_LAUNCH_LAYERS is not set");
	json_write_object(&derivation->patch, "root");
	if (path && IS_ENABLED(CONFIG_LAUNCH_LAYERS) && run->unit->layer != LAYER_NONE) {
		path = layer_mount(run, path);
		put(&derivation->patch, "readonly", "false");
	}
	if (!path)
		return error_result();
	json_write_string(&derivation->patch, "path", path);
	json_write_end(&derivation->patch, '}');
	return 0;
}

static bool is_bind(const cJSON *mount)
{
	const cJSON *options = member(mount, "options");

	if (is_text(member(mount, "type"), "bind"))
		return true;
	for (const cJSON *item = first_of(options); item; item = item->next)
		if (is_text(item, "bind") || is_text(item, "rbind"))
			return true;
	return false;
}

/* A bind mount's source may be relative to the bundle, which is another one now. */
static int copy_mount(struct derivation *derivation, const cJSON *mount)
{
	const char *source = text_of(member(mount, "source"));
	struct json_writer *patch = &derivation->patch;

	if (!source || source[0] == '/' || !is_bind(mount)) {
		copy(patch, mount);
		return 0;
	}
	source = absolute(derivation, source);
	if (!source)
		return -ENOMEM;
	json_write_object(patch, NULL);
	for (const cJSON *item = mount->child; item; item = item->next)
		if (strcmp(item->string, "source") == 0)
			json_write_string(patch, "source", source);
		else
			merge_write(patch, item->string, item, NULL);
	json_write_end(patch, '}');
	return 0;
}

static void add_bind(struct json_writer *patch, const char *source, const char *destination,
		     bool read_only)
{
	json_write_object(patch, NULL);
	json_write_string(patch, "destination", destination);
	json_write_string(patch, "source", source);
	put(patch, "type", "\"bind\"");
	put(patch, "options",
	    read_only ? "[\"bind\",\"nosuid\",\"nodev\",\"ro\"]" :
			"[\"bind\",\"nosuid\",\"nodev\"]");
	json_write_end(patch, '}');
}

static int patch_mounts(struct derivation *derivation)
{
	const struct run *run = derivation->run;
	const struct plan_volume *volumes = plan_at(run->plan, run->unit->volumes);
	struct json_writer *patch = &derivation->patch;
	const cJSON *mounts = member(derivation->base, "mounts");
	int result = 0;

	json_write_array(patch, "mounts");
	for (const cJSON *item = first_of(mounts); item && result == 0; item = item->next)
		result = copy_mount(derivation, item);
	for (uint32_t i = 0; i < run->unit->volumes.count && result == 0; i++) {
		char *source = volume_source(run, &volumes[i], &derivation->owner);

		if (source)
			add_bind(patch, source, run_text(run, volumes[i].path),
				 volumes[i].read_only);
		else
			result = error_result();
	}
	if (result == 0 && run->launch->notify >= 0) {
		char *socket = run_path(run, RUN_NOTIFY);

		if (socket)
			add_bind(patch, socket, INIT_NOTIFY_INSIDE, false);
		else
			result = -ENOMEM;
	}
	json_write_end(patch, ']');
	return result;
}

/* ---- linux ---- */

static void patch_network(struct derivation *derivation)
{
	const cJSON *namespaces = member(member(derivation->base, "linux"), "namespaces");
	struct json_writer *patch = &derivation->patch;

	if (derivation->run->unit->network.mode == NETWORK_BUNDLE)
		return;
	json_write_array(patch, "namespaces");
	for (const cJSON *item = first_of(namespaces); item; item = item->next)
		if (!is_text(member(item, "type"), "network"))
			copy(patch, item);
	if (run_owns_network(derivation->run))
		put(patch, NULL, "{\"type\":\"network\"}");
	json_write_end(patch, ']');
}

static void patch_linux(struct derivation *derivation, const char *cgroups_path)
{
	const char *resources = run_text(derivation->run, derivation->run->unit->resources);
	struct json_writer *patch = &derivation->patch;

	json_write_object(patch, "linux");
	json_write_string(patch, "cgroupsPath", cgroups_path);
	patch_network(derivation);
	if (resources)
		put(patch, "resources", resources);
	json_write_end(patch, '}');
}

/* ---- all together ---- */

static int write_patch(struct derivation *derivation, const char *cgroups_path)
{
	int result;

	find_owner(derivation);
	json_write_start(&derivation->patch, derivation->run->arena, JSON_COMPACT);
	json_write_object(&derivation->patch, NULL);
	result = patch_root(derivation);
	if (result == 0)
		result = patch_process(derivation);
	if (result == 0)
		result = patch_mounts(derivation);
	if (result < 0)
		return result;
	patch_linux(derivation, cgroups_path);
	json_write_end(&derivation->patch, '}');
	return 0;
}

static int write_config(const struct run *run, const char *text, size_t size)
{
	auto_fd int fd = -1;

	fd = openat(run->folder, RUN_CONFIG, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, text, size) < 0)
		return fail(errno, "write %s/" RUN_CONFIG, run->path);
	return 0;
}

static int derive(struct derivation *derivation, const char *cgroups_path)
{
	struct arena *arena = derivation->run->arena;
	char *path = arena_printf(arena, "%s/config.json", derivation->bundle);
	char *text;
	const cJSON *patch;
	struct json_writer merged;
	size_t size;
	int result;

	text = path ? file_read(arena, AT_FDCWD, path, JSON_MAX_SIZE, &size) : NULL;
	derivation->base = text ? json_parse(arena, text, size, path) : NULL;
	if (!derivation->base)
		return error_result();
	result = write_patch(derivation, cgroups_path);
	text = result == 0 ? json_write_finish(&derivation->patch, &size) : NULL;
	patch = text ? json_parse(arena, text, size, derivation->run->name) : NULL;
	if (!patch)
		return result < 0 ? result : error_result();
	json_write_start(&merged, arena, JSON_COMPACT);
	merge_write(&merged, NULL, derivation->base, patch);
	text = json_write_finish(&merged, &size);
	return text ? write_config(derivation->run, text, size) : -ENOMEM;
}

int bundle_derive(const struct run *run, const char *cgroups_path)
{
	struct derivation derivation = {
		.run = run,
		.bundle = run_text(run, run->unit->path),
	};
	int result;

	/* First of all: it tells launch_clean() that there may be a container. */
	if (mkdirat(run->folder, RUN_BUNDLE, 0700) < 0 && errno != EEXIST)
		return fail(errno, "make %s/" RUN_BUNDLE, run->path);
	if (IS_ENABLED(CONFIG_IMAGE) && run->unit->source == SOURCE_IMAGE)
		derivation.bundle = run_image(run);
	if (!derivation.bundle)
		return error_result();
	result = derive(&derivation, cgroups_path);
	return result < 0 ? fail_context(result, "bundle %s", derivation.bundle) : 0;
}
