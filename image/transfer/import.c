/* SPDX-License-Identifier: Apache-2.0 */
/* From a file to images with names: what it is, then each format's own way, then the names. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/document/load.h"
#include "image/progress.h"
#include "image/transfer/aci.h"
#include "image/transfer/import.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/str.h"

static const char *const format_names[] = {
	[FORMAT_OCI] = "oci",	    [FORMAT_DOCKER] = "docker-archive", [FORMAT_ACI] = "aci",
	[FORMAT_ROOTFS] = "rootfs", [FORMAT_SQUASHFS] = "squashfs",	[FORMAT_EROFS] = "erofs",
};

enum image_format image_format_of(const char *name)
{
	for (unsigned int i = FORMAT_OCI; i <= FORMAT_EROFS; i++)
		if (str_equal(name, format_names[i]))
			return (enum image_format)i;
	return FORMAT_DETECT;
}

int import_add_name(struct import *import, const char *name, const struct descriptor *descriptor)
{
	if (import->count == import->room) {
		size_t room = import->room ? 2 * import->room : 8;
		struct imported *list = arena_array(import->arena, room, sizeof(*list));

		if (!list)
			return error_result();
		if (import->count)
			memcpy(list, import->list, import->count * sizeof(*list));
		import->list = list;
		import->room = room;
	}
	if (!name || !*name)
		return fail(EINVAL, "it has no name inside: give it one");
	if (import->count >= IMPORT_MAX_NAMES)
		return fail(E2BIG, "more than %d names", IMPORT_MAX_NAMES);
	import->list[import->count++] = (struct imported){ name, *descriptor };
	return 0;
}

/* All is there and right: the names. When one cannot be given, those before get back what they had.
 */
static int give_names(struct import *import)
{
	struct imported *list = import->list;
	struct descriptor *before = arena_array(import->arena, import->count + 1, sizeof(*before));
	bool *had = arena_array(import->arena, import->count + 1, sizeof(*had));
	int result = 0;
	size_t i;

	if (!before || !had)
		return error_result();
	for (i = 0; i < import->count && result == 0; i++) {
		had[i] = store_resolve(import->arena, import->store, list[i].name, &before[i]) == 0;
		error_clear();
		result = store_ref_set(import->store, list[i].name, &list[i].descriptor);
	}
	if (result == 0)
		return 0;
	for (struct error saved = *error_last(); i-- > 1; *error_last() = saved) {
		if (had[i - 1])
			store_ref_set(import->store, list[i - 1].name, &before[i - 1]);
		else
			store_ref_remove(import->store, list[i - 1].name);
	}
	return result;
}

/* --one --platform: one image alone is taken for no other platform's either. */
static int check_platform(struct import *import, const struct descriptor *descriptor)
{
	const struct import_request *request = import->request;
	char offered[PLATFORM_TEXT_SIZE], wanted[PLATFORM_TEXT_SIZE];
	struct image image;
	int result;

	if (!request->one || !request->platform || descriptor->kind != MEDIA_KIND_MANIFEST)
		return 0;
	result = image_load_manifest(import->arena, import->store, descriptor, &image);
	if (result < 0 || !image.runnable ||
	    platform_score(request->platform, &image.config.platform))
		return result;
	return fail_as(ERROR_NOT_FOUND, ENOENT, "nothing for %s; there is: %s",
		       platform_print(request->platform, wanted),
		       platform_print(&image.config.platform, offered));
}

static int finish(struct import *import)
{
	int result = 0;

	if (import->count == 0)
		return fail(ENOENT, "there is no image in it");
	for (size_t i = 0; i < import->count && result == 0; i++) {
		result = import_verify(import, &import->list[i].descriptor);
		if (result == 0)
			result = check_platform(import, &import->list[i].descriptor);
	}
	if (result == 0)
		result = import_keep_signatures(import);
	for (size_t i = 0; i < import->count && result == 0 && import->request->allow; i++)
		result = import->request->allow(import->request->data, import->list[i].name,
						&import->list[i].descriptor);
	return result == 0 ? give_names(import) : result;
}

static bool head_is(const struct import_input *input, size_t at, const char *magic, size_t size)
{
	return input->head_size >= at + size && memcmp(input->head + at, magic, size) == 0;
}

/* What can be told without reading an archive. */
static enum image_format look(const struct import *import)
{
	struct stat status;

	if (import->folder >= 0) {
		if (fstatat(import->folder, "oci-layout", &status, AT_SYMLINK_NOFOLLOW) == 0 ||
		    fstatat(import->folder, "index.json", &status, AT_SYMLINK_NOFOLLOW) == 0)
			return FORMAT_OCI;
		return fstatat(import->folder, "manifest.json", &status, AT_SYMLINK_NOFOLLOW) == 0 ?
			       FORMAT_DOCKER :
			       FORMAT_ROOTFS;
	}
	if (head_is(&import->input, 0, "hsqs", 4))
		return FORMAT_SQUASHFS;
	if (head_is(&import->input, 1024, "\xe2\xe1\xf5\xe0", 4))
		return FORMAT_EROFS;
	return FORMAT_DETECT;
}

static int take(struct import *import)
{
	enum image_format wanted = import->request->format;
	int result = import_open(import);

	if (result < 0)
		return result;
	import->format = wanted == FORMAT_DETECT ? look(import) : wanted;
	if (import->format == FORMAT_SQUASHFS || import->format == FORMAT_EROFS) {
		if (look(import) != import->format)
			return fail(EBADMSG, "is no %s", format_names[import->format]);
		return import_file_system(import);
	}
	result = import_collect(import);
	if (result < 0)
		return result;
	if (import->format == FORMAT_ACI && !IS_ENABLED(CONFIG_IMAGE_ACI))
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "appc ACIs are not in this build");
	switch (import->format) {
	case FORMAT_OCI:
		return import_layout(import);
	case FORMAT_DOCKER:
		return import_docker(import);
	case FORMAT_ACI:
		return IS_ENABLED(CONFIG_IMAGE_ACI) ? import_aci(import) : -EOPNOTSUPP;
	default:
		return import_rootfs(import);
	}
}

ssize_t image_import(struct arena *arena, struct store *store,
		     const struct image_settings *settings, const struct import_request *request,
		     struct imported **list)
{
	struct import import = {
		.arena = arena,
		.store = store,
		.settings = settings,
		.request = request,
		.folder = -1,
		.input = { .fd = -1 },
	};
	int result;

	if (request->platform)
		import.board = *request->platform;
	else
		platform_host(&import.board);
	result = take(&import);
	if (result == 0)
		result = finish(&import);
	if (IS_ENABLED(CONFIG_IMAGE_ACI))
		import_aci_close(&import);
	import_close(&import);
	if (result < 0)
		progress_abort();
	else
		progress_end();
	if (result < 0)
		return fail_context(result, "import %s", request->path);
	*list = import.list;
	return (ssize_t)import.count;
}
