/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a store, and the read-only ones behind it. */
#include "image/store/internal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

/* Paths are for mounts too: from the root. */
static const char *whole_path(struct arena *arena, const char *path)
{
	char here[PATH_MAX];

	if (path[0] == '/')
		return arena_strdup(arena, path);
	if (!getcwd(here, sizeof(here))) {
		fail(errno, "find the working directory");
		return NULL;
	}
	return arena_printf(arena, "%s/%s", here, path);
}

static void place_close(struct place *place)
{
	for (size_t i = 0; i < DIGEST_ALGORITHMS; i++)
		close_fd(&place->blobs[i]);
	close_fd(&place->trees);
	close_fd(&place->folder);
}

/* -ENOENT: there is none; -errno, recorded but for that. */
static int place_open(struct store *store, const char *path, bool lower, bool make)
{
	struct place *place = &store->places[store->count];
	int result;

	*place =
		(struct place){ .folder = folder_of_path(path, make), .trees = -1, .lower = lower };
	for (size_t i = 0; i < DIGEST_ALGORITHMS; i++)
		place->blobs[i] = -1;
	if (place->folder < 0)
		return place->folder == -ENOENT ? -ENOENT :
						  fail(-place->folder, "open the store %s", path);
	store->count++;
	place->path = whole_path(&store->arena, path);
	if (!place->path)
		return error_result();
	result = layout_check(place);
	if (make && result == -ENOENT)
		return layout_write(place, true);
	if (result == -EOPNOTSUPP)
		return fail(ENOTSUP, "the store %s is of a version that is not known here", path);
	/* What is damaged is told by fsck, which must be able to open it. */
	if (result < 0 && faccessat(place->folder, "blobs", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? -ENOENT : fail(errno, "open the store %s", path);
	return 0;
}

static void forget_last(struct store *store, size_t before)
{
	while (store->count > before)
		place_close(&store->places[--store->count]);
}

static int open_all(struct store *store, const struct store_request *request)
{
	int result = place_open(store, request->path, false, request->flags & STORE_MAKE);
	bool missing = result == -ENOENT;

	/* A device that has nothing of its own yet may look at what the factory gave it. */
	if (missing)
		forget_last(store, 0);
	if (missing && store->read_only)
		result = 0;
	for (size_t i = 0; result == 0 && i < request->lower_count; i++) {
		size_t before = store->count;

		if (strcmp(request->lower[i], request->path) == 0)
			continue;
		result = place_open(store, request->lower[i], true, false);
		if (result == -ENOENT || result == -ENOTDIR) {
			log_debug("no store at %s", request->lower[i]);
			forget_last(store, before);
			result = 0;
		}
	}
	if (missing && store->count == 0)
		return fail(ENOENT,
			    "%s is no store of images: cruet import or cruet pull makes one",
			    request->path);
	return result;
}

int store_open(const struct store_request *request, struct store **store)
{
	auto_store struct store *it = calloc(1, sizeof(*it));
	int status;

	*store = NULL;
	if (!it)
		return fail(ENOMEM, "open the store %s", request->path);
	it->lock = it->partial = -1;
	it->reserve = request->reserve_bytes;
	it->read_only = request->flags & STORE_READ_ONLY;
	it->places = arena_array(&it->arena, request->lower_count + 1, sizeof(*it->places));
	if (!it->places)
		return error_result();
	if (request->uses) {
		it->uses = arena_strdup(&it->arena, request->uses);
		if (!it->uses)
			return error_result();
	}
	status = open_all(it, request);
	if (status < 0)
		return status;
	*store = it;
	it = NULL;
	return 0;
}

void store_close(struct store **store)
{
	struct store *it = *store;

	if (!it)
		return;
	*store = NULL;
	for (size_t i = 0; i < it->count; i++)
		place_close(&it->places[i]);
	close_fd(&it->partial);
	close_fd(&it->lock);
	arena_free(&it->arena);
	free(it);
}

int store_folder(const struct store *store)
{
	return store->places[0].lower ? -1 : store->places[0].folder;
}

const char *store_path(const struct store *store)
{
	return store->places[0].path;
}
