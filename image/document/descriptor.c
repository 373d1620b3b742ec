/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors (image-spec descriptor.md). */
#include <ctype.h>
#include <string.h>

#include "image/document/node.h"
#include "lib/arena.h"
#include "lib/base64.h"
#include "lib/error.h"
#include "lib/json.h"

/* One half of a media type: RFC 6838, section 4.2. */
static size_t name_length(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) ||
	       (length && text[length] && strchr("!#$&-^_.+", text[length])))
		length++;
	return length > 127 ? 0 : length;
}

static bool is_media_type(const char *text)
{
	size_t first = name_length(text), second;

	if (!first || text[first] != '/')
		return false;
	second = name_length(text + first + 1);
	return second && !text[first + 1 + second];
}

int node_platform(const cJSON *object, const char *where, struct platform *platform)
{
	int result = node_string(object, where, "os", &platform->os);

	if (result == 0)
		result = node_string(object, where, "architecture", &platform->architecture);
	if (result == 0)
		result = node_string(object, where, "variant", &platform->variant);
	if (result == 0)
		result = node_string(object, where, "os.version", &platform->os_version);
	return result;
}

static int read_platform(struct arena *arena, const cJSON *node, const char *where,
			 struct descriptor *descriptor)
{
	char path[NODE_PATH_SIZE];
	struct platform *platform;
	const cJSON *object;
	int result = node_typed(node, where, "platform", cJSON_Object, &object);

	if (result < 0 || !object)
		return result;
	platform = arena_alloc(arena, sizeof(*platform));
	if (!platform)
		return -ENOMEM;
	descriptor->platform = platform;
	return node_platform(object, node_path(path, where, "platform"), platform);
}

static int read_digest(const cJSON *node, const char *where, struct descriptor *descriptor)
{
	char path[NODE_PATH_SIZE];
	const char *text;
	int result = node_string(node, where, "digest", &text);

	if (result < 0)
		return result;
	if (!*text)
		return node_wrong(node, where, "digest", "missing");
	result = digest_parse(&descriptor->digest, text, node_path(path, where, "digest"));
	return result < 0 ? fail_context(result, "line %u", json_line(node)) : 0;
}

/* Content that stands in the descriptor itself: the same rules as for a blob. */
static int read_data(struct arena *arena, const cJSON *node, const char *where,
		     struct descriptor *descriptor)
{
	struct digest digest;
	const char *text;
	size_t room;
	char *data;
	ssize_t size;
	int result = node_string(node, where, "data", &text);

	if (result < 0 || !node_get(node, "data"))
		return result;
	room = BASE64_DATA_SIZE(strlen(text));
	data = arena_bytes(arena, room + 1);
	if (!data)
		return -ENOMEM;
	size = base64_decode(text, strlen(text), data, room);
	if (size < 0)
		return node_wrong(node, where, "data", "not base64");
	if ((uint64_t)size != descriptor->size)
		return node_wrong(node, where, "data", "not of the size that is said");
	digest_of(&digest, descriptor->digest.algorithm, data, (size_t)size);
	if (!digest_equal(&digest, &descriptor->digest))
		return node_wrong(node, where, "data", "does not have the digest that is said");
	descriptor->data = data;
	return 0;
}

static int read_strings(const cJSON *node, const char *where, struct descriptor *descriptor)
{
	int result = node_string(node, where, "mediaType", &descriptor->media_type);

	if (result < 0)
		return result;
	if (!is_media_type(descriptor->media_type))
		return node_wrong(node, where, "mediaType",
				  *descriptor->media_type ? "not a media type" : "missing");
	descriptor->kind = media_kind(descriptor->media_type);
	result = node_string(node, where, "artifactType", &descriptor->artifact_type);
	return result < 0 ? result : node_map(node, where, "annotations", &descriptor->annotations);
}

int descriptor_read(struct arena *arena, const cJSON *node, const char *where,
		    struct descriptor *descriptor)
{
	const cJSON *urls = NULL;
	int result;

	*descriptor = (struct descriptor){ .artifact_type = "" };
	if (!cJSON_IsObject(node))
		return node_wrong(node, where, NULL, "not an object");
	result = read_strings(node, where, descriptor);
	if (result == 0)
		result = read_digest(node, where, descriptor);
	if (result == 0 && !node_get(node, "size"))
		return node_wrong(node, where, "size", "missing");
	if (result == 0)
		result = node_uint(node, where, "size", INT64_MAX, &descriptor->size);
	if (result == 0)
		result = node_typed(node, where, "urls", cJSON_Array, &urls);
	if (result < 0)
		return result;
	descriptor->foreign = urls && urls->child;
	result = read_platform(arena, node, where, descriptor);
	return result < 0 ? result : read_data(arena, node, where, descriptor);
}

int node_descriptors(struct arena *arena, const cJSON *object, const char *key, size_t maximum,
		     struct descriptor **list, size_t *count)
{
	char path[NODE_PATH_SIZE];
	const cJSON *array, *item;
	int result = node_typed(object, "", key, cJSON_Array, &array);

	*list = NULL;
	*count = 0;
	if (result < 0 || !array)
		return result;
	if ((size_t)cJSON_GetArraySize(array) > maximum)
		return node_wrong(array, "", key, "too many");
	*list = arena_array(arena, (size_t)cJSON_GetArraySize(array) + 1, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	cJSON_ArrayForEach(item, array)
	{
		result = descriptor_read(arena, item, node_path_item(path, key, *count),
					 &(*list)[*count]);
		if (result < 0)
			return result;
		++*count;
	}
	return 0;
}

const char *annotation(const cJSON *annotations, const char *key)
{
	const cJSON *node = annotations ? node_get(annotations, key) : NULL;

	return node ? node->valuestring : NULL;
}

void descriptor_of(struct descriptor *descriptor, const char *media_type, const void *data,
		   size_t size)
{
	*descriptor = (struct descriptor){
		.media_type = media_type,
		.artifact_type = "",
		.kind = media_kind(media_type),
		.size = size,
	};
	digest_of(&descriptor->digest, DIGEST_SHA256, data, size);
}
