/* SPDX-License-Identifier: Apache-2.0 */
/* OCI image layouts, image-spec image-layout.md: which images are in one, and are they complete? */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "image/transfer/import.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/path.h"
#include "lib/str.h"

int import_open_file(struct import *import, const char *name, uint64_t *size)
{
	struct stat status;
	/* O_NONBLOCK: a FIFO must not stop us. */
	int fd = path_open(import->folder, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0,
			   PATH_BENEATH | PATH_NO_SYMLINKS);

	if (fd < 0)
		return fail(-fd, "%s", name);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close_fd(&fd);
		return fail(EINVAL, "%s: is no regular file", name);
	}
	*size = (uint64_t)status.st_size;
	return fd;
}

int import_folder_text(struct import *import, const char *name, struct import_text *text)
{
	uint64_t size;
	auto_fd int fd = import_open_file(import, name, &size);

	if (fd < 0)
		return fd;
	text->data = file_read_fd(import->arena, fd, name, DOCUMENT_MAX_SIZE, &text->size);
	return text->data ? 0 : error_result();
}

int import_fetch(struct import *import, const struct descriptor *descriptor)
{
	char name[DIGEST_TEXT_SIZE + 8], text[DIGEST_TEXT_SIZE];
	struct import_blob blob = { .digest = &descriptor->digest,
				    .size = descriptor->size,
				    .source = archive_source_fd };
	auto_fd int fd = -1;
	uint64_t size;

	if (store_blob_has(import->store, &descriptor->digest, descriptor->size))
		return 0;
	digest_text(&descriptor->digest, text);
	if (descriptor->data)
		return store_blob_put(import->store, &descriptor->digest, descriptor->data,
				      (size_t)descriptor->size);
	if (import->folder < 0)
		return fail(ENOENT, "blob %s of %llu bytes", text,
			    (unsigned long long)descriptor->size);
	if (str_format(name, sizeof(name), "blobs/%s/%s",
		       digest_algorithm_name(descriptor->digest.algorithm), digest_hex(text)) < 0)
		return error_result();
	fd = import_open_file(import, name, &size);
	if (fd < 0)
		return fd;
	if (size != descriptor->size)
		return fail(EBADMSG, "%s: %llu bytes, its descriptor says %llu", name,
			    (unsigned long long)size, (unsigned long long)descriptor->size);
	blob.data = &fd;
	return fail_context(import_blob(import->store, &blob, NULL, NULL), "%s", name);
}

/* ---- walks over what a descriptor leads to ---- */

struct walk {
	struct import *import;
	const struct digest *configs;
	size_t count;
	bool has;
};

static int fetch_each(void *data, const struct descriptor *descriptor, bool present)
{
	struct walk *walk = data;

	return present ? 0 : import_fetch(walk->import, descriptor);
}

/* A layer that is not compressed is its own diff_id; the others are compared when unpacked. */
static int check_diff_ids(const struct image *image)
{
	for (size_t i = 0; i < image->manifest.layer_count && image->runnable; i++) {
		const struct descriptor *layer = &image->manifest.layers[i];
		const struct digest *diff_id = &image->config.diff_ids[i];

		if (layer->kind != MEDIA_KIND_LAYER_GZIP && layer->kind != MEDIA_KIND_LAYER_ZSTD &&
		    layer->digest.algorithm == diff_id->algorithm &&
		    !digest_equal(&layer->digest, diff_id))
			return fail(EBADMSG, "layers[%zu]: is not what the config's diff_ids say",
				    i);
	}
	return 0;
}

static int check_each(void *data, const struct descriptor *descriptor, bool present)
{
	struct walk *walk = data;
	auto_arena struct arena arena = { 0 };
	struct image image;
	int result;

	(void)present;
	if (descriptor->kind != MEDIA_KIND_MANIFEST)
		return 0;
	result = image_load_manifest(&arena, walk->import->store, descriptor, &image);
	return result < 0 ? result : check_diff_ids(&image);
}

int import_verify(struct import *import, const struct descriptor *top)
{
	struct walk walk = { .import = import };
	auto_arena struct arena arena = { 0 };
	int result = image_walk(&arena, import->store, top, fetch_each, &walk);

	return result < 0 ? result : image_walk(&arena, import->store, top, check_each, &walk);
}

static int compare_each(void *data, const struct descriptor *descriptor, bool present)
{
	struct walk *walk = data;

	for (size_t i = 0; i < walk->count; i++)
		walk->has = walk->has || digest_equal(&descriptor->digest, &walk->configs[i]);
	return present ? 0 : import_fetch(walk->import, descriptor);
}

int import_has_config(struct import *import, const struct descriptor *top,
		      const struct digest *configs, size_t count, bool *has)
{
	struct walk walk = { .import = import, .configs = configs, .count = count };
	auto_arena struct arena arena = { 0 };
	int result = image_walk(&arena, import->store, top, compare_each, &walk);

	*has = walk.has;
	return result;
}

/* ---- which ---- */

static const char *name_of(const struct descriptor *descriptor)
{
	const char *name = annotation(descriptor->annotations, "io.containerd.image.name");

	name = name ? name : annotation(descriptor->annotations, ANNOTATION_REF_NAME);
	return name ? name : "";
}

static bool is_wanted(const struct import *import, const struct descriptor *descriptor)
{
	const char *wanted = import->request->reference;

	return !wanted || str_equal(wanted, name_of(descriptor)) ||
	       str_equal(wanted, annotation(descriptor->annotations, ANNOTATION_REF_NAME));
}

/* Of an index, and the indexes in it, the manifest for this platform. */
static int choose(struct import *import, const char *name, struct descriptor *descriptor)
{
	for (unsigned int depth = 0; descriptor->kind == MEDIA_KIND_INDEX; depth++) {
		struct image_index index;
		const struct descriptor *chosen;
		const char *text;
		size_t size;
		int result = import_fetch(import, descriptor);

		if (result < 0)
			return result;
		if (depth == DOCUMENT_MAX_DEPTH)
			return fail(ELOOP, "%s: indexes in indexes", name);
		text = store_blob_read(import->arena, import->store, descriptor, &size);
		if (!text ||
		    index_read(import->arena, text, size, name, descriptor->media_type, &index) < 0)
			return error_result();
		chosen = index_choose(&index, &import->board, name);
		if (!chosen)
			return error_result();
		*descriptor = *chosen;
	}
	return 0;
}

/* All that have the same name: one, or one for each platform. */
static int take_group(struct import *import, const struct image_index *index, size_t first,
		      const char *name)
{
	const char *inside = name_of(&index->manifests[first]);
	struct image_index group = { 0 };
	const struct descriptor *chosen;
	struct descriptor descriptor;
	bool told = true;
	int result;

	group.manifests = arena_array(import->arena, index->count, sizeof(*group.manifests));
	if (!group.manifests)
		return error_result();
	for (size_t i = first; i < index->count; i++) {
		const struct descriptor *one = &index->manifests[i];

		if (!is_wanted(import, one) || strcmp(name_of(one), inside) != 0)
			continue;
		told = told && one->platform;
		group.manifests[group.count++] = *one;
	}
	if (group.count > 1 && !told)
		return fail(ENOTUNIQ, "index.json: '%s' stands for several images", inside);
	chosen = group.count > 1 ? index_choose(&group, &import->board, "index.json") :
				   group.manifests;
	if (!chosen)
		return error_result();
	descriptor = *chosen;
	result = import->request->one ? choose(import, inside, &descriptor) : 0;
	return result < 0 ? result : import_add_name(import, name, &descriptor);
}

static bool is_first(const struct import *import, const struct image_index *index, size_t at)
{
	if (!is_wanted(import, &index->manifests[at]))
		return false;
	for (size_t i = 0; i < at; i++)
		if (is_wanted(import, &index->manifests[i]) &&
		    strcmp(name_of(&index->manifests[i]), name_of(&index->manifests[at])) == 0)
			return false;
	return true;
}

static int take_groups(struct import *import, const struct image_index *index)
{
	const char *given = import->request->name;
	size_t groups = 0, nameless = 0;
	int result = 0;

	for (size_t i = 0; i < index->count; i++) {
		if (!is_first(import, index, i))
			continue;
		groups++;
		nameless += !*name_of(&index->manifests[i]);
	}
	if (groups == 0 && import->request->reference)
		return fail(ENOENT, "index.json: has no '%s'", import->request->reference);
	if (groups > 1 && nameless == 0 && given)
		return fail(ENOTUNIQ, "index.json: has %zu images; '%s' can be only one of them",
			    groups, given);
	for (size_t i = 0; i < index->count && result == 0; i++) {
		const char *inside = name_of(&index->manifests[i]);

		if (is_first(import, index, i))
			result = take_group(import, index, i,
					    given && (groups == 1 || !*inside) ? given : inside);
	}
	return result;
}

static int check_version(struct import *import)
{
	const cJSON *root, *version;

	if (!import->version.data)
		return fail(ENOENT, "oci-layout: is missing");
	root = json_parse(import->arena, import->version.data, import->version.size, "oci-layout");
	if (!root)
		return error_result();
	version = cJSON_GetObjectItemCaseSensitive(root, "imageLayoutVersion");
	if (!cJSON_IsString(version) || !str_has_prefix(version->valuestring, "1."))
		return fail_property("imageLayoutVersion", "oci-layout: must be 1.x.y");
	return 0;
}

/* docker save >= 25 writes both: they must be about the same image. */
static int compare_docker(struct import *import)
{
	struct digest *configs;
	ssize_t count = import->docker.data ? import_docker_configs(import, &configs) : 0;
	int result = 0;

	for (size_t i = 0; i < import->count && result == 0 && count > 0; i++) {
		bool has = false;

		result = import_has_config(import, &import->list[i].descriptor, configs,
					   (size_t)count, &has);
		if (result == 0 && !has)
			result = fail(EBADMSG, "manifest.json: has another config than index.json");
	}
	return result;
}

int import_layout(struct import *import)
{
	struct image_index index;
	int result = 0;

	if (import->folder >= 0) {
		struct stat status;

		result = import_folder_text(import, "oci-layout", &import->version);
		if (result == 0)
			result = import_folder_text(import, "index.json", &import->index);
		if (result == 0 &&
		    fstatat(import->folder, "manifest.json", &status, AT_SYMLINK_NOFOLLOW) == 0)
			result = import_folder_text(import, "manifest.json", &import->docker);
	}
	if (result == 0)
		result = check_version(import);
	if (result == 0 && !import->index.data)
		result = fail(ENOENT, "index.json: is missing");
	if (result == 0)
		result = index_read(import->arena, import->index.data, import->index.size,
				    "index.json", MEDIA_OCI_INDEX, &index);
	if (result == 0)
		result = take_groups(import, &index);
	return result < 0 ? result : compare_docker(import);
}
