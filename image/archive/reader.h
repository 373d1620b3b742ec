/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The untrusted half of reading an archive: compressed bytes in, records out. It runs in the child
 * (child.c), and for tests in any process. After reader_setup() it makes no system call but read(2)
 * from `input` and write(2) to `output`.
 */
#ifndef IMAGE_ARCHIVE_READER_H
#define IMAGE_ARCHIVE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/archive/archive.h"
#include "image/archive/pool.h"
#include "image/archive/record.h"

enum {
	READER_IN = 32 << 10,
	/* Large, so that the processes change seldom; of tar blocks: none is ever in two parts. */
	READER_BUFFER = 192 << 10,
	READER_HEADROOM = 64,	     /* before it: room for the header of a record */
	READER_OUT = 96 << 10,	     /* at least the largest RECORD_ENTRY */
	READER_EXTENDED = 256 << 10, /* pax headers and long names of one entry */
	READER_WINDOW = 8 << 20,     /* when the limits do not say */
};

struct reader;

/* 1 to `size` bytes; 0: the end, and nothing but what may be there follows; -1: failed. */
typedef ssize_t reader_decode(struct reader *reader, unsigned char *out, size_t size);

struct reader {
	int input, output;
	struct archive_limits limits;
	bool bare;
	bool compared;	    /* the content's digest: sums of the compression add nothing */
	bool digest_wanted; /* of the content; else the parent has it: nothing is compressed */

	unsigned char *in; /* compressed: in[in_begin .. in_end) */
	size_t in_begin, in_end;
	bool in_ended;

	reader_decode *decode;
	void *decoder; /* its state */
	bool between;  /* members, frames: here the input may end */
	struct pool pool;

	unsigned char *plain; /* decompressed: plain[plain_begin .. plain_end) */
	size_t plain_begin, plain_end;
	bool plain_ended;
	uint64_t content_size;
	struct digester content;

	unsigned char *out; /* records: out[0 .. out_used) */
	size_t out_used;

	char *extended; /* READER_EXTENDED bytes for tar_read.c */
	char name[128]; /* of the entry, for messages */
	char error[160];

	void *memory; /* all of the above */
	size_t memory_size;
};

struct reader_request {
	int input, output;
	enum compression compression; /* not COMPRESSION_DETECT */
	const struct archive_limits *limits;
	enum digest_algorithm digest;
	bool digest_wanted, bare, compared;
};

/* Allocate all that it will ever need. 0, or -1: an error record can be sent. */
int reader_setup(struct reader *reader, const struct reader_request *request);
/* Read all, up to RECORD_END or RECORD_ERROR. 0, or -1. */
int reader_run(struct reader *reader);
void reader_free(struct reader *reader);

/* Record what is wrong (the first counts). -1. */
int reader_fail(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

/* For decompressors: make sure that there is input. 1; 0: it ended; -1. */
int reader_input(struct reader *reader);
/* The rest of the input must be zeros. 0 or -1. */
int reader_only_zeros(struct reader *reader);

/* For parsers: 1 when plain[plain_begin .. plain_end) has bytes (one block at least but at the
 * end), 0 at the end, -1. */
int reader_more(struct reader *reader);
/* Send the next `size` bytes of plain as data of the entry, and pass over them. 0 or -1. */
int reader_send_data(struct reader *reader, size_t size);
/* Add to the buffer of records; sent when it is full. At most READER_OUT at once. */
int reader_send(struct reader *reader, enum record_kind kind, size_t size);
void reader_put(struct reader *reader, const void *data, size_t size);
int reader_flush(struct reader *reader);

/* The decompressors: give them memory. 0 or -1. */
int gzip_start(struct reader *reader);
int zstd_start(struct reader *reader);
int xz_start(struct reader *reader);
int bzip2_start(struct reader *reader);
/* How much memory each needs for a window. */
size_t zstd_memory(size_t window);

#endif
