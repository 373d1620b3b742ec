/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: an archive of any bytes, as the child reads it: decompressed and parsed. The first
 * byte says by what. Whatever it is, the records that come out keep to the rules, and their entries
 * are as archive.h promises them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/archive/reader.h"
#include "image/archive/record_read.h"
#include "lib/config.h"
#include "lib/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WINDOW = 1 << 20, BYTES = 4 << 20 };

static void demand(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "%s: %s\n", what, error_last()->text);
		abort();
	}
}

static enum compression compression_of(uint8_t choice)
{
	const enum compression compression = (enum compression)(COMPRESSION_NONE + choice % 5);

	if ((compression == COMPRESSION_XZ && !IS_ENABLED(CONFIG_IMAGE_XZ)) ||
	    (compression == COMPRESSION_BZIP2 && !IS_ENABLED(CONFIG_IMAGE_BZIP2)) ||
	    (compression == COMPRESSION_ZSTD && !IS_ENABLED(CONFIG_IMAGE_ZSTD)))
		return COMPRESSION_NONE;
	return compression;
}

/* ".." leads out, and nothing else is left that means something else than it says. */
static void check_path(const char *path)
{
	char copy[ENTRY_PATH_MAX + 2];

	demand(strlen(path) < ENTRY_PATH_MAX, "too long");
	snprintf(copy, sizeof(copy), "/%s/", path);
	demand(!*path || !strstr(copy, "//"), "an empty component");
	demand(!strstr(copy, "/../") && !strstr(copy, "/./"), "dots");
}

static void check_entry(const struct entry *entry)
{
	check_path(entry->path);
	if (entry->type == ENTRY_HARD_LINK)
		check_path(entry->link);
	demand((entry->type == ENTRY_HARD_LINK || entry->type == ENTRY_SYMLINK) ==
		       (*entry->link != 0),
	       "a link");
	demand(*entry->path || entry->type == ENTRY_DIRECTORY, "the root");
	demand(entry->type == ENTRY_FILE || !entry->size, "data");
	demand(entry->mode <= 07777 && entry->mtime_nanoseconds < 1000000000, "numbers");
	for (size_t i = 0; i < entry->xattr_count; i++)
		demand(*entry->xattrs[i].name && entry->xattrs[i].size <= ENTRY_XATTR_BYTES_MAX,
		       "an attribute");
}

/* All records. Is the last an error? */
static bool read_records(int records, bool bare)
{
	static struct record_reader reader;
	static char room[10000];
	struct entry entry;
	int more;

	memset(&reader, 0, sizeof(reader));
	reader.name = "fuzz";
	reader.bare = bare;
	reader.limits.bytes = BYTES;
	reader.stream.feed = -1;
	reader.stream.records = records;
	error_clear();
	while ((more = record_next(&reader, &entry)) > 0) {
		if (!bare)
			check_entry(&entry);
		if (reader.entries % 2)
			while (record_data(&reader, room, sizeof(room)) > 0)
				;
	}
	demand(more != RECORDS_CUT, "the records end early");
	demand(!strstr(error_last()->text, "does not keep to the rules"),
	       "the reader's own records");
	return more < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int input = -1, output = -1;
	const struct archive_limits limits = { .bytes = BYTES, .zstd_window = WINDOW };
	struct reader_request request = { .limits = &limits, .digest_wanted = true };
	const struct record_ready ready = { SANDBOX_STRICT };
	struct reader reader;
	int result;

	if (!size)
		return 0;
	if (input < 0) {
		input = memfd_create("input", MFD_CLOEXEC);
		output = memfd_create("output", MFD_CLOEXEC);
	}
	demand(ftruncate(input, 0) == 0 && ftruncate(output, 0) == 0 &&
		       pwrite(input, data + 1, size - 1, 0) == (ssize_t)size - 1,
	       "the files");
	lseek(input, 0, SEEK_SET);
	lseek(output, 0, SEEK_SET);
	request.input = input;
	request.output = output;
	request.compression = compression_of(data[0]);
	request.bare = data[0] & 0x80;
	result = reader_setup(&reader, &request);
	demand(result == 0 || reader.memory, "memory");
	demand(reader_send(&reader, RECORD_READY, sizeof(ready)) == 0, "ready");
	reader_put(&reader, &ready, sizeof(ready));
	result = reader_run(&reader);
	reader_free(&reader);
	lseek(output, 0, SEEK_SET);
	/* What is refused by one half need not be by the other, but an error goes through. */
	demand(read_records(output, request.bare) || result == 0, "an error that is lost");
	return 0;
}
