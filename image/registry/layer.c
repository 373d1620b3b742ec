/* SPDX-License-Identifier: Apache-2.0 */
/* A blob on its way into the store: going on where an earlier attempt ended. */
#include <string.h>

#include "image/progress.h"
#include "image/registry/pull.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"

struct incoming {
	struct blob_writer *writer;
	const char *what;
	uint64_t size;
	bool full; /* the store failed: no other source helps */
};

static uint64_t offset(void *data)
{
	return blob_offset(((struct incoming *)data)->writer);
}

static int restart(void *data)
{
	struct incoming *incoming = data;

	progress_end();
	progress_begin("pull", incoming->what, incoming->size, 0);
	return blob_restart(incoming->writer);
}

static int add(void *data, const void *bytes, size_t size)
{
	struct incoming *incoming = data;
	const int result = blob_add(incoming->writer, bytes, size);

	if (result < 0 && result != -EFBIG)
		incoming->full = true;
	progress_add(size);
	return result;
}

/* *resumed: some of it was there. */
static int fetch(struct pull *pull, const struct descriptor *descriptor, struct incoming *incoming,
		 bool *resumed)
{
	const struct sink sink = { incoming, offset, restart, add };
	const struct blob_request request = { .digest = &descriptor->digest,
					      .size = descriptor->size,
					      .resume = true };
	int result = blob_begin(pull->store, &request, &incoming->writer);

	if (result < 0) {
		pull->final = result != -EEXIST;
		return result;
	}
	*resumed = offset(incoming) > 0;
	progress_begin("pull", incoming->what, descriptor->size, offset(incoming));
	if (offset(incoming) < descriptor->size)
		result = source_blob(pull->source, descriptor, &sink);
	progress_end();
	if (result == 0)
		return blob_commit(&incoming->writer, NULL, NULL);
	pull->final = incoming->full;
	blob_abort(&incoming->writer, true);
	return result;
}

int pull_blob(struct pull *pull, const struct descriptor *descriptor)
{
	char text[DIGEST_TEXT_SIZE];
	struct incoming incoming = { .size = descriptor->size };
	bool resumed = false;
	int result;

	if (store_blob_has(pull->store, &descriptor->digest, descriptor->size))
		return 0;
	incoming.what = arena_strdup(pull->arena, digest_text(&descriptor->digest, text));
	if (!incoming.what)
		return -ENOMEM;
	result = fetch(pull, descriptor, &incoming, &resumed);
	if (result == -EBADMSG && resumed) {
		progress_note("%s: what was there did not fit what came: once more", text);
		error_clear();
		result = fetch(pull, descriptor, &incoming, &resumed);
	}
	return result == -EEXIST ? 0 : fail_context(result, "%s", text);
}
