/* SPDX-License-Identifier: Apache-2.0 */
#include "image/trust/read.h"

#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"

struct reader read_begin(struct arena *arena, const cJSON *node, const char *where)
{
	struct reader reader = { .arena = arena, .node = node, .where = where };

	if (!node) {
		reader.failed = true;
		reader.result = error_result();
	} else if (!cJSON_IsObject(node)) {
		reader.failed = true;
		reader.result = fail_property(where, "line %u: not an object", json_line(node));
	}
	return reader;
}

void read_fail(struct reader *reader, const char *key, const char *problem)
{
	char property[128];
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(reader->node, key);

	if (reader->failed)
		return;
	snprintf(property, sizeof(property), "%s.%.60s", reader->where, key);
	reader->failed = true;
	reader->result = fail_property(property, "line %u: %s",
				       json_line(node ? node : reader->node), problem);
}

static bool is_known(const struct reader *reader, const char *key)
{
	for (unsigned int i = 0; i < reader->known_count; i++)
		if (strcmp(reader->known[i], key) == 0)
			return true;
	return false;
}

int read_end(struct reader *reader)
{
	const cJSON *node = reader->failed ? NULL : reader->node->child;

	for (; node; node = node->next)
		if (!is_known(reader, node->string))
			read_fail(reader, node->string, "unknown property");
	return reader->failed ? reader->result : 0;
}

const cJSON *read_member(struct reader *reader, const char *key, int flags)
{
	const cJSON *node = NULL;

	if (!reader->failed) {
		node = cJSON_GetObjectItemCaseSensitive(reader->node, key);
		reader->known[reader->known_count++] = key;
		if (!node && (flags & READ_REQUIRED))
			read_fail(reader, key, "missing");
	}
	return node;
}

const char *read_text(struct reader *reader, const char *key, int flags)
{
	const cJSON *node = read_member(reader, key, flags);

	if (node && !cJSON_IsString(node))
		read_fail(reader, key, "not a string");
	else if (node && !(flags & READ_EMPTY) && node->valuestring[0] == '\0')
		read_fail(reader, key, "empty");
	return node && !reader->failed ? node->valuestring : NULL;
}

uint64_t read_uint(struct reader *reader, const char *key, uint64_t otherwise, bool *given)
{
	const cJSON *node = read_member(reader, key, 0);
	uint64_t value = otherwise;

	if (node && !json_uint64(node, &value))
		read_fail(reader, key, "not a whole number from 0 to 18446744073709551615");
	if (given)
		*given = node != NULL;
	return value;
}

bool read_bool(struct reader *reader, const char *key)
{
	const cJSON *node = read_member(reader, key, 0);

	if (node && !cJSON_IsBool(node))
		read_fail(reader, key, "not true or false");
	return cJSON_IsTrue(node);
}

int read_word(struct reader *reader, const char *key, const char *const *words, int flags)
{
	const cJSON *node = read_member(reader, key, flags);

	if (!node)
		return 0;
	if (cJSON_IsBool(node) && strcmp(words[0], "none") == 0)
		return cJSON_IsTrue(node);
	for (int i = 0; words[i]; i++)
		if (cJSON_IsString(node) && strcmp(node->valuestring, words[i]) == 0)
			return i;
	read_fail(reader, key, "not one of the words that are known");
	return 0;
}

const char **read_texts(struct reader *reader, const char *key, size_t limit, size_t *count)
{
	const cJSON *node = read_member(reader, key, 0), *item;
	const size_t size = cJSON_IsArray(node) ? (size_t)cJSON_GetArraySize(node) : 1;
	const char **texts;

	*count = 0;
	if (!node)
		return NULL;
	if (size > limit)
		read_fail(reader, key, "too many");
	texts = arena_array(reader->arena, size + 1, sizeof(*texts));
	if (!texts) {
		reader->failed = true;
		reader->result = -ENOMEM;
	}
	if (reader->failed)
		return NULL;
	item = cJSON_IsArray(node) ? node->child : node;
	for (size_t i = 0; i < size; i++) {
		if (!cJSON_IsString(item) || item->valuestring[0] == '\0') {
			read_fail(reader, key, "not a string, or an array of strings");
			return NULL;
		}
		texts[i] = item->valuestring;
		item = item->next;
	}
	*count = size;
	return texts;
}

void *read_list(struct reader *reader, const char *key, size_t item_size, size_t limit,
		int (*each)(struct arena *arena, const cJSON *node, void *item), size_t *count)
{
	const cJSON *list = read_member(reader, key, 0);
	const size_t size = (size_t)cJSON_GetArraySize(list);
	char *items;

	*count = 0;
	if (list && !cJSON_IsArray(list))
		read_fail(reader, key, "not an array");
	else if (size > limit)
		read_fail(reader, key, "too many");
	if (!list || reader->failed || size == 0)
		return NULL;
	items = arena_array(reader->arena, size, item_size);
	reader->result = items ? 0 : -ENOMEM;
	for (const cJSON *node = list->child; node; node = node->next) {
		if (reader->result == 0)
			reader->result = each(reader->arena, node, items + *count * item_size);
		*count += 1;
	}
	reader->failed = reader->result < 0;
	return items;
}
