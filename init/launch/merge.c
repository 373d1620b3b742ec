/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Merge Patch (RFC 7396), written as it goes: what is not changed stands as it stood. */
#include "init/launch/internal.h"
#include "lib/json.h"

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

static void write_source(struct json_writer *writer, const char *key, const cJSON *node)
{
	size_t size;
	const char *text = json_source(node, &size);

	json_write_raw(writer, key, text, size);
}

void merge_write(struct json_writer *writer, const char *key, const cJSON *base, const cJSON *patch)
{
	if (!cJSON_IsObject(patch)) {
		write_source(writer, key, patch ? patch : base);
		return;
	}
	json_write_object(writer, key);
	for (const cJSON *item = cJSON_IsObject(base) ? base->child : NULL; item;
	     item = item->next) {
		const cJSON *change = member(patch, item->string);

		if (!cJSON_IsNull(change))
			merge_write(writer, item->string, item, change);
	}
	for (const cJSON *item = patch->child; item; item = item->next)
		if (!member(base, item->string) && !cJSON_IsNull(item))
			merge_write(writer, item->string, NULL, item);
	json_write_end(writer, '}');
}
