/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests of ACIs from an enemy: a message, or a config that is read back, whose label is JSON
 * and goes back into isolators that are JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "image/transfer/aci.h"
#include "image/transfer/export.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static const cJSON *finish(struct arena *arena, struct json_writer *writer)
{
	size_t size;
	char *text;

	json_write_end(writer, '}');
	text = json_write_finish(writer, &size);
	require(text != NULL);
	return json_parse(arena, text, size, "written");
}

static void write_back(struct arena *arena, const cJSON *appc)
{
	struct json_writer writer;

	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	if (export_isolators(&writer, cJSON_GetObjectItem(appc, "patch")) == 0)
		require(finish(arena, &writer) != NULL);
}

static void use(struct aci *aci)
{
	struct image_config config = {
		.created = "", .author = "", .user = "", .working_directory = "", .stop_signal = ""
	};
	struct image_config again;
	const cJSON *appc;
	size_t size;
	char *text;
	int result = aci_manifest_read(aci);

	if (result == 0)
		result = aci_app_read(aci, &config);
	require(result == 0 || (result < 0 && error_last()->text[0]));
	if (result < 0)
		return;
	require(aci_is_identifier(aci->name));
	appc = finish(aci->arena, &aci->appc);
	require(appc != NULL);
	write_back(aci->arena, appc);
	config.labels = finish(aci->arena, &aci->labels);
	require(config.labels != NULL);
	config.platform = aci->platform;
	text = config_write(aci->arena, &config, &size);
	require(text && config_read(aci->arena, text, size, "again", &again) == 0);
	require(again.environment.count == config.environment.count);
	require(again.entrypoint.count == config.entrypoint.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena struct arena arena = { 0 };
	const struct import_request request = { .path = "fuzz" };
	struct import import = { .arena = &arena, .request = &request };
	struct aci aci = { .import = &import, .arena = &arena, .name = "fuzz" };

	log_setup(&(struct log_options){ .fd = -1, .level_set = true, .level = LOG_LEVEL_ERROR });
	error_clear();
	import.board = (struct platform){ "linux", "arm", "v7", "" };
	aci.text.data = arena_bytes(&arena, size + 1);
	if (size)
		memcpy(aci.text.data, data, size);
	aci.text.size = size;
	json_write_start(&aci.labels, &arena, JSON_COMPACT);
	json_write_object(&aci.labels, NULL);
	json_write_start(&aci.appc, &arena, JSON_COMPACT);
	json_write_object(&aci.appc, NULL);
	use(&aci);
	return 0;
}
