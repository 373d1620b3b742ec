/* SPDX-License-Identifier: Apache-2.0 */
/* Archives made byte by byte, and what image/archive reads of them. */
#ifndef TESTS_UNIT_ARCHIVE_WORLD_H
#define TESTS_UNIT_ARCHIVE_WORLD_H

#include "test_lib.h"

#include <signal.h>
#include <zlib.h>

#include "image/archive/archive.h"
#include "image/archive/tar_header.h"
#include "lib/error.h"

/* Bytes that grow; `at` is where a source has come to. */
struct bytes {
	unsigned char *data;
	size_t size, at;
};

static inline void add(struct bytes *bytes, const void *data, size_t size)
{
	if (!size)
		return;
	bytes->data = realloc(bytes->data, bytes->size + size);
	assert_non_null(bytes->data);
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

static inline void add_zeros(struct bytes *bytes, size_t size)
{
	static const unsigned char zeros[64 << 10];

	for (; size > sizeof(zeros); size -= sizeof(zeros))
		add(bytes, zeros, sizeof(zeros));
	add(bytes, zeros, size);
}

static inline void drop(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}

/* ---- tar ---- */

/* Octal digits and a NUL. */
static inline void put_number(unsigned char *field, size_t size, size_t value)
{
	field[--size] = 0;
	for (; size; value >>= 3)
		field[--size] = (unsigned char)('0' + (value & 7));
}

static inline void checksum(struct tar_header *header)
{
	unsigned int sum = 0;

	memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += ((unsigned char *)header)[i];
	put_number(header->checksum, 7, sum);
}

static inline struct tar_header header_of(const char *name, char type, size_t size)
{
	struct tar_header header = { .type = type };

	assert_true(strlen(name) <= sizeof(header.name));
	memcpy(header.name, name, strlen(name));
	memcpy(header.mode, "0000644", 8);
	memcpy(header.uid, "0001750", 8);
	memcpy(header.gid, "0000144", 8);
	put_number(header.size, sizeof(header.size), size);
	memcpy(header.mtime, "00000001000", 12);
	memcpy(header.magic, TAR_MAGIC, 8);
	return header;
}

static inline void add_header(struct bytes *tar, struct tar_header header)
{
	checksum(&header);
	add(tar, &header, sizeof(header));
}

static inline void add_padded(struct bytes *tar, const void *data, size_t size)
{
	add(tar, data, size);
	add_zeros(tar, -size % TAR_BLOCK);
}

static inline void add_file(struct bytes *tar, const char *name, const char *data)
{
	add_header(tar, header_of(name, '0', strlen(data)));
	add_padded(tar, data, strlen(data));
}

/* One record after the other: "path=a", "size=3"; ends with NULL. */
static inline void add_pax(struct bytes *tar, char type, ...)
{
	struct bytes body = { 0 };
	const char *text;
	va_list texts;

	va_start(texts, type);
	while ((text = va_arg(texts, const char *))) {
		const size_t size = strlen(text) + 2;
		size_t whole = size + 1;
		char record[64 << 10];

		while ((size_t)snprintf(record, sizeof(record), "%zu %s\n", whole, text) != whole)
			whole++;
		add(&body, record, whole);
	}
	va_end(texts);
	add_header(tar, header_of("pax", type, body.size));
	add_padded(tar, body.data, body.size);
	drop(&body);
}

static inline void add_end(struct bytes *tar)
{
	add_zeros(tar, 2 * (size_t)TAR_BLOCK);
}

/* ---- compression ---- */

static inline void add_gzip(struct bytes *to, const void *data, size_t size)
{
	z_stream stream = { 0 };
	unsigned char *room = malloc(size + 1000);

	assert_non_null(room);
	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	stream.next_in = (unsigned char *)(uintptr_t)data;
	stream.avail_in = (unsigned int)size;
	stream.next_out = room;
	stream.avail_out = (unsigned int)size + 1000;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	add(to, room, size + 1000 - stream.avail_out);
	deflateEnd(&stream);
	free(room);
}

/* ---- reading ---- */

static inline ssize_t source_bytes(void *data, void *buffer, size_t size)
{
	struct bytes *bytes = data;

	if (size > bytes->size - bytes->at)
		size = bytes->size - bytes->at;
	if (size)
		memcpy(buffer, bytes->data + bytes->at, size);
	bytes->at += size;
	return (ssize_t)size;
}

static inline struct archive_request request_of(struct bytes *bytes)
{
	bytes->at = 0;
	return (struct archive_request){ .name = "test", .source = source_bytes, .data = bytes };
}

/* All of it, as "TYPE PATH[ -> LINK] SIZE\n"...; the result or the error. */
static inline const char *read_request(const struct archive_request *request,
				       struct archive_result *result)
{
	static char text[64 << 10];
	struct archive *archive;
	struct entry entry;
	size_t used = 0;
	int more = archive_open(request, &archive);

	text[0] = 0;
	while (more >= 0 && (more = archive_next(archive, &entry)) > 0)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%c %s%s%s %llu\n",
					 "fhlcbdp"[entry.type], entry.path,
					 *entry.link ? " -> " : "", entry.link,
					 (unsigned long long)entry.size);
	if (more < 0)
		error_format(error_last(), text, sizeof(text));
	else if (result)
		archive_result(archive, result);
	archive_close(&archive);
	return text;
}

static inline const char *read_bytes(struct bytes *bytes)
{
	const struct archive_request request = request_of(bytes);

	return read_request(&request, NULL);
}

#define CONTAINS(text, what) \
	do { \
		const char *contains = (text); \
		if (!strstr(contains, what)) \
			fail_msg("'%s' is not in: %s", what, contains); \
	} while (0)

#endif
