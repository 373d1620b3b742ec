/* SPDX-License-Identifier: Apache-2.0 */
/* The artifact, from the store: manifest, config, and a layer for each unit. */
#include <string.h>

#include "image/document/load.h"
#include "image/revision.h"
#include "image/revision/internal.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"

static int read_unit(struct arena *arena, struct store *store, const struct descriptor *layer,
		     const struct revision *revision, struct revision_unit *unit)
{
	const char *title = annotation(layer->annotations, REVISION_TITLE), *text;
	size_t length = title ? strlen(title) : 0, size;

	if (strcmp(layer->media_type, REVISION_UNIT_TYPE) != 0)
		return fail_property("mediaType", "%.100s is no unit", layer->media_type);
	if (length <= 5 || strcmp(title + length - 5, ".json") != 0)
		return fail_property("annotations." REVISION_TITLE, "not NAME.json");
	unit->name = arena_strndup(arena, title, length - 5);
	if (!unit->name)
		return error_result();
	if (!revision_unit_name(unit->name))
		return fail_property("annotations." REVISION_TITLE,
				     "\"%.80s\" is not the name of a unit", unit->name);
	for (size_t i = 0; i < revision->unit_count; i++)
		if (strcmp(revision->units[i].name, unit->name) == 0)
			return fail_property("annotations." REVISION_TITLE, "%s stands twice",
					     title);
	if (layer->size > REVISION_UNIT_SIZE_MAX)
		return fail(EFBIG, "unit %s: more than %d bytes", unit->name,
			    REVISION_UNIT_SIZE_MAX);
	unit->text = store_blob_read(arena, store, layer, &unit->size);
	unit->digest = layer->digest;
	return unit->text ? revision_unit_stage(arena, revision, unit, &text, &size) :
			    error_result();
}

static int read_units(struct arena *arena, struct store *store, const struct image *image,
		      struct revision *revision)
{
	const struct image_manifest *manifest = &image->manifest;

	revision->units = arena_array(arena, manifest->layer_count + 1, sizeof(*revision->units));
	if (!revision->units)
		return error_result();
	for (size_t i = 0; i < manifest->layer_count; i++) {
		int result = read_unit(arena, store, &manifest->layers[i], revision,
				       &revision->units[i]);

		if (result < 0)
			return fail_context(result, "layers[%zu]", i);
		revision->unit_count++;
	}
	return 0;
}

static int read_artifact(struct arena *arena, struct store *store, const struct image *image,
			 struct revision *revision)
{
	const struct image_manifest *manifest = &image->manifest;
	const char *type =
		*manifest->artifact_type ? manifest->artifact_type : manifest->config.media_type;
	const char *text;
	size_t size;
	int result;

	if (strcmp(type, REVISION_TYPE) != 0 ||
	    strcmp(manifest->config.media_type, REVISION_TYPE) != 0)
		return fail_as(ERROR_CONFIG, EINVAL, "not a revision (%.100s)", type);
	text = store_blob_read(arena, store, &manifest->config, &size);
	if (!text)
		return error_result();
	result = revision_read(arena, text, size, "config", false, revision);
	return result < 0 ? result : read_units(arena, store, image, revision);
}

int revision_load(struct arena *arena, struct store *store, const char *name,
		  struct revision *revision)
{
	struct image image;
	int result = image_load(arena, store, name, NULL, &image);

	*revision = (struct revision){ .name = "" };
	if (result < 0)
		return result;
	result = read_artifact(arena, store, &image, revision);
	revision->name = name;
	revision->digest = image.descriptor.digest;
	return result < 0 ? fail_context(result, "%s", name) : 0;
}
