/* SPDX-License-Identifier: Apache-2.0 */
/* Archives made in memory, as hostile as a test likes: nothing is checked. */
#ifndef TESTS_UNIT_IMAGE_TAR_H
#define TESTS_UNIT_IMAGE_TAR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/archive/archive.h"

struct tar {
	char *bytes;
	size_t size, position;
};

static inline void tar_append(struct tar *tar, const void *data, size_t size)
{
	const size_t padded = (size + 511) / 512 * 512;

	tar->bytes = realloc(tar->bytes, tar->size + padded);
	memset(tar->bytes + tar->size, 0, padded);
	if (size)
		memcpy(tar->bytes + tar->size, data, size);
	tar->size += padded;
}

struct tar_entry {
	const char *name, *link, *data;
	char type; /* 0: a file */
	unsigned int mode, uid, gid, major, minor;
	unsigned long long mtime;
	const char *xattrs; /* pax records, ready made */
};

static inline void tar_add(struct tar *tar, const struct tar_entry *entry)
{
	char header[512] = { 0 };
	const size_t size = entry->data ? strlen(entry->data) : 0;
	unsigned int sum = 0;

	if (entry->xattrs)
		tar_add(tar, &(struct tar_entry){ "pax", NULL, entry->xattrs, 'x', 0644, 0, 0, 0, 0,
						  0, NULL });
	snprintf(header, 100, "%s", entry->name);
	snprintf(header + 100, 8, "%07o", entry->mode);
	snprintf(header + 108, 8, "%07o", entry->uid);
	snprintf(header + 116, 8, "%07o", entry->gid);
	snprintf(header + 124, 12, "%011o", (unsigned int)size);
	snprintf(header + 136, 12, "%011llo", entry->mtime);
	header[156] = entry->type ? entry->type : '0';
	snprintf(header + 157, 100, "%s", entry->link ? entry->link : "");
	memcpy(header + 257,
	       "ustar\0"
	       "00",
	       8);
	snprintf(header + 329, 8, "%07o", entry->major);
	snprintf(header + 337, 8, "%07o", entry->minor);
	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(header); i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	tar_append(tar, header, sizeof(header));
	tar_append(tar, entry->data, size);
}

static inline void tar_end(struct tar *tar)
{
	static const char zeros[1024];

	tar_append(tar, zeros, sizeof(zeros));
}

static inline ssize_t tar_source(void *data, void *buffer, size_t size)
{
	struct tar *tar = data;
	const size_t left = tar->size - tar->position;

	size = size < left ? size : left;
	memcpy(buffer, tar->bytes + tar->position, size);
	tar->position += size;
	return (ssize_t)size;
}

#endif
