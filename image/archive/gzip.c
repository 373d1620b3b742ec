/* SPDX-License-Identifier: Apache-2.0 */
/* gzip (RFC 1952) by zlib: members one after the other; zeros may follow, as tapes leave them. */
#include <string.h>
#include <zlib.h>

#include "image/archive/reader.h"

enum {
	GZIP_WINDOW_BITS = 15 + 16, /* the largest; a gzip header and trailer, both checked */
	GZIP_MAGIC = 0x1f,
};

static void *gzip_alloc(void *pool, unsigned int count, unsigned int size)
{
	return pool_alloc(pool, (size_t)count * size); /* zlib's are below 64 KiB */
}

static void gzip_free(void *pool, void *memory)
{
	pool_free(pool, memory);
}

static int gzip_failed(struct reader *reader, const z_stream *stream)
{
	return reader_fail(reader, "gzip: %s", stream->msg ? stream->msg : "damaged");
}

static ssize_t gzip_decode(struct reader *reader, unsigned char *out, size_t size)
{
	z_stream *stream = reader->decoder;
	int more, result;

	stream->next_out = out;
	stream->avail_out = (unsigned int)size;
	while (stream->avail_out) {
		more = reader_input(reader);
		if (more < 0)
			return -1;
		if (!more && !reader->between)
			return reader_fail(reader, "gzip: truncated");
		if (!more || (reader->between && reader->in[reader->in_begin] != GZIP_MAGIC)) {
			if (reader_only_zeros(reader) < 0)
				return -1;
			break;
		}
		if (reader->between && inflateReset(stream) != Z_OK)
			return gzip_failed(reader, stream);
		reader->between = false;
		stream->next_in = reader->in + reader->in_begin;
		stream->avail_in = (unsigned int)(reader->in_end - reader->in_begin);
		result = inflate(stream, Z_NO_FLUSH);
		reader->in_begin = reader->in_end - stream->avail_in;
		reader->between = result == Z_STREAM_END;
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return gzip_failed(reader, stream);
	}
	return (ssize_t)(size - stream->avail_out);
}

int gzip_start(struct reader *reader)
{
	z_stream *stream = pool_alloc(&reader->pool, sizeof(*stream));

	if (!stream)
		return reader_fail(reader, "gzip: out of memory");
	memset(stream, 0, sizeof(*stream));
	stream->zalloc = gzip_alloc;
	stream->zfree = gzip_free;
	stream->opaque = &reader->pool;
	reader->decoder = stream;
	reader->decode = gzip_decode;
	if (inflateInit2(stream, GZIP_WINDOW_BITS) != Z_OK ||
	    (reader->compared && inflateValidate(stream, 0) != Z_OK))
		return gzip_failed(reader, stream);
	return 0;
}
