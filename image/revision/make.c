/* SPDX-License-Identifier: Apache-2.0 */
/* `cruet revision make`, for the build host: units of a folder, images of the store: an artifact.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/document/load.h"
#include "image/revision/internal.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/str.h"
#include "lib/tree.h"

struct making {
	struct arena *arena;
	struct store *store;
	const struct make_request *request;
	struct revision revision;
	struct descriptor layers[DOCUMENT_MAX_LAYERS];
};

/* ---- images ---- */

static int add_image(struct making *making, const char *name, const struct digest *digest)
{
	struct revision *revision = &making->revision;

	for (size_t i = 0; i < revision->image_count; i++) {
		if (strcmp(revision->images[i].name, name) != 0)
			continue;
		return digest_equal(&revision->images[i].digest, digest) ?
			       0 :
			       fail_property("image", "%s is asked for with two digests", name);
	}
	if (revision->image_count == REVISION_IMAGES_MAX)
		return fail(E2BIG, "more than %d images", REVISION_IMAGES_MAX);
	revision->images[revision->image_count++] = (struct revision_image){ name, *digest };
	return 0;
}

/* `whole`: NAME or NAME@DIGEST, `name` without the digest. It can be run, if not here. */
static int find_image(struct making *making, const char *whole, const char *name)
{
	struct descriptor descriptor;
	int result = store_resolve(making->arena, making->store, whole, &descriptor);

	return result < 0 ? result : add_image(making, name, &descriptor.digest);
}

static const char *without_digest(struct arena *arena, const char *whole)
{
	const char *at = strrchr(whole, '@');

	return at ? arena_strndup(arena, whole, (size_t)(at - whole)) : whole;
}

/* ---- units ---- */

static int take_image(struct making *making, const struct revision_unit *unit)
{
	char text[DIGEST_TEXT_SIZE];
	const char *name, *whole;
	struct digest digest;
	bool pinned;
	int result = revision_unit_image(making->arena, unit->text, unit->size, unit->name, &name,
					 &pinned, &digest);

	if (result < 0 || !name)
		return result;
	whole = pinned ? arena_printf(making->arena, "%s@%s", name, digest_text(&digest, text)) :
			 name;
	/* A digest alone is its own name. */
	if (pinned && strcmp(name, text) == 0)
		whole = name;
	return whole ? find_image(making, whole, name) : error_result();
}

static int read_unit(struct making *making, int folder, struct revision_unit *unit)
{
	const char *file = arena_printf(making->arena, "%s.json", unit->name);
	int result;

	if (!file)
		return error_result();
	unit->text = file_read(making->arena, folder, file, REVISION_UNIT_SIZE_MAX, &unit->size);
	if (!unit->text)
		return fail_context(error_result(), "%s", making->request->folder);
	result = take_image(making, unit);
	return result < 0 ? fail_context(result, "unit %s", unit->name) : 0;
}

static int add_unit(void *data, int folder, const char *name)
{
	struct making *making = data;
	struct revision *revision = &making->revision;
	const size_t length = strlen(name);
	const char *unit;

	(void)folder;
	if (name[0] == '.' || length <= 5 || strcmp(name + length - 5, ".json") != 0)
		return 0;
	unit = arena_strndup(making->arena, name, length - 5);
	if (!unit)
		return error_result();
	if (!revision_unit_name(unit))
		return fail_as(ERROR_CONFIG, EINVAL, "%s/%s: not the name of a unit",
			       making->request->folder, name);
	if (revision->unit_count == DOCUMENT_MAX_LAYERS)
		return fail(E2BIG, "%s: more than %d units", making->request->folder,
			    DOCUMENT_MAX_LAYERS);
	revision->units[revision->unit_count++] = (struct revision_unit){ .name = unit };
	return 0;
}

static int compare_units(const void *a, const void *b)
{
	const struct revision_unit *first = a, *second = b;

	return strcmp(first->name, second->name);
}

/* In order of their names: of the same folder and images comes the same artifact. */
static int read_units(struct making *making)
{
	const char *path = making->request->folder;
	struct revision *revision = &making->revision;
	auto_fd int folder = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (folder < 0)
		return fail(errno, "%s", path);
	error_clear();
	result = tree_each(folder, add_unit, making);
	if (result < 0)
		return error_last()->text[0] ? result : fail(-result, "read %s", path);
	if (revision->unit_count == 0)
		return fail_as(ERROR_CONFIG, ENOENT, "%s: no unit (NAME.json) is there", path);
	qsort(revision->units, revision->unit_count, sizeof(*revision->units), compare_units);
	for (size_t i = 0; i < revision->unit_count; i++) {
		result = read_unit(making, folder, &revision->units[i]);
		if (result < 0)
			return result;
	}
	return 0;
}

/* ---- the artifact ---- */

static int put(struct making *making, const char *type, const char *text, size_t size,
	       struct descriptor *descriptor)
{
	descriptor_of(descriptor, type, text, size);
	descriptor->artifact_type = "";
	return store_blob_put(making->store, &descriptor->digest, text, size);
}

static int put_unit(struct making *making, size_t i)
{
	const struct revision_unit *unit = &making->revision.units[i];
	cJSON *titles = arena_array(making->arena, 2, sizeof(*titles));
	char *title = arena_printf(making->arena, "%s.json", unit->name);
	int result;

	if (!titles || !title)
		return error_result();
	titles[0] = (cJSON){ .type = cJSON_Object, .child = &titles[1] };
	titles[1] = (cJSON){ .type = cJSON_String,
			     .string = (char *)REVISION_TITLE,
			     .valuestring = title };
	result = put(making, REVISION_UNIT_TYPE, unit->text, unit->size, &making->layers[i]);
	making->layers[i].annotations = titles;
	return result;
}

static int put_all(struct making *making, struct descriptor *descriptor)
{
	const struct revision *revision = &making->revision;
	struct image_manifest manifest = {
		.media_type = MEDIA_OCI_MANIFEST,
		.artifact_type = REVISION_TYPE,
		.layers = making->layers,
		.layer_count = revision->unit_count,
	};
	size_t size;
	char *text = revision_write(making->arena, revision, false, &size);
	struct revision checked;
	/* What nobody could read is not made. */
	int result = text ? revision_read(making->arena, text, size, making->request->name, false,
					  &checked) :
			    error_result();

	if (result == 0)
		result = put(making, REVISION_TYPE, text, size, &manifest.config);
	for (size_t i = 0; result == 0 && i < revision->unit_count; i++)
		result = put_unit(making, i);
	if (result < 0)
		return result;
	text = manifest_write(making->arena, &manifest, &size);
	if (!text)
		return error_result();
	result = put(making, MEDIA_OCI_MANIFEST, text, size, descriptor);
	descriptor->artifact_type = REVISION_TYPE;
	return result < 0 ? result :
			    store_ref_set(making->store, making->request->name, descriptor);
}

static int take_without(struct making *making)
{
	const struct make_request *request = making->request;
	struct string_list *list = &making->revision.without;

	if (request->without_count > REVISION_WITHOUT_MAX)
		return fail(E2BIG, "--without: more than %d", REVISION_WITHOUT_MAX);
	list->items = arena_array(making->arena, request->without_count + 1, sizeof(*list->items));
	if (!list->items)
		return error_result();
	for (size_t i = 0; i < request->without_count; i++) {
		const char *name = request->without[i];

		if (!revision_unit_name(name))
			return fail_as(ERROR_USAGE, EINVAL, "--without %s: not the name of a unit",
				       name);
		for (size_t k = 0; k < i; k++)
			if (strcmp(list->items[k], name) == 0)
				return fail_as(ERROR_USAGE, EINVAL, "--without %s stands twice",
					       name);
		list->items[list->count++] = name;
	}
	return 0;
}

static int make(struct making *making, struct descriptor *descriptor)
{
	const struct make_request *request = making->request;
	int result = take_without(making);

	if (result == 0)
		result = read_units(making);
	for (size_t i = 0; result == 0 && i < request->image_count; i++) {
		const char *name = without_digest(making->arena, request->images[i]);

		result = name ? find_image(making, request->images[i], name) : error_result();
	}
	return result < 0 ? result : put_all(making, descriptor);
}

int revision_make(struct arena *arena, struct store *store, const struct make_request *request,
		  struct descriptor *descriptor)
{
	struct making *making = arena_alloc(arena, sizeof(*making));
	struct revision *revision;

	if (!making)
		return error_result();
	*making = (struct making){ .arena = arena, .store = store, .request = request };
	revision = &making->revision;
	revision->name = "";
	revision->images = arena_array(arena, REVISION_IMAGES_MAX, sizeof(*revision->images));
	revision->units = arena_array(arena, DOCUMENT_MAX_LAYERS, sizeof(*revision->units));
	if (!revision->images || !revision->units)
		return error_result();
	return make(making, descriptor);
}
