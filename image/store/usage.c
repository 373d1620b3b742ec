/* SPDX-License-Identifier: Apache-2.0 */
/* Space: how much there is, and who has it. */
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>

#include "image/store/internal.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/tree.h"

int store_reserve(struct store *store, uint64_t bytes, uint64_t files)
{
	const char *path = store_path(store);
	struct statvfs status;
	uint64_t free, wanted;

	if (fstatvfs(store_folder(store), &status) < 0)
		return fail(errno, "find the room of %s", path);
	free = (uint64_t)status.f_bavail * status.f_frsize;
	if (__builtin_add_overflow(bytes, store->reserve, &wanted) || wanted > free)
		return fail(ENOSPC, "%s: %llu bytes are needed and %llu kept, %llu are free", path,
			    (unsigned long long)bytes, (unsigned long long)store->reserve,
			    (unsigned long long)free);
	/* Some file systems do not count files. */
	if (status.f_files && files > status.f_favail)
		return fail(ENOSPC, "%s: %llu files are needed, %llu are free", path,
			    (unsigned long long)files, (unsigned long long)status.f_favail);
	return 0;
}

/* Deeper than anything that is unpacked; what is not is not counted. */
enum { DEPTH_MAX = 300 };

struct disk_count {
	uint64_t bytes;
	unsigned int depth;
};

static int add_bytes(void *data, int folder, const char *name)
{
	struct disk_count *count = data;
	struct stat status;
	uint64_t bytes;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	bytes = (uint64_t)status.st_blocks * 512;
	if (S_ISDIR(status.st_mode)) {
		auto_fd int below = count->depth < DEPTH_MAX ? folder_open(folder, name) : -1;

		count->depth++;
		if (below >= 0)
			tree_each(below, add_bytes, count);
		count->depth--;
	} else if (status.st_nlink > 1) {
		/* Each of its names has a part; all are in the same tree. */
		bytes /= status.st_nlink;
	}
	count->bytes += bytes;
	return 0;
}

uint64_t disk_bytes(int folder, const char *name)
{
	struct disk_count count = { 0 };

	add_bytes(&count, folder, name);
	return count.bytes;
}

/* ---- usage ---- */

struct counting {
	uint64_t *count, *bytes;
};

static int count_entry(void *data, int folder, const char *name)
{
	struct counting *counting = data;
	const char *dot = strrchr(name, '.');

	*counting->bytes += disk_bytes(folder, name);
	/* A download is counted by its data. */
	if (!dot || strcmp(dot, ".data") == 0)
		++*counting->count;
	return 0;
}

static int count_folder(int folder, uint64_t *count, uint64_t *bytes)
{
	struct counting counting = { count, bytes };
	int result = folder < 0 ? folder : tree_each(folder, count_entry, &counting);

	return result < 0 && result != -ENOENT ? fail(-result, "count what the store has") : 0;
}

int store_usage(struct arena *arena, struct store *store, struct store_usage *usage)
{
	struct place *place = &store->places[0];
	auto_fd int partial = folder_open(place->folder, "partial");
	struct gc_report report = { 0 };
	struct store_ref *refs = NULL;
	ssize_t count = store_refs(arena, store, &refs);
	int result = count < 0 ? (int)count : 0;

	*usage = (struct store_usage){ 0 };
	for (ssize_t i = 0; refs && i < count; i++)
		usage->refs += !refs[i].lower;
	for (enum digest_algorithm each = 0; result == 0 && (int)each < DIGEST_ALGORITHMS; each++)
		result = count_folder(place_blobs(place, each, false), &usage->blobs,
				      &usage->blob_bytes);
	if (result == 0)
		result = count_folder(place_trees(place, false), &usage->trees, &usage->tree_bytes);
	if (result == 0)
		result = count_folder(partial, &usage->partials, &usage->partial_bytes);
	if (result == 0)
		result = collect(store, true, 0, &report);
	usage->unreferenced_bytes = report.bytes;
	return result;
}
