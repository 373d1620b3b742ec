/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and indexes, and which is which (image-spec manifest.md, image-index.md). */
#include <stdio.h>
#include <string.h>

#include "image/document/node.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"

/* A name that belongs to the other kind of document: any spelling, as Go's readers take it. */
static int refuse_member(const cJSON *root, const char *key)
{
	const cJSON *node = cJSON_GetObjectItem(root, key);

	if (!node || cJSON_IsNull(node))
		return 0;
	return node_wrong(node, "", node->string, "a document is either an index or a manifest");
}

int node_media_type(const cJSON *root, const char *expected, enum media_kind kind,
		    const char **media_type)
{
	uint64_t version;
	int result = node_uint(root, "", "schemaVersion", 2, &version);

	if (result < 0)
		return result;
	if (version == 1)
		return fail_as(ERROR_UNSUPPORTED, 0, "schemaVersion: Docker's schema 1");
	if (version != 2)
		return node_wrong(root, "", "schemaVersion", "not 2");
	result = node_string(root, "", "mediaType", media_type);
	if (result < 0 || !**media_type)
		return result;
	if (media_kind(*media_type) != kind)
		return fail_property("mediaType", "%.100s: something else was expected",
				     *media_type);
	if (expected && strcmp(expected, *media_type) != 0)
		return fail_property("mediaType", "%.100s, but it was announced as %.100s",
				     *media_type, expected);
	return 0;
}

static int read_index(struct arena *arena, const cJSON *root, const char *media_type,
		      struct image_index *index)
{
	int result = refuse_member(root, "layers");

	if (result == 0)
		result = refuse_member(root, "config");
	if (result == 0)
		result = node_media_type(root, media_type, MEDIA_KIND_INDEX, &index->media_type);
	if (result == 0)
		result = node_map(root, "", "annotations", &index->annotations);
	if (result == 0 && !node_get(root, "manifests"))
		return node_wrong(root, "", "manifests", "missing");
	return result < 0 ? result :
			    node_descriptors(arena, root, "manifests", DOCUMENT_MAX_MANIFESTS,
					     &index->manifests, &index->count);
}

int index_read(struct arena *arena, const char *text, size_t size, const char *name,
	       const char *media_type, struct image_index *index)
{
	const cJSON *root = node_document(arena, text, size, name);
	int result;

	*index = (struct image_index){ .media_type = "" };
	if (!root)
		return error_result();
	result = read_index(arena, root, media_type, index);
	return result < 0 ? fail_context(result, "%s", name) : 0;
}

static int read_subject(struct arena *arena, const cJSON *root, struct image_manifest *manifest)
{
	struct descriptor *subject;
	const cJSON *node = node_get(root, "subject");

	if (!node)
		return 0;
	subject = arena_alloc(arena, sizeof(*subject));
	if (!subject)
		return -ENOMEM;
	manifest->subject = subject;
	return descriptor_read(arena, node, "subject", subject);
}

static int read_manifest(struct arena *arena, const cJSON *root, const char *media_type,
			 struct image_manifest *manifest)
{
	const cJSON *config = node_get(root, "config");
	int result = refuse_member(root, "manifests");

	if (result == 0)
		result = node_media_type(root, media_type, MEDIA_KIND_MANIFEST,
					 &manifest->media_type);
	if (result == 0)
		result = node_string(root, "", "artifactType", &manifest->artifact_type);
	if (result == 0)
		result = node_map(root, "", "annotations", &manifest->annotations);
	if (result == 0 && !config)
		return node_wrong(root, "", "config", "missing");
	if (result == 0)
		result = descriptor_read(arena, config, "config", &manifest->config);
	if (result == 0)
		result = read_subject(arena, root, manifest);
	return result < 0 ? result :
			    node_descriptors(arena, root, "layers", DOCUMENT_MAX_LAYERS,
					     &manifest->layers, &manifest->layer_count);
}

int manifest_read(struct arena *arena, const char *text, size_t size, const char *name,
		  const char *media_type, struct image_manifest *manifest)
{
	const cJSON *root = node_document(arena, text, size, name);
	int result;

	*manifest = (struct image_manifest){ .media_type = "", .artifact_type = "" };
	if (!root)
		return error_result();
	result = read_manifest(arena, root, media_type, manifest);
	return result < 0 ? fail_context(result, "%s", name) : 0;
}

/* "linux/arm/v7, linux/arm64": what an index has. */
static const char *offered(const struct image_index *index)
{
	static char text[512];
	char one[PLATFORM_TEXT_SIZE];
	size_t used = 0;

	for (size_t i = 0; i < index->count; i++) {
		const struct platform *platform = index->manifests[i].platform;

		if (!platform || strcmp(platform->os, "unknown") == 0)
			continue;
		if (used + PLATFORM_TEXT_SIZE + 2 > sizeof(text))
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? ", " : "",
					 platform_print(platform, one));
	}
	return used ? text : "no platform";
}

static unsigned int score(const struct descriptor *entry, const struct platform *board)
{
	static const struct platform unsaid = { "", "", "", "" };

	if (entry->kind != MEDIA_KIND_MANIFEST && entry->kind != MEDIA_KIND_INDEX)
		return 0;
	if (!entry->platform && *entry->artifact_type)
		return 0; /* an artifact that came along */
	return platform_score(board, entry->platform ? entry->platform : &unsaid);
}

const struct descriptor *index_choose(const struct image_index *index, const struct platform *board,
				      const char *name)
{
	const struct descriptor *best = NULL;
	char wanted[PLATFORM_TEXT_SIZE];
	unsigned int highest = 0;

	for (size_t i = 0; i < index->count; i++) {
		unsigned int now = score(&index->manifests[i], board);

		if (now > highest) {
			highest = now;
			best = &index->manifests[i];
		}
	}
	if (!best)
		fail_as(ERROR_NOT_FOUND, ENOENT, "%s: nothing for %s; there is: %s", name,
			platform_print(board, wanted), offered(index));
	return best;
}
