/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of JSON objects, strictly: a wrong type is an error that names the line and the property;
 * null is absent. `where` is the object's own path ("" at the top), `key` is appended to it. All
 * return 0, or -errno recorded.
 */
#ifndef IMAGE_DOCUMENT_NODE_H
#define IMAGE_DOCUMENT_NODE_H

#include "image/document/document.h"

enum { NODE_PATH_SIZE = 128 };

/* "WHERE.KEY" or "KEY"; what is too long is cut. Returns `path`. */
char *node_path(char path[NODE_PATH_SIZE], const char *where, const char *key);
/* "WHERE[INDEX]" */
char *node_path_item(char path[NODE_PATH_SIZE], const char *where, size_t index);

/* Record "line N: WHERE.KEY: what"; key may be NULL. Returns -EINVAL. */
int node_wrong(const cJSON *node, const char *where, const char *key, const char *what);

/* A member, NULL if it is absent or null. */
const cJSON *node_get(const cJSON *object, const char *key);
/* The same with its type: cJSON_Object, cJSON_Array, ... */
int node_typed(const cJSON *object, const char *where, const char *key, int type,
	       const cJSON **node);
int node_string(const cJSON *object, const char *where, const char *key, const char **text);
int node_uint(const cJSON *object, const char *where, const char *key, uint64_t maximum,
	      uint64_t *value);
int node_bool(const cJSON *object, const char *where, const char *key, bool *value);
/* An array of strings. */
int node_list(struct arena *arena, const cJSON *object, const char *where, const char *key,
	      struct string_list *list);
/* The keys of an object, which are a set ("Volumes"). */
int node_keys(struct arena *arena, const cJSON *object, const char *where, const char *key,
	      struct string_list *list);
/* An object of strings, or NULL. */
int node_map(const cJSON *object, const char *where, const char *key, const cJSON **map);

/* Every member is one of these (NULL at the end). */
int node_only(const cJSON *object, const char *where, const char *const *known);

/* A whole document: at most DOCUMENT_MAX_SIZE, and an object. NULL recorded. */
const cJSON *node_document(struct arena *arena, const char *text, size_t size, const char *name);

/* os, architecture, variant and os.version of that object. */
int node_platform(const cJSON *object, const char *where, struct platform *platform);
/* An array of descriptors, at most `maximum`; absent is empty. */
int node_descriptors(struct arena *arena, const cJSON *object, const char *key, size_t maximum,
		     struct descriptor **list, size_t *count);
/* mediaType of a document as the body has it, which must be the descriptor's (NULL: unknown). */
int node_media_type(const cJSON *root, const char *expected, enum media_kind kind,
		    const char **media_type);

#endif
