/* SPDX-License-Identifier: Apache-2.0 */
/* What is alive: all that the names lead to, and what is used. */
#include <string.h>

#include "image/document/load.h"
#include "image/revision/pin.h"
#include "image/store/internal.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/tree.h"

enum { USE_MAX_SIZE = 64 << 10 };

struct marking {
	struct store *store;
	struct marks *marks;
	bool used; /* what is marked now is used, not only named */
};

/* The trees of a manifest: each layer alone, and the first n over one another. */
static int mark_trees(const struct marking *marking, const struct descriptor *descriptor)
{
	auto_arena struct arena arena = { 0 };
	struct image image;
	int result = image_load_manifest(&arena, marking->store, descriptor, &image);

	/* Missing, or what nobody can unpack: but nothing that only could not be read now. */
	if (result == -ENOENT || result == -EINVAL || result == -EOPNOTSUPP) {
		log_debug("%s", error_last()->text);
		marking->marks->trees_unknown |= marking->used;
		return 0;
	}
	for (size_t i = 0; i < image.config.diff_id_count && result >= 0; i++) {
		struct digest chain;

		image_chain_id(&image.config, i + 1, &chain);
		result = digest_set_add(&marking->marks->layers, &image.config.diff_ids[i]);
		if (result >= 0)
			result = digest_set_add(&marking->marks->chains, &chain);
	}
	return result;
}

/* One that is damaged is not missing: all that is below it would be garbage. */
static int check_missing(struct store *store, const struct descriptor *descriptor)
{
	auto_fd int fd = store_blob_open(store, &descriptor->digest, descriptor->size);

	return fd >= 0 || fd == -ENOENT ? 0 : take_fd(&fd);
}

static int mark(void *data, const struct descriptor *descriptor, bool present)
{
	const struct marking *marking = data;
	int result = digest_set_add(&marking->marks->blobs, &descriptor->digest);

	if (result != 0 ||
	    (descriptor->kind != MEDIA_KIND_MANIFEST && descriptor->kind != MEDIA_KIND_INDEX))
		return result < 0 ? result : 0;
	if (present)
		return descriptor->kind == MEDIA_KIND_MANIFEST ? mark_trees(marking, descriptor) :
								 0;
	marking->marks->trees_unknown |= marking->used;
	return check_missing(marking->store, descriptor);
}

static int mark_below(struct marking *marking, const struct descriptor *descriptor)
{
	auto_arena struct arena arena = { 0 };

	return image_walk(&arena, marking->store, descriptor, mark, marking);
}

static int mark_refs(struct arena *arena, struct marking *marking)
{
	struct store_ref *refs = NULL;
	ssize_t count = store_refs(arena, marking->store, &refs);
	int result = 0;

	for (ssize_t i = 0; i < count && result >= 0; i++)
		result = fail_context(mark_below(marking, &refs[i].descriptor), "image %s",
				      refs[i].name);
	return count < 0 ? (int)count : result;
}

/* A used digest: of a manifest or index, if it is here at all. */
static int mark_digest(struct marking *marking, const struct digest *digest)
{
	auto_arena struct arena arena = { 0 };
	struct descriptor descriptor;
	int result = document_identify(&arena, marking->store, digest, &descriptor);

	if (result == -ENOENT) {
		/* Of another store, or lost: its trees may still be in use. */
		marking->marks->trees_unknown = true;
		return 0;
	}
	if (result == 0)
		return mark_below(marking, &descriptor);
	result = result == -ENOMSG ? digest_set_add(&marking->marks->blobs, digest) : result;
	return result < 0 ? result : 0;
}

static int mark_use(struct marking *marking, const char *text, const char *id)
{
	struct digest digest;
	int result = digest_parse(&digest, text, id);

	return result < 0 ? result : mark_digest(marking, &digest);
}

static int mark_user(void *data, int folder, const char *id)
{
	auto_arena struct arena arena = { 0 };
	struct stat status;
	auto_fd int fd = -1;
	char *line, *next;

	/* One that is being written has a hidden name. */
	if (id[0] == '.')
		return 0;
	fd = file_open(folder, id, &status);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fail(-fd, "open the use of an image by %s", id);
	line = file_read_fd(&arena, fd, id, USE_MAX_SIZE, NULL);
	if (!line)
		return error_result();
	for (; *line; line = next) {
		int result;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		result = mark_use(data, line, id);
		if (result < 0)
			return fail_context(result, "use by %s", id);
	}
	return 0;
}

static int mark_uses(struct marking *marking)
{
	auto_fd int folder = -1;
	int result;

	if (!marking->store->uses)
		return 0;
	folder = folder_of_path(marking->store->uses, false);
	if (folder == -ENOENT)
		return 0;
	error_clear();
	result = folder < 0 ? folder : tree_each(folder, mark_user, marking);
	if (result < 0 && !error_last()->text[0])
		fail(-result, "read %s", marking->store->uses);
	return result < 0 ? result : 0;
}

/* Installed revisions have to stay bootable, whatever the names lead to. */
static int mark_revisions(struct arena *arena, struct marking *marking)
{
	struct revision_pin *pins = NULL;
	ssize_t count = revision_pins(arena, marking->store, &pins);
	int result = count < 0 ? (int)count : 0;

	for (ssize_t i = 0; i < count && result == 0; i++)
		result = fail_context(mark_digest(marking, &pins[i].digest), "revision %u",
				      pins[i].number);
	return result;
}

int mark_all(struct arena *arena, struct store *store, struct marks *marks)
{
	struct marking marking = { .store = store, .marks = marks, .used = true };
	int result;

	*marks = (struct marks){ .blobs = { .arena = arena },
				 .layers = { .arena = arena },
				 .chains = { .arena = arena } };
	for (size_t i = 0; i < store->count; i++)
		store->places[i].doubt = false;
	/* What is used comes first: nothing is looked at twice. */
	result = mark_uses(&marking);
	if (result == 0 && IS_ENABLED(CONFIG_IMAGE_REVISION))
		result = mark_revisions(arena, &marking);
	marking.used = false;
	if (result == 0)
		result = mark_refs(arena, &marking);
	for (size_t i = 0; i < store->count && result >= 0; i++)
		if (store->places[i].doubt)
			result = fail(EIO, "what %s has could not be found out",
				      store->places[i].path);
	return result;
}

bool tree_is_live(const struct marks *marks, const char *key)
{
	struct digest digest;
	const struct digest_set *set;

	if (str_has_prefix(key, "d-"))
		set = &marks->layers;
	else if (str_has_prefix(key, "c-"))
		set = &marks->chains;
	else
		return false;
	return digest_of_hex(&digest, key + 2) && digest_set_has(set, &digest);
}
