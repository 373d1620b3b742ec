/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ACI stands on (aci.md "Dependency Matching"): images of the store that were ACIs. Each
 * has the layers of its own dependencies already, so that one after the other gives the order of
 * ace.md "Filesystem Setup".
 */
#include <string.h>

#include "image/transfer/aci.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

struct dependency {
	const char *name, *id;
	const cJSON *labels;
	uint64_t size;
	bool sized;
};

static int read_dependency(const cJSON *item, struct dependency *wanted)
{
	int wrong = 0;
	const cJSON *size = aci_member(item, "size", cJSON_Number, false, &wrong);

	wanted->name = aci_text(item, "imageName", true, &wrong);
	wanted->id = aci_text(item, "imageID", false, &wrong);
	wanted->labels = aci_member(item, "labels", cJSON_Array, false, &wrong);
	wanted->sized = size != NULL;
	if (wrong < 0)
		return fail_context(wrong, "dependencies");
	if (!aci_is_identifier(wanted->name))
		return fail_property("dependencies", "manifest: '%s' is no AC Identifier",
				     wanted->name);
	if (size && !json_uint64(size, &wanted->size))
		return fail_property("dependencies", "manifest: size must be a number");
	/* types.md "Image ID Type": all of it, a beginning proves nothing. */
	if (*wanted->id && (!str_has_prefix(wanted->id, "sha512-") ||
			    strspn(wanted->id + 7, "0123456789abcdef") != 2 * SHA512_SIZE ||
			    strlen(wanted->id + 7) != 2 * SHA512_SIZE))
		return fail_property("dependencies", "manifest: imageID '%s' is none", wanted->id);
	return 0;
}

/* Does an image of that name have all these labels? */
static bool has_labels(struct arena *arena, const struct image *image, const cJSON *wanted)
{
	const char *text = annotation(image->manifest.annotations, ACI_LABELS);
	const cJSON *labels = text ? json_parse(arena, text, strlen(text), ACI_LABELS) : NULL;
	const cJSON *item;

	cJSON_ArrayForEach(item, wanted)
	{
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(item, "name"));

		if (!name || !aci_value(wanted, name) ||
		    !str_equal(aci_value(wanted, name), aci_value(labels, name)))
			return false;
	}
	return true;
}

/* Load what a name of the store leads to, if it was an ACI of that name with those labels. */
static bool fits(struct aci *aci, const struct store_ref *ref, const struct dependency *wanted,
		 struct image *image)
{
	if (ref->descriptor.kind != MEDIA_KIND_MANIFEST)
		return false;
	if (image_load_manifest(aci->arena, aci->import->store, &ref->descriptor, image) < 0) {
		error_clear(); /* damaged, or no image: not what is looked for */
		return false;
	}
	return str_equal(annotation(image->manifest.annotations, ACI_NAME), wanted->name) &&
	       has_labels(aci->arena, image, wanted->labels);
}

/* Is the image being made among what stands below? */
static bool is_cycle(const struct aci *aci, const struct image *image)
{
	const char *below = annotation(image->manifest.annotations, ACI_DEPENDENCIES);
	size_t length = strlen(aci->name);

	for (; below; below = strchr(below, ' ') ? strchr(below, ' ') + 1 : NULL)
		if (strncmp(below, aci->name, length) == 0 &&
		    (below[length] == ' ' || !below[length]))
			return true;
	return false;
}

static int take(struct aci *aci, const struct dependency *wanted, const struct image *image)
{
	const char *below = annotation(image->manifest.annotations, ACI_DEPENDENCIES);
	const char *size = annotation(image->manifest.annotations, ACI_SIZE);
	uint64_t bytes;

	if (*wanted->id && !str_equal(annotation(image->manifest.annotations, ACI_ID), wanted->id))
		return fail(EBADMSG, "dependency %s: its image ID is another one", wanted->name);
	if (wanted->sized && (!size || !str_uint64(size, &bytes) || bytes != wanted->size))
		return fail(EBADMSG, "dependency %s: %s bytes, the manifest says %llu",
			    wanted->name, size ? size : "?", (unsigned long long)wanted->size);
	if (is_cycle(aci, image))
		return fail(ELOOP, "dependency %s: needs %s itself", wanted->name, aci->name);
	for (size_t i = 0; i < image->manifest.layer_count; i++) {
		if (aci->layer_count == DOCUMENT_MAX_LAYERS - 1)
			return fail(E2BIG, "dependencies: more than %d layers",
				    DOCUMENT_MAX_LAYERS);
		aci->layers[aci->layer_count] = image->manifest.layers[i];
		aci->diff_ids[aci->layer_count++] = image->config.diff_ids[i];
	}
	aci->dependencies =
		arena_printf(aci->arena, "%s%s%s%s%s", aci->dependencies ? aci->dependencies : "",
			     aci->dependencies ? " " : "", wanted->name, below ? " " : "",
			     below ? below : "");
	return aci->dependencies ? 0 : error_result();
}

static int depend_on(struct aci *aci, const cJSON *item, const struct store_ref *refs, size_t count)
{
	struct dependency wanted = { 0 };
	struct image image = { 0 }, other;
	size_t found = 0;
	int result = read_dependency(item, &wanted);

	if (result < 0)
		return result;
	if (str_equal(wanted.name, aci->name))
		return fail(ELOOP, "dependency %s: is the image itself", wanted.name);
	for (size_t i = 0; i < count; i++) {
		if (!fits(aci, &refs[i], &wanted, &other))
			continue;
		/* The very one, or that with a name of the store that sorts last: the latest. */
		if (*wanted.id && found > 0 &&
		    !str_equal(annotation(other.manifest.annotations, ACI_ID), wanted.id))
			continue;
		image = other;
		found++;
	}
	if (found == 0)
		return fail(ENOENT, "dependency %s: import it first", wanted.name);
	return take(aci, &wanted, &image);
}

int aci_depend(struct aci *aci)
{
	int wrong = 0, result = 0;
	const cJSON *item,
		*list = aci_member(aci->root, "dependencies", cJSON_Array, false, &wrong);
	struct store_ref *refs = NULL;
	ssize_t count = 0;

	aci->layers = arena_array(aci->arena, DOCUMENT_MAX_LAYERS, sizeof(*aci->layers));
	aci->diff_ids = arena_array(aci->arena, DOCUMENT_MAX_LAYERS, sizeof(*aci->diff_ids));
	if (wrong < 0 || !aci->layers || !aci->diff_ids)
		return error_result();
	if (list && list->child)
		count = store_refs(aci->arena, aci->import->store, &refs);
	if (count < 0)
		return (int)count;
	cJSON_ArrayForEach(item, list)
	{
		result = depend_on(aci, item, refs, (size_t)count);
		if (result < 0)
			break;
	}
	return result;
}
