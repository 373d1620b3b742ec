/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pathWhitelist: of all layers one is made that has the listed paths only. Layers are read from the
 * top down, and what has been seen hides what is below. A hard link whose other name is left out,
 * or comes from another layer, takes over the data.
 */
#include <stdlib.h>
#include <string.h>

#include "image/transfer/aci.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/str.h"

/* A path that is kept, or one on the way to it. */
struct kept {
	const char *path;   /* without the first '/' */
	const char *target; /* in this layer it is a hard link to this */
	bool listed;	    /* else only on the way */
	bool done;	    /* a layer had it */
	bool hides;	    /* it is no folder there: what is below it in lower layers is gone */
};

struct filter {
	struct aci *aci;
	struct kept *kept;
	size_t count, links; /* links: that have a target, in this layer */
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct kept *)a)->path, ((const struct kept *)b)->path);
}

static struct kept *find(const struct filter *filter, const char *path)
{
	const struct kept key = { .path = path };

	return !filter->count ? NULL :
				bsearch(&key, filter->kept, filter->count, sizeof(key), compare);
}

/* All paths and their parents, sorted, each once. */
static int read_paths(struct filter *filter, const cJSON *paths)
{
	struct arena *arena = filter->aci->arena;
	const cJSON *item;
	size_t room = 1, count = 0;

	cJSON_ArrayForEach(item, paths)
	{
		if (!cJSON_IsString(item) || *item->valuestring != '/')
			return fail_property("pathWhitelist", "manifest: must be absolute paths");
		for (const char *c = item->valuestring; *c; c++)
			room += *c == '/';
	}
	filter->kept = arena_array(arena, room, sizeof(*filter->kept));
	if (!filter->kept)
		return error_result();
	cJSON_ArrayForEach(item, paths)
	{
		size_t size = strlen(item->valuestring) + 2;
		char *path = arena_bytes(arena, size), *slash;

		if (!path || path_clean(item->valuestring, path, size) < 0)
			return error_result();
		filter->kept[count++] = (struct kept){ .path = path + 1, .listed = true };
		for (slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
			char *parent = arena_strndup(arena, path + 1, (size_t)(slash - path - 1));

			if (!parent)
				return error_result();
			filter->kept[count++] = (struct kept){ .path = parent };
		}
	}
	qsort(filter->kept, count, sizeof(*filter->kept), compare);
	for (size_t i = 0; i < count; i++) {
		struct kept *last = filter->kept + filter->count;

		if (filter->count > 0 && compare(last - 1, &filter->kept[i]) == 0)
			last[-1].listed = last[-1].listed || filter->kept[i].listed;
		else
			filter->kept[filter->count++] = filter->kept[i];
	}
	return 0;
}

/* Is what it lies in something else in a layer above? */
static bool is_hidden(const struct filter *filter, const char *path)
{
	char parent[ENTRY_PATH_MAX];

	for (const char *slash = path; (slash = strchr(slash, '/')) != NULL; slash++) {
		const struct kept *folder;

		memcpy(parent, path, (size_t)(slash - path));
		parent[slash - path] = '\0';
		folder = find(filter, parent);
		if (folder && folder->hides)
			return true;
	}
	return false;
}

static bool is_wanted(const struct filter *filter, const struct kept *kept)
{
	return kept && kept->listed && !kept->done && !is_hidden(filter, kept->path);
}

/* First time through a layer: what are its hard links? */
static int look(struct filter *filter, struct archive *archive, const struct entry *entry)
{
	struct kept *kept = find(filter, entry->path);

	(void)archive;
	if (entry->type != ENTRY_HARD_LINK || !is_wanted(filter, kept))
		return 0;
	kept->target = arena_strdup(filter->aci->arena, entry->link);
	filter->links++;
	return kept->target ? 0 : error_result();
}

/* This file under every wanted name of its in this layer. */
static int write_file(struct filter *filter, struct archive *archive, const struct entry *entry)
{
	struct entry written = *entry;
	int result = 0;

	for (size_t i = 0; i < filter->count && result == 0; i++) {
		struct kept *kept = &filter->kept[i];

		if ((strcmp(kept->path, entry->path) != 0 &&
		     !str_equal(kept->target, entry->path)) ||
		    !is_wanted(filter, kept))
			continue;
		written.path = kept->path;
		result = aci_layer_add(&filter->aci->layer, archive, &written);
		kept->done = true;
		if (written.type == ENTRY_FILE) {
			written.link = kept->path;
			written.type = ENTRY_HARD_LINK;
			written.size = 0;
		}
	}
	return result;
}

static int write_entry(struct filter *filter, struct archive *archive, const struct entry *entry)
{
	struct kept *kept = find(filter, entry->path);
	int result = 0;

	if (entry->type == ENTRY_FILE) {
		if (kept || filter->links > 0)
			result = write_file(filter, archive, entry);
	} else if (entry->type != ENTRY_HARD_LINK && is_wanted(filter, kept)) {
		result = aci_layer_add(&filter->aci->layer, archive, entry);
		kept->done = true;
	}
	if (kept && entry->type != ENTRY_DIRECTORY)
		kept->hides = true;
	return result;
}

static int each_entry(struct filter *filter, const struct descriptor *layer,
		      int (*each)(struct filter *filter, struct archive *archive,
				  const struct entry *entry))
{
	const struct image_limits *limits = &filter->aci->import->settings->limits;
	char name[DIGEST_TEXT_SIZE];
	auto_fd int fd = store_blob_open(filter->aci->import->store, &layer->digest, layer->size);
	const struct archive_request request = {
		.name = digest_text(&layer->digest, name),
		.source = archive_source_fd,
		.data = &fd,
		.limits = { .bytes = limits->layer_bytes, .zstd_window = limits->zstd_window },
		.unhashed = true,
	};
	auto_archive struct archive *archive = NULL;
	struct entry entry;
	int result = fd < 0 ? fd : archive_open(&request, &archive);

	while (result == 0) {
		result = archive_next(archive, &entry);
		if (result <= 0)
			break;
		result = each(filter, archive, &entry);
	}
	return result;
}

static int take_layer(struct filter *filter, const struct descriptor *layer)
{
	int result;

	filter->links = 0;
	result = each_entry(filter, layer, look);
	if (result == 0)
		result = each_entry(filter, layer, write_entry);
	for (size_t i = 0; i < filter->count && result == 0; i++) {
		struct kept *kept = &filter->kept[i];

		if (kept->target && !kept->done)
			return fail(EBADMSG, "%s: is a link to %s, which is no file", kept->path,
				    kept->target);
		kept->target = NULL;
	}
	return result;
}

int aci_filter(struct aci *aci, const cJSON *paths)
{
	struct filter filter = { .aci = aci };
	struct descriptor *all = aci->layers;
	int result = read_paths(&filter, paths);

	if (result == 0)
		result = aci_layer_begin(aci, &aci->layer);
	for (size_t i = aci->layer_count; i-- > 0 && result == 0;)
		result = take_layer(&filter, &all[i]);
	if (result == 0)
		result = aci_layer_end(&aci->layer, &all[0].digest, &all[0].size);
	if (result < 0)
		return result;
	all[0].media_type = MEDIA_OCI_LAYER;
	all[0].kind = MEDIA_KIND_LAYER_TAR;
	aci->diff_ids[0] = all[0].digest;
	aci->layer_count = 1;
	return 0;
}
