/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adding a blob. It grows as partial/HEX.data, locked by whoever adds to it; partial/HEX.state has
 * two records of how far the hash is, written in turn, so that a torn one leaves the other. A
 * record is written only after the data before it is durable, and none outlives the data that it
 * is about: they are erased, durably, before the data is begun anew.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "image/store/internal.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

enum {
	CHECKPOINT_BYTES = 1 << 20,
	/* A fast source is not held up by flushes: it loses little. */
	CHECKPOINT_MILLISECONDS = 250,
	CHECKPOINT_BYTES_AT_MOST = 16 << 20,
	NAME_SIZE = 2 * SHA512_SIZE + 8,
};

struct blob_writer {
	struct store *store;
	struct digest digest;
	bool known; /* the digest is: it can be resumed */
	uint64_t size, limit;
	uint64_t offset, saved, checked; /* up to where: data, a record, room was looked for */
	uint64_t saved_at;		 /* in ms */
	int partial, fd, state;		 /* partial is the store's */
	unsigned int slot;
	char name[NAME_SIZE], state_name[NAME_SIZE];
	struct digester digester;
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static int failed(const struct blob_writer *writer, int no, const char *what)
{
	char text[DIGEST_TEXT_SIZE];

	return fail(no, "%s blob %s", what,
		    writer->known ? digest_text(&writer->digest, text) : "of unknown digest");
}

/* Close and forget; what is on the disk stays. */
static void writer_free(struct blob_writer **writer)
{
	struct blob_writer *it = *writer;

	if (!it)
		return;
	/* A child that we forked may have it open still. */
	if (it->fd >= 0)
		flock(it->fd, LOCK_UN);
	close_fd(&it->fd);
	close_fd(&it->state);
	store_drop(it->store);
	free(it);
	*writer = NULL;
}

/* The records go first: there are none without data. Both are locked by us. */
static void discard(const struct blob_writer *writer)
{
	if (writer->known)
		unlinkat(writer->partial, writer->state_name, 0);
	unlinkat(writer->partial, writer->name, 0);
}

/* ---- records ---- */

static int open_state(struct blob_writer *writer, int flags)
{
	if (writer->state < 0)
		writer->state = openat(writer->partial, writer->state_name,
				       O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);
	return writer->state < 0 ? -errno : 0;
}

/* Without a record the work may be lost, but it goes on. */
static int checkpoint(struct blob_writer *writer)
{
	unsigned char record[HASH_STATE_SIZE];
	off_t at = (off_t)writer->slot * HASH_STATE_SIZE;

	if (fdatasync(writer->fd) < 0)
		return failed(writer, errno, "write");
	hash_state_save(record, &writer->digest, &writer->digester);
	if (open_state(writer, O_CREAT) < 0 ||
	    pwrite(writer->state, record, sizeof(record), at) != (ssize_t)sizeof(record) ||
	    fdatasync(writer->state) < 0)
		log_debug("%s: %s", writer->state_name, error_errno_text(errno));
	writer->slot = (writer->slot + 1) % HASH_STATE_SLOTS;
	writer->saved = writer->offset;
	writer->saved_at = now();
	return 0;
}

static int checkpoint_if_due(struct blob_writer *writer)
{
	uint64_t more = writer->offset - writer->saved;

	if (!writer->known || more < CHECKPOINT_BYTES)
		return 0;
	if (more < CHECKPOINT_BYTES_AT_MOST && now() - writer->saved_at < CHECKPOINT_MILLISECONDS)
		return 0;
	return checkpoint(writer);
}

/* Take up the longest record whose data is there. */
static void take_up(struct blob_writer *writer, uint64_t there)
{
	unsigned char records[HASH_STATE_SLOTS][HASH_STATE_SIZE] = { 0 };

	if (open_state(writer, 0) < 0 || pread(writer->state, records, sizeof(records), 0) <= 0)
		return;
	for (unsigned int i = 0; i < HASH_STATE_SLOTS; i++) {
		struct digester digester;
		uint64_t length;

		if (!hash_state_load(records[i], &writer->digest, &digester, &length) ||
		    length > there || length > writer->limit || length <= writer->offset)
			continue;
		writer->digester = digester;
		writer->offset = length;
		writer->slot = (i + 1) % HASH_STATE_SLOTS;
	}
}

/* Erase the records, and then the data. */
static int begin_anew(struct blob_writer *writer)
{
	digester_start(&writer->digester, writer->digest.algorithm);
	writer->offset = writer->saved = writer->checked = 0;
	writer->saved_at = 0;
	writer->slot = 0;
	if (writer->known && open_state(writer, 0) == 0 &&
	    (ftruncate(writer->state, 0) < 0 || fdatasync(writer->state) < 0))
		return failed(writer, errno, "erase the record of");
	return ftruncate(writer->fd, 0) < 0 ? failed(writer, errno, "truncate") : 0;
}

/* ---- begin ---- */

/* Is what we locked still what has the name? */
static bool is_current(const struct blob_writer *writer)
{
	struct stat ours, named;

	return fstat(writer->fd, &ours) == 0 && S_ISREG(ours.st_mode) &&
	       fstatat(writer->partial, writer->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

static int lock_data(struct blob_writer *writer)
{
	int result = flock(writer->fd, LOCK_EX | LOCK_NB);

	if (result < 0 && errno == EWOULDBLOCK) {
		log_info("%s: another process is adding it: waiting", writer->name);
		do {
			result = flock(writer->fd, LOCK_EX);
		} while (result < 0 && errno == EINTR);
	}
	return result < 0 ? -errno : 0;
}

/* -EEXIST: another process has added it meanwhile. */
static int open_data(struct blob_writer *writer)
{
	int result;

	for (;;) {
		close_fd(&writer->fd);
		writer->fd = openat(writer->partial, writer->name,
				    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		result = writer->fd < 0 ? -errno : lock_data(writer);
		if (result < 0)
			return failed(writer, -result, "begin");
		if (writer->known && store_blob_has(writer->store, &writer->digest, writer->size)) {
			if (is_current(writer))
				discard(writer);
			return -EEXIST;
		}
		if (is_current(writer))
			return 0;
	}
}

/* Room for all of it, now: as blocks of the file where the file system can. */
static int reserve(struct blob_writer *writer)
{
	struct stat status;
	uint64_t have;

	if (writer->size == BLOB_SIZE_UNKNOWN)
		return 0;
	if (fstat(writer->fd, &status) < 0)
		return failed(writer, errno, "begin");
	have = (uint64_t)status.st_blocks * 512;
	if (have < writer->size) {
		int result = store_reserve(writer->store, writer->size - have, 0);

		if (result < 0)
			return result;
	}
	if (writer->size > CHECKPOINT_BYTES && writer->known && open_state(writer, O_CREAT) == 0)
		fallocate(writer->state, 0, 0, HASH_STATE_SLOTS * (off_t)HASH_STATE_SIZE);
	if (writer->size > CHECKPOINT_BYTES &&
	    fallocate(writer->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)writer->size) < 0 &&
	    errno == ENOSPC)
		return failed(writer, ENOSPC, "reserve room for");
	return 0;
}

static int prepare(struct blob_writer *writer, bool resume)
{
	struct stat status;
	int result;

	if (fstat(writer->fd, &status) < 0)
		return failed(writer, errno, "begin");
	if (resume && writer->known)
		take_up(writer, (uint64_t)status.st_size);
	if (writer->offset == 0)
		result = begin_anew(writer);
	else
		result = ftruncate(writer->fd, (off_t)writer->offset) < 0 ?
				 failed(writer, errno, "resume") :
				 0;
	writer->saved = writer->checked = writer->offset;
	if (result == 0)
		result = reserve(writer);
	/* Nothing is there to be kept. */
	if (result < 0 && writer->offset == 0)
		discard(writer);
	return result;
}

static struct blob_writer *writer_make(struct store *store, const struct blob_request *request)
{
	struct blob_writer *writer = calloc(1, sizeof(*writer));
	char text[DIGEST_TEXT_SIZE];

	if (!writer) {
		fail(ENOMEM, "add a blob");
		return NULL;
	}
	writer->store = store;
	writer->fd = writer->state = -1;
	writer->size = request->size;
	writer->limit = request->size;
	if (request->size == BLOB_SIZE_UNKNOWN && request->limit)
		writer->limit = request->limit;
	writer->known = request->digest;
	if (writer->known) {
		const char *hex = digest_hex(digest_text(request->digest, text));

		writer->digest = *request->digest;
		snprintf(writer->name, sizeof(writer->name), "%s.data", hex);
		snprintf(writer->state_name, sizeof(writer->state_name), "%s.state", hex);
	} else {
		temporary_name(writer->name, "new");
	}
	digester_start(&writer->digester, writer->digest.algorithm);
	return writer;
}

int blob_begin(struct store *store, const struct blob_request *request, struct blob_writer **writer)
{
	struct blob_writer *it;
	int status;

	*writer = NULL;
	if (request->digest && store_blob_has(store, request->digest, request->size))
		return -EEXIST;
	if (request->size > INT64_MAX && request->size != BLOB_SIZE_UNKNOWN)
		return fail(EFBIG, "a blob of %llu bytes", (unsigned long long)request->size);
	status = store_hold(store);
	if (status < 0)
		return status;
	it = writer_make(store, request);
	if (!it) {
		store_drop(store);
		return error_result();
	}
	status = it->partial = store_partial(store);
	if (status >= 0)
		status = open_data(it);
	if (status == 0)
		status = prepare(it, request->resume);
	if (status < 0)
		writer_free(&it);
	*writer = it;
	return status;
}

uint64_t blob_offset(const struct blob_writer *writer)
{
	return writer->offset;
}

int blob_restart(struct blob_writer *writer)
{
	return begin_anew(writer);
}

/* ---- add ---- */

static int write_piece(struct blob_writer *writer, const void *data, size_t size)
{
	const char *bytes = data;

	/* Whatever a failed one has written: the next begins where this began. */
	for (size_t put = 0; put < size;) {
		ssize_t some =
			pwrite(writer->fd, bytes + put, size - put, (off_t)(writer->offset + put));

		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0)
			return failed(writer, errno, "write");
		put += (size_t)some;
	}
	digester_add(&writer->digester, data, size);
	writer->offset += size;
	return 0;
}

int blob_add(struct blob_writer *writer, const void *data, size_t size)
{
	int result;

	if (size > writer->limit - writer->offset) {
		char text[64];

		snprintf(text, sizeof(text), "more than %llu bytes for",
			 (unsigned long long)writer->limit);
		return failed(writer, EFBIG, text);
	}
	if (writer->size == BLOB_SIZE_UNKNOWN && writer->offset + size > writer->checked) {
		result = store_reserve(writer->store, size + CHECKPOINT_BYTES, 0);
		if (result < 0)
			return result;
		writer->checked = writer->offset + size + CHECKPOINT_BYTES;
	}
	result = write_piece(writer, data, size);
	return result < 0 ? result : checkpoint_if_due(writer);
}

/* ---- end ---- */

/* -EBADMSG: it is not what it should be. */
static int verify(struct blob_writer *writer, struct digest *found)
{
	char is[DIGEST_TEXT_SIZE], wanted[DIGEST_TEXT_SIZE];

	digester_finish(&writer->digester, found);
	if (!writer->known || digest_equal(found, &writer->digest))
		return 0;
	return fail(EBADMSG, "blob %s: what came is %s", digest_text(&writer->digest, wanted),
		    digest_text(found, is));
}

static int make_visible(struct blob_writer *writer, const struct digest *digest)
{
	int folder = place_blobs(&writer->store->places[0], digest->algorithm, true);
	char text[DIGEST_TEXT_SIZE];

	if (folder < 0)
		return folder;
	if (fchmod(writer->fd, 0400) < 0 ||
	    renameat(writer->partial, writer->name, folder, digest_hex(digest_text(digest, text))) <
		    0 ||
	    fsync(folder) < 0)
		return failed(writer, errno, "make visible");
	if (writer->known)
		unlinkat(writer->partial, writer->state_name, 0);
	return 0;
}

int blob_commit(struct blob_writer **writer, struct digest *digest, uint64_t *size)
{
	struct blob_writer *it = *writer;
	struct digest found = { 0 };
	int result;

	if (it->size != BLOB_SIZE_UNKNOWN && it->offset != it->size) {
		result = fail(EBADMSG, "%s: %llu bytes instead of %llu", it->name,
			      (unsigned long long)it->offset, (unsigned long long)it->size);
		blob_abort(writer, true);
		return result;
	}
	result = fdatasync(it->fd) < 0 ? failed(it, errno, "write") : verify(it, &found);
	if (result == 0)
		result = make_visible(it, &found);
	if (result == 0 && digest)
		*digest = found;
	if (result == 0 && size)
		*size = it->offset;
	if (result == -EBADMSG || (result < 0 && !it->known))
		discard(it);
	writer_free(writer);
	return result;
}

void blob_abort(struct blob_writer **writer, bool keep)
{
	struct blob_writer *it = *writer;
	/* Why it ends is what the user is told. */
	struct error reason = *error_last();

	if (!it)
		return;
	if (!keep || !it->known || it->offset == 0)
		discard(it);
	else if (it->offset > it->saved)
		checkpoint(it);
	writer_free(writer);
	*error_last() = reason;
	errno = reason.no;
}
