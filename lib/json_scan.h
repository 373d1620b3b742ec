/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict look at JSON text (RFC 8259) before cJSON sees it, and the small facts about nodes
 * that json.c keeps. Only lib/json*.c include it.
 */
#ifndef LIB_JSON_SCAN_H
#define LIB_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include <cJSON.h>

struct arena;

/* Where a value stands in the text. */
struct json_span {
	uint32_t start, length;
};

/* What precedes each cJSON node in memory. */
struct json_node {
	const char *text; /* the document */
	struct json_span span;
	cJSON item;
};

/* The values of a document in the order in which they begin. */
struct json_spans {
	struct json_span *items;
	size_t count, capacity;
};

/* 0, or -EINVAL (-ENOMEM) with a recorded error. The spans' memory is the arena's. */
int json_scan(struct arena *arena, const char *text, size_t size, const char *name,
	      struct json_spans *spans);

/* Line (from 1) of the offset `at`. */
unsigned int json_line_at(const char *text, size_t at);

/* A member whose key stands before it too, or NULL, in *found; -ENOMEM. Never quadratic. */
int json_find_duplicate(const cJSON *object, const cJSON **found);

#endif
