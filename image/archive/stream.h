/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trusted half's side of the pipes: compressed bytes into one as it takes them, records out of
 * the other. Neither side ever waits for the other while the other waits for it.
 */
#ifndef IMAGE_ARCHIVE_STREAM_H
#define IMAGE_ARCHIVE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/archive/archive.h"

enum { STREAM_BUFFER = 64 << 10 };

struct stream {
	archive_source *source;
	void *data;
	int feed;    /* to the child; -1: all was fed, or it does not read any more */
	int records; /* from the child; both do not block */
	bool source_ended, hashed;
	struct digester digester; /* of what the source gave */
	uint64_t source_size;
	size_t feed_begin, feed_end, begin, end;
	unsigned char feed_buffer[STREAM_BUFFER];
	unsigned char buffer[STREAM_BUFFER]; /* records: buffer[begin .. end) */
};

/* The next bytes of the source into the empty feed_buffer. 1; 0: it ended; -errno recorded. */
int stream_source(struct stream *stream);
/* All that is left of the source, only to be hashed. 0 or -errno recorded. */
int stream_drain(struct stream *stream);
/* Bytes of the records' pipe, past the buffer. 0: the child has ended; -errno recorded. */
ssize_t stream_read(struct stream *stream, void *buffer, size_t size);
/* The same by splice(2) to `fd`; -EINVAL unrecorded: this kernel or file cannot do it. */
ssize_t stream_splice(struct stream *stream, int fd, size_t size);
/* Exactly `size` bytes, from the buffer, which is filled with at most `ahead` bytes at once. 0; 1:
 * the child has ended; -errno recorded. */
int stream_take(struct stream *stream, void *buffer, size_t size, size_t ahead);

#endif
