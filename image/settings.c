/* SPDX-License-Identifier: Apache-2.0 */
/* The device's settings for images: see settings.h. */
#include "image/settings.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/document/node.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

enum { SETTINGS_MAX_SIZE = 256 << 10 };

enum kind { KIND_PATH, KIND_BOOL, KIND_SIZE, KIND_COUNT, KIND_WORDS };

struct property {
	const char *key;
	enum kind kind;
	size_t offset;
};

#define AT(field) offsetof(struct image_settings, field)

static const struct property properties[] = {
	{ "store", KIND_PATH, AT(store) },
	{ "uses", KIND_PATH, AT(uses) },
	{ "policy", KIND_PATH, AT(policy) },
	{ "certificates", KIND_PATH, AT(certificates) },
	{ "auth", KIND_PATH, AT(auth) },
	{ "factory", KIND_WORDS, AT(factory) },
	{ "helper", KIND_WORDS, AT(helper) },
	{ "noOrigin", KIND_BOOL, AT(no_origin) },
	{ "keepBlobs", KIND_BOOL, AT(keep_blobs) },
	{ "flat", KIND_BOOL, AT(flat) },
}, limits[] = {
	{ "layerBytes", KIND_SIZE, AT(limits.layer_bytes) },
	{ "imageBytes", KIND_SIZE, AT(limits.image_bytes) },
	{ "reserveBytes", KIND_SIZE, AT(limits.reserve_bytes) },
	{ "entries", KIND_COUNT, AT(limits.entries) },
	{ "depth", KIND_COUNT, AT(limits.depth) },
	{ "zstdWindow", KIND_COUNT, AT(limits.zstd_window) },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A number, or text with a suffix: "8M". */
static int read_size(const cJSON *object, const char *where, const char *key, uint64_t maximum,
		     uint64_t *value)
{
	const cJSON *node = node_get(object, key);
	int64_t size;

	if (!cJSON_IsString(node))
		return node_uint(object, where, key, maximum, value);
	if (!str_size(node->valuestring, &size) || size < 0 || (uint64_t)size > maximum)
		return node_wrong(node, where, key, "not a size in its range");
	*value = (uint64_t)size;
	return 0;
}

static int read_path(const cJSON *object, const char *where, const char *key, const char **path)
{
	const char *text;
	int result = node_string(object, where, key, &text);

	if (result < 0)
		return result;
	if (*text != '/')
		return node_wrong(node_get(object, key), where, key, "not an absolute path");
	*path = text;
	return 0;
}

/* The words and, behind the pointer in the structure, their number. */
static int read_words(struct arena *arena, const cJSON *object, const char *where, const char *key,
		      char *target)
{
	struct string_list list = { 0 };
	int result = node_list(arena, object, where, key, &list);

	if (result < 0)
		return result;
	*(const char ***)target = list.items;
	*(size_t *)(target + sizeof(const char **)) = list.count;
	return 0;
}

static int read_property(struct arena *arena, const cJSON *object, const char *where,
			 const struct property *property, struct image_settings *settings)
{
	char *target = (char *)settings + property->offset;
	uint64_t count = 0;
	int result;

	switch (property->kind) {
	case KIND_PATH:
		return read_path(object, where, property->key, (const char **)target);
	case KIND_BOOL:
		return node_bool(object, where, property->key, (bool *)target);
	case KIND_SIZE:
		return read_size(object, where, property->key, INT64_MAX, (uint64_t *)target);
	case KIND_COUNT:
		result = read_size(object, where, property->key, UINT32_MAX, &count);
		if (result == 0)
			*(uint32_t *)target = (uint32_t)count;
		return result;
	case KIND_WORDS:
		break;
	}
	return read_words(arena, object, where, property->key, target);
}

/* Every member of the object is one of the properties, or one of `others`, or an error. */
static int read_object(struct arena *arena, const cJSON *object, const char *where,
		       const struct property *table, size_t count, struct image_settings *settings)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object)
	{
		size_t i = 0;
		int result;

		while (i < count && strcmp(table[i].key, member->string) != 0)
			i++;
		if (i < count && !cJSON_IsNull(member)) {
			result = read_property(arena, object, where, &table[i], settings);
			if (result < 0)
				return result;
		} else if (i == count && (*where || (strcmp(member->string, "mirrors") != 0 &&
						     strcmp(member->string, "limits") != 0))) {
			return node_wrong(member, where, member->string, "unknown property");
		}
	}
	return 0;
}

/* What a mirror is follows from what its location looks like. */
static int read_location(const cJSON *node, const char *where, struct mirror *mirror)
{
	const char *text;
	int result = node_string(node, where, "location", &text);
	bool http = str_has_prefix(text, "https://") || str_has_prefix(text, "http://");
	bool file = str_has_prefix(text, "file:///");

	if (result < 0)
		return result;
	if (!http && !file)
		return node_wrong(node, where, "location",
				  "neither https:// nor http:// nor file:///");
	mirror->location = text;
	mirror->kind = strchr(text, '{') ? MIRROR_TEMPLATE : file ? MIRROR_FILES : MIRROR_REGISTRY;
	return 0;
}

static int read_mirror(const cJSON *node, const char *where, struct mirror *mirror)
{
	static const char *const known[] = { "prefix", "location", "insecure", NULL };
	int result;

	if (!cJSON_IsObject(node))
		return node_wrong(node, where, NULL, "not an object");
	result = node_only(node, where, known);
	if (result == 0)
		result = node_string(node, where, "prefix", &mirror->prefix);
	if (result == 0)
		result = node_bool(node, where, "insecure", &mirror->insecure);
	return result < 0 ? result : read_location(node, where, mirror);
}

static int read_mirrors(struct arena *arena, const cJSON *root, struct image_settings *settings)
{
	char where[NODE_PATH_SIZE];
	const cJSON *array, *item;
	int result = node_typed(root, "", "mirrors", cJSON_Array, &array);

	if (result < 0 || !array)
		return result;
	settings->mirrors = arena_array(arena, (size_t)cJSON_GetArraySize(array) + 1,
					sizeof(settings->mirrors[0]));
	if (!settings->mirrors)
		return -ENOMEM;
	cJSON_ArrayForEach(item, array)
	{
		node_path_item(where, "mirrors", settings->mirror_count);
		result = read_mirror(item, where, &settings->mirrors[settings->mirror_count++]);
		if (result < 0)
			return result;
	}
	return 0;
}

static int read_all(struct arena *arena, const cJSON *root, struct image_settings *settings)
{
	const cJSON *node;
	int result = read_object(arena, root, "", properties, COUNT(properties), settings);

	if (result == 0)
		result = node_typed(root, "", "limits", cJSON_Object, &node);
	if (result == 0 && node)
		result = read_object(arena, node, "limits", limits, COUNT(limits), settings);
	if (result == 0)
		result = read_mirrors(arena, root, settings);
	for (size_t i = 0; result == 0 && i < settings->factory_count; i++) {
		if (*settings->factory[i] != '/')
			return node_wrong(node_get(root, "factory"), "", "factory",
					  "not absolute paths");
	}
	return result;
}

int settings_read(struct arena *arena, const char *path, struct image_settings *settings)
{
	static const char *factory[] = { SETTINGS_FACTORY };
	const cJSON *root;
	size_t size;
	char *text;
	int result;

	*settings = (struct image_settings){
		.path = path ? path : SETTINGS_PATH,
		.store = SETTINGS_STORE,
		.factory = factory,
		.factory_count = 1,
		.uses = SETTINGS_USES,
		.policy = SETTINGS_POLICY,
		.certificates = SETTINGS_CERTIFICATES,
		.keep_blobs = true,
		.limits = { .entries = 1 << 20,
			    .depth = 256,
			    .zstd_window = 8 << 20,
			    .reserve_bytes = 1 << 20 },
	};
	text = file_read(arena, AT_FDCWD, settings->path, SETTINGS_MAX_SIZE, &size);
	if (!text && !path && error_last()->no == ENOENT) {
		error_clear();
		return 0;
	}
	if (!text)
		return error_result();
	root = node_document(arena, text, size, settings->path);
	if (!root)
		return error_result();
	result = read_all(arena, root, settings);
	return result < 0 ? fail_context(result, "%s", settings->path) : 0;
}
