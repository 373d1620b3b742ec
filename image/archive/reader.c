/* SPDX-License-Identifier: Apache-2.0 */
/* The untrusted half of reading an archive: see reader.h. */
#include "image/archive/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/archive/tar_read.h"
#include "lib/config.h"

enum {
	GZIP_MEMORY = 128 << 10,
	XZ_MEMORY = 1 << 20, /* and the dictionary */
	BZIP2_MEMORY = 5 << 20,
	OUT_SOON = 32 << 10,   /* enough to be worth a system call */
	DATA_COPIED = 16 << 10 /* as data: less is copied to what else there is to send */
};

int reader_fail(struct reader *reader, const char *format, ...)
{
	va_list arguments;

	if (!*reader->error) {
		va_start(arguments, format);
		vsnprintf(reader->error, sizeof(reader->error), format, arguments);
		va_end(arguments);
	}
	return -1;
}

/* ---- input ---- */

int reader_input(struct reader *reader)
{
	ssize_t got;

	if (reader->in_begin < reader->in_end)
		return 1;
	if (reader->in_ended)
		return 0;
	do {
		got = read(reader->input, reader->in, READER_IN);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return reader_fail(reader, "the reader's input: error %d", errno);
	reader->in_begin = 0;
	reader->in_end = (size_t)got;
	reader->in_ended = got == 0;
	return got > 0;
}

int reader_only_zeros(struct reader *reader)
{
	int more;

	while ((more = reader_input(reader)) > 0) {
		for (; reader->in_begin < reader->in_end; reader->in_begin++)
			if (reader->in[reader->in_begin])
				return reader_fail(reader, "something follows the compressed data");
	}
	return more;
}

static ssize_t plain_decode(struct reader *reader, unsigned char *out, size_t size)
{
	const int more = reader_input(reader);

	if (more <= 0)
		return more;
	if (size > reader->in_end - reader->in_begin)
		size = reader->in_end - reader->in_begin;
	memcpy(out, reader->in + reader->in_begin, size);
	reader->in_begin += size;
	return (ssize_t)size;
}

int reader_more(struct reader *reader)
{
	size_t filled = 0;

	if (reader->plain_begin < reader->plain_end)
		return 1;
	while (filled < READER_BUFFER && !reader->plain_ended) {
		const ssize_t got =
			reader->decode(reader, reader->plain + filled, READER_BUFFER - filled);

		if (got < 0)
			return -1;
		reader->plain_ended = got == 0;
		filled += (size_t)got;
	}
	reader->plain_begin = 0;
	reader->plain_end = filled;
	reader->content_size += filled;
	if (reader->limits.bytes && reader->content_size > reader->limits.bytes)
		return reader_fail(reader, "more than %llu bytes when unpacked",
				   (unsigned long long)reader->limits.bytes);
	if (reader->digest_wanted)
		digester_add(&reader->content, reader->plain, filled);
	return filled > 0;
}

/* ---- output ---- */

static int write_out(struct reader *reader, const unsigned char *data, size_t size)
{
	while (size) {
		const ssize_t put = write(reader->output, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return reader_fail(reader, "the reader's output: error %d", errno);
		data += put;
		size -= (size_t)put;
	}
	return 0;
}

int reader_flush(struct reader *reader)
{
	const size_t used = reader->out_used;

	reader->out_used = 0;
	return write_out(reader, reader->out, used);
}

void reader_put(struct reader *reader, const void *data, size_t size)
{
	memcpy(reader->out + reader->out_used, data, size);
	reader->out_used += size;
}

int reader_send(struct reader *reader, enum record_kind kind, size_t size)
{
	const struct record record = { .kind = kind, .size = (uint32_t)size };

	if (reader->out_used + sizeof(record) + size > READER_OUT && reader_flush(reader) < 0)
		return -1;
	reader_put(reader, &record, sizeof(record));
	return 0;
}

int reader_send_data(struct reader *reader, size_t size)
{
	const struct record record = { .kind = RECORD_DATA, .size = (uint32_t)size };
	unsigned char *data = reader->plain + reader->plain_begin, *start;

	reader->plain_begin += size;
	if (size <= DATA_COPIED) {
		if (reader_send(reader, RECORD_DATA, size) < 0)
			return -1;
		reader_put(reader, data, size);
		return reader->out_used > OUT_SOON ? reader_flush(reader) : 0;
	}
	/*
	 * What lies before the data has been used, or is headroom: what is to be sent before it
	 * goes there, and all in one write(2).
	 */
	start = data - sizeof(record);
	memcpy(start, &record, sizeof(record));
	if ((size_t)(start - (reader->plain - READER_HEADROOM)) >= reader->out_used) {
		start -= reader->out_used;
		memcpy(start, reader->out, reader->out_used);
		reader->out_used = 0;
	} else if (reader_flush(reader) < 0) {
		return -1;
	}
	return write_out(reader, start, (size_t)(data - start) + size);
}

/* ---- all of it ---- */

static size_t decoder_memory(enum compression compression, size_t window)
{
	switch (compression) {
	case COMPRESSION_GZIP:
		return GZIP_MEMORY;
	case COMPRESSION_ZSTD:
		return IS_ENABLED(CONFIG_IMAGE_ZSTD) ? zstd_memory(window) : 0;
	case COMPRESSION_XZ:
		return IS_ENABLED(CONFIG_IMAGE_XZ) ? window + XZ_MEMORY : 0;
	case COMPRESSION_BZIP2:
		return IS_ENABLED(CONFIG_IMAGE_BZIP2) ? BZIP2_MEMORY : 0;
	default:
		return 0;
	}
}

static int decoder_start(struct reader *reader, enum compression compression)
{
	if (compression == COMPRESSION_NONE) {
		reader->decode = plain_decode;
		return 0;
	}
	if (compression == COMPRESSION_GZIP)
		return gzip_start(reader);
	if (compression == COMPRESSION_ZSTD && IS_ENABLED(CONFIG_IMAGE_ZSTD))
		return zstd_start(reader);
	if (compression == COMPRESSION_XZ && IS_ENABLED(CONFIG_IMAGE_XZ))
		return xz_start(reader);
	if (compression == COMPRESSION_BZIP2 && IS_ENABLED(CONFIG_IMAGE_BZIP2))
		return bzip2_start(reader);
	return reader_fail(reader, "no decompressor");
}

int reader_setup(struct reader *reader, const struct reader_request *request)
{
	const size_t fixed =
		READER_IN + READER_HEADROOM + READER_BUFFER + READER_OUT + READER_EXTENDED;
	unsigned char *memory;

	memset(reader, 0, sizeof(*reader));
	reader->input = request->input;
	reader->output = request->output;
	reader->limits = *request->limits;
	reader->bare = request->bare;
	reader->compared = request->compared;
	reader->digest_wanted = request->digest_wanted;
	digester_start(&reader->content, request->digest);
	if (!reader->limits.zstd_window)
		reader->limits.zstd_window = READER_WINDOW;
	reader->pool.left = decoder_memory(request->compression, reader->limits.zstd_window);
	reader->memory_size = fixed + reader->pool.left;
	memory = mmap(NULL, reader->memory_size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -1;
	reader->memory = memory;
	reader->in = memory;
	reader->plain = reader->in + READER_IN + READER_HEADROOM;
	reader->out = reader->plain + READER_BUFFER;
	reader->extended = (char *)(reader->out + READER_OUT);
	reader->pool.next = (unsigned char *)reader->extended + READER_EXTENDED;
	return decoder_start(reader, request->compression);
}

void reader_free(struct reader *reader)
{
	if (reader->memory)
		munmap(reader->memory, reader->memory_size);
	reader->memory = NULL;
}

static int read_bare(struct reader *reader)
{
	int more;

	while ((more = reader_more(reader)) > 0)
		if (reader_send_data(reader, reader->plain_end - reader->plain_begin) < 0)
			return -1;
	return more;
}

static int send_error(struct reader *reader)
{
	const size_t name = strlen(reader->name) + 1, text = strlen(reader->error);

	if (reader_send(reader, RECORD_ERROR, name + text) < 0)
		return -1;
	reader_put(reader, reader->name, name);
	reader_put(reader, reader->error, text);
	reader_flush(reader);
	return -1;
}

int reader_run(struct reader *reader)
{
	struct record_end end = { 0 };
	struct digest digest = { 0 };

	if (*reader->error || (reader->bare ? read_bare(reader) : tar_read(reader)) < 0)
		return send_error(reader);
	digester_finish(&reader->content, &digest);
	memcpy(end.digest, digest.bytes, sizeof(end.digest));
	end.size = reader->content_size;
	if (reader_send(reader, RECORD_END, sizeof(end)) < 0)
		return -1;
	reader_put(reader, &end, sizeof(end));
	return reader_flush(reader);
}
