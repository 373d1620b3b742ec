/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over an archive. What it is may show late: until then every byte goes into a blob as
 * well, which is the layer when it turns out to be a plain root file system. A file is looked at
 * first and then read from its beginning, so that this is needed for pipes only.
 */
#include <string.h>
#include <unistd.h>

#include "image/transfer/aci.h"
#include "image/transfer/import.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/str.h"

static bool is_hex(const char *text, size_t size)
{
	return strspn(text, "0123456789abcdef") >= size;
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]);
}

/* Names that only OCI layouts and docker-archives have; FORMAT_OCI stands for both. */
static bool is_of_layout(const struct entry *entry)
{
	static const char *const documents[] = { "oci-layout", "index.json", "manifest.json",
						 "repositories" };
	const char *path = entry->path, *slash = strchr(path, '/');

	for (unsigned int i = 0; i < sizeof(documents) / sizeof(*documents); i++)
		if (entry->type == ENTRY_FILE && strcmp(path, documents[i]) == 0)
			return true;
	return is_below(path, "blobs/sha256") || is_below(path, "blobs/sha512") ||
	       (is_hex(path, 64) && (!path[64] || strchr("./", path[64]))) ||
	       str_has_prefix(path, "sha256:") || (slash && strcmp(slash, "/layer.tar") == 0);
}

/* FORMAT_DETECT: this entry does not tell. */
static enum image_format format_of_entry(const struct import *import, const struct entry *entry)
{
	if (is_of_layout(entry))
		return FORMAT_OCI;
	if (!import->passed_over &&
	    (is_below(entry->path, "rootfs") || strcmp(entry->path, "manifest") == 0))
		return FORMAT_ACI;
	return FORMAT_DETECT;
}

static int add_file(struct import *import, const struct import_file *file)
{
	if (import->file_count == IMPORT_MAX_FILES)
		return fail(E2BIG, "more than %d files", IMPORT_MAX_FILES);
	for (size_t i = 0; i < import->file_count; i++)
		if (strcmp(import->files[i].name, file->name) == 0)
			return fail(EEXIST, "%s: is there twice", file->name);
	if (import->file_count == import->file_room) {
		size_t room = import->file_room ? 2 * import->file_room : 32;
		struct import_file *files = arena_array(import->arena, room, sizeof(*files));

		if (!files)
			return error_result();
		if (import->file_count)
			memcpy(files, import->files, import->file_count * sizeof(*files));
		import->files = files;
		import->file_room = room;
	}
	import->files[import->file_count++] = *file;
	return 0;
}

/* A file of a docker-archive: its layers and configs may have any name. */
static int take_file(struct import *import, struct archive *archive, const struct entry *entry)
{
	const char *slash = strrchr(entry->path, '/');
	const char *name = slash ? slash + 1 : entry->path;
	struct import_file file = { .name = arena_strdup(import->arena, entry->path) };
	const struct import_blob blob = { .size = entry->size,
					  .source = import_entry_source,
					  .data = archive };
	int result = 0;

	if (strcmp(name, "VERSION") == 0 || strcmp(name, "json") == 0 ||
	    strcmp(name, "repositories") == 0) {
		import->legacy = true;
		return 0;
	}
	if (!file.name)
		return error_result();
	if (entry->type == ENTRY_FILE) {
		result = import_blob(import->store, &blob, &file.digest, &file.size);
	} else {
		/* A hard link's target is a path from the top. */
		file.link = arena_printf(import->arena, "%s%s",
					 entry->type == ENTRY_HARD_LINK ? "/" : "", entry->link);
		if (!file.link)
			return error_result();
	}
	return result < 0 ? result : add_file(import, &file);
}

/* blobs/ALGORITHM/HEX; anything else there is an unknown file. */
static int take_blob(struct import *import, struct archive *archive, const struct entry *entry)
{
	char text[DIGEST_TEXT_SIZE];
	const char *algorithm = entry->path + strlen("blobs/"), *hex = strchr(algorithm, '/');
	struct digest digest;
	const struct import_blob blob = { .digest = &digest,
					  .size = entry->size,
					  .source = import_entry_source,
					  .data = archive };
	int result;

	if (!hex || strlen(algorithm) >= sizeof(text))
		return 0;
	memcpy(text, algorithm, strlen(algorithm) + 1);
	text[hex - algorithm] = ':';
	if (digest_parse(&digest, text, entry->path) < 0) {
		error_clear();
		return 0;
	}
	result = import_blob(import->store, &blob, NULL, NULL);
	return fail_context(result, "%s", entry->path);
}

static int take_layout_entry(struct import *import, struct archive *archive,
			     const struct entry *entry)
{
	const char *path = entry->path;
	struct import_text *document = strcmp(path, "oci-layout") == 0	  ? &import->version :
				       strcmp(path, "index.json") == 0	  ? &import->index :
				       strcmp(path, "manifest.json") == 0 ? &import->docker :
									    NULL;
	bool file = entry->type == ENTRY_FILE;

	if (document && file)
		return import_entry_text(import, archive, entry, DOCUMENT_MAX_SIZE, document);
	if (is_below(path, "blobs"))
		return file ? take_blob(import, archive, entry) : 0;
	if (is_below(path, "signatures"))
		return file && strchr(path, '/') ?
			       import_signature(import, path, archive, entry->size) :
			       0;
	if (!file && entry->type != ENTRY_SYMLINK && entry->type != ENTRY_HARD_LINK)
		return 0;
	/* An OCI layout has unknown files, a docker-archive has layers of any name. */
	if (import->request->format == FORMAT_OCI || import->index.data || import->version.data)
		return 0;
	return take_file(import, archive, entry);
}

static int take_entry(struct import *import, struct archive *archive, const struct entry *entry)
{
	if (import->format == FORMAT_DETECT) {
		import->format = format_of_entry(import, entry);
		if (import->format != FORMAT_DETECT)
			blob_abort(&import->input.copy, false);
		else if (*entry->path)
			import->passed_over = true;
	}
	switch (import->format) {
	case FORMAT_OCI:
	case FORMAT_DOCKER:
		return take_layout_entry(import, archive, entry);
	case FORMAT_ACI:
		if (!IS_ENABLED(CONFIG_IMAGE_ACI))
			return 0;
		return import_aci_entry(import, archive, entry);
	default:
		return 0;
	}
}

static int open_archive(struct import *import, struct archive **archive)
{
	const struct image_limits *limits = &import->settings->limits;
	bool plain = import->format == FORMAT_ROOTFS;
	const struct archive_request request = {
		.name = import->request->path,
		.source = import_source,
		.data = &import->input,
		.compression = COMPRESSION_DETECT,
		.limits = { .bytes = plain ? limits->layer_bytes : 0,
			    .entries = limits->entries,
			    .depth = limits->depth,
			    .zstd_window = limits->zstd_window },
		.content_digest = plain ? DIGEST_SHA256 : DIGEST_SHA512,
		.unhashed = import->format == FORMAT_OCI || import->format == FORMAT_DOCKER ||
			    import->input.looking,
	};

	return archive_open(&request, archive);
}

/*
 * A pipe that begins with plain headers: usually they tell, and then nothing need be hashed and
 * copied. This is a guess that the reader's own entries are held against.
 */
static void look_at_head(struct import *import)
{
	enum { BLOCK = 512, NAME = 100, TYPE = 156, MAGIC = 257 };
	const struct import_input *input = &import->input;

	for (size_t at = 0; at + BLOCK <= input->head_size; at += BLOCK) {
		const unsigned char *header = input->head + at;
		struct entry entry = { .type = ENTRY_DIRECTORY };
		char name[NAME + 1] = { 0 };
		size_t length;

		if (memcmp(header + MAGIC, "ustar", 5) != 0)
			break;
		memcpy(name, header, NAME);
		length = strlen(name);
		if (length > 0 && name[length - 1] == '/')
			name[length - 1] = '\0';
		entry.path = str_has_prefix(name, "./") ? name + 2 : name;
		if (strcmp(entry.path, ".") == 0)
			entry.path = "";
		if (header[TYPE] == '0')
			entry.type = ENTRY_FILE;
		else if (header[TYPE] != '5')
			break;
		import->format = format_of_entry(import, &entry);
		if (import->format != FORMAT_DETECT || entry.type == ENTRY_FILE)
			break;
		import->passed_over = import->passed_over || *entry.path;
	}
	import->passed_over = false;
}

/* What is this file? Its entries are gone through until one tells, then it is begun anew. */
static int look_ahead(struct import *import)
{
	auto_archive struct archive *archive = NULL;
	struct entry entry;
	int result;

	import->input.looking = true;
	result = open_archive(import, &archive);
	if (result < 0)
		return result;
	while (import->format == FORMAT_DETECT) {
		result = archive_next(archive, &entry);
		if (result < 0)
			return result;
		import->format = result == 0 ? FORMAT_ROOTFS : format_of_entry(import, &entry);
		import->passed_over = import->passed_over || (result > 0 && *entry.path);
	}
	import->passed_over = false;
	import->input.looking = false;
	return import_rewind(import);
}

int import_collect(struct import *import)
{
	auto_archive struct archive *archive = NULL;
	struct entry entry;
	int result = 0;

	if (import->folder >= 0)
		return 0;
	if (import->format == FORMAT_DETECT) {
		if (import->input.start >= 0)
			result = look_ahead(import);
		else
			look_at_head(import);
	}
	if (result == 0 && (import->format == FORMAT_DETECT || import->format == FORMAT_ROOTFS))
		result = blob_begin(import->store,
				    &(struct blob_request){ .size = BLOB_SIZE_UNKNOWN },
				    &import->input.copy);
	if (result == 0)
		result = open_archive(import, &archive);
	while (result == 0) {
		result = archive_next(archive, &entry);
		if (result <= 0)
			break;
		result = take_entry(import, archive, &entry);
	}
	if (result < 0)
		return result;
	archive_result(archive, &import->whole);
	if (import->format == FORMAT_OCI && import->request->format == FORMAT_DETECT &&
	    !import->index.data && !import->version.data)
		import->format = FORMAT_DOCKER;
	return 0;
}
