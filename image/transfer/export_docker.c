/* SPDX-License-Identifier: Apache-2.0 */
/* docker-archive, as docker load and podman load take it: layers without compression. */
#include <string.h>

#include "image/registry/registry.h"
#include "image/transfer/export.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/str.h"

/* Read a layer without its compression: into the export (size known), or for its size. */
static int read_layer(struct export *export, const struct descriptor *layer,
		      const struct digest *diff_id, const char *path, uint64_t *size)
{
	static unsigned char block[EXPORT_BUFFER];
	const struct image_limits *limits = &export->settings->limits;
	char name[DIGEST_TEXT_SIZE];
	auto_fd int fd = store_blob_open(export->store, &layer->digest, layer->size);
	const struct archive_request request = {
		.name = digest_text(&layer->digest, name),
		.source = archive_source_fd,
		.data = &fd,
		.limits = { .bytes = limits->layer_bytes, .zstd_window = limits->zstd_window },
		.source_digest = layer->digest.algorithm,
		.content_digest = diff_id->algorithm,
		.bare = true,
		.compared = true,
	};
	auto_archive struct archive *archive = NULL;
	struct archive_result whole;
	struct entry entry;
	ssize_t got = 1;
	int result = fd < 0 ? fd : archive_open(&request, &archive);

	if (result == 0)
		result = archive_next(archive, &entry);
	if (result >= 0 && path)
		result = export_begin_file(export, path, *size);
	while (result >= 0 && path && got > 0) {
		got = archive_read(archive, block, sizeof(block));
		result = got < 0  ? (int)got :
			 got == 0 ? 0 :
				    tar_write_data(&export->writer, block, (size_t)got);
	}
	if (result >= 0)
		result = archive_next(archive, &entry);
	if (result < 0)
		return result;
	archive_result(archive, &whole);
	if (!digest_equal(&whole.source, &layer->digest) || !digest_equal(&whole.content, diff_id))
		return fail(EBADMSG, "layer %s: is damaged", name);
	*size = whole.content_size;
	return 0;
}

static int write_layer(struct export *export, const struct descriptor *layer,
		       const struct digest *diff_id, const char *path)
{
	uint64_t size = 0;
	int result;

	if (layer->kind == MEDIA_KIND_LAYER_TAR)
		return export_blob(export, path, layer);
	/* Its length stands before it in the archive. */
	result = read_layer(export, layer, diff_id, NULL, &size);
	return result < 0 ? result : read_layer(export, layer, diff_id, path, &size);
}

static char *file_name(struct export *export, const struct digest *digest, const char *ending)
{
	char text[DIGEST_TEXT_SIZE];

	return arena_printf(export->arena, "%s%s", digest_hex(digest_text(digest, text)), ending);
}

/* RepoTags has full names only. */
static const char *tag_of(struct export *export)
{
	struct image_name name;
	const char *text = NULL;

	if (image_name_parse(export->arena, export->name, &name) == 0 && !name.digest)
		text = image_name_text(export->arena, &name);
	error_clear();
	return text;
}

static char *write_manifest(struct export *export, const struct image *image, const char **layers,
			    const char *config, size_t *size)
{
	const char *tag = tag_of(export);
	struct json_writer writer;

	json_write_start(&writer, export->arena, JSON_COMPACT);
	json_write_array(&writer, NULL);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "Config", config);
	if (tag) {
		json_write_array(&writer, "RepoTags");
		json_write_string(&writer, NULL, tag);
		json_write_end(&writer, ']');
	} else {
		json_write_raw(&writer, "RepoTags", "null", 4);
	}
	json_write_array(&writer, "Layers");
	for (size_t i = 0; i < image->manifest.layer_count; i++)
		json_write_string(&writer, NULL, layers[i]);
	json_write_end(&writer, ']');
	json_write_end(&writer, '}');
	json_write_end(&writer, ']');
	return json_write_finish(&writer, size);
}

/* In the order of names; the same layer twice is written once. */
static int write_layers(struct export *export, const struct image *image, const char **layers)
{
	const char *last = "";
	int result = 0;

	for (size_t n = 0; n < image->manifest.layer_count && result == 0; n++) {
		size_t next = image->manifest.layer_count;

		for (size_t i = 0; i < image->manifest.layer_count; i++)
			if (strcmp(layers[i], last) > 0 && (next == image->manifest.layer_count ||
							    strcmp(layers[i], layers[next]) < 0))
				next = i;
		if (next == image->manifest.layer_count)
			break;
		last = layers[next];
		result = write_layer(export, &image->manifest.layers[next],
				     &image->config.diff_ids[next], last);
	}
	return result;
}

int export_docker(struct export *export, const struct image *image)
{
	size_t count = image->manifest.layer_count, size;
	const char **layers = arena_array(export->arena, count + 1, sizeof(*layers));
	const char *config = file_name(export, &image->manifest.config.digest, ".json");
	const char *text;
	int result;

	if (!layers || !config)
		return error_result();
	for (size_t i = 0; i < count; i++) {
		enum media_kind kind = image->manifest.layers[i].kind;

		if (kind != MEDIA_KIND_LAYER_TAR && kind != MEDIA_KIND_LAYER_GZIP &&
		    kind != MEDIA_KIND_LAYER_ZSTD)
			return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
				       "layers[%zu]: a docker-archive cannot have a layer %s", i,
				       image->manifest.layers[i].media_type);
		layers[i] = file_name(export, &image->config.diff_ids[i], ".tar");
		if (!layers[i])
			return error_result();
	}
	text = write_manifest(export, image, layers, config, &size);
	result = text ? write_layers(export, image, layers) : error_result();
	if (result == 0)
		result = export_file(export, config, image->config_text, image->config_size);
	return result < 0 ? result : export_file(export, "manifest.json", text, size);
}
