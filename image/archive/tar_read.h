/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tar, in the untrusted half. tar_read.c says how each quirk is read. */
#ifndef IMAGE_ARCHIVE_TAR_READ_H
#define IMAGE_ARCHIVE_TAR_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader;

/* Not zero-terminated. */
struct tar_text {
	const char *data; /* NULL: there is none */
	size_t size;
};

struct tar_xattr {
	struct tar_text name, value;
};

/* What pax headers and GNU's long names say of the next entry. */
struct tar_extended {
	struct tar_text path, link;
	bool has_pax, has_size, has_uid, has_gid, has_mtime;
	uint64_t size;
	uint32_t uid, gid, mtime_nanoseconds;
	int64_t mtime;
	struct tar_xattr xattrs[64];
	size_t xattr_count;
};

/* Records of all entries, then the end. 0 or -1. */
int tar_read(struct reader *reader);

/* The records of a pax header. `global`: of one for all entries that follow. 0 or -1. */
int pax_read(struct reader *reader, struct tar_extended *extended, const char *text, size_t size,
	     bool global);

/* A numeric field: octal, or base 256. False: it is none. NULs alone are 0. */
bool tar_number(const unsigned char *field, size_t size, int64_t *value);

#endif
