/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of images made in memory, put into a file, and imported from there or from a pipe. */
#ifndef TESTS_UNIT_IMAGE_TRANSFER_WORLD_H
#define TESTS_UNIT_IMAGE_TRANSFER_WORLD_H

#include "tests/unit/image_store_world.h"

#include "image/progress.h"
#include "image/transfer/transfer.h"
#include "lib/arena.h"
#include "tests/unit/image_tar.h"

#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

static struct arena arena;
static struct store *store;
static struct image_settings settings;
static char file_place[96];

static inline int transfer_set_up(void **state)
{
	world_set_up(state);
	progress_setup(PROGRESS_QUIET);
	store = open_store();
	settings = (struct image_settings){
		.path = "test",
		.policy = "/nonexistent/policy.json",
		.limits = { .entries = 1 << 20, .depth = 256, .zstd_window = 8 << 20 }
	};
	snprintf(file_place, sizeof(file_place), "%s/file", world_path);
	return 0;
}

static inline int transfer_tear_down(void **state)
{
	store_close(&store);
	arena_free(&arena);
	return world_tear_down(state);
}

/* ---- what goes in ---- */

/* An image of one layer without compression: texts with their digests. */
struct sample {
	struct tar layer;
	char config[600], manifest[900];
	struct descriptor layer_d, config_d, manifest_d;
	char layer_name[96], config_name[96], manifest_name[96]; /* blobs/sha256/... */
};

static inline void name_blob(char *name, const struct digest *digest)
{
	sprintf(name, "blobs/sha256/%s", hex_of(digest));
}

static inline void sample_manifest(struct sample *sample, uint64_t layer_size, const char *more)
{
	char text[2][DIGEST_TEXT_SIZE];

	snprintf(sample->manifest, sizeof(sample->manifest),
		 "{\"schemaVersion\":2,%s\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG
		 "\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER
		 "\",\"digest\":\"%s\",\"size\":%llu}]}",
		 more, digest_text(&sample->config_d.digest, text[0]), strlen(sample->config),
		 digest_text(&sample->layer_d.digest, text[1]), (unsigned long long)layer_size);
	descriptor_of(&sample->manifest_d, MEDIA_OCI_MANIFEST, sample->manifest,
		      strlen(sample->manifest));
	name_blob(sample->manifest_name, &sample->manifest_d.digest);
}

/* diff_id NULL: the right one. */
static inline void sample_config(struct sample *sample, const char *diff_id)
{
	char text[DIGEST_TEXT_SIZE];

	snprintf(sample->config, sizeof(sample->config),
		 "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/x\"]},"
		 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
		 diff_id ? diff_id : digest_text(&sample->layer_d.digest, text));
	descriptor_of(&sample->config_d, MEDIA_OCI_CONFIG, sample->config, strlen(sample->config));
	name_blob(sample->config_name, &sample->config_d.digest);
}

static inline void make_sample(struct sample *sample, const char *content)
{
	memset(sample, 0, sizeof(*sample));
	tar_add(&sample->layer, &(struct tar_entry){ .name = "x", .data = content, .mode = 0755 });
	tar_end(&sample->layer);
	descriptor_of(&sample->layer_d, MEDIA_OCI_LAYER, sample->layer.bytes, sample->layer.size);
	name_blob(sample->layer_name, &sample->layer_d.digest);
	sample_config(sample, NULL);
	sample_manifest(sample, sample->layer.size, "");
}

static inline void free_sample(struct sample *sample)
{
	free(sample->layer.bytes);
}

/* A file of any bytes: a layer has zeros. */
static inline void add_bytes(struct tar *tar, const char *name, const void *data, size_t size)
{
	char *header;
	unsigned int sum = 0;

	tar_add(tar, &(struct tar_entry){ .name = name, .mode = 0644 });
	header = tar->bytes + tar->size - 512;
	snprintf(header + 124, 12, "%011o", (unsigned int)size);
	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	tar_append(tar, data, size);
}

static inline void add_text(struct tar *tar, const char *name, const char *text)
{
	add_bytes(tar, name, text, strlen(text));
}

static inline void add_link(struct tar *tar, const char *name, const char *link)
{
	tar_add(tar, &(struct tar_entry){ .name = name, .link = link, .type = '2', .mode = 0777 });
}

static inline void add_blobs(struct tar *tar, const struct sample *sample)
{
	add_bytes(tar, sample->layer_name, sample->layer.bytes, sample->layer.size);
	add_text(tar, sample->config_name, sample->config);
	add_text(tar, sample->manifest_name, sample->manifest);
}

/* One descriptor of an index; name NULL: none; platform: "\"platform\":{...}," or "". */
static inline const char *descriptor_text(const struct descriptor *descriptor, const char *name,
					  const char *platform)
{
	static char text[8][700];
	static unsigned int next;
	char digest[DIGEST_TEXT_SIZE], annotations[300] = "";

	next = (next + 1) % 8;
	if (name)
		snprintf(annotations, sizeof(annotations),
			 "\"annotations\":{\"" ANNOTATION_REF_NAME "\":\"%s\"},", name);
	snprintf(text[next], sizeof(text[next]),
		 "{\"mediaType\":\"%s\",%s%s\"digest\":\"%s\",\"size\":%llu}",
		 descriptor->media_type, annotations, platform,
		 digest_text(&descriptor->digest, digest), (unsigned long long)descriptor->size);
	return text[next];
}

/* An index of up to three descriptors. */
static inline const char *index_text(const char *a, const char *b, const char *c)
{
	static char text[3000];

	snprintf(text, sizeof(text),
		 "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
		 "\",\"manifests\":[%s%s%s%s%s]}",
		 a, b ? "," : "", b ? b : "", c ? "," : "", c ? c : "");
	return text;
}

static inline void finish_tar(struct tar *tar)
{
	int fd = open(file_place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	tar_end(tar);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, tar->bytes, tar->size), tar->size);
	close(fd);
	free(tar->bytes);
	*tar = (struct tar){ 0 };
}

/* ---- import ---- */

static struct imported *list;
static struct import_request request;

static inline ssize_t import_path(const char *path)
{
	request.path = path;
	request.folder = AT_FDCWD;
	error_clear();
	list = NULL;
	return image_import(&arena, store, &settings, &request, &list);
}

/* The file `file_place` through a pipe as standard input. */
static inline ssize_t import_pipe(void)
{
	int saved = dup(0), ends[2], fd = open(file_place, O_RDONLY | O_CLOEXEC);
	char data[60000];
	ssize_t size = read(fd, data, sizeof(data)), count;

	assert_true(size > 0 && size < (ssize_t)sizeof(data)); /* what a pipe holds */
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], data, (size_t)size), size);
	close(ends[1]);
	close(fd);
	dup2(ends[0], 0);
	close(ends[0]);
	count = import_path("-");
	dup2(saved, 0);
	close(saved);
	return count;
}

/* Import fails with this in the message, from the file and from a pipe, and names nothing. */
static inline void import_fails(const char *message)
{
	for (unsigned int way = 0; way < 2; way++) {
		struct store_ref *refs;
		ssize_t before = store_refs(&arena, store, &refs);
		ssize_t count = way ? import_pipe() : import_path(file_place);

		if (count >= 0 || !strstr(error_last()->text, message))
			fail_msg("%zd: '%s' is not '%s'", count, error_last()->text, message);
		assert_int_equal(store_refs(&arena, store, &refs), before);
	}
}

/* It works in both ways, with this name and digest first. */
static inline void import_works(ssize_t count, const char *name, const struct digest *digest)
{
	for (unsigned int way = 0; way < 2; way++) {
		struct descriptor found;
		ssize_t got = way ? import_pipe() : import_path(file_place);

		if (got != count)
			fail_msg("%zd is not %zd: %s", got, count, error_last()->text);
		assert_string_equal(list[0].name, name);
		if (digest)
			assert_true(digest_equal(&list[0].descriptor.digest, digest));
		assert_int_equal(store_resolve(&arena, store, name, &found), 0);
		assert_true(digest_equal(&found.digest, &list[0].descriptor.digest));
	}
}

#endif
