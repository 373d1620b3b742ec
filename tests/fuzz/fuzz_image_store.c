/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: index.json as any tool may have written it, a form feed, and the name that an image
 * is given in it. What was there stays in number, the name leads to the image, and removing it
 * gives back what there was before.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/store/internal.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "%s: %s\n", what, error_last()->text);
		abort();
	}
}

static const char manifest[] = "{\"schemaVersion\":2}";
static struct descriptor descriptor;
static char folder[64];

static struct store *open_store(void)
{
	struct store_request request = { .path = folder, .flags = STORE_MAKE };
	struct store *store = NULL;

	demand(store_open(&request, &store) == 0, "open");
	return store;
}

static void clean_up(void)
{
	tree_remove(AT_FDCWD, folder);
}

/* Once: an empty store with one blob. */
static void begin(void)
{
	struct store *store;

	if (*folder)
		return;
	log_setup(&(struct log_options){
		.fd = -1, .level_set = true, .level = LOG_LEVEL_ERROR, .program = "fuzz" });
	strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/cruet-fuzz-XXXXXX" :
						       "/tmp/cruet-fuzz-XXXXXX");
	demand(mkdtemp(folder) != NULL, "make a folder");
	atexit(clean_up);
	store = open_store();
	descriptor_of(&descriptor, MEDIA_OCI_MANIFEST, manifest, strlen(manifest));
	demand(store_blob_put(store, &descriptor.digest, manifest, strlen(manifest)) == 0, "put");
	store_close(&store);
}

static void write_index(const struct store *store, const uint8_t *text, size_t size)
{
	auto_fd int fd = openat(store_folder(store), "index.json",
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	demand(fd >= 0 && fd_write_all(fd, text, size) == 0, "write");
}

/* Names that are this one, and all; -1: it cannot be read. */
static ssize_t count(struct arena *arena, struct store *store, const char *name, ssize_t *same)
{
	struct store_ref *refs = NULL;
	ssize_t all = store_refs(arena, store, &refs);

	*same = 0;
	for (ssize_t i = 0; refs && i < all; i++)
		*same += strcmp(refs[i].name, name) == 0;
	return all;
}

static void change(struct store *store, const char *name)
{
	auto_arena struct arena arena = { 0 };
	ssize_t same, before = count(&arena, store, name, &same), still;
	int result = store_ref_set(store, name, &descriptor);
	struct descriptor found;

	if (before < 0 || result < 0) {
		demand(result < 0 && error_last()->text[0], "a name in what cannot be read");
		demand(count(&arena, store, name, &still) == before && still == same, "changed");
		return;
	}
	demand(count(&arena, store, name, &still) == before - same + 1 && still == 1, "set");
	demand(store_resolve(&arena, store, name, &found) == 0, "resolve");
	demand(digest_equal(&found.digest, &descriptor.digest), "another one");
	demand(store_ref_remove(store, name) == 0, "remove");
	demand(count(&arena, store, name, &still) == before - same && still == 0, "removed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\f', size) : NULL;
	const size_t length = end ? (size_t)(end - data) : size;
	char name[300] = "name";
	struct gc_report report;
	struct store *store;

	begin();
	store = open_store();
	if (end && size - length - 1 < sizeof(name)) {
		memcpy(name, end + 1, size - length - 1);
		name[size - length - 1] = '\0';
	}
	write_index(store, data, length);
	error_clear();
	if (*name)
		change(store, name);
	error_clear();
	if (store_gc(store, true, 0, &report) < 0)
		demand(error_last()->text[0], "no message");
	store_close(&store);
	return 0;
}
