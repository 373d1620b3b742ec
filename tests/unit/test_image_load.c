/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a name to manifest and config, and everything below: with a store that is a table.
 * link: -Wl,--wrap=platform_host,--wrap=store_resolve,--wrap=store_blob_read,--wrap=store_blob_has
 */
#include "tests/unit/test_lib.h"

#include "image/document/load.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"

static struct arena arena;
static struct platform machine = { "linux", "arm", "v7", "" };

void __wrap_platform_host(struct platform *platform);
void __wrap_platform_host(struct platform *platform)
{
	*platform = machine;
}

static struct blob {
	struct descriptor descriptor;
	const char *text;
	bool missing;
} blobs[32];
static size_t blob_count;
static const struct descriptor *named; /* what the name leads to */

static struct blob *find(const struct digest *digest)
{
	for (size_t i = 0; i < blob_count; i++) {
		if (digest_equal(&blobs[i].descriptor.digest, digest))
			return &blobs[i];
	}
	return NULL;
}

int __wrap_store_resolve(struct arena *memory, struct store *store, const char *name,
			 struct descriptor *descriptor);
int __wrap_store_resolve(struct arena *memory, struct store *store, const char *name,
			 struct descriptor *descriptor)
{
	(void)memory;
	(void)store;
	if (strcmp(name, "name") != 0)
		return fail_as(ERROR_NOT_FOUND, ENOENT, "image %s", name);
	*descriptor = *named;
	return 0;
}

char *__wrap_store_blob_read(struct arena *memory, struct store *store,
			     const struct descriptor *descriptor, size_t *size);
char *__wrap_store_blob_read(struct arena *memory, struct store *store,
			     const struct descriptor *descriptor, size_t *size)
{
	const struct blob *blob = find(&descriptor->digest);

	(void)store;
	if (!blob || blob->missing) {
		fail(ENOENT, "blob");
		return NULL;
	}
	*size = strlen(blob->text);
	return arena_strdup(memory, blob->text);
}

bool __wrap_store_blob_has(struct store *store, const struct digest *digest, uint64_t size);
bool __wrap_store_blob_has(struct store *store, const struct digest *digest, uint64_t size)
{
	const struct blob *blob = find(digest);

	(void)store;
	return blob && !blob->missing && blob->descriptor.size == size;
}

static int set_up(void **state)
{
	(void)state;
	blob_count = 0;
	error_clear();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	arena = (struct arena){ 0 };
	return 0;
}

static const struct descriptor *add(const char *type, const char *text)
{
	struct blob *blob = &blobs[blob_count++];

	blob->text = arena_strdup(&arena, text);
	blob->missing = false;
	descriptor_of(&blob->descriptor, type, text, strlen(text));
	return &blob->descriptor;
}

static const char *config_of(size_t layers)
{
	const char *text = "";

	for (size_t i = 0; i < layers; i++)
		text = arena_printf(&arena, "%s%s\"sha256:%064zx\"", text, i ? "," : "", i);
	return arena_printf(&arena,
			    "{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\","
			    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}",
			    text);
}

static const struct descriptor *add_manifest(const struct descriptor *config,
					     const char *layer_type, size_t layers)
{
	struct image_manifest manifest = { .config = *config, .layer_count = layers };
	size_t size;

	manifest.layers = arena_array(&arena, layers + 1, sizeof(manifest.layers[0]));
	for (size_t i = 0; i < layers; i++)
		manifest.layers[i] = *add(layer_type, arena_printf(&arena, "layer %zu", i));
	return add(MEDIA_OCI_MANIFEST, manifest_write(&arena, &manifest, &size));
}

static const struct descriptor *add_index(const struct descriptor *entry, const char *platform)
{
	struct image_index index = { .manifests = arena_alloc(&arena, sizeof(*entry)), .count = 1 };
	struct platform *parsed = arena_alloc(&arena, sizeof(*parsed));
	size_t size;

	index.manifests[0] = *entry;
	if (platform) {
		assert_int_equal(platform_parse(&arena, platform, parsed), 0);
		index.manifests[0].platform = parsed;
	}
	return add(MEDIA_OCI_INDEX, index_write(&arena, &index, &size));
}

static int load(const char *board, struct image *image)
{
	struct platform platform;

	assert_int_equal(platform_parse(&arena, board, &platform), 0);
	return image_load(&arena, NULL, "name", &platform, image);
}

static void test_load(void **state)
{
	const struct descriptor *manifest;
	struct platform board;
	struct image image;

	(void)state;
	manifest = add_manifest(add(MEDIA_OCI_CONFIG, config_of(2)), MEDIA_OCI_LAYER_GZIP, 2);
	named = add_index(add_index(manifest, "linux/arm/v6"), NULL);
	assert_int_equal(load("arm/v7", &image), 0);
	assert_string_equal(image.name, "name");
	assert_true(digest_equal(&image.top.digest, &named->digest));
	assert_true(digest_equal(&image.descriptor.digest, &manifest->digest));
	assert_int_equal(image.manifest.layer_count, 2);
	assert_int_equal(image.config.diff_id_count, 2);
	assert_true(image.runnable);
	assert_int_equal(strlen(image.config_text), image.config_size);
	assert_int_equal(strlen(image.manifest_text), image.manifest_size);
	assert_int_equal(platform_parse(&arena, "arm/v7", &board), 0);
	assert_int_equal(image_check_runnable(&image, &board), 0);
	assert_int_equal(platform_parse(&arena, "arm/v5", &board), 0);
	assert_int_equal(image_check_runnable(&image, &board), -EOPNOTSUPP);
	assert_non_null(
		strstr(error_last()->text, "name: made for linux/arm/v6, this is linux/arm/v5"));
	/* A board that nothing fits. */
	assert_int_equal(load("amd64", &image), -ENOENT);
	assert_non_null(
		strstr(error_last()->text, "nothing for linux/amd64; there is: linux/arm/v6"));
	/* A single manifest for another platform is loaded. */
	named = manifest;
	assert_int_equal(load("amd64", &image), 0);
	assert_int_equal(image_load(&arena, NULL, "other", NULL, &image), -ENOENT);
	find(&image.manifest.config.digest)->missing = true;
	assert_int_equal(load("amd64", &image), -ENOENT);
}

static void test_load_refused(void **state)
{
	const struct descriptor *config, *manifest;
	struct descriptor wrong;
	struct image image;

	(void)state;
	config = add(MEDIA_OCI_CONFIG, config_of(2));
	/* Layers and diff_ids are one to one. */
	named = add_manifest(config, MEDIA_OCI_LAYER, 1);
	assert_true(load("arm", &image) < 0);
	assert_non_null(strstr(error_last()->text, ": 1 layers, but 2 diff_ids in the config"));
	named = add_manifest(config, MEDIA_OCI_LAYER, 3);
	assert_true(load("arm", &image) < 0);
	/* Four indexes in one another, and one too many. */
	manifest = add_manifest(config, MEDIA_OCI_LAYER, 2);
	named = manifest;
	for (int i = 0; i < 4; i++)
		named = add_index(named, NULL);
	assert_int_equal(load("arm", &image), 0);
	named = add_index(named, NULL);
	assert_true(load("arm", &image) < 0);
	assert_non_null(strstr(error_last()->text, "indexes in indexes"));
	/* The body is what the descriptor says. */
	wrong = *manifest;
	wrong.media_type = MEDIA_DOCKER_MANIFEST;
	named = &wrong;
	assert_true(load("arm", &image) < 0);
	assert_non_null(strstr(error_last()->text, "but it was announced as"));
	wrong.media_type = MEDIA_OCI_INDEX;
	wrong.kind = MEDIA_KIND_INDEX;
	assert_true(load("arm", &image) < 0);
	named = config;
	assert_true(load("arm", &image) < 0);
	assert_non_null(strstr(error_last()->text, "is not an image"));
}

static void test_artifacts(void **state)
{
	struct image image;

	(void)state;
	named = add_manifest(add("application/x", "not even JSON"), "text/plain", 1);
	assert_int_equal(load("arm", &image), 0);
	assert_false(image.runnable);
	assert_null(image.config_text);
	assert_string_equal(image.config.user, "");
	assert_int_equal(image_check_runnable(&image, NULL), -EOPNOTSUPP);
	assert_non_null(strstr(error_last()->text, "name: an artifact (application/x)"));
	named = add_manifest(add(MEDIA_OCI_CONFIG, config_of(1)), MEDIA_OCI_LAYER "+encrypted", 1);
	assert_int_equal(load("arm", &image), 0);
	assert_false(image.runnable);
	assert_int_equal(image_check_runnable(&image, NULL), -EOPNOTSUPP);
	assert_non_null(strstr(error_last()->text,
			       "layers[0].mediaType: " MEDIA_OCI_LAYER "+encrypted is no layer"));
	named = add_manifest(add(MEDIA_OCI_CONFIG, config_of(0)), MEDIA_OCI_LAYER, 0);
	assert_int_equal(load("arm", &image), 0);
	assert_int_equal(image_check_runnable(&image, NULL), -EOPNOTSUPP);
	assert_non_null(strstr(error_last()->text, "no layers"));
}

/* An index of which not all was fetched, when nobody says which platform is wanted. */
static void test_what_is_there(void **state)
{
	static const char *const offered[] = { "linux/arm/v7", "linux/arm/v5", "linux/amd64",
					       "linux/arm64/v8" };
	struct image_index index = { .count = 4 };
	struct platform platforms[4];
	struct blob *manifests[4];
	struct image image;
	size_t size;

	(void)state;
	index.manifests = arena_array(&arena, 4, sizeof(index.manifests[0]));
	for (size_t i = 0; i < 4; i++) {
		const char *config = arena_printf(&arena, "%s%*s", config_of(1), (int)i + 1, " ");

		index.manifests[i] =
			*add_manifest(add(MEDIA_OCI_CONFIG, config), MEDIA_OCI_LAYER, 1);
		manifests[i] = find(&index.manifests[i].digest);
		assert_int_equal(platform_parse(&arena, offered[i], &platforms[i]), 0);
		index.manifests[i].platform = &platforms[i];
	}
	named = add(MEDIA_OCI_INDEX, index_write(&arena, &index, &size));
#define loads(number) \
	do { \
		assert_int_equal(image_load(&arena, NULL, "name", NULL, &image), 0); \
		assert_true(digest_equal(&image.descriptor.digest, \
					 &manifests[number]->descriptor.digest)); \
	} while (0)
	loads(0);
	manifests[0]->missing = true;
	loads(1);
	assert_int_equal(image_check_runnable(&image, NULL), 0); /* its config says arm/v6 */
	manifests[1]->missing = true;
	assert_int_equal(image_load(&arena, NULL, "name", NULL, &image), -ENOENT); /* the blob */
	assert_non_null(strstr(error_last()->text, "blob"));
	/* A 64-bit ARM never chooses what is for 32 bits, but runs it when only that was fetched.
	 */
	machine = (struct platform){ "linux", "arm64", "v8", "" };
	manifests[0]->missing = manifests[1]->missing = false;
	loads(3);
	manifests[3]->missing = true;
	loads(0);
	assert_int_equal(image_check_runnable(&image, NULL), 0);
	assert_int_equal(image_check_runnable(&image, &machine), -EOPNOTSUPP);
	/* Nothing fits: all that is offered is listed. */
	machine = (struct platform){ "linux", "s390x", "", "" };
	assert_int_equal(image_load(&arena, NULL, "name", NULL, &image), -ENOENT);
	assert_non_null(strstr(error_last()->text,
			       "there is: linux/arm/v7, linux/arm/v5, linux/amd64, "
			       "linux/arm64/v8"));
	machine = (struct platform){ "linux", "arm", "v7", "" };
}

static void test_chain_id(void **state)
{
	struct image_config config;
	struct digest chain;
	char text[DIGEST_TEXT_SIZE];
	const char *json = config_of(3);

	(void)state;
	assert_int_equal(config_read(&arena, json, strlen(json), "c", &config), 0);
	image_chain_id(&config, 1, &chain);
	assert_true(digest_equal(&chain, &config.diff_ids[0]));
	/* By sha256sum(1): "sha256:00...0 sha256:00...1", then that and " sha256:00...2". */
	image_chain_id(&config, 2, &chain);
	assert_string_equal(
		digest_text(&chain, text),
		"sha256:cc499ad2349cbec7bc911a381418fb111682b861b434a7a72e14bed13d42e848");
	image_chain_id(&config, 3, &chain);
	assert_string_equal(
		digest_text(&chain, text),
		"sha256:feb0355836df1f9076b6a51839de52363c4963155123321ad54b56379c7b1a6b");
}

static const char *walked;
static bool fetch;

static int each(void *data, const struct descriptor *descriptor, bool present)
{
	struct blob *blob = find(&descriptor->digest);

	(void)data;
	walked = arena_printf(&arena, "%s%s%zd", walked, present ? " " : " -", blob - blobs);
	if (fetch)
		blob->missing = false;
	return 0;
}

static int stop(void *data, const struct descriptor *descriptor, bool present)
{
	(void)descriptor;
	(void)present;
	return --*(int *)data ? 0 : -ECANCELED;
}

static void test_walk(void **state)
{
	int count = 3;

	(void)state;
	/* 0 config, 1 and 2 layers, 3 manifest, 4 index, 5 index */
	add_manifest(add(MEDIA_OCI_CONFIG, config_of(2)), MEDIA_OCI_LAYER, 2);
	add_index(&blobs[3].descriptor, NULL);
	named = add_index(&blobs[4].descriptor, NULL);
	walked = "";
	assert_int_equal(image_walk(&arena, NULL, named, each, NULL), 0);
	assert_string_equal(walked, " 5 4 3 0 1 2");
	blobs[1].missing = true;
	blobs[3].missing = true;
	walked = "";
	assert_int_equal(image_walk(&arena, NULL, named, each, NULL), 0);
	assert_string_equal(walked, " 5 4 -3");
	fetch = true; /* then it goes on below what came */
	walked = "";
	assert_int_equal(image_walk(&arena, NULL, named, each, NULL), 0);
	assert_string_equal(walked, " 5 4 -3 0 -1 2");
	assert_int_equal(image_walk(&arena, NULL, named, stop, &count), -ECANCELED);
	assert_int_equal(image_walk(&arena, NULL, &blobs[1].descriptor, each, NULL), 0);
	for (int i = 0; i < 4; i++)
		named = add_index(named, NULL);
	assert_true(image_walk(&arena, NULL, named, each, NULL) < 0);
}

static int count_calls(void *data, const struct descriptor *descriptor, bool present)
{
	(void)descriptor;
	(void)present;
	++*(int *)data;
	return 0;
}

/* Attack: an index that lists the next one 4096 times; 9000 manifests. */
static void test_walk_ends(void **state)
{
	struct image_index index = { .count = 4096 };
	int count = 0;
	size_t size;

	(void)state;
	index.manifests = arena_array(&arena, 9000, sizeof(index.manifests[0]));
	named = add_manifest(add(MEDIA_OCI_CONFIG, config_of(1)), MEDIA_OCI_LAYER, 1);
	for (int depth = 0; depth < 4; depth++) {
		for (size_t i = 0; i < index.count; i++)
			index.manifests[i] = *named;
		named = add(MEDIA_OCI_INDEX, index_write(&arena, &index, &size));
	}
	assert_int_equal(image_walk(&arena, NULL, named, count_calls, &count), 0);
	assert_int_equal(count, 4 + 3);
	/* Three indexes of manifests that are not there: that many are not looked at. */
	for (int part = 0; part < 3; part++) {
		for (size_t i = 0; i < 3000; i++) {
			descriptor_of(&index.manifests[i], MEDIA_OCI_MANIFEST, "", 0);
			memcpy(index.manifests[i].digest.bytes, &i, sizeof(i));
			index.manifests[i].digest.bytes[31] = (unsigned char)part;
		}
		index.count = 3000;
		add(MEDIA_OCI_INDEX, index_write(&arena, &index, &size));
	}
	index.count = 3;
	for (size_t i = 0; i < 3; i++)
		index.manifests[i] = blobs[blob_count - 3 + i].descriptor;
	named = add(MEDIA_OCI_INDEX, index_write(&arena, &index, &size));
	assert_int_equal(image_walk(&arena, NULL, named, count_calls, &count), -EFBIG);
	assert_non_null(strstr(error_last()->text, "more than 8192 manifests"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_load, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_load_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_artifacts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_chain_id, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_walk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_walk_ends, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
