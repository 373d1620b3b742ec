/* SPDX-License-Identifier: Apache-2.0 */
/* Writing what image-spec's schemas accept. */
#include <string.h>

#include "image/document/document.h"
#include "lib/json.h"

static void write_optional(struct json_writer *writer, const char *key, const char *text)
{
	if (text && *text)
		json_write_string(writer, key, text);
}

static void write_map(struct json_writer *writer, const char *key, const cJSON *map)
{
	const cJSON *item;

	if (!map || !map->child)
		return;
	json_write_object(writer, key);
	cJSON_ArrayForEach(item, map)
	{
		json_write_string(writer, item->string, item->valuestring);
	}
	json_write_end(writer, '}');
}

static void write_list(struct json_writer *writer, const char *key, const struct string_list *list)
{
	if (!list->count)
		return;
	json_write_array(writer, key);
	for (size_t i = 0; i < list->count; i++)
		json_write_string(writer, NULL, list->items[i]);
	json_write_end(writer, ']');
}

/* A set: keys with empty objects. */
static void write_keys(struct json_writer *writer, const char *key, const struct string_list *list)
{
	if (!list->count)
		return;
	json_write_object(writer, key);
	for (size_t i = 0; i < list->count; i++)
		json_write_raw(writer, list->items[i], "{}", 2);
	json_write_end(writer, '}');
}

/* The schemas want both of the first, also where nobody said them. */
static void write_platform(struct json_writer *writer, const struct platform *platform)
{
	json_write_string(writer, "architecture", platform->architecture);
	json_write_string(writer, "os", platform->os);
	write_optional(writer, "os.version", platform->os_version);
	write_optional(writer, "variant", platform->variant);
}

static void write_digest(struct json_writer *writer, const char *key, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];

	json_write_string(writer, key, digest_text(digest, text));
}

void descriptor_write(struct json_writer *writer, const char *key,
		      const struct descriptor *descriptor)
{
	json_write_object(writer, key);
	json_write_string(writer, "mediaType", descriptor->media_type);
	write_digest(writer, "digest", &descriptor->digest);
	json_write_uint(writer, "size", descriptor->size);
	write_optional(writer, "artifactType", descriptor->artifact_type);
	if (descriptor->platform) {
		json_write_object(writer, "platform");
		write_platform(writer, descriptor->platform);
		json_write_end(writer, '}');
	}
	write_map(writer, "annotations", descriptor->annotations);
	json_write_end(writer, '}');
}

static void write_descriptors(struct json_writer *writer, const char *key,
			      const struct descriptor *list, size_t count)
{
	json_write_array(writer, key);
	for (size_t i = 0; i < count; i++)
		descriptor_write(writer, NULL, &list[i]);
	json_write_end(writer, ']');
}

static void begin_document(struct json_writer *writer, struct arena *arena, const char *media_type)
{
	json_write_start(writer, arena, JSON_COMPACT);
	json_write_object(writer, NULL);
	json_write_uint(writer, "schemaVersion", 2);
	json_write_string(writer, "mediaType", media_type);
}

char *manifest_write(struct arena *arena, const struct image_manifest *manifest, size_t *size)
{
	struct json_writer writer;

	begin_document(&writer, arena,
		       manifest->media_type && *manifest->media_type ? manifest->media_type :
								       MEDIA_OCI_MANIFEST);
	write_optional(&writer, "artifactType", manifest->artifact_type);
	descriptor_write(&writer, "config", &manifest->config);
	write_descriptors(&writer, "layers", manifest->layers, manifest->layer_count);
	if (manifest->subject)
		descriptor_write(&writer, "subject", manifest->subject);
	write_map(&writer, "annotations", manifest->annotations);
	json_write_end(&writer, '}');
	return json_write_finish(&writer, size);
}

char *index_write(struct arena *arena, const struct image_index *index, size_t *size)
{
	struct json_writer writer;

	begin_document(&writer, arena,
		       index->media_type && *index->media_type ? index->media_type :
								 MEDIA_OCI_INDEX);
	write_descriptors(&writer, "manifests", index->manifests, index->count);
	write_map(&writer, "annotations", index->annotations);
	json_write_end(&writer, '}');
	return json_write_finish(&writer, size);
}

static void write_health(struct json_writer *writer, const struct image_health *health)
{
	static const struct {
		const char *key;
		size_t offset;
	} times[] = {
		{ "Interval", offsetof(struct image_health, interval) },
		{ "Timeout", offsetof(struct image_health, timeout) },
		{ "StartPeriod", offsetof(struct image_health, start_period) },
	};

	json_write_object(writer, "Healthcheck");
	write_list(writer, "Test", &health->test);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t value = *(const uint64_t *)((const char *)health + times[i].offset);

		if (value)
			json_write_uint(writer, times[i].key, value);
	}
	if (health->retries)
		json_write_uint(writer, "Retries", health->retries);
	json_write_end(writer, '}');
}

char *config_write(struct arena *arena, const struct image_config *config, size_t *size)
{
	struct json_writer writer;

	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	write_optional(&writer, "created", config->created);
	write_optional(&writer, "author", config->author);
	write_platform(&writer, &config->platform);
	json_write_object(&writer, "config");
	write_optional(&writer, "User", config->user);
	write_keys(&writer, "ExposedPorts", &config->exposed_ports);
	write_list(&writer, "Env", &config->environment);
	write_list(&writer, "Entrypoint", &config->entrypoint);
	write_list(&writer, "Cmd", &config->command);
	write_keys(&writer, "Volumes", &config->volumes);
	write_optional(&writer, "WorkingDir", config->working_directory);
	write_map(&writer, "Labels", config->labels);
	write_optional(&writer, "StopSignal", config->stop_signal);
	if (config->health)
		write_health(&writer, config->health);
	json_write_end(&writer, '}');
	json_write_object(&writer, "rootfs");
	json_write_string(&writer, "type", "layers");
	json_write_array(&writer, "diff_ids");
	for (size_t i = 0; i < config->diff_id_count; i++)
		write_digest(&writer, NULL, &config->diff_ids[i]);
	json_write_end(&writer, ']');
	json_write_end(&writer, '}');
	if (config->history) {
		size_t length;
		const char *text = json_source(config->history, &length);

		json_write_raw(&writer, "history", text, length);
	}
	json_write_end(&writer, '}');
	return json_write_finish(&writer, size);
}
