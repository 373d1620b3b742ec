/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: records of any bytes, as a child that was taken over would send them. What the
 * trusted half makes of them is an error, or entries as archive.h promises them, of as much data
 * as each says. The first byte chooses how the data is read.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/archive/record_read.h"
#include "lib/error.h"
#include "lib/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORD_BYTES = 1 << 20, ENTRIES = 50, DEPTH = 10 };

static void insist(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

static void check_components(const char *path)
{
	unsigned int components = 0;

	insist(strlen(path) < ENTRY_PATH_MAX && *path != '/', "a path");
	while (*path) {
		const size_t size = strcspn(path, "/");

		insist(size && strncmp(path, ".", size) != 0 &&
			       (size != 2 || memcmp(path, "..", 2) != 0),
		       "a component");
		insist(++components <= DEPTH, "depth");
		path += size;
		insist(!*path || path[1], "'/' at the end");
		path += *path == '/';
	}
}

static void check_record_entry(const struct entry *entry)
{
	size_t bytes = 0;

	insist(entry->type <= ENTRY_FIFO, "a type");
	check_components(entry->path);
	if (entry->type == ENTRY_HARD_LINK)
		check_components(entry->link);
	insist(strlen(entry->link) < ENTRY_PATH_MAX, "a link");
	insist(*entry->path || entry->type == ENTRY_DIRECTORY, "the root");
	insist(entry->type == ENTRY_FILE ? entry->size <= RECORD_BYTES : !entry->size, "a size");
	insist(entry->uid < UINT32_MAX && entry->gid < UINT32_MAX && entry->mode <= 07777,
	       "numbers");
	insist(entry->xattr_count <= ENTRY_XATTRS_MAX, "attributes");
	for (size_t i = 0; i < entry->xattr_count; i++) {
		insist(*entry->xattrs[i].name && strlen(entry->xattrs[i].name) < 256, "a name");
		bytes += entry->xattrs[i].size;
		for (size_t at = 0; at < entry->xattrs[i].size; at++)
			bytes += 0 * ((const unsigned char *)entry->xattrs[i].value)[at];
	}
	insist(bytes <= ENTRY_XATTR_BYTES_MAX, "bytes of attributes");
}

/* In one of four ways; a failure shows at the next entry too. */
static void read_data(struct record_reader *reader, unsigned int way, const struct entry *entry)
{
	static int null = -1;
	static char room[10000];
	uint64_t whole = 0;
	ssize_t got;

	if (null < 0)
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (way == 0)
		return;
	if (way == 1) {
		record_copy_to(reader, null);
		return;
	}
	while ((got = record_data(reader, room, way == 2 ? sizeof(room) : 3)) > 0)
		whole += (uint64_t)got;
	insist(reader->bare || (got < 0 ? whole <= entry->size : whole == entry->size), "data");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record_reader reader;
	static int records = -1;
	const struct log_options log = { .fd = -1, .level_set = true, .level = LOG_LEVEL_ERROR };
	struct entry entry;
	int more;

	if (!size)
		return 0;
	if (records < 0) {
		records = memfd_create("records", MFD_CLOEXEC);
		log_setup(&log);
	}
	insist(ftruncate(records, 0) == 0 &&
		       pwrite(records, data + 1, size - 1, 0) == (ssize_t)size - 1,
	       "the file");
	lseek(records, 0, SEEK_SET);
	memset(&reader, 0, sizeof(reader));
	reader.name = "fuzz";
	reader.bare = data[0] & 4;
	reader.splice = data[0] & 8;
	reader.begun = data[0] & 16; /* else it must say what its sandbox is */
	reader.limits = (struct archive_limits){ .bytes = RECORD_BYTES,
						 .entries = ENTRIES,
						 .depth = DEPTH };
	reader.stream.feed = -1;
	reader.stream.records = records;
	while ((more = record_next(&reader, &entry)) > 0) {
		if (!reader.bare)
			check_record_entry(&entry);
		insist(reader.entries <= ENTRIES, "entries");
		read_data(&reader, data[0] & 3, &entry);
	}
	insist(more != 0 || reader.ended, "the end");
	return 0;
}
