/* SPDX-License-Identifier: Apache-2.0 */
/* Archives as a stream of entries, the trusted half: see archive.h. */
#include "image/archive/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/archive/child.h"
#include "image/archive/detect.h"
#include "image/archive/reader.h"
#include "image/archive/record_read.h"
#include "lib/error.h"
#include "lib/fd.h"

enum { PIPE_SIZE = 256 << 10 };

struct archive {
	struct record_reader records;
	struct reader_request child;
	struct archive_limits limits;
	bool ended;
	enum compression compression;
	pid_t pid;
	enum digest_algorithm content_digest;
	struct digest source;
};

ssize_t archive_source_fd(void *data, void *buffer, size_t size)
{
	ssize_t got;

	do {
		got = read(*(const int *)data, buffer, size);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? fail(errno, "read") : got;
}

static int make_pipe(int pair[2], int ours)
{
	if (pipe2(pair, O_CLOEXEC) < 0)
		return fail(errno, "make a pipe");
	/* Fewer changes between the processes; a kernel may refuse, and 64 KiB do as well. */
	fcntl(pair[0], F_SETPIPE_SZ, PIPE_SIZE);
	if (fcntl(pair[ours], F_SETFL, O_NONBLOCK | (ours ? O_WRONLY : O_RDONLY)) < 0)
		return fail(errno, "make a pipe");
	return 0;
}

static int start(struct archive *archive)
{
	struct stream *stream = &archive->records.stream;
	int input[2] = { -1, -1 }, output[2] = { -1, -1 };
	int result = make_pipe(input, 1);

	if (result == 0)
		result = make_pipe(output, 0);
	if (result == 0) {
		archive->child.input = input[0];
		archive->child.output = output[1];
		result = archive->pid = child_start(&archive->child, stream->feed_buffer,
						    sizeof(stream->feed_buffer));
	}
	close_fd(&input[0]);
	close_fd(&output[1]);
	stream->feed = input[1];
	stream->records = output[0];
	return result < 0 ? result : 0;
}

int archive_open(const struct archive_request *request, struct archive **result)
{
	auto_archive struct archive *archive = calloc(1, sizeof(*archive));
	struct stream *stream;
	int status;

	*result = NULL;
	if (!archive)
		return fail(ENOMEM, "%s", request->name);
	stream = &archive->records.stream;
	stream->feed = stream->records = -1;
	stream->source = request->source;
	stream->data = request->data;
	stream->hashed = !request->unhashed;
	digester_start(&stream->digester, request->source_digest);
	archive->records.name = request->name;
	archive->records.limits = request->limits;
	archive->records.bare = request->bare;
	archive->records.splice = true;
	status = stream_source(stream);
	if (status < 0)
		return fail_context(status, "%s", request->name);
	archive->compression = request->compression;
	if (archive->compression == COMPRESSION_DETECT)
		archive->compression = compression_detect(stream->feed_buffer, stream->feed_end);
	status = compression_supported(archive->compression, request->name);
	if (status < 0)
		return status;
	archive->limits = request->limits;
	archive->content_digest = request->content_digest;
	archive->child = (struct reader_request){
		.compression = archive->compression,
		.limits = &archive->limits,
		.digest = request->content_digest,
		.digest_wanted =
			!request->unhashed && (archive->compression != COMPRESSION_NONE ||
					       request->content_digest != request->source_digest),
		.bare = request->bare,
		.compared = request->compared && !request->unhashed,
	};
	status = start(archive);
	if (status < 0)
		return fail_context(status, "%s", request->name);
	*result = archive;
	archive = NULL;
	return 0;
}

/* Wait for the child; it has ended or is about to. */
static int reap(struct archive *archive)
{
	int status = 0;

	if (archive->pid <= 0)
		return 0;
	while (waitpid(archive->pid, &status, 0) < 0 && errno == EINTR)
		;
	archive->pid = 0;
	return status;
}

/* The pipe ended before the last record: why? */
static int fail_ended(struct archive *archive)
{
	const int status = reap(archive);

	if (WIFSIGNALED(status))
		return fail(0, "%s: the reader of archives was ended by signal %d",
			    archive->records.name, WTERMSIG(status));
	return fail(0, "%s: the reader of archives ended early", archive->records.name);
}

/* Everything was read: what is left of the source (nothing, if the child is honest) counts. */
static int finish(struct archive *archive)
{
	const int result = stream_drain(&archive->records.stream);

	if (result < 0)
		return fail_context(result, "%s", archive->records.name);
	if (archive->records.stream.hashed)
		digester_finish(&archive->records.stream.digester, &archive->source);
	reap(archive);
	archive->ended = true;
	return 0;
}

int archive_next(struct archive *archive, struct entry *entry)
{
	int result;

	if (archive->ended)
		return 0;
	result = record_next(&archive->records, entry);
	if (result == RECORDS_CUT)
		return fail_ended(archive);
	return result == 0 ? finish(archive) : result;
}

ssize_t archive_read(struct archive *archive, void *buffer, size_t size)
{
	const ssize_t result = record_data(&archive->records, buffer, size);

	return result == RECORDS_CUT ? fail_ended(archive) : result;
}

int archive_copy_to(struct archive *archive, int fd)
{
	const int result = record_copy_to(&archive->records, fd);

	return result == RECORDS_CUT ? fail_ended(archive) : result;
}

void archive_result(const struct archive *archive, struct archive_result *result)
{
	const struct record_reader *records = &archive->records;

	*result = (struct archive_result){
		.source = archive->source,
		.source_size = records->stream.source_size,
		.content_size = records->end.size,
		.entries = records->entries,
		.compression = archive->compression,
	};
	/* What was not compressed is its own content, whatever the child says. */
	if (!archive->child.digest_wanted)
		result->content = archive->source;
	else
		memcpy(result->content.bytes, records->end.digest,
		       digest_size(archive->content_digest));
	result->content.algorithm = archive->content_digest;
	if (archive->compression == COMPRESSION_NONE)
		result->content_size = records->stream.source_size;
}

void archive_close(struct archive **pointer)
{
	struct archive *archive = *pointer;

	if (!archive)
		return;
	*pointer = NULL;
	close_fd(&archive->records.stream.feed);
	close_fd(&archive->records.stream.records);
	if (archive->pid > 0) {
		kill(archive->pid, SIGKILL);
		reap(archive);
	}
	free(archive);
}
