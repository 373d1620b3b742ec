/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.json, and oci-layout (image-spec image-layout.md). What other tools have written into
 * index.json stays as it is, word by word; only the entries of the name in question change.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "image/store/internal.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

static const char layout_text[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char empty_index[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[]}";

/* -ENOENT, unrecorded: there is none. */
static int read_document(struct arena *arena, const struct place *place, const char *name,
			 const char **text, size_t *size)
{
	struct stat status;
	auto_fd int fd = file_open(place->folder, name, &status);

	if (fd == -ENOENT)
		return fd;
	if (fd < 0)
		return fail(-fd, "open %s/%s", place->path, name);
	*text = file_read_fd(arena, fd, name, DOCUMENT_MAX_SIZE, size);
	return *text ? 0 : error_result();
}

int layout_check(const struct place *place)
{
	auto_arena struct arena arena = { 0 };
	const cJSON *version = NULL, *root;
	const char *text = "";
	size_t size = 0;
	int result = read_document(&arena, place, "oci-layout", &text, &size);

	if (result < 0)
		return result;
	root = json_parse(&arena, text, size, "oci-layout");
	if (root)
		version = cJSON_GetObjectItemCaseSensitive(root, "imageLayoutVersion");
	if (!version || !cJSON_IsString(version))
		return -EBADMSG;
	return str_has_prefix(version->valuestring, "1.") ? 0 : -EOPNOTSUPP;
}

int layout_write(struct place *place, bool index)
{
	int result = place_blobs(place, DIGEST_SHA256, true);

	if (result >= 0 && index)
		result = faccessat(place->folder, "index.json", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ?
				 0 :
				 file_replace(place->folder, "index.json", empty_index,
					      sizeof(empty_index) - 1, 0644, FILE_SYNC);
	return result < 0 ? result :
			    file_replace(place->folder, "oci-layout", layout_text,
					 sizeof(layout_text) - 1, 0644, FILE_SYNC);
}

int index_load(struct arena *arena, const struct place *place, struct index_file *file)
{
	const char *text = empty_index, *name;
	size_t size = sizeof(empty_index) - 1;
	int result = read_document(arena, place, "index.json", &text, &size);

	*file = (struct index_file){ 0 };
	/* Taken for empty, everything would be garbage. */
	if (result == -ENOENT && !place->lower)
		return fail(EBADMSG, "%s/index.json is lost: cruet image fsck --repair",
			    place->path);
	if (result < 0 && result != -ENOENT)
		return result;
	name = arena_printf(arena, "%s/index.json", place->path);
	if (!name)
		return error_result();
	file->root = json_parse(arena, text, size, name);
	return file->root ? index_read(arena, text, size, name, MEDIA_OCI_INDEX, &file->index) :
			    error_result();
}

const char *descriptor_name(const struct descriptor *descriptor)
{
	const char *name = annotation(descriptor->annotations, ANNOTATION_REF_NAME);

	return name ? name : "";
}

/* Its annotations, the name being this one. */
static const cJSON *named(struct arena *arena, const cJSON *annotations, const char *name)
{
	cJSON *object = arena_alloc(arena, sizeof(*object)), **end = object ? &object->child : NULL;
	cJSON last = { .type = cJSON_String,
		       .string = (char *)ANNOTATION_REF_NAME,
		       .valuestring = (char *)name };
	const cJSON *each = annotations ? annotations->child : NULL;

	for (; object; each = each->next) {
		const cJSON *from = each ? each : &last;

		if (each ? strcmp(each->string, ANNOTATION_REF_NAME) != 0 : *name != '\0') {
			*end = arena_alloc(arena, sizeof(**end));
			if (!*end)
				return NULL;
			**end = (cJSON){ .type = from->type,
					 .string = from->string,
					 .valuestring = from->valuestring };
			end = &(*end)->next;
		}
		if (!each)
			return object;
	}
	return NULL;
}

static void write_entry(struct json_writer *writer, const char *name,
			const struct descriptor *descriptor)
{
	struct descriptor entry = *descriptor;

	entry.annotations = named(writer->arena, descriptor->annotations, name);
	if (!entry.annotations)
		writer->failed = true;
	descriptor_write(writer, NULL, &entry);
}

static void write_members(struct json_writer *writer, const cJSON *root)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, root)
	{
		size_t size;
		const char *text = json_source(member, &size);

		if (strcmp(member->string, "manifests") != 0)
			json_write_raw(writer, member->string, text, size);
	}
}

static char *changed_text(struct arena *arena, const struct index_file *file, const bool *kept,
			  const char *name, const struct descriptor *added)
{
	const cJSON *entries = cJSON_GetObjectItemCaseSensitive(file->root, "manifests"), *entry;
	struct json_writer writer;
	size_t i = 0, size;

	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	write_members(&writer, file->root);
	json_write_array(&writer, "manifests");
	cJSON_ArrayForEach(entry, entries)
	{
		const char *text = json_source(entry, &size);

		if (kept[i++])
			json_write_raw(&writer, NULL, text, size);
	}
	if (added)
		write_entry(&writer, name, added);
	json_write_end(&writer, ']');
	json_write_end(&writer, '}');
	return json_write_finish(&writer, &size);
}

int index_change(struct store *store, index_filter *keep, const void *data, const char *name,
		 const struct descriptor *added)
{
	auto_arena struct arena arena = { 0 };
	auto_fd int lock = index_lock(store);
	struct place *place = &store->places[0];
	struct index_file file;
	int result = lock < 0 ? lock : index_load(&arena, place, &file);
	bool *kept;
	int gone = 0;
	char *text;

	if (result < 0)
		return result;
	kept = arena_array(&arena, file.index.count + 1, sizeof(*kept));
	if (!kept)
		return error_result();
	for (size_t i = 0; i < file.index.count; i++) {
		kept[i] = keep(data, &file.index.manifests[i]);
		gone += !kept[i];
	}
	if (!added && gone == 0)
		return 0;
	text = changed_text(&arena, &file, kept, name, added);
	if (!text)
		return error_result();
	if (strlen(text) > DOCUMENT_MAX_SIZE)
		return fail(EFBIG, "%s/index.json: too many names", place->path);
	result = file_replace(place->folder, "index.json", text, strlen(text), 0644, FILE_SYNC);
	return result < 0 ? result : gone;
}
