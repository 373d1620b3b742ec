/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking a store: what the names lead to (which takes as long as there are names), and every byte
 * when asked. What is damaged goes, so that a read-only store behind it, or the next pull, takes
 * its place.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/document/load.h"
#include "image/revision/pin.h"
#include "image/store/internal.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/tree.h"

struct check {
	struct store *store;
	struct place *place;
	struct fsck_report *report;
	bool deep, repair;
	uint64_t left; /* findings that were not repaired */
};

/* Something of the store itself can be repaired, nothing of one that is only read. */
static bool may_repair(const struct check *check)
{
	return check->repair && check->place == &check->store->places[0];
}

/* What was found goes; a finding that cannot go stays one. */
static int drop(struct check *check, int folder, const char *name)
{
	if (!may_repair(check)) {
		check->left++;
		return 0;
	}
	check->report->removed++;
	return tree_remove(folder, name);
}

/* ---- blobs and trees ---- */

static int check_blob(void *data, int folder, const char *name)
{
	struct check *check = data;
	char text[DIGEST_TEXT_SIZE];
	struct digest digest;
	int result;

	if (!digest_of_hex(&digest, name))
		return 0;
	check->report->checked++;
	result = place_blob_verify(check->place, &digest, UINT64_MAX);
	if (result == 0)
		return 0;
	log_warning("blob %s in %s is damaged%s%s", digest_text(&digest, text), check->place->path,
		    result == -EBADMSG ? "" : ": ",
		    result == -EBADMSG ? "" : error_errno_text(-result));
	check->report->damaged++;
	return drop(check, folder, name);
}

static int check_tree(void *data, int folder, const char *name)
{
	struct check *check = data;
	char doomed[STORE_TEMPORARY];
	int complete = name[0] == '.' ? 1 : tree_is_complete(folder, name);

	if (complete)
		return complete < 0 ? complete : 0;
	log_warning("tree %s in %s is not complete", name, check->place->path);
	check->report->damaged++;
	if (!may_repair(check))
		return drop(check, folder, name);
	if (renameat(folder, name, folder, temporary_name(doomed, "old")) < 0)
		return fail(errno, "remove the tree %s", name);
	return drop(check, folder, doomed);
}

static int each_in(int folder, tree_entry *function, void *data)
{
	int result = folder < 0 ? folder : tree_each(folder, function, data);

	return result < 0 && result != -ENOENT ? result : 0;
}

static int each_blob(struct place *place, tree_entry *function, void *data)
{
	int result = 0;

	for (enum digest_algorithm each = 0; result == 0 && (int)each < DIGEST_ALGORITHMS; each++)
		result = each_in(place_blobs(place, each, false), function, data);
	return result;
}

static int check_content(struct check *check)
{
	int result = each_in(place_trees(check->place, false), check_tree, check);

	return result == 0 && check->deep ? each_blob(check->place, check_blob, check) : result;
}

/* ---- names ---- */

static bool has_tree(struct store *store, char kind, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE], key[DIGEST_TEXT_SIZE];
	int root;

	snprintf(key, sizeof(key), "%c-%s", kind, digest_hex(digest_text(digest, text)));
	root = store_tree_open(NULL, store, key, NULL);
	if (root >= 0)
		close(root);
	return root >= 0;
}

/* A layer that was unpacked may be gone itself. */
bool store_layer_there(struct store *store, const struct image *image, size_t i)
{
	const struct descriptor *layer = &image->manifest.layers[i];
	struct digest chain;

	if (store_blob_has(store, &layer->digest, layer->size))
		return true;
	if (i >= image->config.diff_id_count)
		return false;
	image_chain_id(&image->config, image->config.diff_id_count, &chain);
	return has_tree(store, 'd', &image->config.diff_ids[i]) || has_tree(store, 'c', &chain);
}

struct name_check {
	struct check *check;
	const char *name;
	const struct descriptor *top;
	unsigned int findings;
};

static int check_manifest(struct name_check *at, const struct descriptor *descriptor)
{
	auto_arena struct arena arena = { 0 };
	struct store *store = at->check->store;
	char text[DIGEST_TEXT_SIZE];
	struct image image;
	int result = image_load_manifest(&arena, store, descriptor, &image);

	if (result == -ENOMEM)
		return result;
	if (result < 0) {
		log_warning("image %s: %s", at->name, error_last()->text);
		at->check->report->damaged += result != -ENOENT;
		at->check->report->missing += result == -ENOENT;
		at->findings++;
		return 0;
	}
	for (size_t i = 0; i < image.manifest.layer_count; i++) {
		if (store_layer_there(store, &image, i))
			continue;
		log_warning("image %s: layer %s is missing", at->name,
			    digest_text(&image.manifest.layers[i].digest, text));
		at->check->report->missing++;
		at->findings++;
	}
	return 0;
}

static int check_below(void *data, const struct descriptor *descriptor, bool present)
{
	struct name_check *at = data;
	char text[DIGEST_TEXT_SIZE];

	at->check->report->checked++;
	if (present)
		return descriptor->kind == MEDIA_KIND_MANIFEST ? check_manifest(at, descriptor) : 0;
	/* An index may lead to what was not fetched; a manifest's parts are looked at there. */
	if (!digest_equal(&descriptor->digest, &at->top->digest))
		return 0;
	log_warning("image %s: blob %s is missing", at->name,
		    digest_text(&descriptor->digest, text));
	at->check->report->missing++;
	at->findings++;
	return 0;
}

static int check_name(struct check *check, const struct descriptor *top, bool *good)
{
	auto_arena struct arena arena = { 0 };
	const char *name = descriptor_name(top);
	char text[DIGEST_TEXT_SIZE];
	struct name_check at = { check, *name ? name : digest_text(&top->digest, text), top, 0 };
	int result = image_walk(&arena, check->store, top, check_below, &at);

	if (result == -ENOMEM)
		return result;
	if (result < 0 && at.findings == 0) {
		log_warning("image %s: %s", at.name, error_last()->text);
		check->report->damaged++;
		at.findings++;
	}
	*good = at.findings == 0;
	return 0;
}

static bool is_not(const void *data, const struct descriptor *descriptor)
{
	return data != descriptor &&
	       !(digest_equal(&((const struct descriptor *)data)->digest, &descriptor->digest) &&
		 strcmp(descriptor_name(data), descriptor_name(descriptor)) == 0);
}

static int check_names(struct check *check, const struct image_index *index)
{
	int result = 0;

	for (size_t i = 0; result >= 0 && i < index->count; i++) {
		const struct descriptor *descriptor = &index->manifests[i];
		bool good = false;

		result = check_name(check, descriptor, &good);
		if (result < 0 || good)
			continue;
		if (!may_repair(check)) {
			check->left++;
			continue;
		}
		result = index_change(check->store, is_not, descriptor, NULL, NULL);
		check->report->removed++;
	}
	return result < 0 ? result : 0;
}

/* ---- index.json and oci-layout ---- */

struct rebuilding {
	struct arena *arena;
	struct store *store;
	struct digest_set below;
	struct image_index index;
	bool adding;
};

/* First the parts of every index are noted; what is no part of any then gets an entry. */
static int note_parts(struct rebuilding *rebuilding, const struct descriptor *descriptor)
{
	struct image_index index;
	size_t size;
	char *text;

	if (descriptor->kind != MEDIA_KIND_INDEX)
		return 0;
	text = store_blob_read(rebuilding->arena, rebuilding->store, descriptor, &size);
	if (!text ||
	    index_read(rebuilding->arena, text, size, "index", descriptor->media_type, &index) < 0)
		return 0;
	for (size_t i = 0; i < index.count; i++)
		if (digest_set_add(&rebuilding->below, &index.manifests[i].digest) < 0)
			return -ENOMEM;
	return 0;
}

static int rebuild_from(void *data, int folder, const char *name)
{
	struct rebuilding *rebuilding = data;
	struct descriptor descriptor;
	struct digest digest;

	(void)folder;
	if (!digest_of_hex(&digest, name) ||
	    document_identify(rebuilding->arena, rebuilding->store, &digest, &descriptor) < 0)
		return 0;
	if (!rebuilding->adding)
		return note_parts(rebuilding, &descriptor);
	if (!digest_set_has(&rebuilding->below, &digest) &&
	    rebuilding->index.count < DOCUMENT_MAX_MANIFESTS)
		rebuilding->index.manifests[rebuilding->index.count++] = descriptor;
	return 0;
}

/* The names are lost, but nothing that they led to: gc finds entries without a name. */
static int rebuild_index(struct check *check)
{
	auto_arena struct arena arena = { 0 };
	struct rebuilding rebuilding = { .arena = &arena,
					 .store = check->store,
					 .below = { .arena = &arena } };
	int result = 0;
	size_t size;
	char *text;

	rebuilding.index.manifests =
		arena_array(&arena, DOCUMENT_MAX_MANIFESTS, sizeof(struct descriptor));
	if (!rebuilding.index.manifests)
		return error_result();
	for (int pass = 0; pass < 2 && result == 0; pass++) {
		rebuilding.adding = pass;
		result = each_blob(check->place, rebuild_from, &rebuilding);
	}
	if (result < 0)
		return result;
	text = index_write(&arena, &rebuilding.index, &size);
	return text ? file_replace(check->place->folder, "index.json", text, size, 0644,
				   FILE_SYNC) :
		      error_result();
}

/* A finding in one of the two. */
static int damaged_file(struct check *check, const char *name)
{
	log_warning("%s/%s is missing or damaged", check->place->path, name);
	check->report->damaged++;
	check->left += !may_repair(check);
	return may_repair(check);
}

static int check_files(struct check *check)
{
	auto_arena struct arena arena = { 0 };
	struct index_file file;
	int result = 0;

	check->report->checked += 2;
	if (layout_check(check->place) < 0 && damaged_file(check, "oci-layout"))
		result = layout_write(check->place, false);
	if (result == 0 && index_load(&arena, check->place, &file) < 0 &&
	    damaged_file(check, "index.json"))
		result = rebuild_index(check);
	return result;
}

static int check_place(struct check *check)
{
	auto_arena struct arena arena = { 0 };
	struct index_file file;
	int result = check_content(check);

	if (result == 0)
		result = check_files(check);
	/* Of one that is damaged and stays so, nothing more can be said. */
	if (result == 0 && index_load(&arena, check->place, &file) == 0)
		result = check_names(check, &file.index);
	return result;
}

int store_fsck(struct store *store, bool deep, bool repair, struct fsck_report *report)
{
	enum store_held before = store->held;
	struct check check = { .store = store, .report = report, .deep = deep, .repair = repair };
	int result = store_lock(store, repair);

	*report = (struct fsck_report){ 0 };
	for (size_t i = 0; result == 0 && i < store->count; i++) {
		check.place = &store->places[i];
		result = check_place(&check);
	}
	if (result == 0 && IS_ENABLED(CONFIG_IMAGE_REVISION))
		result = revision_fsck(store, repair, report, &check.left);
	if (before == HELD_NOT)
		store_unlock(store);
	if (result == 0 && check.left)
		return fail(EBADMSG, "the store %s is damaged: %llu findings", store_path(store),
			    (unsigned long long)check.left);
	return result;
}
