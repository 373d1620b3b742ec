/* SPDX-License-Identifier: Apache-2.0 */
/* appc ACI: its entries as they come, and in the end the image that it is. */
#include <stdio.h>
#include <string.h>

#include "image/transfer/aci.h"
#include "image/trust/trust.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

static int begin(struct import *import)
{
	struct aci *aci;

	if (import->aci)
		return 0;
	aci = arena_alloc(import->arena, sizeof(*aci));
	if (!aci)
		return error_result();
	aci->import = import;
	aci->arena = import->arena;
	aci->name = import->request->path;
	import->aci = aci;
	return aci_layer_begin(aci, &aci->layer);
}

void import_aci_close(struct import *import)
{
	if (import->aci)
		aci_layer_abort(&import->aci->layer);
}

/* aci.md "Image Archives": manifest, a file, and rootfs, a folder, and nothing else. */
int import_aci_entry(struct import *import, struct archive *archive, const struct entry *entry)
{
	struct entry inside = *entry;
	size_t length = strlen("rootfs");
	bool folder = entry->type == ENTRY_DIRECTORY;
	int result = begin(import);

	if (result < 0 || (folder && !*entry->path))
		return result;
	if (strcmp(entry->path, "manifest") == 0 && entry->type == ENTRY_FILE)
		return import_entry_text(import, archive, entry, ACI_MANIFEST_SIZE,
					 &import->aci->text);
	if (strncmp(entry->path, "rootfs", length) != 0 ||
	    (entry->path[length] ? entry->path[length] != '/' : !folder))
		return fail(EBADMSG, "%s: an ACI has the file manifest and the folder rootfs only",
			    entry->path);
	inside.path += length + (entry->path[length] == '/');
	if (entry->type == ENTRY_HARD_LINK) {
		if (!str_has_prefix(entry->link, "rootfs/"))
			return fail(EBADMSG, "%s: is a link to what is not in rootfs", entry->path);
		inside.link += length + 1;
	}
	return aci_layer_add(&import->aci->layer, archive, &inside);
}

/* The name: NAME:VERSION, or NAME. */
static const char *name_of(const struct aci *aci)
{
	if (aci->import->request->name)
		return aci->import->request->name;
	return aci->version ? arena_printf(aci->arena, "%s:%s", aci->name, aci->version) :
			      aci->name;
}

static void add_annotation(struct json_writer *writer, const char *key, const char *value)
{
	if (value && *value)
		json_write_string(writer, key, value);
}

/* Finish an object that was written, and read it. */
static const cJSON *finish_map(struct aci *aci, struct json_writer *writer)
{
	size_t size;
	char *text;

	json_write_end(writer, '}');
	text = json_write_finish(writer, &size);
	return text ? json_parse(aci->arena, text, size, "manifest") : NULL;
}

static const cJSON *annotations_of(struct aci *aci)
{
	char id[DIGEST_TEXT_SIZE], bytes[24];
	const cJSON *labels = cJSON_GetObjectItem(aci->root, "labels");
	struct json_writer writer;
	char *text;
	size_t size;

	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)aci->import->whole.source_size);
	digest_text(&aci->import->whole.content, id);
	id[strlen("sha512")] = '-'; /* types.md "Image ID Type" */
	json_write_start(&writer, aci->arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_string(&writer, ACI_NAME, aci->name);
	json_write_string(&writer, ACI_ID, id);
	if (cJSON_IsArray(labels) && labels->child) {
		const char *source = json_source(labels, &size);

		text = arena_strndup(aci->arena, source, size);
		add_annotation(&writer, ACI_LABELS, text);
	}
	json_write_string(&writer, ACI_SIZE, bytes);
	add_annotation(&writer, ACI_DEPENDENCIES, aci->dependencies);
	add_annotation(&writer, ACI_IGNORED, aci->ignored);
	return finish_map(aci, &writer);
}

static int finish_labels(struct aci *aci, struct image_config *config)
{
	size_t size;
	char *text;

	if (aci->ignored) {
		json_write_end(&aci->ignored_list, ']');
		text = json_write_finish(&aci->ignored_list, &size);
		if (!text)
			return error_result();
		json_write_raw(&aci->appc, "ignored", text, size);
		json_write_string(&aci->labels, ACI_IGNORED, aci->ignored);
	}
	json_write_end(&aci->appc, '}');
	text = json_write_finish(&aci->appc, &size);
	if (!text)
		return error_result();
	if (aci->app)
		json_write_string(&aci->labels, ACI_APP, text);
	config->labels = finish_map(aci, &aci->labels);
	return config->labels ? 0 : error_result();
}

/* types.md "Timestamps type": RFC 3339, as in a config; only its form is looked at. */
static bool is_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";

	for (const char *c = form; *c; c++, text++)
		if (*c == 'd' ? *text < '0' || *text > '9' : *c != *text)
			return false;
	return text[strspn(text, "0123456789.:+-Z")] == '\0' && *text;
}

static int make_image(struct aci *aci, struct image_config *config)
{
	const cJSON *annotations = cJSON_GetObjectItem(aci->root, "annotations");
	struct image_manifest manifest = { .media_type = MEDIA_OCI_MANIFEST,
					   .artifact_type = "",
					   .layers = aci->layers,
					   .layer_count = aci->layer_count };
	struct descriptor descriptor;
	const char *name = name_of(aci), *text;
	size_t size;
	int result;

	config->platform = aci->platform;
	config->created = aci_value(annotations, "created") ?: "";
	if (*config->created && !is_time(config->created))
		return fail_property("annotations", "manifest: created must be a time");
	config->author = aci_value(annotations, "authors") ?: "";
	config->diff_ids = aci->diff_ids;
	config->diff_id_count = aci->layer_count;
	result = finish_labels(aci, config);
	if (result < 0)
		return result;
	manifest.annotations = annotations_of(aci);
	text = config_write(aci->arena, config, &size);
	if (!text || !manifest.annotations || !name)
		return error_result();
	descriptor_of(&manifest.config, MEDIA_OCI_CONFIG, text, size);
	result = store_blob_put(aci->import->store, &manifest.config.digest, text, size);
	if (result == 0)
		result = import_manifest(aci->import, &manifest, &descriptor);
	return result < 0 ? result : import_add_name(aci->import, name, &descriptor);
}

static int add_own_layer(struct aci *aci)
{
	struct descriptor *own = &aci->layers[aci->layer_count];
	int result = aci_layer_end(&aci->layer, &own->digest, &own->size);

	own->media_type = MEDIA_OCI_LAYER;
	own->artifact_type = "";
	own->kind = MEDIA_KIND_LAYER_TAR;
	aci->diff_ids[aci->layer_count++] = own->digest;
	return result;
}

static int check_signature(struct aci *aci, const char **signer)
{
	const struct import_request *request = aci->import->request;

	return trust_check_aci(aci->arena, aci->import->settings, aci->name, request->folder,
			       request->path, signer);
}

int import_aci(struct import *import)
{
	struct image_config config = {
		.created = "", .author = "", .user = "", .working_directory = "", .stop_signal = ""
	};
	struct aci *aci = import->aci;
	const char *signer = NULL;
	const cJSON *paths;
	int wrong = 0, result;

	if (!aci || !aci->text.data)
		return fail(EBADMSG, "manifest: is missing");
	if (aci->layer.made.count == 0)
		return fail(EBADMSG, "rootfs: is missing");
	json_write_start(&aci->labels, aci->arena, JSON_COMPACT);
	json_write_object(&aci->labels, NULL);
	json_write_start(&aci->appc, aci->arena, JSON_COMPACT);
	json_write_object(&aci->appc, NULL);
	result = aci_manifest_read(aci);
	if (result == 0)
		result = check_signature(aci, &signer);
	if (result == 0)
		result = aci_app_read(aci, &config);
	if (result == 0)
		result = aci_depend(aci);
	if (result == 0)
		result = add_own_layer(aci);
	if (result < 0)
		return result;
	paths = aci_member(aci->root, "pathWhitelist", cJSON_Array, false, &wrong);
	if (paths && paths->child)
		wrong = aci_filter(aci, paths);
	result = wrong < 0 ? wrong : make_image(aci, &config);
	if (result == 0 && signer)
		result = trust_keep_aci(import->store, &import->list[0].descriptor.digest, signer);
	return result;
}
