/* SPDX-License-Identifier: Apache-2.0 */
/* bzip2 by libbz2: streams one after the other. */
#include <bzlib.h>
#include <string.h>

#include "image/archive/reader.h"

static void *bzip2_alloc(void *pool, int count, int size)
{
	return pool_alloc(pool, (size_t)count * (size_t)size); /* libbz2's own constants */
}

static void bzip2_free(void *pool, void *memory)
{
	pool_free(pool, memory);
}

static int bzip2_begin(struct reader *reader)
{
	bz_stream *stream = reader->decoder;

	if (BZ2_bzDecompressInit(stream, 0, 0) != BZ_OK)
		return reader_fail(reader, "bzip2: out of memory");
	return 0;
}

static ssize_t bzip2_decode(struct reader *reader, unsigned char *out, size_t size)
{
	bz_stream *stream = reader->decoder;
	int result;

	stream->next_out = (char *)out;
	stream->avail_out = (unsigned int)size;
	while (stream->avail_out) {
		const unsigned int before = stream->avail_out;
		const int more = reader_input(reader);

		if (more < 0)
			return -1;
		if (!more && reader->between)
			break;
		if (reader->between && bzip2_begin(reader) < 0)
			return -1;
		reader->between = false;
		stream->next_in = (char *)reader->in + reader->in_begin;
		stream->avail_in = (unsigned int)(reader->in_end - reader->in_begin);
		result = BZ2_bzDecompress(stream);
		reader->in_begin = reader->in_end - stream->avail_in;
		if (result == BZ_STREAM_END) {
			BZ2_bzDecompressEnd(stream);
			reader->between = true;
		} else if (result != BZ_OK) {
			return reader_fail(reader, "bzip2: damaged (error %d)", -result);
		} else if (!more && stream->avail_out == before) {
			return reader_fail(reader, "bzip2: truncated");
		}
	}
	return (ssize_t)(size - stream->avail_out);
}

int bzip2_start(struct reader *reader)
{
	bz_stream *stream = pool_alloc(&reader->pool, sizeof(*stream));

	if (!stream)
		return reader_fail(reader, "bzip2: out of memory");
	memset(stream, 0, sizeof(*stream));
	stream->bzalloc = bzip2_alloc;
	stream->bzfree = bzip2_free;
	stream->opaque = &reader->pool;
	reader->decoder = stream;
	reader->decode = bzip2_decode;
	return bzip2_begin(reader);
}
