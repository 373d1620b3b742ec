/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives as a stream of entries. Decompression and the reading of tar happen in a child that has
 * nothing but two pipes (seccomp strict mode: read, write, exit); what comes back are small
 * checked records. The one reading of every quirk of tar is documented in tar_read.c; what is
 * ambiguous is an error. Memory is bounded whatever the archive: 1 MiB, and the window for zstd.
 */
#ifndef IMAGE_ARCHIVE_ARCHIVE_H
#define IMAGE_ARCHIVE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/document/digest.h"

enum compression {
	COMPRESSION_DETECT, /* by its first bytes */
	COMPRESSION_NONE,
	COMPRESSION_GZIP,  /* several members; anything behind them but zeros is an error */
	COMPRESSION_ZSTD,  /* several frames, skippable ones */
	COMPRESSION_XZ,	   /* CONFIG_IMAGE_XZ */
	COMPRESSION_BZIP2, /* CONFIG_IMAGE_BZIP2 */
};

enum entry_type {
	ENTRY_FILE,
	ENTRY_HARD_LINK,
	ENTRY_SYMLINK,
	ENTRY_CHARACTER_DEVICE,
	ENTRY_BLOCK_DEVICE,
	ENTRY_DIRECTORY,
	ENTRY_FIFO,
};

struct entry_xattr {
	const char *name;
	const void *value;
	size_t size;
};

enum { ENTRY_XATTRS_MAX = 64, ENTRY_PATH_MAX = 4096, ENTRY_XATTR_BYTES_MAX = 64 << 10 };

struct entry {
	enum entry_type type;
	/*
	 * As the archive has it, without leading "./" and "/" and trailing '/'; never empty but for
	 * the root itself (""); no component is "..", "." or empty (that is an error of the
	 * archive).
	 */
	const char *path;
	const char *link; /* target of a symlink as it is; of a hard link cleaned like path */
	mode_t mode;	  /* 07777 */
	uint32_t uid, gid;
	int64_t mtime;
	uint32_t mtime_nanoseconds;
	uint64_t size; /* of a file's data */
	uint32_t major, minor;
	const struct entry_xattr *xattrs;
	size_t xattr_count;
};

struct archive_limits {
	uint64_t bytes;	      /* uncompressed; 0: none */
	uint64_t entries;     /* 0: none */
	uint32_t depth;	      /* of components; 0: 256 */
	uint32_t zstd_window; /* bytes; 0: 8 MiB */
};

/* Where the (compressed) bytes come from. > 0 bytes, 0 at the end, -errno recorded. */
typedef ssize_t archive_source(void *data, void *buffer, size_t size);

struct archive_request {
	const char *name; /* for messages: "layer sha256:...", a file */
	archive_source *source;
	void *data;
	enum compression compression;
	struct archive_limits limits;
	enum digest_algorithm source_digest;  /* what the compressed bytes are hashed with */
	enum digest_algorithm content_digest; /* and the uncompressed ones */
	bool unhashed; /* neither digest is made: they are zero in the result */
	/* The caller compares the content's digest with one that it trusts: gzip's own sums are not
	 * looked at, which saves 7 % of the time. */
	bool compared;
	bool bare; /* no tar: one entry, a file of unknown size (UINT64_MAX): only decompress */
};

struct archive;

int archive_open(const struct archive_request *request, struct archive **result);
/* 1: *entry is the next one, valid until the next call; what was not read of the last is passed
 * over. 0: the end, and all was read. -errno recorded. */
int archive_next(struct archive *archive, struct entry *entry);
/* Data of the entry: > 0 bytes, 0 at its end, -errno recorded. */
ssize_t archive_read(struct archive *archive, void *buffer, size_t size);
/* The rest of the entry's data into a file, without a copy where the kernel can (splice). */
int archive_copy_to(struct archive *archive, int fd);

struct archive_result {
	struct digest source, content;
	uint64_t source_size, content_size, entries;
	enum compression compression; /* found */
};
/* After archive_next() said 0. */
void archive_result(const struct archive *archive, struct archive_result *result);
/* Ends the child too, if it is still there. */
void archive_close(struct archive **pointer);
#define auto_archive __attribute__((cleanup(archive_close)))

/* A source that reads a descriptor from its current position; data: int *. */
ssize_t archive_source_fd(void *data, void *buffer, size_t size);

#endif
