/* SPDX-License-Identifier: Apache-2.0 */
/* zstd (RFC 8878) by libzstd: frames one after the other, and ones that are to be skipped. */
#define ZSTD_STATIC_LINKING_ONLY /* for a decoder in memory that we have */
#include <zstd.h>
#include <zstd_errors.h>

#include "image/archive/reader.h"

enum { ZSTD_LARGEST_WINDOW = 1 << 30, ZSTD_POOL_ROOM = 4096 };

static size_t bounded_window(size_t window)
{
	return window < ZSTD_LARGEST_WINDOW ? window : ZSTD_LARGEST_WINDOW;
}

size_t zstd_memory(size_t window)
{
	return ZSTD_estimateDStreamSize(bounded_window(window)) + ZSTD_POOL_ROOM;
}

static int zstd_failed(struct reader *reader, size_t result)
{
	if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
		return reader_fail(reader, "zstd: a window of more than %u bytes (zstdWindow)",
				   (unsigned int)reader->limits.zstd_window);
	if (ZSTD_getErrorCode(result) == ZSTD_error_prefix_unknown && reader->between)
		return reader_fail(reader, "zstd: something follows the compressed data");
	return reader_fail(reader, "zstd: damaged (error %d)", (int)ZSTD_getErrorCode(result));
}

static ssize_t zstd_decode(struct reader *reader, unsigned char *out, size_t size)
{
	ZSTD_outBuffer to = { .dst = out, .size = size };

	while (to.pos < size) {
		const size_t before = to.pos;
		const int more = reader_input(reader);
		ZSTD_inBuffer from = { .src = reader->in + reader->in_begin,
				       .size = reader->in_end - reader->in_begin };
		size_t result;

		if (more < 0)
			return -1;
		if (!more && reader->between)
			break;
		result = ZSTD_decompressStream(reader->decoder, &to, &from);
		reader->in_begin += from.pos;
		if (ZSTD_isError(result))
			return zstd_failed(reader, result);
		reader->between = result == 0;
		if (!more && to.pos == before && result)
			return reader_fail(reader, "zstd: truncated");
	}
	return (ssize_t)to.pos;
}

int zstd_start(struct reader *reader)
{
	const size_t window = bounded_window(reader->limits.zstd_window);
	const size_t size = ZSTD_estimateDStreamSize(window);
	void *memory = pool_alloc(&reader->pool, size);

	reader->decode = zstd_decode;
	reader->decoder = memory ? ZSTD_initStaticDStream(memory, size) : NULL;
	if (!reader->decoder || ZSTD_isError(ZSTD_DCtx_setMaxWindowSize(reader->decoder, window)))
		return reader_fail(reader, "zstd: bad limit of the window");
	return 0;
}
