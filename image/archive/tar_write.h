/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing tar (POSIX pax, only where ustar does not do): the same content gives the same bytes.
 */
#ifndef IMAGE_ARCHIVE_TAR_WRITE_H
#define IMAGE_ARCHIVE_TAR_WRITE_H

#include <stddef.h>
#include <stdint.h>

struct entry;

/* Where it goes; 0 or -errno recorded. */
typedef int tar_sink(void *data, const void *buffer, size_t size);

struct tar_writer {
	tar_sink *sink;
	void *data;
	uint64_t left; /* of the entry that was begun */
	uint64_t size;
};

/* The header; entry->size bytes by tar_write_data() must follow, then the next. */
int tar_write_entry(struct tar_writer *writer, const struct entry *entry);
int tar_write_data(struct tar_writer *writer, const void *buffer, size_t size);
/* Two blocks of zeros. */
int tar_write_end(struct tar_writer *writer);

/* Everything below the folder `root` in the order of names, with a prefix ("rootfs/" or "");
 * nothing is followed, mount points are not crossed, sockets are passed over with a warning. The
 * folder itself is not written. Times are whole seconds; of extended attributes there are user.*
 * and security.capability. */
int tar_write_tree(struct tar_writer *writer, int root, const char *prefix);

#endif
