/* SPDX-License-Identifier: Apache-2.0 */
/* xz by liblzma: streams one after the other, with their padding; the dictionary is bounded. */
#include <lzma.h>
#include <string.h>

#include "image/archive/reader.h"

struct xz_decoder {
	lzma_stream stream;
	lzma_allocator allocator;
};

static void *xz_alloc(void *pool, size_t count, size_t size)
{
	size_t whole;

	return __builtin_mul_overflow(count, size, &whole) ? NULL : pool_alloc(pool, whole);
}

static void xz_free(void *pool, void *memory)
{
	pool_free(pool, memory);
}

static int xz_failed(struct reader *reader, lzma_ret result)
{
	if (result == LZMA_MEMLIMIT_ERROR || result == LZMA_MEM_ERROR)
		return reader_fail(reader, "xz: a dictionary of more than %u bytes (zstdWindow)",
				   (unsigned int)reader->limits.zstd_window);
	if (result == LZMA_FORMAT_ERROR)
		return reader_fail(reader, "xz: not xz, or something follows the compressed data");
	if (result == LZMA_BUF_ERROR)
		return reader_fail(reader, "xz: truncated");
	return reader_fail(reader, "xz: damaged (error %d)", (int)result);
}

static ssize_t xz_decode(struct reader *reader, unsigned char *out, size_t size)
{
	struct xz_decoder *decoder = reader->decoder;
	lzma_stream *stream = &decoder->stream;

	stream->next_out = out;
	stream->avail_out = size;
	while (stream->avail_out && !reader->between) {
		const int more = reader_input(reader);
		lzma_ret result;

		if (more < 0)
			return -1;
		stream->next_in = reader->in + reader->in_begin;
		stream->avail_in = reader->in_end - reader->in_begin;
		result = lzma_code(stream, more ? LZMA_RUN : LZMA_FINISH);
		reader->in_begin = reader->in_end - stream->avail_in;
		reader->between = result == LZMA_STREAM_END; /* all of the input is used */
		if (result != LZMA_OK && result != LZMA_STREAM_END)
			return xz_failed(reader, result);
	}
	return (ssize_t)(size - stream->avail_out);
}

int xz_start(struct reader *reader)
{
	const lzma_stream empty = LZMA_STREAM_INIT;
	struct xz_decoder *decoder = pool_alloc(&reader->pool, sizeof(*decoder));
	lzma_ret result;

	if (!decoder)
		return reader_fail(reader, "xz: out of memory");
	decoder->stream = empty;
	decoder->allocator = (lzma_allocator){ xz_alloc, xz_free, &reader->pool };
	decoder->stream.allocator = &decoder->allocator;
	reader->decoder = decoder;
	reader->decode = xz_decode;
	result = lzma_stream_decoder(&decoder->stream, reader->pool.left, LZMA_CONCATENATED);
	return result == LZMA_OK ? 0 : xz_failed(reader, result);
}
