/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a revision: see document.h. */
#include "image/revision/document.h"

#include <stdio.h>
#include <string.h>

#include "image/document/node.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/str.h"

#define SPEC "cruet.revision/1"

enum { IMAGE_NAME_MAX = 255 }; /* as the store has it */

/* ---- reading ---- */

/* [A-Za-z0-9][A-Za-z0-9_.-]*, as the supervisor's units are called. */
bool revision_unit_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";
	size_t length = strlen(name);

	return length > 0 && length <= REVISION_UNIT_NAME_MAX && !strchr("_.-", name[0]) &&
	       name[strspn(name, letters)] == '\0';
}

/* A name of an image that a digest can be put behind. */
static bool is_image_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > IMAGE_NAME_MAX - DIGEST_TEXT_SIZE || strchr(name, '@'))
		return false;
	for (size_t i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return true;
}

static const char *required(const cJSON *object, const char *where, const char *key, int *result)
{
	const char *text = "";

	if (*result < 0)
		return text;
	*result = node_string(object, where, key, &text);
	if (*result == 0 && !*text)
		*result = node_wrong(object, where, key, "missing");
	return text;
}

static int read_image(const cJSON *node, const struct revision *revision, size_t index,
		      struct revision_image *image)
{
	static const char *const known[] = { "name", "digest", NULL };
	char where[NODE_PATH_SIZE], path[NODE_PATH_SIZE];
	const char *digest;
	int result = 0;

	node_path_item(where, "images", index);
	if (!cJSON_IsObject(node))
		return node_wrong(node, where, NULL, "not an object");
	result = node_only(node, where, known);
	image->name = required(node, where, "name", &result);
	digest = required(node, where, "digest", &result);
	if (result == 0)
		result = digest_parse(&image->digest, digest, node_path(path, where, "digest"));
	if (result == 0 && !is_image_name(image->name))
		return node_wrong(node, where, "name", "not the name of an image");
	for (size_t i = 0; result == 0 && i < index; i++)
		if (strcmp(revision->images[i].name, image->name) == 0)
			return node_wrong(node, where, "name", "stands twice");
	return result;
}

static int read_images(struct arena *arena, const cJSON *root, struct revision *revision)
{
	const cJSON *list, *node;
	int result = node_typed(root, "", "images", cJSON_Array, &list), count;

	if (result < 0)
		return result;
	if (!list)
		return node_wrong(root, "", "images", "missing");
	count = cJSON_GetArraySize(list);
	if (count > REVISION_IMAGES_MAX)
		return node_wrong(list, "", "images", "more than 256");
	revision->images = arena_array(arena, (size_t)count + 1, sizeof(*revision->images));
	if (!revision->images)
		return error_result();
	cJSON_ArrayForEach(node, list)
	{
		result = read_image(node, revision, revision->image_count,
				    &revision->images[revision->image_count]);
		if (result < 0)
			return result;
		revision->image_count++;
	}
	return 0;
}

static int read_without(struct arena *arena, const cJSON *root, struct revision *revision)
{
	const struct string_list *list = &revision->without;
	char where[NODE_PATH_SIZE];
	int result = node_list(arena, root, "", "without", &revision->without);

	if (result == 0 && list->count > REVISION_WITHOUT_MAX)
		return node_wrong(root, "", "without", "more than 256");
	for (size_t i = 0; result == 0 && i < list->count; i++) {
		node_path_item(where, "without", i);
		if (!revision_unit_name(list->items[i]))
			return node_wrong(root, where, NULL, "not the name of a unit");
		for (size_t k = 0; k < i; k++)
			if (strcmp(list->items[i], list->items[k]) == 0)
				return node_wrong(root, where, NULL, "stands twice");
	}
	return result;
}

static int read_all(struct arena *arena, const cJSON *root, bool installed,
		    struct revision *revision)
{
	static const char *const known[] = { "spec", "images", "without", NULL };
	static const char *const known_installed[] = { "spec",	 "name",    "digest",
						       "images", "without", NULL };
	const char *spec, *digest;
	int result = node_only(root, "", installed ? known_installed : known);

	spec = required(root, "", "spec", &result);
	if (result == 0 && strcmp(spec, SPEC) != 0)
		return node_wrong(root, "", "spec", "not " SPEC);
	if (installed) {
		revision->name = required(root, "", "name", &result);
		digest = required(root, "", "digest", &result);
		if (result == 0)
			result = digest_parse(&revision->digest, digest, "digest");
	}
	if (result == 0)
		result = read_images(arena, root, revision);
	return result < 0 ? result : read_without(arena, root, revision);
}

int revision_read(struct arena *arena, const char *text, size_t size, const char *where,
		  bool installed, struct revision *revision)
{
	const cJSON *root = node_document(arena, text, size, where);
	int result;

	*revision = (struct revision){ .name = "" };
	if (!root)
		return error_result();
	result = read_all(arena, root, installed, revision);
	return result < 0 ? fail_context(result, "%s", where) : 0;
}

/* ---- writing ---- */

char *revision_write(struct arena *arena, const struct revision *revision, bool installed,
		     size_t *size)
{
	struct json_writer writer;
	char text[DIGEST_TEXT_SIZE];

	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "spec", SPEC);
	if (installed) {
		json_write_string(&writer, "name", revision->name);
		json_write_string(&writer, "digest", digest_text(&revision->digest, text));
	}
	json_write_array(&writer, "images");
	for (size_t i = 0; i < revision->image_count; i++) {
		const struct revision_image *image = &revision->images[i];

		json_write_object(&writer, NULL);
		json_write_string(&writer, "name", image->name);
		json_write_string(&writer, "digest", digest_text(&image->digest, text));
		json_write_end(&writer, '}');
	}
	json_write_end(&writer, ']');
	if (revision->without.count) {
		json_write_array(&writer, "without");
		for (size_t i = 0; i < revision->without.count; i++)
			json_write_string(&writer, NULL, revision->without.items[i]);
		json_write_end(&writer, ']');
	}
	json_write_end(&writer, '}');
	return json_write_finish(&writer, size);
}

/* ---- units ---- */

/* The member "image", which may be absent. */
static int find_image(struct arena *arena, const char *text, size_t size, const char *where,
		      const cJSON **image)
{
	const cJSON *root = node_document(arena, text, size, where);
	int result = root ? node_typed(root, "", "image", cJSON_String, image) : error_result();

	return result < 0 && root ? fail_context(result, "%s", where) : result;
}

/* NAME@DIGEST, NAME, or a digest alone, which is its own name. */
static int split(struct arena *arena, const char *whole, const char *where, const char **name,
		 bool *pinned, struct digest *digest)
{
	const char *at = strrchr(whole, '@');

	*pinned = at || str_has_prefix(whole, "sha256:") || str_has_prefix(whole, "sha512:");
	*name = whole;
	if (at) {
		*name = arena_strndup(arena, whole, (size_t)(at - whole));
		if (!*name)
			return error_result();
	}
	if (!is_image_name(*name))
		return fail_property("image", "%s: \"%.100s\" cannot be the name of an image",
				     where, whole);
	return *pinned ? digest_parse(digest, at ? at + 1 : whole, "image") : 0;
}

int revision_unit_image(struct arena *arena, const char *text, size_t size, const char *where,
			const char **image, bool *pinned, struct digest *digest)
{
	const cJSON *node = NULL;
	int result = find_image(arena, text, size, where, &node);

	*image = NULL;
	*pinned = false;
	return result < 0 || !node ? result :
				     split(arena, node->valuestring, where, image, pinned, digest);
}

static const struct revision_image *image_of(const struct revision *revision, const char *name)
{
	for (size_t i = 0; i < revision->image_count; i++)
		if (strcmp(revision->images[i].name, name) == 0)
			return &revision->images[i];
	return NULL;
}

/* The text with the image's in another's place; all else word by word. */
static int replace(struct arena *arena, const struct revision_unit *unit, const cJSON *node,
		   const struct revision_image *image, const char **text, size_t *size)
{
	char digest[DIGEST_TEXT_SIZE];
	struct json_writer writer;
	size_t length, before;
	const char *old = json_source(node, &length), *value;

	json_write_start(&writer, arena, JSON_COMPACT);
	value = arena_printf(arena, "%s@%s", image->name, digest_text(&image->digest, digest));
	if (!value)
		return error_result();
	json_write_string(&writer, NULL, value);
	value = json_write_finish(&writer, size);
	if (!value)
		return error_result();
	before = (size_t)(old - unit->text);
	*text = arena_printf(arena, "%.*s%s%.*s", (int)before, unit->text, value,
			     (int)(unit->size - before - length), old + length);
	*size = unit->size - length + strlen(value);
	return *text ? 0 : error_result();
}

int revision_unit_stage(struct arena *arena, const struct revision *revision,
			const struct revision_unit *unit, const char **text, size_t *size)
{
	const struct revision_image *image;
	struct digest digest;
	const cJSON *node = NULL;
	const char *name;
	bool pinned;
	int result = find_image(arena, unit->text, unit->size, unit->name, &node);

	*text = unit->text;
	*size = unit->size;
	if (result < 0 || !node)
		return result;
	result = split(arena, node->valuestring, unit->name, &name, &pinned, &digest);
	if (result < 0)
		return result;
	image = image_of(revision, name);
	if (!image)
		return fail_property("image", "unit %s: %s is not among the revision's images",
				     unit->name, name);
	if (pinned && !digest_equal(&image->digest, &digest))
		return fail_property("image", "unit %s: %s has another digest in the revision",
				     unit->name, name);
	return strcmp(name, node->valuestring) == 0 && pinned ?
		       0 :
		       replace(arena, unit, node, image, text, size);
}
