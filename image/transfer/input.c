/* SPDX-License-Identifier: Apache-2.0 */
/* The file, folder or pipe that an import reads, and what becomes a blob of it. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/progress.h"
#include "image/transfer/import.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/str.h"

static ssize_t read_some(int fd, void *buffer, size_t size)
{
	ssize_t got;

	do {
		got = read(fd, buffer, size);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? fail(errno, "read") : got;
}

int import_open(struct import *import)
{
	struct import_input *input = &import->input;
	const struct import_request *request = import->request;
	struct stat status;

	if (str_equal(request->path, "-"))
		input->fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
	else
		input->fd = openat(request->folder, request->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (input->fd < 0 || fstat(input->fd, &status) < 0)
		return fail(errno, "open");
	if (S_ISDIR(status.st_mode)) {
		import->folder = input->fd;
		input->fd = -1;
		return 0;
	}
	input->start = lseek(input->fd, 0, SEEK_CUR);
	progress_begin("import", request->path,
		       S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0, 0);
	while (input->head_size < sizeof(input->head)) {
		ssize_t got = read_some(input->fd, input->head + input->head_size,
					sizeof(input->head) - input->head_size);

		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		input->head_size += (size_t)got;
	}
	return input->head_size == 0 ? fail(ENODATA, "the file is empty") : 0;
}

int import_rewind(struct import *import)
{
	struct import_input *input = &import->input;

	input->head_at = 0;
	return lseek(input->fd, input->start + (off_t)input->head_size, SEEK_SET) < 0 ?
		       fail(errno, "read it again") :
		       0;
}

void import_close(struct import *import)
{
	if (import->input.copy)
		blob_abort(&import->input.copy, false);
	close_fd(&import->input.fd);
	close_fd(&import->folder);
}

ssize_t import_source(void *data, void *buffer, size_t size)
{
	struct import_input *input = data;
	size_t left = input->head_size - input->head_at;
	ssize_t got;

	if (left > 0) {
		got = (ssize_t)(size < left ? size : left);
		memcpy(buffer, input->head + input->head_at, (size_t)got);
		input->head_at += (size_t)got;
	} else {
		got = read_some(input->fd, buffer, size);
	}
	if (got > 0 && !input->looking) {
		progress_add((uint64_t)got);
		if (input->copy) {
			int result = blob_add(input->copy, buffer, (size_t)got);

			if (result < 0)
				return result;
		}
	}
	return got;
}

ssize_t import_entry_source(void *data, void *buffer, size_t size)
{
	return archive_read(data, buffer, size);
}

int import_blob(struct store *store, const struct import_blob *blob, struct digest *found,
		uint64_t *length)
{
	static unsigned char buffer[IMPORT_BUFFER];
	struct blob_writer *writer = NULL;
	int result = blob_begin(store,
				&(struct blob_request){ .digest = blob->digest,
							.size = blob->size,
							.limit = blob->limit },
				&writer);

	if (result == -EEXIST && blob->digest) {
		if (found)
			*found = *blob->digest;
		if (length)
			*length = blob->size;
		return 0;
	}
	while (result == 0) {
		ssize_t got = blob->source(blob->data, buffer, sizeof(buffer));

		if (got > 0)
			result = blob_add(writer, buffer, (size_t)got);
		else if (got < 0)
			result = (int)got;
		else
			return blob_commit(&writer, found, length);
	}
	if (writer)
		blob_abort(&writer, false);
	return result;
}

int import_entry_text(struct import *import, struct archive *archive, const struct entry *entry,
		      size_t limit, struct import_text *text)
{
	size_t at = 0;

	if (text->data)
		return fail(EEXIST, "%s: is there twice", entry->path);
	if (entry->size > limit)
		return fail(EFBIG, "%s: is larger than %zu bytes", entry->path, limit);
	text->size = (size_t)entry->size;
	text->data = arena_bytes(import->arena, text->size + 1);
	if (!text->data)
		return error_result();
	while (at < text->size) {
		ssize_t got = archive_read(archive, text->data + at, text->size - at);

		if (got < 0)
			return (int)got;
		if (got == 0)
			return fail(EBADMSG, "%s: ends early", entry->path);
		at += (size_t)got;
	}
	return 0;
}
