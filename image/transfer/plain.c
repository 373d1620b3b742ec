/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is not an image: a root file system as tar archive or folder, or as a file system image that
 * is mounted. It becomes the only layer; the config is what the caller says.
 */
#include <string.h>
#include <sys/stat.h>

#include "image/archive/tar_write.h"
#include "image/transfer/import.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

static int finish(struct import *import, const struct descriptor *layer,
		  const struct digest *diff_id)
{
	static const struct string_list none;
	const struct import_request *request = import->request;
	struct image_manifest manifest = { .media_type = MEDIA_OCI_MANIFEST, .artifact_type = "" };
	struct digest diff_ids[1] = { *diff_id };
	struct descriptor layers[1] = { *layer }, descriptor;
	struct image_config config = {
		.created = "",
		.author = "",
		.stop_signal = "",
		.user = request->user ? request->user : "",
		.working_directory = request->working_directory ? request->working_directory : "",
		.environment = request->environment ? *request->environment : none,
		.command = request->command ? *request->command : none,
		.diff_ids = diff_ids,
		.diff_id_count = 1,
	};
	size_t size;
	char *text;
	int result;

	import_platform(import, &config.platform);
	text = config_write(import->arena, &config, &size);
	if (!text)
		return error_result();
	descriptor_of(&manifest.config, MEDIA_OCI_CONFIG, text, size);
	manifest.layers = layers;
	manifest.layer_count = 1;
	result = store_blob_put(import->store, &manifest.config.digest, text, size);
	if (result == 0)
		result = import_manifest(import, &manifest, &descriptor);
	return result < 0 ? result : import_add_name(import, request->name, &descriptor);
}

int import_sink(void *data, const void *buffer, size_t size)
{
	return blob_add(data, buffer, size);
}

static int take_folder(struct import *import, struct descriptor *layer)
{
	struct blob_writer *blob = NULL;
	int result = blob_begin(import->store, &(struct blob_request){ .size = BLOB_SIZE_UNKNOWN },
				&blob);
	struct tar_writer writer = { .sink = import_sink, .data = blob };

	if (result < 0)
		return result;
	result = tar_write_tree(&writer, import->folder, "");
	if (result == 0)
		result = tar_write_end(&writer);
	if (result == 0)
		return blob_commit(&blob, &layer->digest, &layer->size);
	blob_abort(&blob, false);
	return result;
}

/* What no layer of OCI may be compressed by is kept without compression. */
static int decompress(struct import *import, struct descriptor *layer)
{
	auto_fd int fd = store_blob_open(import->store, &layer->digest, layer->size);
	const struct archive_request request = {
		.name = import->request->path,
		.source = archive_source_fd,
		.data = &fd,
		.compression = import->whole.compression,
		.limits = { .bytes = import->settings->limits.layer_bytes },
		.bare = true,
	};
	auto_archive struct archive *archive = NULL;
	const struct import_blob blob = { .size = BLOB_SIZE_UNKNOWN,
					  .source = import_entry_source };
	struct import_blob plain = blob;
	struct entry entry;
	int result = fd < 0 ? fd : archive_open(&request, &archive);

	if (result < 0)
		return result;
	result = archive_next(archive, &entry);
	if (result < 0)
		return result;
	plain.data = archive;
	return import_blob(import->store, &plain, &layer->digest, &layer->size);
}

int import_rootfs(struct import *import)
{
	struct descriptor layer = { 0 };
	struct digest diff_id;
	int result = import->folder >= 0 ?
			     take_folder(import, &layer) :
			     blob_commit(&import->input.copy, &layer.digest, &layer.size);

	if (result == 0 && import->folder < 0 &&
	    (import->whole.compression == COMPRESSION_XZ ||
	     import->whole.compression == COMPRESSION_BZIP2))
		result = decompress(import, &layer);
	if (result == 0)
		result = import_layer_of(import, import->request->path, &layer);
	if (result < 0)
		return result;
	diff_id = import->whole.content;
	if (layer.kind == MEDIA_KIND_LAYER_TAR || diff_id.algorithm != DIGEST_SHA256)
		result = import_diff_id(import, &layer, DIGEST_SHA256, &diff_id);
	return result < 0 ? result : finish(import, &layer, &diff_id);
}

static uint64_t little_endian(const unsigned char *bytes, unsigned int count)
{
	uint64_t value = 0;

	while (count-- > 0)
		value = value << 8 | bytes[count];
	return value;
}

/* How long the super block says that it is; padding behind it is usual. */
static uint64_t least_size(const struct import *import)
{
	const unsigned char *head = import->input.head;

	/* Kernel, fs/squashfs/squashfs_fs.h: bytes_used; fs/erofs/erofs_fs.h: blocks, blkszbits. */
	if (import->format == FORMAT_SQUASHFS)
		return little_endian(head + 40, 8);
	return little_endian(head + 1024 + 36, 4) << (head[1024 + 12] & 31);
}

int import_file_system(struct import *import)
{
	enum { SQUASHFS_COMPRESSION = 20, SQUASHFS_ZSTD = 6 };
	const unsigned char *head = import->input.head;
	struct descriptor layer = { .artifact_type = "", .media_type = MEDIA_EROFS };
	const struct import_blob blob = { .size = BLOB_SIZE_UNKNOWN,
					  .limit = import->settings->limits.layer_bytes,
					  .source = import_source,
					  .data = &import->input };
	int result;

	if (import->input.head_size < sizeof(import->input.head))
		return fail(EBADMSG, "the file ends early");
	if (import->format == FORMAT_SQUASHFS)
		layer.media_type = little_endian(head + SQUASHFS_COMPRESSION, 2) == SQUASHFS_ZSTD ?
					   MEDIA_SQUASHFS "+zstd" :
					   MEDIA_SQUASHFS;
	layer.kind = media_kind(layer.media_type);
	result = import_blob(import->store, &blob, &layer.digest, &layer.size);
	if (result == 0 && layer.size < least_size(import))
		result = fail(EBADMSG, "the file ends early");
	return result < 0 ? result : finish(import, &layer, &layer.digest);
}
