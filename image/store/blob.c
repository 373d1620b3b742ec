/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs that are there. */
#include "image/store/internal.h"

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"

int store_blob_open(struct store *store, const struct digest *digest, uint64_t size)
{
	char text[DIGEST_TEXT_SIZE];
	int result = -ENOENT;

	for (size_t i = 0; i < store->count; i++) {
		int fd = place_blob_open(&store->places[i], digest, size);

		if (fd >= 0)
			return fd;
		/* What is damaged here may be sound there. */
		if (fd != -ENOENT)
			result = fd;
	}
	digest_text(digest, text);
	if (result == -EBADMSG)
		return fail(EBADMSG, "blob %s is not of the size that it should have", text);
	return result == -ENOENT ? fail(ENOENT, "blob %s is not in %s", text, store_path(store)) :
				   fail(-result, "open blob %s", text);
}

bool store_blob_has(struct store *store, const struct digest *digest, uint64_t size)
{
	for (size_t i = 0; i < store->count; i++)
		if (place_blob_has(&store->places[i], digest, size))
			return true;
	return false;
}

/* The same, from an open file. -EBADMSG, unrecorded: it is something else. */
static int verify_file(int fd, const struct digest *digest)
{
	static unsigned char buffer[STORE_PIECE];
	struct digester digester;
	struct digest found;

	digester_start(&digester, digest->algorithm);
	for (;;) {
		ssize_t got = read(fd, buffer, sizeof(buffer));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		digester_add(&digester, buffer, (size_t)got);
	}
	digester_finish(&digester, &found);
	return digest_equal(&found, digest) ? 0 : -EBADMSG;
}

int place_blob_verify(struct place *place, const struct digest *digest, uint64_t size)
{
	auto_fd int fd = place_blob_open(place, digest, size);

	return fd < 0 ? fd : verify_file(fd, digest);
}

static int fail_damaged(const struct place *place, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];

	return fail(EBADMSG, "blob %s in %s is damaged", digest_text(digest, text), place->path);
}

int store_blob_verify(struct store *store, const struct digest *digest, uint64_t size)
{
	char text[DIGEST_TEXT_SIZE];

	for (size_t i = 0; i < store->count; i++) {
		int result = place_blob_verify(&store->places[i], digest, size);

		if (result == -EBADMSG)
			return fail_damaged(&store->places[i], digest);
		if (result != -ENOENT)
			return result < 0 ?
				       fail(-result, "read blob %s", digest_text(digest, text)) :
				       0;
	}
	return fail(ENOENT, "blob %s is not in %s", digest_text(digest, text), store_path(store));
}

char *store_blob_read(struct arena *arena, struct store *store, const struct descriptor *descriptor,
		      size_t *size)
{
	char name[DIGEST_TEXT_SIZE];
	bool damaged = false;

	digest_text(&descriptor->digest, name);
	if (descriptor->size > DOCUMENT_MAX_SIZE) {
		fail(EFBIG, "blob %s: a document of more than %d bytes", name, DOCUMENT_MAX_SIZE);
		return NULL;
	}
	for (size_t i = 0; i < store->count; i++) {
		struct place *place = &store->places[i];
		auto_fd int fd = place_blob_open(place, &descriptor->digest, descriptor->size);
		struct digest found;
		size_t got;
		char *text;

		if (fd == -ENOENT)
			continue;
		if (fd < 0 && fd != -EBADMSG) {
			fail(-fd, "open blob %s", name);
			return NULL;
		}
		if (fd >= 0) {
			text = file_read_fd(arena, fd, name, (size_t)descriptor->size, &got);
			if (!text)
				return NULL;
			digest_of(&found, descriptor->digest.algorithm, text, got);
			if (got == descriptor->size && digest_equal(&found, &descriptor->digest)) {
				if (size)
					*size = got;
				return text;
			}
		}
		fail_damaged(place, &descriptor->digest);
		damaged = true;
	}
	if (!damaged)
		fail(ENOENT, "blob %s is not in %s", name, store_path(store));
	return NULL;
}

int store_blob_put(struct store *store, const struct digest *digest, const void *data, size_t size)
{
	struct blob_request request = { .digest = digest, .size = size };
	struct blob_writer *writer;
	int result = blob_begin(store, &request, &writer);

	if (result == -EEXIST)
		return 0;
	if (result < 0)
		return result;
	result = blob_add(writer, data, size);
	if (result < 0) {
		blob_abort(&writer, false);
		return result;
	}
	return blob_commit(&writer, NULL, NULL);
}

int store_blob_remove(struct store *store, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	int result = store_hold(store), folder;

	if (result < 0)
		return result;
	digest_text(digest, text);
	folder = place_blobs(&store->places[0], digest->algorithm, false);
	if (folder >= 0 && unlinkat(folder, digest_hex(text), 0) < 0 && errno != ENOENT)
		result = fail(errno, "remove blob %s", text);
	store_drop(store);
	return result;
}
