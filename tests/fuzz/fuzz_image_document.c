/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of images from an enemy: the first line says which. Whatever they hold, either there is
 * a message, or what we write of it is read back and written the same; and of a config a bundle is
 * made that is right, or there is a message. The image's own passwd and group are fuzzed as well.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/bundle/bundle.h"
#include "image/document/document.h"
#include "image/revision/document.h"
#include "lib/arena.h"
#include "lib/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* Refused: with a message. */
static int good(int result)
{
	require(result == 0 || (result < 0 && error_last()->text[0]));
	return result == 0;
}

static void fuzz_manifest(struct arena *arena, const char *text, size_t size)
{
	struct image_manifest manifest;
	char *first, *second;
	size_t length;

	if (!good(manifest_read(arena, text, size, "fuzz", NULL, &manifest)))
		return;
	require(manifest.layer_count <= DOCUMENT_MAX_LAYERS);
	first = manifest_write(arena, &manifest, &length);
	require(first && manifest_read(arena, first, length, "again", NULL, &manifest) == 0);
	second = manifest_write(arena, &manifest, &length);
	require(second && strcmp(first, second) == 0);
}

static void fuzz_index(struct arena *arena, const char *text, size_t size)
{
	static const struct platform board = { "linux", "arm", "v7", "" };
	struct image_index index;
	const struct descriptor *chosen;
	char *first, *second;
	size_t length;

	if (!good(index_read(arena, text, size, "fuzz", NULL, &index)))
		return;
	chosen = index_choose(&index, &board, "fuzz");
	require(!chosen || (chosen >= index.manifests && chosen < index.manifests + index.count));
	first = index_write(arena, &index, &length);
	require(first && index_read(arena, first, length, "again", NULL, &index) == 0);
	second = index_write(arena, &index, &length);
	require(second && strcmp(first, second) == 0);
}

/* A root that is empty and cannot be left. */
static int empty_root(void)
{
	char path[] = "/dev/shm/cruet-fuzz-XXXXXX";
	int root;

	require(mkdtemp(path) != NULL);
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(root >= 0 && rmdir(path) == 0);
	return root;
}

static void fuzz_config(struct arena *arena, const char *text, size_t size)
{
	static const char *const volumes[] = { "logs=/srv", "/data=/srv:ro" };
	struct image image = { .name = "fuzz" };
	struct bundle_request request = {
		.image = &image,
		.root_path = "rootfs",
		.id = "fuzz",
		.volumes = volumes,
		.volume_count = 2,
	};
	char *first, *second;
	size_t length;

	if (!good(config_read(arena, text, size, "fuzz", &image.config)))
		return;
	first = config_write(arena, &image.config, &length);
	request.root = empty_root();
	if (bundle_config(arena, &request, &length))
		error_clear();
	else
		require(error_last()->text[0] != '\0');
	close(request.root);
	require(first && config_read(arena, first, strlen(first), "again", &image.config) == 0);
	second = config_write(arena, &image.config, &length);
	require(second && strcmp(first, second) == 0);
}

static void write_file(int folder, const char *name, const char *text, size_t size)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	require(fd >= 0 && write(fd, text, size) == (ssize_t)size);
	close(fd);
}

/* USER, a line, and what is passwd and group at once. */
static void fuzz_user(struct arena *arena, const char *text, size_t size)
{
	char path[] = "/dev/shm/cruet-fuzz-XXXXXX";
	const char *end = memchr(text, '\n', size);
	size_t length = end ? (size_t)(end - text) : size;
	struct bundle_user user;
	int root;

	require(mkdtemp(path) != NULL);
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(root >= 0 && mkdirat(root, "etc", 0755) == 0);
	write_file(root, "etc/passwd", text + length, size - length);
	write_file(root, "etc/group", text + length, size - length);
	if (good(bundle_user(arena, root, arena_strndup(arena, text, length), &user)))
		require(user.uid != UINT32_MAX && user.gid != UINT32_MAX);
	unlinkat(root, "etc/passwd", 0);
	unlinkat(root, "etc/group", 0);
	unlinkat(root, "etc", AT_REMOVEDIR);
	close(root);
	rmdir(path);
}

/* A revision's config, and as where it is installed; and as a unit that asks for an image. */
static void fuzz_revision(struct arena *arena, const char *text, size_t size)
{
	static struct revision_image image = { .name = "app" };
	const struct revision one = { .images = &image, .image_count = 1 };
	const struct revision_unit unit = { .name = "web", .text = text, .size = size };
	struct revision revision;
	const char *staged, *again;
	size_t length;

	for (int installed = 0; installed < 2; installed++) {
		char *first, *second;

		if (!good(revision_read(arena, text, size, "fuzz", installed, &revision)))
			continue;
		first = revision_write(arena, &revision, installed, &length);
		require(first &&
			revision_read(arena, first, length, "again", installed, &revision) == 0);
		second = revision_write(arena, &revision, installed, &length);
		require(second && strcmp(first, second) == 0);
	}
	if (good(revision_unit_stage(arena, &one, &unit, &staged, &length))) {
		struct revision_unit next = { .name = "web", .text = staged, .size = length };

		require(revision_unit_stage(arena, &one, &next, &again, &size) == 0);
		require(size == length && memcmp(staged, again, size) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(struct arena *, const char *, size_t) = {
		fuzz_manifest, fuzz_index, fuzz_config, fuzz_user, fuzz_revision,
	};
	static const char letters[] = "micur";
	const char *kind = size > 2 ? memchr(letters, data[0], sizeof(letters) - 1) : NULL;
	struct arena arena = { 0 };

	if (!kind || data[1] != '\n')
		return 0;
	error_clear();
	kinds[kind - letters](&arena, (const char *)data + 2, size - 2);
	arena_free(&arena);
	return 0;
}
