/* SPDX-License-Identifier: Apache-2.0 */
/* An image as a whole: see load.h. */
#include "image/document/load.h"

#include <string.h>

#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

/* Of a walk. An index has 4096 manifests at most, each of them 128 layers. */
enum { WALK_MAX_DOCUMENTS = 8192, WALK_MAX_DESCRIPTORS = 1 << 20 };

/* What a document is called in messages: its digest. */
struct document_name {
	char text[DIGEST_TEXT_SIZE];
};

static const char *name_of(const struct descriptor *descriptor, struct document_name *name)
{
	return digest_text(&descriptor->digest, name->text);
}

static bool is_layer(enum media_kind kind)
{
	return kind >= MEDIA_KIND_LAYER_TAR;
}

static int read_config(struct arena *arena, struct store *store, struct image *image)
{
	const struct image_manifest *manifest = &image->manifest;
	struct document_name name;
	int result;

	image->config_text = store_blob_read(arena, store, &manifest->config, &image->config_size);
	if (!image->config_text)
		return error_result();
	result = config_read(arena, image->config_text, image->config_size,
			     name_of(&manifest->config, &name), &image->config);
	if (result < 0)
		return result;
	if (image->config.diff_id_count != manifest->layer_count)
		return fail_as(ERROR_CONFIG, 0, "%s: %zu layers, but %zu diff_ids in the config",
			       name_of(&image->descriptor, &name), manifest->layer_count,
			       image->config.diff_id_count);
	image->runnable = true;
	for (size_t i = 0; i < manifest->layer_count; i++)
		image->runnable &= is_layer(manifest->layers[i].kind);
	return 0;
}

int image_load_manifest(struct arena *arena, struct store *store,
			const struct descriptor *descriptor, struct image *image)
{
	struct document_name name;
	int result;

	*image = (struct image){ .top = *descriptor, .descriptor = *descriptor };
	config_empty(&image->config);
	image->name = arena_strdup(arena, name_of(descriptor, &name));
	if (!image->name)
		return -ENOMEM;
	image->manifest_text = store_blob_read(arena, store, descriptor, &image->manifest_size);
	if (!image->manifest_text)
		return error_result();
	result = manifest_read(arena, image->manifest_text, image->manifest_size, image->name,
			       descriptor->media_type, &image->manifest);
	if (result < 0 || image->manifest.config.kind != MEDIA_KIND_CONFIG)
		return result;
	return read_config(arena, store, image);
}

static int read_index(struct arena *arena, struct store *store, const struct descriptor *descriptor,
		      struct image_index *index)
{
	struct document_name name;
	size_t size;
	char *text = store_blob_read(arena, store, descriptor, &size);

	if (!text)
		return error_result();
	return index_read(arena, text, size, name_of(descriptor, &name), descriptor->media_type,
			  index);
}

/* What a 64-bit ARM may run as well. It is never chosen, but run when somebody fetched it. */
static const struct platform narrow = { "linux", "arm", "v8", "" };

static bool is_wide(const struct platform *host)
{
	return strcmp(host->architecture, "arm64") == 0;
}

/*
 * Of an index of which one platform was fetched, that is it: what is there goes before what is
 * missing, when nobody said which. NULL recorded.
 */
static const struct descriptor *choose_here(struct arena *arena, struct store *store,
					    const struct image_index *index, const char *name)
{
	struct image_index there = { .media_type = "" };
	const struct descriptor *best, *chosen;
	struct platform host;

	platform_host(&host);
	best = index_choose(index, &host, name);
	if (best && store_blob_has(store, &best->digest, best->size))
		return best;
	there.manifests = arena_array(arena, index->count + 1, sizeof(there.manifests[0]));
	if (!there.manifests)
		return NULL;
	for (size_t i = 0; i < index->count; i++) {
		const struct descriptor *entry = &index->manifests[i];

		if (store_blob_has(store, &entry->digest, entry->size))
			there.manifests[there.count++] = *entry;
	}
	chosen = index_choose(&there, &host, name);
	if (!chosen && is_wide(&host))
		chosen = index_choose(&there, &narrow, name);
	if (chosen || best)
		error_clear();
	else
		index_choose(index, &host, name); /* the error lists all that there is */
	return chosen ? chosen : best;
}

int image_load(struct arena *arena, struct store *store, const char *name,
	       const struct platform *board, struct image *image)
{
	struct descriptor top, at;
	int result = store_resolve(arena, store, name, &top);

	if (result < 0)
		return result;
	at = top;
	for (int depth = 0; at.kind == MEDIA_KIND_INDEX; depth++) {
		const struct descriptor *chosen;
		struct image_index index = { 0 };

		if (depth == DOCUMENT_MAX_DEPTH)
			return fail_as(ERROR_CONFIG, ELOOP, "%s: indexes in indexes", name);
		result = read_index(arena, store, &at, &index);
		if (result < 0)
			return result;
		chosen = board ? index_choose(&index, board, name) :
				 choose_here(arena, store, &index, name);
		if (!chosen)
			return error_result();
		at = *chosen;
	}
	if (at.kind != MEDIA_KIND_MANIFEST)
		return fail_as(ERROR_CONFIG, 0, "%s: %.100s is not an image", name, at.media_type);
	result = image_load_manifest(arena, store, &at, image);
	image->top = top;
	image->name = name;
	return result;
}

int image_check_runnable(const struct image *image, const struct platform *board)
{
	const struct platform *offered = &image->config.platform;
	const struct image_manifest *manifest = &image->manifest;
	char made_for[PLATFORM_TEXT_SIZE], this[PLATFORM_TEXT_SIZE];
	struct platform host;

	if (manifest->config.kind != MEDIA_KIND_CONFIG)
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "%s: an artifact (%.100s)",
			       image->name,
			       *manifest->artifact_type ? manifest->artifact_type :
							  manifest->config.media_type);
	for (size_t i = 0; i < manifest->layer_count; i++) {
		if (!is_layer(manifest->layers[i].kind))
			return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
				       "%s: layers[%zu].mediaType: %.100s is no layer known here",
				       image->name, i, manifest->layers[i].media_type);
	}
	if (!manifest->layer_count)
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "%s: no layers", image->name);
	if (!board) {
		platform_host(&host);
		board = &host;
		if (is_wide(&host) && platform_score(&narrow, offered))
			return 0;
	}
	if (platform_score(board, offered))
		return 0;
	return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "%s: made for %s, this is %s", image->name,
		       platform_print(offered, made_for), platform_print(board, this));
}

void image_chain_id(const struct image_config *config, size_t n, struct digest *chain)
{
	char text[DIGEST_TEXT_SIZE];

	*chain = config->diff_ids[0];
	for (size_t i = 1; i < n; i++) {
		struct digester digester;

		digester_start(&digester, DIGEST_SHA256);
		digest_text(chain, text);
		digester_add(&digester, text, strlen(text));
		digester_add(&digester, " ", 1);
		digest_text(&config->diff_ids[i], text);
		digester_add(&digester, text, strlen(text));
		digester_finish(&digester, chain);
	}
}

/* ---- everything below a manifest or index ---- */

struct walk {
	struct arena *arena;
	struct store *store;
	int (*each)(void *data, const struct descriptor *descriptor, bool present);
	void *data;
	size_t left; /* descriptors that may still be looked at */
	struct digest *documents;
	size_t document_count;
};

static int walk_blob(struct walk *walk, const struct descriptor *descriptor, bool *present)
{
	*present = store_blob_has(walk->store, &descriptor->digest, descriptor->size);
	if (!walk->left--)
		return fail_as(ERROR_CONFIG, EFBIG, "more than %d blobs", WALK_MAX_DESCRIPTORS);
	return walk->each(walk->data, descriptor, *present);
}

static int walk_manifest(struct walk *walk, const struct descriptor *descriptor)
{
	struct image_manifest manifest;
	struct document_name name;
	size_t size;
	char *text = store_blob_read(walk->arena, walk->store, descriptor, &size);
	bool present;
	int result;

	if (!text)
		return error_result();
	result = manifest_read(walk->arena, text, size, name_of(descriptor, &name),
			       descriptor->media_type, &manifest);
	if (result >= 0)
		result = walk_blob(walk, &manifest.config, &present);
	for (size_t i = 0; result >= 0 && i < manifest.layer_count; i++)
		result = walk_blob(walk, &manifest.layers[i], &present);
	return result;
}

/*
 * An index that lists another one 4096 times, four deep, would not end: what was seen is not seen
 * again. 1: seen.
 */
static int walk_seen(struct walk *walk, const struct digest *digest)
{
	for (size_t i = 0; i < walk->document_count; i++) {
		if (digest_equal(&walk->documents[i], digest))
			return 1;
	}
	if (walk->document_count == WALK_MAX_DOCUMENTS)
		return fail_as(ERROR_CONFIG, EFBIG, "more than %d manifests", WALK_MAX_DOCUMENTS);
	/* Full: a power of two. */
	if ((walk->document_count & (walk->document_count - 1)) == 0) {
		struct digest *larger =
			arena_array(walk->arena, walk->document_count * 2 + 1, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		if (walk->document_count)
			memcpy(larger, walk->documents, walk->document_count * sizeof(*larger));
		walk->documents = larger;
	}
	walk->documents[walk->document_count++] = *digest;
	return 0;
}

static int walk_any(struct walk *walk, const struct descriptor *descriptor, int depth)
{
	struct image_index index = { 0 };
	bool present;
	int result;

	if (descriptor->kind == MEDIA_KIND_MANIFEST || descriptor->kind == MEDIA_KIND_INDEX) {
		result = walk_seen(walk, &descriptor->digest);
		if (result)
			return result < 0 ? result : 0;
	}
	result = walk_blob(walk, descriptor, &present);
	if (result < 0)
		return result;
	/* `each` may have fetched what was missing. What was there must be readable. */
	if (!present && !store_blob_has(walk->store, &descriptor->digest, descriptor->size))
		return 0;
	if (descriptor->kind == MEDIA_KIND_MANIFEST)
		return walk_manifest(walk, descriptor);
	if (descriptor->kind != MEDIA_KIND_INDEX)
		return 0;
	if (depth == DOCUMENT_MAX_DEPTH)
		return fail_as(ERROR_CONFIG, ELOOP, "indexes in indexes");
	result = read_index(walk->arena, walk->store, descriptor, &index);
	for (size_t i = 0; result >= 0 && i < index.count; i++)
		result = walk_any(walk, &index.manifests[i], depth + 1);
	return result;
}

int image_walk(struct arena *arena, struct store *store, const struct descriptor *top,
	       int (*each)(void *data, const struct descriptor *descriptor, bool present),
	       void *data)
{
	struct walk walk = {
		.arena = arena,
		.store = store,
		.each = each,
		.data = data,
		.left = WALK_MAX_DESCRIPTORS,
	};
	int result = walk_any(&walk, top, 0);

	return result < 0 ? result : 0;
}
