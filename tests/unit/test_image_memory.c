/* SPDX-License-Identifier: Apache-2.0 */
/* No memory, at each point where some is asked for: said, and nothing is half read or written. */
/* link: -Wl,--wrap=calloc */
#include "tests/unit/test_lib.h"

#include "image/bundle/bundle.h"
#include "image/settings.h"
#include "lib/arena.h"
#include "lib/error.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BLOB "{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST "\",\"size\":0,\"data\":\"\"}"

static long left = -1; /* allocations that still succeed; -1: all */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	if (left == 0)
		return NULL;
	if (left > 0)
		left--;
	return __real_calloc(count, size);
}

static char folder[64];
static int root;

static int set_up(void **state)
{
	(void)state;
	root = make_folder(folder);
	return mkdirat(root, "etc", 0755);
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(root, folder);
	return 0;
}

static void write_file(const char *name, const char *text)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Each step: 1 when all of it went well. */
static bool use_manifest(struct arena *arena)
{
	static const char text[] = "{\"schemaVersion\":2,\"config\":" BLOB ",\"layers\":[" BLOB
				   "],\"subject\":" BLOB ",\"annotations\":{\"a\":\"b\"}}";
	struct image_manifest manifest;
	size_t size;

	return manifest_read(arena, text, sizeof(text) - 1, "m", NULL, &manifest) == 0 &&
	       manifest_write(arena, &manifest, &size) != NULL;
}

static bool use_index(struct arena *arena)
{
	static const char text[] = "{\"schemaVersion\":2,\"manifests\":[" BLOB
				   ",{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST
				   "\",\"size\":0,\"platform\":{\"os\":\"linux\"}}]}";
	struct image_index index;
	size_t size;

	return index_read(arena, text, sizeof(text) - 1, "i", NULL, &index) == 0 &&
	       index_write(arena, &index, &size) != NULL;
}

static bool use_config(struct arena *arena)
{
	static const char text[] =
		"{\"os.features\":[\"x\"],\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIGEST
		"\"]},\"config\":{\"User\":\"app\",\"Cmd\":[\"c\"],\"Env\":[\"A=1\"],"
		"\"Volumes\":{\"/v\":{}},\"ExposedPorts\":{\"80/tcp\":{}},"
		"\"Healthcheck\":{\"Test\":[\"NONE\"]},\"Labels\":{\"cruet.appc\":"
		"\"{\\\"mounts\\\":[{\\\"name\\\":\\\"l\\\",\\\"path\\\":\\\"/l\\\"}],"
		"\\\"ignored\\\":[\\\"x\\\"]}\"}}}";
	static const char *const volumes[] = { "l=/srv", "/data=/srv:ro" };
	struct image image = { .name = "box" };
	struct bundle_request request = { .image = &image,
					  .root = root,
					  .root_path = "rootfs",
					  .id = "id",
					  .identity = "/x",
					  .release_program = "/bin/cruet",
					  .volumes = volumes,
					  .volume_count = 2 };
	size_t size;

	return config_read(arena, text, sizeof(text) - 1, "c", &image.config) == 0 &&
	       config_write(arena, &image.config, &size) != NULL &&
	       bundle_config(arena, &request, &size) != NULL;
}

static bool use_settings(struct arena *arena)
{
	struct image_settings settings;
	char path[80];

	snprintf(path, sizeof(path), "%s/images.json", folder);
	return settings_read(arena, path, &settings) == 0;
}

static void each_allocation_may_fail(bool (*use)(struct arena *arena))
{
	bool good = false;

	for (long allowed = 0; !good; allowed++) {
		struct arena arena = { 0 };
		int open_before = count_open();

		assert_true(allowed < 2000);
		error_clear();
		left = allowed;
		good = use(&arena);
		left = -1;
		if (!good && error_last()->no != ENOMEM)
			fail_msg("after %ld allocations: %s", allowed, error_last()->text);
		assert_true(!good || allowed > 10);
		assert_int_equal(count_open(), open_before);
		arena_free(&arena);
	}
}

static void test_memory(void **state)
{
	(void)state;
	write_file("etc/passwd", "app:x:1:2::/home:\n");
	write_file("etc/group", "a:x:3:app\nb:x:4:app\n");
	write_file("images.json",
		   "{\"factory\":[\"/f\"],\"mirrors\":[{\"location\":\"http://x\"}]}");
	each_allocation_may_fail(use_manifest);
	each_allocation_may_fail(use_index);
	each_allocation_may_fail(use_config);
	each_allocation_may_fail(use_settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
