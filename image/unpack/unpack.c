/* SPDX-License-Identifier: Apache-2.0 */
/* From blobs to trees in the store. */
#include "image/unpack/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "image/progress.h"
#include "image/store/store.h"
#include "image/unpack/apply.h"
#include "image/unpack/layers.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

struct work {
	struct arena arena;
	struct store *store;
	const struct image *image;
	const struct image_settings *settings;
	uint64_t left; /* bytes that the image may still unpack to; 0: no limit */
};

static void work_end(struct work *work)
{
	arena_free(&work->arena);
}
#define auto_work __attribute__((cleanup(work_end)))

static ssize_t read_blob(void *data, void *buffer, size_t size)
{
	ssize_t count = archive_source_fd(data, buffer, size);

	if (count > 0)
		progress_add((uint64_t)count);
	return count;
}

/* gzip says at its end how much it is, modulo 2^32; of the others nothing is known. */
static uint64_t estimate(int blob, const struct descriptor *layer)
{
	unsigned char end[4];
	uint64_t size = 0;

	if (layer->kind == MEDIA_KIND_LAYER_TAR)
		return layer->size;
	if (layer->kind == MEDIA_KIND_LAYER_GZIP && layer->size > sizeof(end) &&
	    pread(blob, end, sizeof(end), (off_t)(layer->size - sizeof(end))) == sizeof(end))
		size = end[0] | end[1] << 8 | end[2] << 16 | (uint64_t)end[3] << 24;
	return size > layer->size ? size : 3 * layer->size;
}

static uint64_t smaller(uint64_t a, uint64_t b) /* 0: no limit */
{
	return a && (a < b || !b) ? a : b;
}

static int compare(const char *name, const char *what, const struct digest *is,
		   const struct digest *wanted)
{
	char is_text[DIGEST_TEXT_SIZE], wanted_text[DIGEST_TEXT_SIZE];

	if (digest_equal(is, wanted))
		return 0;
	return fail(EBADMSG, "layer %s: its %s is %s, not %s", name, what, digest_text(is, is_text),
		    digest_text(wanted, wanted_text));
}

/* What the layer's blob holds, onto `root`; and it is what the manifest and the config say. */
static int apply_blob(struct work *work, size_t number, int blob, struct tree_report *report,
		      int root, enum unpack_way way)
{
	const struct descriptor *layer = &work->image->manifest.layers[number];
	const struct digest *diff_id = &work->image->config.diff_ids[number];
	const struct image_limits *limits = &work->settings->limits;
	const bool is_root = geteuid() == 0;
	const struct unpack_rules rules = { .devices = is_root, .keep_owner = is_root };
	char name[DIGEST_TEXT_SIZE];
	const struct archive_request request = {
		.name = "archive",
		.source = read_blob,
		.data = &blob,
		.compression = COMPRESSION_DETECT,
		.limits = { .bytes = smaller(limits->layer_bytes, work->left),
			    .entries = limits->entries,
			    .depth = limits->depth,
			    .zstd_window = limits->zstd_window },
		.source_digest = layer->digest.algorithm,
		.content_digest = diff_id->algorithm,
		.compared = true,
	};
	auto_archive struct archive *archive = NULL;
	struct archive_result found;
	int result = archive_open(&request, &archive);

	if (result == 0)
		result = unpack_layer(root, archive, way, &rules, report);
	digest_text(&layer->digest, name);
	if (result < 0)
		return fail_context(result, "layer %s", name);
	archive_result(archive, &found);
	if (work->left)
		work->left -= found.content_size < work->left ? found.content_size : work->left - 1;
	result = compare(name, "digest", &found.source, &layer->digest);
	return result < 0 ? result : compare(name, "diff id", &found.content, diff_id);
}

static int apply_layer(struct work *work, size_t number, struct tree_report *report, int root,
		       enum unpack_way way)
{
	const struct descriptor *layer = &work->image->manifest.layers[number];
	auto_fd int blob = store_blob_open(work->store, &layer->digest, layer->size);
	char name[DIGEST_TEXT_SIZE];
	uint64_t bytes;
	int result;

	if (blob < 0)
		return blob;
	digest_text(&layer->digest, name);
	if (layer->kind == MEDIA_KIND_OTHER || layer_is_mounted(work->image, number))
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "layer %s: %s cannot be unpacked",
			       name, layer->media_type);
	bytes = estimate(blob, layer);
	result = store_reserve(work->store, bytes, 1 + (bytes >> 16));
	if (result < 0)
		return fail_context(result, "layer %s", name);
	progress_begin("unpack", name, layer->size, 0);
	result = apply_blob(work, number, blob, report, root, way);
	if (result < 0)
		progress_abort();
	else
		progress_end();
	return result;
}

static int finish_tree(struct store_tree *tree, int result)
{
	if (result < 0)
		store_tree_abort(tree);
	else
		result = store_tree_commit(tree);
	/* Another process was faster: what it made is the same. */
	return result == -EEXIST ? 0 : result;
}

/*
 * 1: only the layers below say what some of its folders are. The bottom layer is over nothing: if
 * it says something of lower layers all the same, it is right at the bottom only.
 */
static int unpack_alone(struct work *work, size_t number)
{
	const struct digest *diff_id = &work->image->config.diff_ids[number];
	struct tree_report report = { 0 };
	struct store_tree tree;
	char key[TREE_KEY_SIZE];
	int result = store_tree_begin(work->store, tree_key(key, TREE_ALONE, diff_id), &tree);

	if (result < 0)
		return result == -EEXIST ? 0 : result;
	result = apply_layer(work, number, &report, tree.root, number ? UNPACK_ALONE : UNPACK_OVER);
	if (number > 0 && report.needs_lower) {
		store_tree_abort(&tree);
		return 1;
	}
	if (report.needs_lower)
		tree_key(tree.key, TREE_CHAIN, diff_id);
	if (result == 0 && report.root_set) {
		auto_fd int mark =
			openat(tree.folder, TREE_ROOT_SET, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		result = mark < 0 ? fail(errno, "make %s of a tree", TREE_ROOT_SET) : 0;
	}
	return finish_tree(&tree, result);
}

static int unpack_over(struct work *work, int root)
{
	struct tree_report report;
	int result = 0;

	work->left = work->settings->limits.image_bytes;
	for (size_t i = 0; result == 0 && i < work->image->manifest.layer_count; i++)
		result = apply_layer(work, i, &report, root, UNPACK_OVER);
	return result;
}

static int unpack_flat(struct work *work)
{
	const struct image_config *config = &work->image->config;
	struct store_tree tree;
	char key[TREE_KEY_SIZE];
	struct digest chain;
	int result;

	image_chain_id(config, config->diff_id_count, &chain);
	result = store_tree_begin(work->store, tree_key(key, TREE_CHAIN, &chain), &tree);
	if (result < 0)
		return result == -EEXIST ? 0 : result;
	return finish_tree(&tree, unpack_over(work, tree.root));
}

static bool has_tree(struct work *work, size_t number)
{
	auto_fd int tree = layer_tree(&work->arena, work->store, work->image, number);

	return tree >= 0;
}

static bool has_flat(struct work *work)
{
	auto_fd int tree = flat_tree(&work->arena, work->store, work->image);

	return tree >= 0;
}

/* One tree for all? A layer that is a file system cannot be in it. */
static bool is_flat(const struct work *work)
{
	return !image_has_mounted(work->image) && (work->settings->flat || !overlay_is_there());
}

static int check(const struct image *image)
{
	if (image->manifest.layer_count == 0 ||
	    image->manifest.layer_count != image->config.diff_id_count)
		return fail_as(ERROR_UNSUPPORTED, 0, "%s: it has no layers to unpack", image->name);
	return 0;
}

int image_unpack(struct store *store, const struct image *image,
		 const struct image_settings *settings)
{
	auto_work struct work work = { .store = store,
				       .image = image,
				       .settings = settings,
				       .left = settings->limits.image_bytes };
	bool flat;
	int result = check(image);

	if (result < 0 || has_flat(&work))
		return result;
	flat = is_flat(&work);
	for (size_t i = 0; !flat && result == 0 && i < image->manifest.layer_count; i++) {
		if (layer_is_mounted(image, i) || has_tree(&work, i))
			continue;
		result = unpack_alone(&work, i);
		flat = result == 1 && !image_has_mounted(image);
		if (result == 1 && !flat)
			result = fail_as(ERROR_UNSUPPORTED, 0,
					 "layer %zu: it leaves out folders of the layers below, "
					 "which are not all archives",
					 i);
	}
	if (!flat)
		return result;
	if (result == 1)
		log_debug("%s: its layers are unpacked one over the other", image->name);
	return unpack_flat(&work);
}

int image_unpack_to(struct store *store, const struct image *image,
		    const struct image_settings *settings, int root)
{
	auto_work struct work work = { .store = store, .image = image, .settings = settings };
	int result = check(image);

	return result < 0 ? result : unpack_over(&work, root);
}

bool image_is_unpacked(struct store *store, const struct image *image,
		       const struct image_settings *settings)
{
	auto_work struct work work = { .store = store, .image = image, .settings = settings };

	if (image->manifest.layer_count == 0 || has_flat(&work))
		return true;
	if (is_flat(&work))
		return false;
	for (size_t i = 0; i < image->manifest.layer_count; i++) {
		if (!layer_is_mounted(image, i) && !has_tree(&work, i))
			return false;
	}
	return true;
}

int image_drop_blobs(struct store *store, const struct image *image)
{
	auto_work struct work work = { .store = store, .image = image };
	bool flat = has_flat(&work);
	int result = 0;

	for (size_t i = 0; result == 0 && i < image->manifest.layer_count; i++) {
		if (!layer_is_mounted(image, i) && (flat || has_tree(&work, i)))
			result = store_blob_remove(store, &image->manifest.layers[i].digest);
	}
	return result;
}
