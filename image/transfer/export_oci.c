/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI image layout with one image: what it refers to, and its signatures. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/transfer/export.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"
#include "lib/tree.h"

enum { SIGNATURE_SIZE = 64 << 10 };

struct list {
	struct arena *arena;
	struct descriptor *items;
	const char **names; /* of signatures */
	size_t count, name_count;
};

static int compare(const void *a, const void *b)
{
	const struct descriptor *left = a, *right = b;

	if (left->digest.algorithm != right->digest.algorithm)
		return left->digest.algorithm < right->digest.algorithm ? -1 : 1;
	return memcmp(left->digest.bytes, right->digest.bytes, sizeof(left->digest.bytes));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add(void *data, const struct descriptor *descriptor, bool present)
{
	struct list *list = data;
	char text[DIGEST_TEXT_SIZE];

	if (!present)
		return fail(ENOENT, "blob %s: is not in the store (one platform's alone: --one)",
			    digest_text(&descriptor->digest, text));
	if ((list->count & (list->count - 1)) == 0) { /* full: a power of two */
		struct descriptor *items =
			arena_array(list->arena, list->count ? 2 * list->count : 1, sizeof(*items));

		if (!items)
			return error_result();
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
	}
	list->items[list->count++] = *descriptor;
	return 0;
}

static int write_blobs(struct export *export, struct list *list)
{
	char path[DIGEST_TEXT_SIZE + 8], text[DIGEST_TEXT_SIZE];
	const char *algorithm = NULL;
	int result = export_folder(export, "blobs");

	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items), compare);
	for (size_t i = 0; i < list->count && result == 0; i++) {
		const struct descriptor *blob = &list->items[i];
		const char *its = digest_algorithm_name(blob->digest.algorithm);

		if (i > 0 && digest_equal(&blob->digest, &list->items[i - 1].digest))
			continue;
		if (!str_equal(algorithm, its)) {
			str_format(path, sizeof(path), "blobs/%s", its);
			result = export_folder(export, path);
			algorithm = its;
		}
		str_format(path, sizeof(path), "blobs/%s/%s", its,
			   digest_hex(digest_text(&blob->digest, text)));
		if (result == 0)
			result = export_blob(export, path, blob);
	}
	return result;
}

/* Is it about one of the exported documents? */
static int add_signature(void *data, int folder, const char *name)
{
	struct list *list = data;
	char text[DIGEST_TEXT_SIZE];

	(void)folder;
	for (size_t i = 0; i < list->count; i++) {
		const char *hex = digest_hex(digest_text(&list->items[i].digest, text));

		if (!str_has_prefix(name, hex) || name[strlen(hex)] != '.')
			continue;
		if ((list->name_count & (list->name_count - 1)) == 0) {
			const char **names =
				arena_array(list->arena,
					    list->name_count ? 2 * list->name_count : 1,
					    sizeof(*names));

			if (!names)
				return error_result();
			if (list->name_count)
				memcpy(names, list->names, list->name_count * sizeof(*names));
			list->names = names;
		}
		list->names[list->name_count] = arena_strdup(list->arena, name);
		return list->names[list->name_count++] ? 0 : error_result();
	}
	return 0;
}

static int write_signatures(struct export *export, struct list *list)
{
	auto_fd int folder = openat(store_folder(export->store), "signatures",
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (folder < 0)
		return errno == ENOENT || errno == EBADF ? 0 : fail(errno, "open signatures");
	result = tree_each(folder, add_signature, list);
	if (result < 0 || !list->names)
		return result < 0 ? result : 0;
	qsort(list->names, list->name_count, sizeof(*list->names), compare_names);
	result = export_folder(export, "signatures");
	for (size_t i = 0; i < list->name_count && result == 0; i++) {
		size_t size;
		const char *name = list->names[i];
		const char *text = file_read(export->arena, folder, name, SIGNATURE_SIZE, &size);
		const char *path = arena_printf(export->arena, "signatures/%s", name);

		result = text && path ? export_file(export, path, text, size) : error_result();
	}
	return result;
}

/* The descriptor's annotations with the name that is wanted. */
static const cJSON *annotations_of(struct export *export, const cJSON *annotations)
{
	struct json_writer writer;
	const cJSON *item;
	size_t size;
	char *text;

	json_write_start(&writer, export->arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_string(&writer, ANNOTATION_REF_NAME, export->name);
	cJSON_ArrayForEach(item,
			   annotations) if (strcmp(item->string, ANNOTATION_REF_NAME) != 0 &&
					    strcmp(item->string, "io.containerd.image.name") != 0)
		json_write_string(&writer, item->string, item->valuestring);
	json_write_end(&writer, '}');
	text = json_write_finish(&writer, &size);
	return text ? json_parse(export->arena, text, size, "index.json") : NULL;
}

int export_oci(struct export *export, const char *name)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	struct list list = { .arena = export->arena };
	struct descriptor top;
	struct image_index index = { .manifests = &top, .count = 1 };
	struct image image;
	const char *text;
	size_t size;
	int result = store_resolve(export->arena, export->store, name, &top);

	if (result == 0 && export->request->one) {
		result = image_load(export->arena, export->store, name, export->request->platform,
				    &image);
		if (result == 0)
			top = image.descriptor;
	}
	if (result == 0)
		result = image_walk(export->arena, export->store, &top, add, &list);
	if (result < 0)
		return result;
	top.annotations = annotations_of(export, top.annotations);
	text = top.annotations ? index_write(export->arena, &index, &size) : NULL;
	if (!text)
		return error_result();
	result = write_blobs(export, &list);
	if (result == 0)
		result = export_file(export, "index.json", text, size);
	if (result == 0)
		result = export_file(export, "oci-layout", layout, sizeof(layout) - 1);
	return result < 0 ? result : write_signatures(export, &list);
}
