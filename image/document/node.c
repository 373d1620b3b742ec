/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON objects: see node.h. */
#include "image/document/node.h"

#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"

char *node_path(char path[NODE_PATH_SIZE], const char *where, const char *key)
{
	snprintf(path, NODE_PATH_SIZE, "%s%s%s", where, *where && key ? "." : "", key ? key : "");
	return path;
}

char *node_path_item(char path[NODE_PATH_SIZE], const char *where, size_t index)
{
	snprintf(path, NODE_PATH_SIZE, "%s[%zu]", where, index);
	return path;
}

int node_wrong(const cJSON *node, const char *where, const char *key, const char *what)
{
	char path[NODE_PATH_SIZE];

	return fail_context(fail_property(node_path(path, where, key), "%s", what), "line %u",
			    json_line(node));
}

const cJSON *node_get(const cJSON *object, const char *key)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsNull(node) ? NULL : node;
}

int node_typed(const cJSON *object, const char *where, const char *key, int type,
	       const cJSON **node)
{
	*node = node_get(object, key);
	if (!*node || ((*node)->type & 0xff) == type)
		return 0;
	return node_wrong(*node, where, key,
			  type == cJSON_Object ? "not an object" :
			  type == cJSON_Array  ? "not an array" :
						 "not a string");
}

int node_string(const cJSON *object, const char *where, const char *key, const char **text)
{
	const cJSON *node;
	int result = node_typed(object, where, key, cJSON_String, &node);

	*text = result == 0 && node ? node->valuestring : "";
	return result;
}

int node_uint(const cJSON *object, const char *where, const char *key, uint64_t maximum,
	      uint64_t *value)
{
	const cJSON *node = node_get(object, key);

	*value = 0;
	if (node && (!json_uint64(node, value) || *value > maximum))
		return node_wrong(node, where, key, "not a whole number in its range");
	return 0;
}

int node_bool(const cJSON *object, const char *where, const char *key, bool *value)
{
	const cJSON *node = node_get(object, key);

	if (node && !cJSON_IsBool(node))
		return node_wrong(node, where, key, "neither true nor false");
	if (node)
		*value = cJSON_IsTrue(node);
	return 0;
}

int node_list(struct arena *arena, const cJSON *object, const char *where, const char *key,
	      struct string_list *list)
{
	const cJSON *node, *item;
	int result = node_typed(object, where, key, cJSON_Array, &node);

	*list = (struct string_list){ 0 };
	if (result < 0 || !node)
		return result;
	list->items =
		arena_array(arena, (size_t)cJSON_GetArraySize(node) + 1, sizeof(list->items[0]));
	if (!list->items)
		return -ENOMEM;
	cJSON_ArrayForEach(item, node)
	{
		if (!cJSON_IsString(item))
			return node_wrong(item, where, key, "not an array of strings");
		list->items[list->count++] = item->valuestring;
	}
	return 0;
}

int node_keys(struct arena *arena, const cJSON *object, const char *where, const char *key,
	      struct string_list *list)
{
	const cJSON *node, *item;
	int result = node_typed(object, where, key, cJSON_Object, &node);

	*list = (struct string_list){ 0 };
	if (result < 0 || !node)
		return result;
	list->items =
		arena_array(arena, (size_t)cJSON_GetArraySize(node) + 1, sizeof(list->items[0]));
	if (!list->items)
		return -ENOMEM;
	cJSON_ArrayForEach(item, node)
	{
		list->items[list->count++] = item->string;
	}
	return 0;
}

int node_map(const cJSON *object, const char *where, const char *key, const cJSON **map)
{
	const cJSON *item;
	int result = node_typed(object, where, key, cJSON_Object, map);

	if (result < 0 || !*map)
		return result;
	cJSON_ArrayForEach(item, *map)
	{
		if (!cJSON_IsString(item))
			return node_wrong(item, where, key, "not an object of strings");
	}
	return 0;
}

int node_only(const cJSON *object, const char *where, const char *const *known)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object)
	{
		size_t i = 0;

		while (known[i] && strcmp(known[i], member->string) != 0)
			i++;
		if (!known[i])
			return node_wrong(member, where, member->string, "unknown property");
	}
	return 0;
}

/* Each value but the first has one of these before it; so have some strings, which is no matter. */
static bool too_many_values(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += text[i] == ',' || text[i] == '[' || text[i] == '{';
	return count > DOCUMENT_MAX_VALUES;
}

const cJSON *node_document(struct arena *arena, const char *text, size_t size, const char *name)
{
	const cJSON *root = NULL;

	if (size > DOCUMENT_MAX_SIZE)
		fail_as(ERROR_CONFIG, EFBIG, "%s: %zu bytes", name, size);
	else if (too_many_values(text, size))
		fail_as(ERROR_CONFIG, EFBIG, "%s: too many values", name);
	else
		root = json_parse(arena, text, size, name);
	if (root && !cJSON_IsObject(root)) {
		fail_as(ERROR_CONFIG, 0, "%s: not an object", name);
		root = NULL;
	}
	return root;
}
