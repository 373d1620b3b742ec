/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a temporary folder, and images made for it. */
#ifndef TESTS_UNIT_IMAGE_STORE_WORLD_H
#define TESTS_UNIT_IMAGE_STORE_WORLD_H

#include "tests/unit/test_lib.h"

#include "image/document/load.h"
#include "image/store/internal.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"

static char world_path[64], store_place[80], lower_place[80], uses_place[80];
static int world;
static int open_before;

static inline void world_name_places(void)
{
	snprintf(store_place, sizeof(store_place), "%s/store", world_path);
	snprintf(lower_place, sizeof(lower_place), "%s/lower", world_path);
	snprintf(uses_place, sizeof(uses_place), "%s/run/uses", world_path);
}

static inline int world_set_up(void **state)
{
	(void)state;
	open_before = count_open();
	world = make_folder(world_path);
	world_name_places();
	error_clear();
	/* What is found is in the report: nothing needs to be said. */
	log_setup(
		&(struct log_options){ .fd = -1,
				       .level_set = true,
				       .level = getenv("LOUD") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
				       .program = "test" });
	return 0;
}

static inline int world_tear_down(void **state)
{
	(void)state;
	remove_folder(world, world_path);
	assert_int_equal(count_open(), open_before);
	return 0;
}

/* NULL: it could not be opened, which is recorded. */
static inline struct store *try_open(const char *path, unsigned int flags, bool lower)
{
	const char *lowers[] = { lower_place };
	struct store_request request = { .path = path,
					 .lower = lowers,
					 .lower_count = lower,
					 .uses = uses_place,
					 .flags = flags };
	struct store *store = NULL;
	int result = store_open(&request, &store);

	assert_true((result == 0) == (store != NULL));
	return store;
}

static inline struct store *open_store(void)
{
	struct store *store = try_open(store_place, STORE_MAKE, false);

	assert_non_null(store);
	return store;
}

static inline struct digest digest_for(const void *data, size_t size)
{
	struct digest digest;

	digest_of(&digest, DIGEST_SHA256, data, size);
	return digest;
}

static inline const char *hex_of(const struct digest *digest)
{
	static char text[4][DIGEST_TEXT_SIZE];
	static unsigned int next;

	next = (next + 1) % 4;
	return digest_hex(digest_text(digest, text[next]));
}

/* Bytes that are the same for the same seed. */
static inline unsigned char *noise(size_t size, unsigned int seed)
{
	unsigned char *data = malloc(size + 1);
	uint32_t value = seed * 2654435761u + 1;

	assert_non_null(data);
	for (size_t i = 0; i < size; i++) {
		value = value * 1664525u + 1013904223u;
		data[i] = (unsigned char)(value >> 24);
	}
	return data;
}

static inline struct descriptor put_text(struct store *store, const char *media_type,
					 const char *text)
{
	struct descriptor descriptor;

	descriptor_of(&descriptor, media_type, text, strlen(text));
	assert_int_equal(store_blob_put(store, &descriptor.digest, text, strlen(text)), 0);
	return descriptor;
}

struct test_image {
	struct descriptor manifest, config, layer;
	struct digest diff_id;
	char layer_text[64], config_text[512], manifest_text[1024];
};

/* An image of one layer; what it is follows from `number`. Nothing is put anywhere. */
static inline void describe_image(struct test_image *image, unsigned int number)
{
	char digest[3][DIGEST_TEXT_SIZE];

	snprintf(image->layer_text, sizeof(image->layer_text), "this is layer %u", number);
	image->diff_id = digest_for(&number, sizeof(number));
	snprintf(image->config_text, sizeof(image->config_text),
		 "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		 "\"diff_ids\":[\"%s\"]}}",
		 digest_text(&image->diff_id, digest[0]));
	descriptor_of(&image->layer, MEDIA_OCI_LAYER_GZIP, image->layer_text,
		      strlen(image->layer_text));
	descriptor_of(&image->config, MEDIA_OCI_CONFIG, image->config_text,
		      strlen(image->config_text));
	snprintf(image->manifest_text, sizeof(image->manifest_text),
		 "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":{"
		 "\"mediaType\":\"" MEDIA_OCI_CONFIG "\",\"digest\":\"%s\",\"size\":%zu},"
		 "\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER_GZIP
		 "\",\"digest\":\"%s\",\"size\":%zu}]}",
		 digest_text(&image->config.digest, digest[1]), strlen(image->config_text),
		 digest_text(&image->layer.digest, digest[2]), strlen(image->layer_text));
	descriptor_of(&image->manifest, MEDIA_OCI_MANIFEST, image->manifest_text,
		      strlen(image->manifest_text));
}

/* -errno of the first that fails. */
static inline int try_put_image(struct store *store, const struct test_image *image)
{
	int result = store_blob_put(store, &image->layer.digest, image->layer_text,
				    strlen(image->layer_text));

	if (result == 0)
		result = store_blob_put(store, &image->config.digest, image->config_text,
					strlen(image->config_text));
	if (result == 0)
		result = store_blob_put(store, &image->manifest.digest, image->manifest_text,
					strlen(image->manifest_text));
	return result;
}

static inline struct test_image put_image(struct store *store, unsigned int number,
					  const char *name)
{
	struct test_image image;

	describe_image(&image, number);
	assert_int_equal(try_put_image(store, &image), 0);
	if (name)
		assert_int_equal(store_ref_set(store, name, &image.manifest), 0);
	return image;
}

static inline void put_tree(struct store *store, const char *key)
{
	struct store_tree tree;
	int fd;

	assert_int_equal(store_tree_begin(store, key, &tree), 0);
	fd = openat(tree.root, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(store_tree_commit(&tree), 0);
}

static inline const char *layer_key(const struct digest *digest)
{
	static char key[160];

	snprintf(key, sizeof(key), "d-%s", hex_of(digest));
	return key;
}

static inline bool has_tree_of(struct store *store, const char *key)
{
	int root = store_tree_open(NULL, store, key, NULL);

	if (root >= 0)
		close(root);
	return root >= 0;
}

/* Entries of a folder below the store, but for the hidden ones if `hidden` is not set. */
static inline int count_entries(const char *name, bool hidden)
{
	char path[400];
	DIR *stream;
	const struct dirent *entry;
	int count = 0;

	snprintf(path, sizeof(path), "%s/%s", store_place, name);
	stream = opendir(path);
	if (!stream)
		return 0;
	while ((entry = readdir(stream)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			 (hidden || entry->d_name[0] != '.');
	closedir(stream);
	return count;
}

static inline void write_at(const char *place, const char *name, const void *data, size_t size)
{
	char path[400];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", place, name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static inline const char *blob_name(const struct digest *digest)
{
	static char name[300];

	snprintf(name, sizeof(name), "blobs/%s/%s", digest_algorithm_name(digest->algorithm),
		 hex_of(digest));
	return name;
}

#endif
