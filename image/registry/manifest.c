/* SPDX-License-Identifier: Apache-2.0 */
/* From the name to manifests and configs: what is small, in memory, verified, not yet stored. */
#include <string.h>

#include "image/progress.h"
#include "image/registry/pull.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"

/* What a document without a type of its own must be: by its members. NULL recorded. */
static const char *guess_type(struct pull *pull, const struct document *document, const char *name)
{
	auto_arena struct arena arena = { 0 };
	const cJSON *root = json_parse(&arena, document->text, document->size, name), *type;

	if (!root)
		return NULL;
	type = cJSON_GetObjectItemCaseSensitive(root, "mediaType");
	if (cJSON_IsString(type))
		return arena_strdup(pull->arena, type->valuestring);
	if (cJSON_GetObjectItemCaseSensitive(root, "manifests"))
		return MEDIA_OCI_INDEX;
	if (cJSON_GetObjectItemCaseSensitive(root, "layers"))
		return MEDIA_OCI_MANIFEST;
	fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
		"%s: neither an image index nor a manifest (Docker's schema 1 is not supported)",
		name);
	return NULL;
}

static int add_document(struct pull *pull, const struct document *document)
{
	struct pull_document *one = arena_alloc(pull->arena, sizeof(*one));

	if (!one)
		return -ENOMEM;
	one->document = *document;
	one->next = pull->documents;
	pull->documents = one;
	return 0;
}

/* The config is read before any layer is fetched, if it is one. */
static int take_config(struct pull *pull, const struct image_manifest *manifest, const char *name)
{
	struct document document = { .size = (size_t)manifest->config.size,
				     .media_type = manifest->config.media_type,
				     .digest = manifest->config.digest };
	struct image_config config;
	size_t size;
	int result;

	if (manifest->config.kind != MEDIA_KIND_CONFIG)
		return 0; /* an artifact: fetched as a layer is */
	if (manifest->config.size <= DOCUMENT_MAX_SIZE &&
	    store_blob_has(pull->store, &manifest->config.digest, manifest->config.size))
		document.text = store_blob_read(pull->arena, pull->store, &manifest->config, &size);
	else
		document.text = source_read(pull->source, pull->arena, &manifest->config);
	if (!document.text)
		return error_result();
	result = config_read(pull->arena, document.text, document.size, name, &config);
	if (result < 0)
		return result;
	if (config.diff_id_count != manifest->layer_count)
		return fail_as(ERROR_CONFIG, EBADMSG, "%s: %zu layers, and diff_ids for %zu", name,
			       manifest->layer_count, config.diff_id_count);
	if (!pull->request->all_platforms && !platform_score(&pull->board, &config.platform))
		progress_note("%s is for %s, not for this machine", pull->full,
			      platform_text(pull->arena, &config.platform));
	return add_document(pull, &document);
}

static int take_manifest(struct pull *pull, const struct descriptor *descriptor,
			 const struct document *document, const char *name)
{
	struct pull_manifest *one = arena_alloc(pull->arena, sizeof(*one));
	int result;

	if (!one)
		return -ENOMEM;
	one->descriptor = *descriptor;
	result = manifest_read(pull->arena, document->text, document->size, name,
			       descriptor->media_type, &one->manifest);
	if (result == 0)
		result = take_config(pull, &one->manifest, name);
	if (result < 0)
		return result;
	one->next = pull->manifests;
	pull->manifests = one;
	return 0;
}

static int take(struct pull *pull, const struct descriptor *descriptor,
		const struct document *document, unsigned int depth);

static bool is_taken(const struct pull *pull, const struct digest *digest)
{
	for (const struct pull_document *one = pull->documents; one; one = one->next) {
		if (digest_equal(&one->document.digest, digest))
			return true;
	}
	return false;
}

/* One that an index names: from the store, if it is there. */
static int follow(struct pull *pull, const struct descriptor *descriptor, unsigned int depth)
{
	char reference[DIGEST_TEXT_SIZE];
	struct document document;
	int result;

	/* An index can name the same ones again and again, in depth. */
	if (is_taken(pull, &descriptor->digest))
		return 0;
	if (++pull->followed > DOCUMENT_MAX_MANIFESTS)
		return fail(EFBIG, "%s: more than %d manifests", pull->full,
			    DOCUMENT_MAX_MANIFESTS);
	digest_text(&descriptor->digest, reference);
	if (descriptor->size <= DOCUMENT_MAX_SIZE &&
	    store_blob_has(pull->store, &descriptor->digest, descriptor->size)) {
		document = (struct document){ .media_type = descriptor->media_type,
					      .digest = descriptor->digest };
		document.text =
			store_blob_read(pull->arena, pull->store, descriptor, &document.size);
		result = document.text ? 0 : error_result();
	} else {
		result = source_manifest(pull->source, pull->arena, reference, &document);
	}
	if (result < 0)
		return result;
	if (document.size != descriptor->size)
		return fail(EBADMSG, "%s has %zu bytes, and its index says %llu", reference,
			    document.size, (unsigned long long)descriptor->size);
	return take(pull, descriptor, &document, depth);
}

static int take_index(struct pull *pull, const struct descriptor *descriptor,
		      const struct document *document, const char *name, unsigned int depth)
{
	const struct descriptor *chosen;
	struct image_index index;
	int result = index_read(pull->arena, document->text, document->size, name,
				descriptor->media_type, &index);

	if (result < 0)
		return result;
	if (depth + 1 > DOCUMENT_MAX_DEPTH)
		return fail_as(ERROR_CONFIG, EINVAL, "%s: indexes in indexes, too deep", name);
	if (!pull->request->all_platforms) {
		chosen = index_choose(&index, &pull->board, pull->full);
		return chosen ? follow(pull, chosen, depth + 1) : error_result();
	}
	for (size_t i = 0; i < index.count && result == 0; i++) {
		if (index.manifests[i].kind == MEDIA_KIND_INDEX ||
		    index.manifests[i].kind == MEDIA_KIND_MANIFEST)
			result = follow(pull, &index.manifests[i], depth + 1);
	}
	return result;
}

static int take(struct pull *pull, const struct descriptor *descriptor,
		const struct document *document, unsigned int depth)
{
	char text[DIGEST_TEXT_SIZE];
	const char *name = arena_strdup(pull->arena, digest_text(&descriptor->digest, text));
	int result;

	if (!name)
		return -ENOMEM;
	if (media_kind(descriptor->media_type) == MEDIA_KIND_INDEX)
		result = take_index(pull, descriptor, document, name, depth);
	else
		result = take_manifest(pull, descriptor, document, name);
	return result < 0 ? result : add_document(pull, document);
}

/* What the name leads to. */
static int find_top(struct pull *pull, struct document *document, struct descriptor *top)
{
	char digest[DIGEST_TEXT_SIZE];
	const char *reference = pull->name.tag;
	enum media_kind kind;
	int result;

	if (pull->name.digest)
		reference = digest_text(pull->name.digest, digest);
	result = source_manifest(pull->source, pull->arena, reference, document);
	if (result < 0)
		return result;
	memset(top, 0, sizeof(*top));
	top->media_type = document->media_type;
	top->artifact_type = "";
	kind = media_kind(document->media_type);
	if (kind != MEDIA_KIND_INDEX && kind != MEDIA_KIND_MANIFEST)
		top->media_type = guess_type(pull, document, pull->full);
	if (!top->media_type)
		return error_result();
	top->kind = media_kind(top->media_type);
	if (top->kind != MEDIA_KIND_INDEX && top->kind != MEDIA_KIND_MANIFEST)
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "%s is of type %.100s", pull->full,
			       top->media_type);
	top->digest = document->digest;
	top->size = document->size;
	return 0;
}

int pull_find_top(struct pull *pull)
{
	const int result = pull->top.size ? 0 : find_top(pull, &pull->top_document, &pull->top);

	if (result < 0)
		pull->top.size = 0;
	return result;
}

int pull_manifests(struct pull *pull)
{
	const bool known = pull->top.size > 0;
	int result = pull_find_top(pull);

	pull->documents = NULL;
	pull->manifests = NULL;
	pull->followed = 0;
	if (result == 0)
		result = take(pull, &pull->top, &pull->top_document, 0);
	/* What could not be read says nothing about what the next source has. */
	if (result < 0 && !known)
		pull->top.size = 0;
	return result;
}
