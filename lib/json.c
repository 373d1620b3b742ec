/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict JSON: see json.h. The text is scanned first (json_scan.c), so that cJSON only ever sees a
 * document that is right; then the tree and the list of spans, which have the same order, are
 * walked together.
 */
#include "lib/json.h"

#include <errno.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json_scan.h"
#include "lib/str.h"

/* cJSON's hooks have no argument: where they allocate while json_parse() runs. */
static struct arena *hook_arena;

static struct json_node *node_of(const cJSON *item)
{
	return (void *)((char *)item - offsetof(struct json_node, item));
}

/* A node gets its header; a string that happens to have a node's size gets one in vain. */
static void *hook_allocate(size_t size)
{
	struct json_node *node;

	if (size != sizeof(cJSON))
		return arena_bytes(hook_arena, size);
	node = arena_alloc(hook_arena, sizeof(*node));
	return node ? &node->item : NULL;
}

static void hook_free(void *memory)
{
	(void)memory; /* goes with the arena */
}

static cJSON *build(struct arena *arena, const char *text, size_t size)
{
	cJSON_Hooks hooks = { .malloc_fn = hook_allocate, .free_fn = hook_free };
	cJSON *root;

	hook_arena = arena;
	cJSON_InitHooks(&hooks);
	root = cJSON_ParseWithLengthOpts(text, size, NULL, false);
	cJSON_InitHooks(NULL);
	hook_arena = NULL;
	return root;
}

struct finish {
	struct arena *arena;
	const char *text;
	const char *name;
	const struct json_span *spans;
	size_t left;
};

static int refuse_duplicates(const struct finish *finish, const cJSON *object)
{
	char property[sizeof(error_last()->property)];
	struct json_spans spans = { 0 };
	const cJSON *twice;
	int result = json_find_duplicate(object, &twice);

	if (result < 0 || !twice)
		return result;
	/* The scanner, stopped at the value, says where it is. */
	json_scan(finish->arena, finish->text, node_of(twice)->span.start, finish->name, &spans);
	memcpy(property, error_last()->property, sizeof(property));
	result = fail_property(property, "duplicate key");
	return fail_context(result, "%s: line %u", finish->name, json_line(twice));
}

/* Give `item` and its next ones, with all below them, their spans and literals. */
static int finish_nodes(struct finish *finish, cJSON *item)
{
	for (; item; item = item->next) {
		struct json_node *node = node_of(item);
		int result = 0;

		if (!finish->left--)
			return fail_as(ERROR_CONFIG, 0, "%s: read in two ways", finish->name);
		node->text = finish->text;
		node->span = *finish->spans++;
		if (item->type == cJSON_Number) {
			item->valuestring =
				arena_strndup(finish->arena, finish->text + node->span.start,
					      node->span.length);
			if (!item->valuestring)
				return -ENOMEM;
		}
		if (item->child)
			result = finish_nodes(finish, item->child);
		if (result == 0 && item->type == cJSON_Object)
			result = refuse_duplicates(finish, item);
		if (result < 0)
			return result;
	}
	return 0;
}

const cJSON *json_parse(struct arena *arena, const char *text, size_t size, const char *name)
{
	struct json_spans spans = { 0 };
	struct finish finish;
	cJSON *root;

	if (size > JSON_MAX_SIZE) {
		fail_as(ERROR_CONFIG, EFBIG, "%s: %zu bytes of JSON", name, size);
		return NULL;
	}
	if (json_scan(arena, text, size, name, &spans) < 0)
		return NULL;
	error_clear(); /* of what the hooks may record */
	root = build(arena, text, size);
	if (!root) {
		if (error_last()->code == ERROR_NONE)
			fail_as(ERROR_CONFIG, 0, "%s: not understood as JSON", name);
		return NULL;
	}
	finish = (struct finish){ arena, text, name, spans.items, spans.count };
	return finish_nodes(&finish, root) < 0 ? NULL : root;
}

unsigned int json_line(const cJSON *node)
{
	const struct json_node *whole = node_of(node);

	return json_line_at(whole->text, whole->span.start);
}

const char *json_source(const cJSON *node, size_t *size)
{
	const struct json_node *whole = node_of(node);

	*size = whole->span.length;
	return whole->text + whole->span.start;
}

bool json_int64(const cJSON *node, int64_t *value)
{
	return cJSON_IsNumber(node) && str_int64(node->valuestring, value);
}

bool json_uint64(const cJSON *node, uint64_t *value)
{
	return cJSON_IsNumber(node) && str_uint64(node->valuestring, value);
}
