/* SPDX-License-Identifier: Apache-2.0 */
/* The image's config (image-spec config.md; Docker's has the same members, and Healthcheck). */
#include <string.h>

#include "image/document/node.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"

static int read_health(struct arena *arena, const cJSON *settings, struct image_config *config)
{
	static const char where[] = "config.Healthcheck";
	struct image_health *health;
	const cJSON *node;
	uint64_t retries = 0;
	int result = node_typed(settings, "config", "Healthcheck", cJSON_Object, &node);

	if (result < 0 || !node)
		return result;
	health = arena_alloc(arena, sizeof(*health));
	if (!health)
		return -ENOMEM;
	config->health = health;
	result = node_list(arena, node, where, "Test", &health->test);
	if (result == 0)
		result = node_uint(node, where, "Interval", INT64_MAX, &health->interval);
	if (result == 0)
		result = node_uint(node, where, "Timeout", INT64_MAX, &health->timeout);
	if (result == 0)
		result = node_uint(node, where, "StartPeriod", INT64_MAX, &health->start_period);
	if (result == 0)
		result = node_uint(node, where, "Retries", INT32_MAX, &retries);
	health->retries = (uint32_t)retries;
	return result;
}

/* The member `config`: what to run. */
static int read_settings(struct arena *arena, const cJSON *root, struct image_config *config)
{
	static const char where[] = "config";
	static const struct {
		const char *key;
		size_t offset;
	} strings[] = {
		{ "User", offsetof(struct image_config, user) },
		{ "WorkingDir", offsetof(struct image_config, working_directory) },
		{ "StopSignal", offsetof(struct image_config, stop_signal) },
	}, lists[] = {
		{ "Env", offsetof(struct image_config, environment) },
		{ "Entrypoint", offsetof(struct image_config, entrypoint) },
		{ "Cmd", offsetof(struct image_config, command) },
	}, sets[] = {
		{ "Volumes", offsetof(struct image_config, volumes) },
		{ "ExposedPorts", offsetof(struct image_config, exposed_ports) },
	};
	const cJSON *node;
	int result = node_typed(root, "", where, cJSON_Object, &node);

	if (result < 0 || !node)
		return result;
	for (size_t i = 0; result == 0 && i < sizeof(strings) / sizeof(strings[0]); i++)
		result = node_string(node, where, strings[i].key,
				     (const char **)((char *)config + strings[i].offset));
	for (size_t i = 0; result == 0 && i < sizeof(lists) / sizeof(lists[0]); i++)
		result = node_list(arena, node, where, lists[i].key,
				   (struct string_list *)((char *)config + lists[i].offset));
	for (size_t i = 0; result == 0 && i < sizeof(sets) / sizeof(sets[0]); i++)
		result = node_keys(arena, node, where, sets[i].key,
				   (struct string_list *)((char *)config + sets[i].offset));
	if (result == 0)
		result = node_map(node, where, "Labels", &config->labels);
	return result < 0 ? result : read_health(arena, node, config);
}

static int read_root(struct arena *arena, const cJSON *root, struct image_config *config)
{
	char path[NODE_PATH_SIZE];
	struct string_list texts = { 0 };
	const cJSON *node;
	const char *type = "";
	int result = node_typed(root, "", "rootfs", cJSON_Object, &node);

	if (result < 0)
		return result;
	if (!node)
		return node_wrong(root, "", "rootfs", "missing");
	result = node_string(node, "rootfs", "type", &type);
	if (result == 0 && strcmp(type, "layers") != 0)
		return node_wrong(node, "rootfs", "type", "not \"layers\"");
	if (result == 0)
		result = node_list(arena, node, "rootfs", "diff_ids", &texts);
	if (result < 0)
		return result;
	if (texts.count > DOCUMENT_MAX_LAYERS)
		return node_wrong(node, "rootfs", "diff_ids", "too many");
	config->diff_ids = arena_array(arena, texts.count + 1, sizeof(config->diff_ids[0]));
	if (!config->diff_ids)
		return -ENOMEM;
	for (; config->diff_id_count < texts.count; config->diff_id_count++) {
		size_t i = config->diff_id_count;

		result = digest_parse(&config->diff_ids[i], texts.items[i],
				      node_path_item(path, "rootfs.diff_ids", i));
		if (result < 0)
			return fail_context(result, "line %u", json_line(node));
	}
	return 0;
}

int config_read(struct arena *arena, const char *text, size_t size, const char *name,
		struct image_config *config)
{
	const cJSON *root = node_document(arena, text, size, name);
	int result;

	config_empty(config);
	config->root = root;
	if (!root)
		return error_result();
	result = node_platform(root, "", &config->platform);
	if (result == 0)
		result = node_string(root, "", "created", &config->created);
	if (result == 0)
		result = node_string(root, "", "author", &config->author);
	if (result == 0)
		result = node_typed(root, "", "history", cJSON_Array, &config->history);
	if (result == 0)
		result = read_root(arena, root, config);
	if (result == 0)
		result = read_settings(arena, root, config);
	return result < 0 ? fail_context(result, "%s", name) : 0;
}

void config_empty(struct image_config *config)
{
	*config = (struct image_config){
		.platform = { "", "", "", "" },
		.created = "",
		.author = "",
		.user = "",
		.working_directory = "",
		.stop_signal = "",
	};
}
