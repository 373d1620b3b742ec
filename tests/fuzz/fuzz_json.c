/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: json_parse() takes any bytes. What it takes must be a tree whose nodes know their
 * text, which, written out again, reads as the same tree, and which has nothing twice.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

static void write_node(struct json_writer *writer, const cJSON *node, const char *key)
{
	if (cJSON_IsObject(node) || cJSON_IsArray(node)) {
		const bool object = cJSON_IsObject(node);

		if (object)
			json_write_object(writer, key);
		else
			json_write_array(writer, key);
		for (const cJSON *child = node->child; child; child = child->next)
			write_node(writer, child, object ? child->string : NULL);
		json_write_end(writer, object ? '}' : ']');
	} else if (cJSON_IsString(node)) {
		json_write_string(writer, key, node->valuestring);
	} else if (cJSON_IsNumber(node)) {
		json_write_raw(writer, key, node->valuestring, strlen(node->valuestring));
	} else if (cJSON_IsBool(node)) {
		json_write_bool(writer, key, cJSON_IsTrue(node));
	} else {
		json_write_raw(writer, key, "null", 4);
	}
}

static bool equal(const cJSON *a, const cJSON *b)
{
	for (; a && b; a = a->next, b = b->next) {
		if (a->type != b->type || !str_equal(a->string, b->string) ||
		    !str_equal(a->valuestring, b->valuestring) || !equal(a->child, b->child))
			return false;
	}
	return !a && !b;
}

/* Every node's source, taken alone, is that node. */
static void check_sources(const cJSON *node, const char *text, size_t size, unsigned int line)
{
	for (; node; node = node->next) {
		size_t length;
		const char *source = json_source(node, &length);

		demand(source >= text && length <= size && source + length <= text + size && length,
		       "source outside of the text");
		demand(json_line(node) >= line, "line before the parent's");
		if (cJSON_IsNumber(node))
			demand(strlen(node->valuestring) == length &&
				       memcmp(node->valuestring, source, length) == 0,
			       "another literal");
		if (cJSON_IsString(node))
			demand(source[0] == '"' && source[length - 1] == '"' &&
				       str_is_utf8(node->valuestring, strlen(node->valuestring)),
			       "not a string");
		if (node->child)
			check_sources(node->child, source, length, json_line(node));
		if (cJSON_IsObject(node)) {
			for (const cJSON *one = node->child; one; one = one->next)
				for (const cJSON *two = one->next; two; two = two->next)
					demand(strcmp(one->string, two->string) != 0, "twice");
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum json_style styles[] = { JSON_COMPACT, JSON_TABS, JSON_SPACES };
	auto_arena struct arena arena = { 0 };
	char *text = malloc(size + 1); /* exactly as large as said, for the sanitizer */
	const cJSON *root, *again;

	memcpy(text, data, size);
	text = realloc(text, size ? size : 1);
	error_clear();
	root = json_parse(&arena, text, size, "fuzz");
	if (!root) {
		demand(error_last()->code != ERROR_NONE && error_last()->text[0], "no message");
		free(text);
		return 0;
	}
	demand(str_is_utf8(text, size), "not UTF-8");
	check_sources(root, text, size, 1);
	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
		struct json_writer writer;
		size_t length;
		char *written;

		json_write_start(&writer, &arena, styles[i]);
		write_node(&writer, root, NULL);
		written = json_write_finish(&writer, &length);
		demand(written && strlen(written) == length, "not written");
		again = json_parse(&arena, written, length, "again");
		demand(again && equal(root, again), "not the same again");
	}
	free(text);
	return 0;
}
