/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collecting garbage. Nothing is counted on disk: what is alive is found anew each time, the rest
 * goes, and whoever is killed half-way leaves less to do for the next one.
 */
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "image/store/internal.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/tree.h"

struct sweep {
	struct store *store;
	struct marks marks;
	struct gc_report *report;
	bool dry;
	bool all;      /* downloads, however young */
	time_t oldest; /* what is younger stays */
};

/* 0; or -errno recorded. */
static int discard(struct sweep *sweep, int folder, const char *name, uint64_t *count)
{
	uint64_t bytes = disk_bytes(folder, name);

	if (!sweep->dry) {
		int result = tree_remove(folder, name);

		if (result < 0)
			return result;
	}
	sweep->report->bytes += bytes;
	if (count)
		++*count;
	return 0;
}

static int sweep_blob(void *data, int folder, const char *name)
{
	struct sweep *sweep = data;
	struct digest digest;

	/* Another tool's temporary file, say. */
	if (!digest_of_hex(&digest, name) || digest_set_has(&sweep->marks.blobs, &digest))
		return 0;
	return discard(sweep, folder, name, &sweep->report->blobs);
}

static int sweep_signature(void *data, int folder, const char *name)
{
	struct sweep *sweep = data;
	char hex[2 * SHA512_SIZE + 1];
	struct digest digest;
	size_t length = strcspn(name, ".");

	if (length < sizeof(hex)) {
		memcpy(hex, name, length);
		hex[length] = '\0';
		if (digest_of_hex(&digest, hex) && digest_set_has(&sweep->marks.blobs, &digest))
			return 0;
	}
	return discard(sweep, folder, name, NULL);
}

/* ---- partial: HEX.data and HEX.state, and .new-* of who was killed ---- */

/* Somebody is at it who has not taken the store's lock. */
static bool is_locked(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) < 0;
}

static bool partial_stays(const struct sweep *sweep, int folder, const char *name)
{
	const char *dot = strchr(name, '.');
	char hex[2 * SHA512_SIZE + 1], data_name[2 * SHA512_SIZE + 8];
	struct digest digest;
	struct stat status;
	auto_fd int fd = -1;

	if (!dot || dot == name || (size_t)(dot - name) > 2 * (size_t)SHA512_SIZE)
		return false;
	/* A record stays as long as what it is about. */
	snprintf(hex, sizeof(hex), "%.*s", (int)(dot - name), name);
	if (!digest_of_hex(&digest, hex))
		return false;
	snprintf(data_name, sizeof(data_name), "%s.data", hex);
	fd = file_open(folder, data_name, &status);
	if (fd < 0)
		return false;
	return is_locked(fd) || (!sweep->all && status.st_mtime > sweep->oldest);
}

static int sweep_partial(void *data, int folder, const char *name)
{
	struct sweep *sweep = data;
	const char *dot = strrchr(name, '.');

	if (partial_stays(sweep, folder, name))
		return 0;
	return discard(sweep, folder, name,
		       dot && strcmp(dot, ".data") == 0 ? &sweep->report->partials : NULL);
}

/* ---- trees ---- */

/* What goes loses its name first, and that durably: half a tree is never under it. */
static int doom_tree(void *data, int folder, const char *name)
{
	struct sweep *sweep = data;
	char doomed[STORE_TEMPORARY];
	int complete;

	if (name[0] == '.')
		return sweep->dry ? discard(sweep, folder, name, NULL) : 0;
	complete = tree_is_complete(folder, name);
	if (complete < 0)
		return complete;
	if (complete && (sweep->marks.trees_unknown || tree_is_live(&sweep->marks, name)))
		return 0;
	if (sweep->dry)
		return discard(sweep, folder, name, &sweep->report->trees);
	if (renameat(folder, name, folder, temporary_name(doomed, "old")) < 0)
		return fail(errno, "remove the tree %s", name);
	sweep->report->trees++;
	return 0;
}

static int sweep_tree(void *data, int folder, const char *name)
{
	return name[0] == '.' ? discard(data, folder, name, NULL) : 0;
}

/* ---- revisions: those that were being made or removed ---- */

static int sweep_revision(void *data, int folder, const char *name)
{
	return name[0] == '.' ? discard(data, folder, name, NULL) : 0;
}

/* ---- all ---- */

static int sweep_top(void *data, int folder, const char *name)
{
	/* file_replace()'s, of who was killed. */
	if (!str_has_prefix(name, ".index.json.") && !str_has_prefix(name, ".oci-layout."))
		return 0;
	return discard(data, folder, name, NULL);
}

static int sweep_folder(struct sweep *sweep, int folder, tree_entry *function)
{
	int result;

	if (folder < 0)
		return folder == -ENOENT ? 0 : fail(-folder, "collect: open a folder");
	result = tree_each(folder, function, sweep);
	return result < 0 ? result : 0;
}

static int sweep_below(struct sweep *sweep, const char *name, tree_entry *function)
{
	auto_fd int folder = folder_open(sweep->store->places[0].folder, name);

	return sweep_folder(sweep, folder, function);
}

static int sweep_trees(struct sweep *sweep)
{
	int trees = place_trees(&sweep->store->places[0], false);
	unsigned int before = (unsigned int)sweep->report->trees;
	int result = sweep_folder(sweep, trees, doom_tree);

	if (result < 0 || sweep->dry || trees < 0)
		return result;
	if (sweep->report->trees != before && fsync(trees) < 0)
		return fail(errno, "sync the trees");
	return sweep_folder(sweep, trees, sweep_tree);
}

static int sweep_all(struct sweep *sweep)
{
	int result = 0;

	for (enum digest_algorithm each = 0; result == 0 && (int)each < DIGEST_ALGORITHMS; each++)
		result = sweep_folder(sweep, place_blobs(&sweep->store->places[0], each, false),
				      sweep_blob);
	if (result == 0)
		result = sweep_below(sweep, "signatures", sweep_signature);
	if (result == 0)
		result = sweep_below(sweep, "partial", sweep_partial);
	if (result == 0 && IS_ENABLED(CONFIG_IMAGE_REVISION))
		result = sweep_below(sweep, "rev", sweep_revision);
	if (result == 0)
		result = sweep_trees(sweep);
	return result == 0 ? sweep_folder(sweep, sweep->store->places[0].folder, sweep_top) :
			     result;
}

int collect(struct store *store, bool dry, unsigned int partial_seconds, struct gc_report *report)
{
	auto_arena struct arena arena = { 0 };
	struct sweep sweep = { .store = store, .report = report, .dry = dry };
	int result = mark_all(&arena, store, &sweep.marks);

	if (result < 0)
		return result;
	sweep.all = partial_seconds == 0;
	sweep.oldest = time(NULL) - (time_t)partial_seconds;
	if (sweep.marks.trees_unknown)
		log_warning("an image that is used cannot be read: all trees stay");
	return sweep_all(&sweep);
}

int store_gc(struct store *store, bool dry, unsigned int partial_seconds, struct gc_report *report)
{
	enum store_held before = store->held;
	int result = store_lock(store, true);

	*report = (struct gc_report){ 0 };
	if (result < 0)
		return result;
	result = collect(store, dry, partial_seconds, report);
	if (before == HELD_NOT)
		store_unlock(store);
	else if (before == HELD_SHARED && store_lock(store, false) < 0)
		return error_result();
	return result;
}
