/* SPDX-License-Identifier: Apache-2.0 */
/* The trusted half's reading of records: see record_read.h. */
#include "image/archive/record_read.h"

#include <string.h>

#include "image/archive/entry_check.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

enum { SPLICE_LEAST = 16 << 10 /* below, a copy costs less than the calls */ };

static int broken(struct record_reader *reader, const char *text)
{
	reader->broken = true;
	return text ? entry_fail(reader->name, "", text) : error_result();
}

static int distrust(struct record_reader *reader)
{
	return broken(reader, "the reader of archives does not keep to the rules");
}

/* How far to read ahead: only the next header, while the data itself is to be spliced. */
static size_t ahead(const struct record_reader *reader, size_t size)
{
	return reader->in_entry && reader->left > STREAM_BUFFER ? size : STREAM_BUFFER;
}

static int take(struct record_reader *reader, void *buffer, size_t size)
{
	const int result = stream_take(&reader->stream, buffer, size, ahead(reader, size));

	if (result == 0)
		return 0;
	if (result > 0) {
		reader->broken = true;
		return RECORDS_CUT;
	}
	fail_context(result, "%s", reader->name);
	return broken(reader, NULL);
}

/* ---- records ---- */

static void tell_sandbox(uint32_t sandbox)
{
	static bool told;

	if (sandbox <= SANDBOX_FILTER || told)
		return;
	told = true;
	log_warning("archives are read without seccomp, which this kernel does not have%s",
		    sandbox == SANDBOX_NOBODY ? ": as nobody" : "");
}

static int read_error(struct record_reader *reader, size_t size)
{
	char text[RECORD_ERROR_MAX + 1];
	size_t name;
	int result;

	if (size > RECORD_ERROR_MAX)
		return distrust(reader);
	result = take(reader, text, size);
	if (result < 0)
		return result;
	text[size] = 0;
	name = strlen(text);
	if (name == size)
		return distrust(reader);
	reader->broken = true;
	return entry_fail(reader->name, text, text + name + 1);
}

static int read_end(struct record_reader *reader, size_t size)
{
	int result;

	if (size != sizeof(reader->end) || (reader->in_entry && !reader->bare))
		return distrust(reader);
	result = take(reader, &reader->end, sizeof(reader->end));
	if (result < 0)
		return result;
	reader->ended = true;
	reader->in_entry = false;
	return 0;
}

/*
 * The next record: its kind, and what belongs to no entry is dealt with. RECORD_ENTRY and
 * RECORD_DATA are left to the caller, with *size. Or -errno, RECORDS_CUT.
 */
static int read_record(struct record_reader *reader, size_t *size)
{
	struct record record = { 0 };
	struct record_ready ready = { SANDBOX_NONE };
	int result = take(reader, &record, sizeof(record));

	if (result < 0)
		return result;
	if (!reader->begun) {
		if (record.kind != RECORD_READY || record.size != sizeof(ready))
			return distrust(reader);
		result = take(reader, &ready, sizeof(ready));
		if (result < 0)
			return result;
		reader->begun = true;
		tell_sandbox(ready.sandbox);
		return read_record(reader, size);
	}
	*size = record.size;
	switch (record.kind) {
	case RECORD_ENTRY:
	case RECORD_DATA:
		return (int)record.kind;
	case RECORD_END:
		result = read_end(reader, record.size);
		return result < 0 ? result : RECORD_END;
	case RECORD_ERROR:
		return read_error(reader, record.size);
	default:
		return distrust(reader);
	}
}

/* ---- data ---- */

/* 1: in_data bytes are there; 0: the end of the entry's data; -errno, RECORDS_CUT. */
static int find_data(struct record_reader *reader)
{
	size_t size = 0;
	int kind;

	if (reader->broken)
		return error_result();
	if (reader->in_data)
		return 1;
	if (!reader->in_entry || !reader->left)
		return 0;
	kind = read_record(reader, &size);
	if (kind < 0)
		return kind;
	if (kind == RECORD_END) /* read_end() has looked whether it may be here */
		return 0;
	if (kind != RECORD_DATA || !size || size > RECORD_DATA_MAX || size > reader->left)
		return distrust(reader);
	reader->in_data = size;
	if (reader->bare) {
		reader->bytes += size;
		if (reader->limits.bytes && reader->bytes > reader->limits.bytes)
			return distrust(reader);
	} else {
		reader->left -= size;
	}
	return 1;
}

ssize_t record_data(struct record_reader *reader, void *buffer, size_t size)
{
	struct stream *stream = &reader->stream;
	const int more = find_data(reader);
	ssize_t got;

	if (more <= 0 || !size)
		return more < 0 ? more : 0;
	if (size > reader->in_data)
		size = reader->in_data;
	if (stream->begin < stream->end) {
		if (size > stream->end - stream->begin)
			size = stream->end - stream->begin;
		memcpy(buffer, stream->buffer + stream->begin, size);
		stream->begin += size;
		got = (ssize_t)size;
	} else {
		got = stream_read(stream, buffer, size);
		if (got <= 0) {
			reader->broken = true;
			return got < 0 ? fail_context((int)got, "%s", reader->name) : RECORDS_CUT;
		}
	}
	reader->in_data -= (size_t)got;
	return got;
}

/* The data that is in the pipe, not in the buffer. > 0; 0: it cannot; -errno, RECORDS_CUT. */
static ssize_t splice_data(struct record_reader *reader, int fd)
{
	ssize_t got;

	if (!reader->splice || reader->stream.begin < reader->stream.end ||
	    reader->in_data < SPLICE_LEAST)
		return 0;
	got = stream_splice(&reader->stream, fd, reader->in_data);
	if (got == -EINVAL) {
		reader->splice = false;
		return 0;
	}
	if (got <= 0) {
		reader->broken = true;
		return got < 0 ? got : RECORDS_CUT;
	}
	reader->in_data -= (size_t)got;
	return got;
}

/* What is in the buffer, from there; else by way of it. > 0; -errno, RECORDS_CUT. */
static ssize_t copy_data(struct record_reader *reader, int fd)
{
	struct stream *stream = &reader->stream;
	size_t here;

	if (stream->begin == stream->end) {
		const ssize_t got = stream_read(stream, stream->buffer, reader->in_data);

		if (got <= 0) {
			reader->broken = true;
			return got < 0 ? fail_context((int)got, "%s", reader->name) : RECORDS_CUT;
		}
		stream->begin = 0;
		stream->end = (size_t)got;
	}
	here = stream->end - stream->begin;
	if (here > reader->in_data)
		here = reader->in_data;
	if (fd_write_all(fd, stream->buffer + stream->begin, here) < 0) {
		reader->broken = true;
		return fail(errno, "write");
	}
	stream->begin += here;
	reader->in_data -= here;
	return (ssize_t)here;
}

int record_copy_to(struct record_reader *reader, int fd)
{
	int more;

	while ((more = find_data(reader)) > 0) {
		ssize_t done = splice_data(reader, fd);

		if (done == 0)
			done = copy_data(reader, fd);
		if (done < 0)
			return (int)done;
	}
	return more;
}

/* What nobody read of the last entry. 0, -errno, RECORDS_CUT. */
static int skip_data(struct record_reader *reader)
{
	struct stream *stream = &reader->stream;
	int more;

	while ((more = find_data(reader)) > 0) {
		size_t here = stream->end - stream->begin;

		if (!here) {
			const ssize_t got =
				record_data(reader, stream->buffer, sizeof(stream->buffer));

			if (got < 0)
				return (int)got;
			continue;
		}
		if (here > reader->in_data)
			here = reader->in_data;
		stream->begin += here;
		reader->in_data -= here;
	}
	return more;
}

/* ---- entries ---- */

struct texts {
	char *at;
	size_t left;
};

/* A text of `length` bytes and its NUL; NULL: it is none. */
static const char *take_text(struct texts *texts, size_t length)
{
	const char *text = texts->at;

	if (length >= texts->left || text[length] || memchr(text, 0, length))
		return NULL;
	texts->at += length + 1;
	texts->left -= length + 1;
	return text;
}

static bool take_xattr(struct texts *texts, struct entry_xattr *xattr)
{
	struct record_xattr lengths;

	if (texts->left < sizeof(lengths))
		return false;
	memcpy(&lengths, texts->at, sizeof(lengths));
	texts->at += sizeof(lengths);
	texts->left -= sizeof(lengths);
	xattr->name = take_text(texts, lengths.name_length);
	if (!xattr->name || lengths.value_size > texts->left)
		return false;
	xattr->value = texts->at;
	xattr->size = lengths.value_size;
	texts->at += lengths.value_size;
	texts->left -= lengths.value_size;
	return true;
}

static bool parse_texts(struct record_reader *reader, const struct record_entry *record,
			size_t size, struct entry *entry)
{
	struct texts texts = { reader->texts, size };

	entry->path = take_text(&texts, record->path_length);
	entry->link = entry->path ? take_text(&texts, record->link_length) : NULL;
	if (!entry->link || record->xattr_count > ENTRY_XATTRS_MAX)
		return false;
	for (uint32_t i = 0; i < record->xattr_count; i++)
		if (!take_xattr(&texts, &reader->xattrs[i]))
			return false;
	entry->xattrs = reader->xattrs;
	entry->xattr_count = record->xattr_count;
	return !texts.left;
}

static int read_entry(struct record_reader *reader, size_t size, struct entry *entry)
{
	struct record_entry record = { 0 };
	int result;

	if (size < sizeof(record) || size - sizeof(record) > RECORD_TEXTS_MAX)
		return distrust(reader);
	result = take(reader, &record, sizeof(record));
	if (result == 0)
		result = take(reader, reader->texts, size - sizeof(record));
	if (result < 0)
		return result;
	*entry = (struct entry){
		.type = (enum entry_type)record.type,
		.mode = record.mode,
		.uid = record.uid,
		.gid = record.gid,
		.mtime = record.mtime,
		.mtime_nanoseconds = record.mtime_nanoseconds,
		.size = record.size,
		.major = record.major,
		.minor = record.minor,
	};
	if (!parse_texts(reader, &record, size - sizeof(record), entry))
		return distrust(reader);
	if (entry_check(entry, reader->name, reader->limits.depth) < 0)
		return broken(reader, NULL);
	if (reader->limits.entries && reader->entries >= reader->limits.entries)
		return broken(reader, "too many entries");
	if (__builtin_add_overflow(reader->bytes, entry->size, &reader->bytes) ||
	    (reader->limits.bytes && reader->bytes > reader->limits.bytes))
		return broken(reader, "too large when unpacked");
	reader->left = entry->size;
	return 1;
}

/* The one entry of what is no tar. */
static int bare_entry(struct record_reader *reader, struct entry *entry)
{
	*entry = (struct entry){ .path = "", .link = "", .size = UINT64_MAX };
	reader->left = UINT64_MAX;
	return 1;
}

int record_next(struct record_reader *reader, struct entry *entry)
{
	size_t size = 0;
	int result = skip_data(reader);

	reader->in_entry = false;
	if (result < 0 || reader->ended)
		return result;
	if (reader->bare) {
		result = bare_entry(reader, entry);
	} else {
		result = read_record(reader, &size);
		if (result == RECORD_END)
			return 0;
		if (result == RECORD_DATA)
			return distrust(reader);
		if (result == RECORD_ENTRY)
			result = read_entry(reader, size, entry);
	}
	if (result > 0) {
		reader->in_entry = true;
		reader->entries++;
	}
	return result;
}
