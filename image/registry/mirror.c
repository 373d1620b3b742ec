/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an image is looked for: the mirrors of images.json in their order, then the registry of its
 * name. What a tag means is asked of those only that can be trusted with it; content, which has a
 * digest, comes from any.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/progress.h"
#include "image/registry/pull.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

enum { MIRROR_ATTEMPTS = 2 };

/* What follows the prefix in HOST/REPOSITORY, without a '/' at its start; NULL: it does not fit. */
static const char *after_prefix(const char *name, const char *prefix)
{
	const size_t length = strlen(prefix);

	if (!length)
		return name;
	if (strncmp(name, prefix, length) != 0 || (name[length] && name[length] != '/'))
		return NULL;
	return name + length + (name[length] == '/');
}

static int open_remote(struct pull *pull, struct source *source, struct remote_request *request)
{
	request->actions = "pull";
	/* There is somebody else to ask. */
	request->attempts = request->base && pull->request->attempts != 1 ? MIRROR_ATTEMPTS :
									    pull->request->attempts;
	request->stall_seconds = pull->request->stall_seconds;
	return remote_open(pull->arena, pull->settings, request, &source->remote);
}

static int open_origin(struct pull *pull, struct source *source)
{
	struct remote_request request = { .host = pull->name.host,
					  .repository = pull->name.repository,
					  .insecure = pull->request->insecure };

	source->name = pull->name.host;
	source->trusted = true;
	return open_remote(pull, source, &request);
}

/* The path of the location and what is left of the name are the repository there. */
static int open_registry(struct pull *pull, struct source *source, const struct mirror *mirror,
			 const char *rest)
{
	struct arena *arena = pull->arena;
	struct remote_request request = { .insecure = mirror->insecure };
	struct url url;
	int result = url_parse(arena, mirror->location, &url);
	const char *path;
	size_t length;

	if (result < 0)
		return result;
	path = url.path + 1;
	length = strlen(path);
	while (length && path[length - 1] == '/')
		length--;
	request.host = url_authority(arena, &url);
	request.repository = arena_printf(arena, "%.*s%s%s", (int)length, path,
					  length && *rest ? "/" : "", rest);
	url.path = "";
	request.base = url_text(arena, &url);
	if (!request.host || !request.repository || !request.base)
		return -ENOMEM;
	source->name = mirror->location;
	source->trusted = url.https && !mirror->insecure;
	return open_remote(pull, source, &request);
}

/* Names in a layout are whole, or as other tools write them: REST:TAG, TAG. */
static int open_layout(struct pull *pull, struct source *source, const char *folder,
		       const char *rest)
{
	const struct store_request request = { .path = folder, .flags = STORE_READ_ONLY };
	const struct image_name *name = &pull->name;
	char digest[DIGEST_TEXT_SIZE];
	const char *names[] = { pull->full, pull->as,
				arena_printf(pull->arena, "%s:%s", rest, name->tag), name->tag };
	int result = store_open(&request, &source->store);

	source->folder = true;
	source->trusted = true;
	source->name = folder;
	if (result < 0)
		return result;
	if (name->digest)
		return store_resolve(pull->arena, source->store, digest_text(name->digest, digest),
				     &source->top);
	result = -ENOENT;
	for (size_t i = 0; i < 4 && result == -ENOENT; i++) {
		if (!names[i])
			return -ENOMEM;
		result = store_resolve(pull->arena, source->store, names[i], &source->top);
	}
	return result;
}

/* REST-TAG.tar and the like, in the folder or below it. */
static int from_archive(struct pull *pull, const char *folder, const char *rest)
{
	static const char *const extensions[] = { "oci", "tar", "aci" };

	for (unsigned int i = 0; i < 6; i++) {
		const char *path =
			arena_printf(pull->arena, "%s/%s%s%s.%s", folder, rest, i < 3 ? "-" : "",
				     i < 3 ? pull->name.tag : "", extensions[i % 3]);

		if (!path)
			return -ENOMEM;
		if (faccessat(AT_FDCWD, path, F_OK, 0) == 0)
			return pull_archive(pull, path, NULL, NULL, true);
	}
	(void)fail_as(ERROR_NOT_FOUND, 0, "%s: nothing of that name", folder);
	return -ENOENT;
}

static int from_source(struct pull *pull, struct source *source, int opened)
{
	pull->source = source;
	if (opened == 0)
		opened = pull_from_source(pull);
	source_close(source);
	pull->source = NULL;
	return opened;
}

static int from_files(struct pull *pull, const struct mirror *mirror, const char *rest)
{
	const char *folder = mirror->location;
	struct source source = { .folder = true };
	const char *layout;

	if (str_has_prefix(folder, "file://"))
		folder += 7;
	layout = arena_printf(pull->arena, "%s/oci-layout", folder);
	if (!layout)
		return -ENOMEM;
	if (faccessat(AT_FDCWD, layout, F_OK, 0) < 0)
		return from_archive(pull, folder, rest);
	return from_source(pull, &source, open_layout(pull, &source, folder, rest));
}

/* Ask who can be trusted with a tag. 0: it is known now. */
static int resolve_elsewhere(struct pull *pull)
{
	struct source source = { .folder = false };
	int result;

	if (pull->top.size || pull->name.digest)
		return 0;
	if (pull->settings->no_origin)
		return fail(EACCES, "over http, or without a check of certificates, only what has "
				    "a digest is taken");
	result = open_origin(pull, &source);
	pull->source = &source;
	if (result == 0)
		result = pull_find_top(pull);
	source_close(&source);
	pull->source = NULL;
	return result;
}

static int from_mirror(struct pull *pull, const struct mirror *mirror, const char *rest)
{
	struct source source = { .folder = false };
	int result;

	if (mirror->kind == MIRROR_FILES)
		return from_files(pull, mirror, rest);
	if (mirror->kind == MIRROR_TEMPLATE)
		return pull_template(pull, mirror, rest);
	result = open_registry(pull, &source, mirror, rest);
	if (result == 0 && !source.trusted)
		result = resolve_elsewhere(pull);
	return from_source(pull, &source, result);
}

int pull_from_all(struct pull *pull)
{
	const struct image_settings *settings = pull->settings;
	const char *name =
		arena_printf(pull->arena, "%s/%s", pull->name.host, pull->name.repository);
	struct source source = { .folder = false };
	bool asked = false;
	int result = -ENOMEM;

	for (size_t i = 0; name && i < settings->mirror_count; i++) {
		const struct mirror *mirror = &settings->mirrors[i];
		const char *rest = after_prefix(name, mirror->prefix);

		if (!rest)
			continue;
		asked = true;
		result = from_mirror(pull, mirror, rest);
		if (result == 0 || pull->final)
			return result;
		progress_note("%s: %s", mirror->location, error_last()->text);
	}
	if (!name)
		return -ENOMEM;
	if (!settings->no_origin)
		return from_source(pull, &source, open_origin(pull, &source));
	if (asked)
		return result;
	return fail_as(ERROR_CONFIG, ENOENT,
		       "%s: no mirror has that prefix, and %s allows none "
		       "but mirrors",
		       pull->full, settings->path);
}
