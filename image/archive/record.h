/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the child that decompresses and parses says to its parent: a struct record, then `size`
 * bytes. Both are the same program, so structures go as they lie in memory; the parent copies them
 * out and believes nothing.
 */
#ifndef IMAGE_ARCHIVE_RECORD_H
#define IMAGE_ARCHIVE_RECORD_H

#include <stdint.h>

#include "lib/sha512.h"

enum record_kind {
	RECORD_READY = 1, /* struct record_ready, before everything else */
	RECORD_ENTRY,	  /* struct record_entry, its texts */
	RECORD_DATA,	  /* of the entry: 1 to RECORD_DATA_MAX bytes */
	RECORD_END,	  /* struct record_end */
	RECORD_ERROR,	  /* the name of the entry or "", NUL, what is wrong */
};

enum {
	RECORD_DATA_MAX = 192 << 10,
	RECORD_ERROR_MAX = 512,
	RECORD_XATTR_NAME_MAX = 255, /* XATTR_NAME_MAX */
};

struct record {
	uint32_t kind, size;
};

enum record_sandbox { SANDBOX_STRICT, SANDBOX_FILTER, SANDBOX_NOBODY, SANDBOX_NONE };

struct record_ready {
	uint32_t sandbox;
};

/*
 * Then path NUL link NUL, and for each extended attribute its two lengths (struct record_xattr),
 * name NUL value.
 */
struct record_entry {
	uint64_t size;
	int64_t mtime;
	uint32_t mtime_nanoseconds, type, mode, uid, gid, major, minor;
	uint32_t path_length, link_length, xattr_count;
};

struct record_xattr {
	uint32_t name_length, value_size;
};

struct record_end {
	uint64_t size;
	unsigned char digest[SHA512_SIZE];
};

#endif
