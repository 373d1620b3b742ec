/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trusted half's reading of records. Whoever took over the child writes them: lengths, counts,
 * order, types and paths are checked, and nothing that it can say does harm.
 */
#ifndef IMAGE_ARCHIVE_RECORD_READ_H
#define IMAGE_ARCHIVE_RECORD_READ_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "image/archive/archive.h"
#include "image/archive/record.h"
#include "image/archive/stream.h"

/* What a function below returns when the pipe ends before RECORD_END; nothing is recorded. */
enum { RECORDS_CUT = INT_MIN };

enum {
	/* Everything of the largest entry but its numbers. */
	RECORD_TEXTS_MAX =
		2 * ENTRY_PATH_MAX + ENTRY_XATTR_BYTES_MAX +
		ENTRY_XATTRS_MAX * (sizeof(struct record_xattr) + RECORD_XATTR_NAME_MAX + 1),
};

struct record_reader {
	const char *name; /* of the archive */
	struct archive_limits limits;
	bool bare;
	bool splice;	/* try splice(2) */
	bool begun;	/* RECORD_READY was there */
	bool broken;	/* an error was recorded: nothing more is to be had */
	bool in_entry;	/* and `left` bytes of it are to come */
	uint64_t left;	/* UINT64_MAX in a bare one: up to RECORD_END */
	size_t in_data; /* bytes left of a RECORD_DATA */
	bool ended;
	uint64_t entries, bytes;
	struct record_end end;
	struct entry_xattr xattrs[ENTRY_XATTRS_MAX];
	char texts[RECORD_TEXTS_MAX + 1];
	struct stream stream;
};

/* As archive_next(), archive_read(), archive_copy_to(), or RECORDS_CUT. */
int record_next(struct record_reader *reader, struct entry *entry);
ssize_t record_data(struct record_reader *reader, void *buffer, size_t size);
int record_copy_to(struct record_reader *reader, int fd);

#endif
