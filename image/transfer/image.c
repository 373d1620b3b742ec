/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest for what came without one. */
#include <string.h>
#include <unistd.h>

#include "image/transfer/import.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/str.h"

void import_platform(const struct import *import, struct platform *platform)
{
	*platform = import->board;
	/* Nobody said it: what this machine could do is not what the image needs. */
	if (!import->request->platform)
		platform->variant = platform->os_version = "";
}

int import_layer_of(struct import *import, const char *name, struct descriptor *layer)
{
	unsigned char head[4] = { 0 };
	auto_fd int fd = store_blob_open(import->store, &layer->digest, layer->size);

	if (fd < 0)
		return fd;
	if (pread(fd, head, sizeof(head), 0) < 0)
		return fail(errno, "%s", name);
	layer->artifact_type = "";
	if (memcmp(head, "\x1f\x8b", 2) == 0)
		layer->media_type = MEDIA_OCI_LAYER_GZIP;
	else if (memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
		layer->media_type = MEDIA_OCI_LAYER_ZSTD;
	else if (memcmp(head,
			"\xfd"
			"7zX",
			4) == 0 ||
		 memcmp(head, "BZh", 3) == 0)
		return fail(EOPNOTSUPP, "%s: a layer is a tar archive, plain, gzip or zstd", name);
	else
		layer->media_type = MEDIA_OCI_LAYER;
	layer->kind = media_kind(layer->media_type);
	return 0;
}

int import_diff_id(struct import *import, const struct descriptor *layer,
		   enum digest_algorithm algorithm, struct digest *diff_id)
{
	const struct image_limits *limits = &import->settings->limits;
	char name[DIGEST_TEXT_SIZE];
	auto_fd int fd = -1;
	auto_archive struct archive *archive = NULL;
	struct archive_request request = {
		.name = digest_text(&layer->digest, name),
		.source = archive_source_fd,
		.data = &fd,
		.compression = COMPRESSION_DETECT,
		.limits = { .bytes = limits->layer_bytes, .zstd_window = limits->zstd_window },
		.source_digest = layer->digest.algorithm,
		.content_digest = algorithm,
		.bare = true,
	};
	struct archive_result whole;
	struct entry entry;
	int result;

	*diff_id = layer->digest;
	if (layer->kind == MEDIA_KIND_LAYER_TAR && layer->digest.algorithm == algorithm)
		return 0;
	if (layer->kind == MEDIA_KIND_LAYER_TAR)
		request.compression = COMPRESSION_NONE;
	fd = store_blob_open(import->store, &layer->digest, layer->size);
	if (fd < 0)
		return fd;
	result = archive_open(&request, &archive);
	while (result == 0) {
		result = archive_next(archive, &entry);
		if (result <= 0)
			break;
		result = 0;
	}
	if (result < 0)
		return result;
	archive_result(archive, &whole);
	*diff_id = whole.content;
	return digest_equal(&whole.source, &layer->digest) ? 0 :
							     fail(EBADMSG, "%s: is damaged", name);
}

int import_manifest(struct import *import, const struct image_manifest *manifest,
		    struct descriptor *descriptor)
{
	size_t size;
	char *text = manifest_write(import->arena, manifest, &size);

	if (!text)
		return error_result();
	descriptor_of(descriptor, manifest->media_type, text, size);
	return store_blob_put(import->store, &descriptor->digest, text, size);
}
