/* SPDX-License-Identifier: Apache-2.0 */
/* config.json's `annotations`: image-spec conversion.md, "Annotation Fields", and our own. */
#include <string.h>

#include "image/bundle/parts.h"
#include "image/document/node.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

#define IMPLIED "org.opencontainers.image."

/* A label of the same name takes precedence. */
static void write_implied(struct bundle *bundle, const char *key, const char *value)
{
	if (*value && !annotation(bundle->config->labels, key))
		json_write_string(&bundle->writer, key, value);
}

/* "a,b" */
static int write_joined(struct bundle *bundle, const char *key, const struct string_list *list)
{
	size_t size = 1;
	char *text, *out;

	for (size_t i = 0; i < list->count; i++)
		size += strlen(list->items[i]) + 1;
	out = text = arena_bytes(bundle->arena, size);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		if (i)
			*out++ = ',';
		out = stpcpy(out, list->items[i]);
	}
	write_implied(bundle, key, text);
	return 0;
}

/* What we say of an image is not for the image to say. */
static int write_labels(struct bundle *bundle)
{
	const cJSON *label;

	cJSON_ArrayForEach(label, bundle->config->labels)
	{
		if (str_has_prefix(label->string, LABEL_RESERVED))
			return fail_property("config.Labels", "%.100s: a name of ours",
					     label->string);
		json_write_string(&bundle->writer, label->string, label->valuestring);
	}
	return 0;
}

static void write_identity(struct bundle *bundle)
{
	const struct bundle_request *request = bundle->request;
	struct json_writer *writer = &bundle->writer;
	char text[DIGEST_TEXT_SIZE];

	json_write_string(writer, LABEL_RESERVED "name", request->image->name);
	json_write_string(writer, LABEL_RESERVED "digest",
			  digest_text(&request->image->descriptor.digest, text));
	if (!request->decision || !*request->decision->signer)
		return;
	json_write_string(writer, LABEL_RESERVED "signer", request->decision->signer);
	json_write_string(writer, LABEL_RESERVED "key", request->decision->key);
}

int bundle_annotations(struct bundle *bundle)
{
	const struct image_config *config = bundle->config;
	struct string_list features = { 0 };
	int result;

	json_write_object(&bundle->writer, "annotations");
	result = write_labels(bundle);
	if (result == 0 && config->root)
		result = node_list(bundle->arena, config->root, "", "os.features", &features);
	if (result < 0)
		return result;
	write_implied(bundle, IMPLIED "os", config->platform.os);
	write_implied(bundle, IMPLIED "architecture", config->platform.architecture);
	write_implied(bundle, IMPLIED "variant", config->platform.variant);
	write_implied(bundle, IMPLIED "os.version", config->platform.os_version);
	write_implied(bundle, IMPLIED "author", config->author);
	write_implied(bundle, IMPLIED "created", config->created);
	write_implied(bundle, IMPLIED "stopSignal", config->stop_signal);
	result = write_joined(bundle, IMPLIED "os.features", &features);
	if (result == 0)
		result = write_joined(bundle, IMPLIED "exposedPorts", &config->exposed_ports);
	if (result == 0)
		result = write_joined(bundle, LABEL_APPC ".ignored", &bundle->overrides.ignored);
	write_identity(bundle);
	json_write_end(&bundle->writer, '}');
	return result;
}
