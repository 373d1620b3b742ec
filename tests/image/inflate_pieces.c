/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For inflate.t: numbers of 32 bits and bytes from stdin: size, the sizes of pieces to give and to
 * take, then the compressed bytes; to stdout the result (zlib's, or 100: it ends too soon), the
 * size and what came out. Each piece is an allocation of its own, for the sanitizer to watch.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { TOO_SOON = 100, OUT_MAX = 1 << 20 };

static uint8_t result[OUT_MAX];
static uint32_t result_size;

/* All that comes of one piece. */
static int take(z_stream *stream, uint32_t size)
{
	int status;

	do {
		uint8_t *piece = malloc(size);
		uint32_t got;

		stream->next_out = piece;
		stream->avail_out = size;
		status = inflate(stream, Z_NO_FLUSH);
		got = size - stream->avail_out;
		if (got > OUT_MAX - result_size)
			exit(2);
		memcpy(result + result_size, piece, got);
		result_size += got;
		free(piece);
	} while (status == Z_OK && (stream->avail_in || !stream->avail_out));
	return status == Z_BUF_ERROR ? Z_OK : status;
}

static int run(const uint8_t *data, uint32_t size, uint32_t give, uint32_t out)
{
	z_stream stream = { 0 };
	int status = inflateInit2(&stream, 47); /* gzip or zlib */

	result_size = 0;
	for (uint32_t at = 0, here; status == Z_OK && at < size; at += here) {
		uint8_t *piece;

		here = size - at < give ? size - at : give;
		piece = malloc(here);
		memcpy(piece, data + at, here);
		stream.next_in = piece;
		stream.avail_in = here;
		status = take(&stream, out);
		free(piece);
	}
	inflateEnd(&stream);
	return status == Z_OK ? TOO_SOON : status;
}

int main(void)
{
	uint32_t head[3];

	while (fread(head, sizeof(head), 1, stdin) == 1) {
		uint8_t *data = malloc(head[0]);
		int32_t status;

		if (fread(data, head[0], 1, stdin) != 1)
			return 2;
		status = run(data, head[0], head[1], head[2]);
		fwrite(&status, sizeof(status), 1, stdout);
		fwrite(&result_size, sizeof(result_size), 1, stdout);
		fwrite(result, 1, result_size, stdout);
		fflush(stdout);
		free(data);
	}
	return 0;
}
