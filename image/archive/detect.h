/* SPDX-License-Identifier: Apache-2.0 */
/* Which compression something has, and whether this build can undo it. */
#ifndef IMAGE_ARCHIVE_DETECT_H
#define IMAGE_ARCHIVE_DETECT_H

#include <stddef.h>

#include "image/archive/archive.h"

/* By the first bytes (ten are enough); COMPRESSION_NONE if it is none that is known. */
enum compression compression_detect(const unsigned char *data, size_t size);

/* 0, or -EOPNOTSUPP recorded with the symbol that would have to be set. */
int compression_supported(enum compression compression, const char *name);

#endif
