/* SPDX-License-Identifier: Apache-2.0 */
/* The names of images: what leads to which descriptor. */
#include <stdlib.h>
#include <string.h>

#include "image/document/load.h"
#include "image/revision/pin.h"
#include "image/store/internal.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/str.h"
#include "lib/tree.h"

enum { PREFIX_LEAST = 12 };

bool name_is_digest(const char *name, struct digest *digest)
{
	for (enum digest_algorithm each = 0; (int)each < DIGEST_ALGORITHMS; each++) {
		const char *algorithm = digest_algorithm_name(each);

		if (str_has_prefix(name, algorithm) && name[strlen(algorithm)] == ':')
			return digest_of_hex(digest, name + strlen(algorithm) + 1) &&
			       digest->algorithm == each;
	}
	return false;
}

int name_check(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > STORE_NAME_MAX)
		return fail(EINVAL, "the name of an image has 1 to %d characters", STORE_NAME_MAX);
	for (size_t i = 0; i < length; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return fail(EINVAL, "the name of an image: character %zu is not printable",
				    i + 1);
	return 0;
}

/* ---- lists ---- */

static int compare_refs(const void *a, const void *b)
{
	const struct store_ref *first = a, *second = b;
	int order = (int)first->lower - (int)second->lower;

	return order ? order : strcmp(first->name, second->name);
}

ssize_t store_refs(struct arena *arena, struct store *store, struct store_ref **refs)
{
	struct index_file *files = arena_array(arena, store->count, sizeof(*files));
	size_t count = 0, next = 0;

	if (!files)
		return error_result();
	for (size_t i = 0; i < store->count; i++) {
		int result = index_load(arena, &store->places[i], &files[i]);

		if (result < 0)
			return result;
		count += files[i].index.count;
	}
	*refs = arena_array(arena, count + 1, sizeof(**refs));
	if (!*refs)
		return error_result();
	for (size_t i = 0; i < store->count; i++)
		for (size_t k = 0; k < files[i].index.count; k++) {
			const struct descriptor *descriptor = &files[i].index.manifests[k];

			(*refs)[next++] = (struct store_ref){ .name = descriptor_name(descriptor),
							      .descriptor = *descriptor,
							      .lower = i > 0 };
		}
	qsort(*refs, count, sizeof(**refs), compare_refs);
	return (ssize_t)count;
}

/* ---- what a digest alone is ---- */

static bool is_document(enum media_kind kind)
{
	return kind == MEDIA_KIND_INDEX || kind == MEDIA_KIND_MANIFEST;
}

int document_identify(struct arena *arena, struct store *store, const struct digest *digest,
		      struct descriptor *descriptor)
{
	auto_fd int fd = store_blob_open(store, digest, UINT64_MAX);
	const cJSON *root, *type;
	struct stat status;
	const char *text;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return fail(errno, "read a blob");
	if (status.st_size > DOCUMENT_MAX_SIZE)
		return -ENOMSG;
	*descriptor = (struct descriptor){ .digest = *digest, .size = (uint64_t)status.st_size };
	text = store_blob_read(arena, store, descriptor, NULL);
	if (!text)
		return error_result();
	/* Not every blob is JSON. */
	root = text[0] == '{' ? json_parse(arena, text, (size_t)status.st_size, "blob") : NULL;
	if (!root)
		return text[0] == '{' && error_last()->no == ENOMEM ? -ENOMEM : -ENOMSG;
	type = cJSON_GetObjectItemCaseSensitive(root, "mediaType");
	if (cJSON_IsString(type))
		descriptor->media_type = type->valuestring;
	else if (cJSON_HasObjectItem(root, "manifests"))
		descriptor->media_type = MEDIA_OCI_INDEX;
	else if (cJSON_HasObjectItem(root, "config"))
		descriptor->media_type = MEDIA_OCI_MANIFEST;
	else
		return -ENOMSG;
	descriptor->artifact_type = "";
	descriptor->kind = media_kind(descriptor->media_type);
	return is_document(descriptor->kind) ? 0 : -ENOMSG;
}

/* One that has a name tells more than the blob does. */
static int find_digest(struct arena *arena, struct store *store, const struct digest *digest,
		       struct descriptor *descriptor)
{
	char text[DIGEST_TEXT_SIZE];
	struct store_ref *refs = NULL;
	ssize_t count = store_refs(arena, store, &refs);
	int result;

	if (count < 0)
		return (int)count;
	for (ssize_t i = 0; refs && i < count; i++)
		if (digest_equal(&refs[i].descriptor.digest, digest)) {
			*descriptor = refs[i].descriptor;
			return 0;
		}
	result = document_identify(arena, store, digest, descriptor);
	return result == -ENOMSG ? fail(ENOENT, "blob %s is no manifest and no index",
					digest_text(digest, text)) :
				   result;
}

struct prefix_search {
	struct arena *arena;
	struct store *store;
	const char *prefix;
	struct descriptor *found;
	size_t count;
};

static int try_prefix(void *data, int folder, const char *name)
{
	struct prefix_search *search = data;
	struct descriptor descriptor;
	struct digest digest;
	int result;

	(void)folder;
	if (!str_has_prefix(name, search->prefix) || !digest_of_hex(&digest, name))
		return 0;
	if (search->count && digest_equal(&digest, &search->found->digest))
		return 0;
	result = document_identify(search->arena, search->store, &digest, &descriptor);
	if (result == 0) {
		*search->found = descriptor;
		search->count++;
	}
	return result == -ENOMSG ? 0 : result;
}

static int find_prefix(struct arena *arena, struct store *store, const char *name,
		       struct descriptor *descriptor)
{
	struct prefix_search search = { arena, store, name, descriptor, 0 };
	enum digest_algorithm algorithm = DIGEST_SHA256;

	if (str_has_prefix(name, "sha512:"))
		algorithm = DIGEST_SHA512;
	if (strchr(name, ':'))
		search.prefix = strchr(name, ':') + 1;
	for (size_t i = 0; i < store->count; i++) {
		int folder = place_blobs(&store->places[i], algorithm, false);
		int result = folder < 0 ? 0 : tree_each(folder, try_prefix, &search);

		if (result < 0)
			return result;
	}
	if (search.count == 0)
		return fail(ENOENT, "no image %s in %s", name, store_path(store));
	if (search.count > 1)
		return fail(ENOENT, "%s: %zu images begin with it", name, search.count);
	return find_digest(arena, store, &search.found->digest, descriptor);
}

static bool is_prefix(const char *name)
{
	const char *colon = strchr(name, ':');
	const char *hex = colon ? colon + 1 : name;

	if (colon && !str_has_prefix(name, "sha256:") && !str_has_prefix(name, "sha512:"))
		return false;
	return strlen(hex) >= PREFIX_LEAST && hex[strspn(hex, "0123456789abcdef")] == '\0';
}

/* ---- resolve ---- */

static int find_name(struct arena *arena, struct store *store, const char *name,
		     struct descriptor *descriptor)
{
	for (size_t i = 0; i < store->count; i++) {
		struct index_file file;
		int result = index_load(arena, &store->places[i], &file);

		if (result < 0)
			return result;
		for (size_t k = 0; k < file.index.count; k++)
			if (strcmp(descriptor_name(&file.index.manifests[k]), name) == 0) {
				*descriptor = file.index.manifests[k];
				return 0;
			}
	}
	return fail(ENOENT, "no image %s in %s", name, store_path(store));
}

struct agreement {
	const struct digest *digest;
	struct descriptor *descriptor;
	bool found;
};

static int compare_below(void *data, const struct descriptor *descriptor, bool present)
{
	struct agreement *agreement = data;

	(void)present;
	if (agreement->found || !is_document(descriptor->kind) ||
	    !digest_equal(&descriptor->digest, agreement->digest))
		return 0;
	*agreement->descriptor = *descriptor;
	agreement->found = true;
	return 0;
}

/* NAME@DIGEST, as a revision that is installed has it: 1; 0; -errno recorded. */
static int find_pinned(struct arena *arena, struct store *store, const char *name,
		       const struct digest *digest, struct descriptor *descriptor)
{
	const size_t length = (size_t)(strrchr(name, '@') - name);
	struct revision_pin *pins = NULL;
	ssize_t count;
	int result;

	if (!IS_ENABLED(CONFIG_IMAGE_REVISION))
		return 0;
	count = revision_pins(arena, store, &pins);
	for (ssize_t i = 0; i < count; i++) {
		if (!pins[i].name || strlen(pins[i].name) != length ||
		    strncmp(pins[i].name, name, length) != 0 ||
		    !digest_equal(&pins[i].digest, digest))
			continue;
		result = find_digest(arena, store, digest, descriptor);
		return result < 0 ? result : 1;
	}
	return count < 0 ? (int)count : 0;
}

/* NAME@DIGEST: the digest is what the name leads to, or a part of that index. */
static int find_agreeing(struct arena *arena, struct store *store, const char *name,
			 const struct digest *digest, struct descriptor *descriptor)
{
	struct agreement agreement = { digest, descriptor, false };
	struct descriptor top;
	char *alone;
	int result = find_name(arena, store, name, &top);

	if (result == -ENOENT) {
		alone = arena_strndup(arena, name, (size_t)(strrchr(name, '@') - name));
		if (!alone)
			return error_result();
		result = find_name(arena, store, alone, &top);
	}
	if (result < 0)
		return result;
	*descriptor = top;
	if (digest_equal(&top.digest, digest))
		return 0;
	result = image_walk(arena, store, &top, compare_below, &agreement);
	if (result < 0)
		return result;
	return agreement.found ? 0 : fail(ENOENT, "image %s: the name has another digest", name);
}

static int find_both(struct arena *arena, struct store *store, const char *name,
		     const struct digest *digest, struct descriptor *descriptor)
{
	int result = find_agreeing(arena, store, name, digest, descriptor);
	struct error error;

	if (result != -ENOENT)
		return result;
	error = *error_last();
	result = find_pinned(arena, store, name, digest, descriptor);
	if (result)
		return result < 0 ? result : 0;
	*error_last() = error;
	return -ENOENT;
}

int store_resolve(struct arena *arena, struct store *store, const char *name,
		  struct descriptor *descriptor)
{
	const char *at = strrchr(name, '@');
	struct digest digest;
	int result = name_check(name);

	if (result < 0)
		return result;
	if (name_is_digest(name, &digest))
		return find_digest(arena, store, &digest, descriptor);
	if (at && name_is_digest(at + 1, &digest))
		result = find_both(arena, store, name, &digest, descriptor);
	else
		result = find_name(arena, store, name, descriptor);
	if (result == -ENOENT && !at && is_prefix(name))
		return find_prefix(arena, store, name, descriptor);
	return result;
}

/* ---- change ---- */

struct doomed {
	const char *name;
	const struct digest *digest; /* what has no name goes by it */
};

static bool is_not_doomed(const void *data, const struct descriptor *descriptor)
{
	const struct doomed *doomed = data;
	const char *name = descriptor_name(descriptor);

	if (*name || !doomed->digest)
		return strcmp(name, doomed->name) != 0;
	return !digest_equal(&descriptor->digest, doomed->digest);
}

/* All that came before is durable, also what another process has made visible. */
static int sync_blobs(struct store *store)
{
	for (enum digest_algorithm each = 0; (int)each < DIGEST_ALGORITHMS; each++) {
		int folder = place_blobs(&store->places[0], each, false);

		if (folder >= 0 && fsync(folder) < 0)
			return fail(errno, "sync the blobs of %s", store_path(store));
	}
	return 0;
}

int store_ref_set(struct store *store, const char *name, const struct descriptor *descriptor)
{
	struct doomed doomed = { name, *name ? NULL : &descriptor->digest };
	char text[DIGEST_TEXT_SIZE];
	struct digest digest;
	int result = *name ? name_check(name) : 0;

	if (result < 0)
		return result;
	/* Nobody may pass as another one's digest. */
	if (is_prefix(name) ||
	    (strrchr(name, '@') && name_is_digest(strrchr(name, '@') + 1, &digest) &&
	     !digest_equal(&digest, &descriptor->digest)))
		return fail(EINVAL, "%s cannot be the name of an image: it is a digest", name);
	if (!store_blob_has(store, &descriptor->digest, descriptor->size))
		return fail(ENOENT, "name %s: blob %s is not in %s", name,
			    digest_text(&descriptor->digest, text), store_path(store));
	result = store_hold(store);
	if (result < 0)
		return result;
	result = sync_blobs(store);
	if (result == 0)
		result = index_change(store, is_not_doomed, &doomed, name, descriptor);
	store_drop(store);
	return result < 0 ? result : 0;
}

int store_ref_remove(struct store *store, const char *name)
{
	struct digest digest;
	struct doomed doomed = { name, name_is_digest(name, &digest) ? &digest : NULL };
	int result = store_hold(store);

	if (result < 0)
		return result;
	result = *name ? index_change(store, is_not_doomed, &doomed, NULL, NULL) : 0;
	store_drop(store);
	return result == 0 ? fail(ENOENT, "no image %s in %s", name, store_path(store)) :
	       result < 0  ? result :
			     0;
}
