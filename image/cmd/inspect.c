/* SPDX-License-Identifier: Apache-2.0 */
/* cruet image inspect, history */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "image/cmd/session.h"
#include "image/unpack/unpack.h"
#include "lib/error.h"
#include "lib/json.h"

struct options {
	struct session_options session;
	const char *platform;
	bool config, manifest;
};

static const struct args_option inspect_options[] = {
	{ "platform", 0, ARGS_STRING, offsetof(struct options, platform), ARGS_NO_SEEN, "OS/ARCH",
	  "of several platforms this one" },
	{ "config", 0, ARGS_FLAG, offsetof(struct options, config), ARGS_NO_SEEN, NULL,
	  "the config as it is" },
	{ "manifest", 0, ARGS_FLAG, offsetof(struct options, manifest), ARGS_NO_SEEN, NULL,
	  "the manifest as it is" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

static int load(struct session *session, const struct options *values, const char *name,
		struct image *image)
{
	struct platform room;
	const struct platform *platform;
	int result = session_open(session, &values->session, SESSION_READ);

	if (result == 0)
		result = session_platform(session, values->platform, &room, &platform);
	return result < 0 ? result :
			    image_load(&session->arena, session->store, name, platform, image);
}

static void write_strings(struct json_writer *writer, const char *key,
			  const struct string_list *list)
{
	json_write_array(writer, key);
	for (size_t i = 0; i < list->count; i++)
		json_write_string(writer, NULL, list->items[i]);
	json_write_end(writer, ']');
}

static void write_node(struct json_writer *writer, const char *key, const cJSON *node)
{
	size_t size;
	const char *text = node ? json_source(node, &size) : NULL;

	if (text)
		json_write_raw(writer, key, text, size);
}

static void write_layers(struct json_writer *writer, struct session *session,
			 const struct image *image)
{
	char text[DIGEST_TEXT_SIZE];

	json_write_array(writer, "layers");
	for (size_t i = 0; i < image->manifest.layer_count; i++) {
		const struct descriptor *layer = &image->manifest.layers[i];

		json_write_object(writer, NULL);
		json_write_string(writer, "mediaType", layer->media_type);
		json_write_string(writer, "digest", digest_text(&layer->digest, text));
		if (i < image->config.diff_id_count)
			json_write_string(writer, "diffId",
					  digest_text(&image->config.diff_ids[i], text));
		json_write_uint(writer, "size", layer->size);
		json_write_bool(writer, "present",
				store_blob_has(session->store, &layer->digest, layer->size));
		json_write_end(writer, '}');
	}
	json_write_end(writer, ']');
}

static int write_image(struct session *session, const struct image *image)
{
	const struct image_config *config = &image->config;
	const char *platform = platform_text(&session->arena, &config->platform);
	char text[DIGEST_TEXT_SIZE];
	struct json_writer writer;

	if (!platform)
		return error_result();
	json_write_start(&writer, &session->arena, JSON_SPACES);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "name", image->name);
	json_write_string(&writer, "digest", digest_text(&image->descriptor.digest, text));
	json_write_string(&writer, "mediaType", image->manifest.media_type);
	json_write_bool(&writer, "runnable", image->runnable);
	if (image->manifest.artifact_type[0])
		json_write_string(&writer, "artifactType", image->manifest.artifact_type);
	if (image->runnable) {
		json_write_string(&writer, "platform", platform);
		json_write_string(&writer, "created", config->created);
		json_write_string(&writer, "user", config->user);
		json_write_string(&writer, "workingDir", config->working_directory);
		json_write_string(&writer, "stopSignal", config->stop_signal);
		write_strings(&writer, "env", &config->environment);
		write_strings(&writer, "entrypoint", &config->entrypoint);
		write_strings(&writer, "cmd", &config->command);
		write_strings(&writer, "volumes", &config->volumes);
		write_strings(&writer, "exposedPorts", &config->exposed_ports);
		write_node(&writer, "labels", config->labels);
		json_write_bool(&writer, "unpacked",
				image_is_unpacked(session->store, image, &session->settings));
	}
	write_node(&writer, "annotations", image->manifest.annotations);
	write_layers(&writer, session, image);
	json_write_end(&writer, '}');
	return session_print(&writer);
}

static int inspect(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	auto_session struct session session;
	struct image image;
	int result = load(&session, values, argv[0], &image);

	(void)context;
	(void)argc;
	if (result < 0)
		return result;
	if (values->config)
		return command_print(image.config_text, image.config_size);
	if (values->manifest)
		return command_print(image.manifest_text, image.manifest_size);
	return write_image(&session, &image);
}

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(node) ? node->valuestring : "";
}

static int print_step(const cJSON *step, uint64_t bytes)
{
	char line[400], size[SIZE_TEXT_SIZE];
	int length =
		snprintf(line, sizeof(line), "%-20.20s %9s  %.300s\n", text_of(step, "created"),
			 size_text(bytes, size), text_of(step, "created_by"));

	return command_print(line, (size_t)length);
}

static int history(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	auto_session struct session session;
	struct image image;
	size_t layer = 0;
	int result = load(&session, values, argv[0], &image);

	(void)context;
	(void)argc;
	if (result < 0)
		return result;
	if (!image.config.history)
		return fail(ENODATA, "%s: the image has no history", argv[0]);
	if (session.json) {
		size_t size;
		const char *text = json_source(image.config.history, &size);

		result = command_print(text, size);
		return result < 0 ? result : command_print("\n", 1);
	}
	for (const cJSON *step = image.config.history->child; step && result == 0;
	     step = step->next) {
		bool empty = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(step, "empty_layer"));
		uint64_t bytes = 0;

		if (!empty && layer < image.manifest.layer_count)
			bytes = image.manifest.layers[layer++].size;
		result = print_step(step, bytes);
	}
	return result;
}

const struct command image_inspect = {
	.name = "inspect",
	.arguments = "IMAGE",
	.summary = "what an image is, as JSON",
	.options = inspect_options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = inspect,
};

const struct command image_history = {
	.name = "history",
	.arguments = "IMAGE",
	.summary = "how an image was built, layer by layer",
	.options = inspect_options + 0,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = history,
};
