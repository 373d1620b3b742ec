/* SPDX-License-Identifier: Apache-2.0 */
/* The trusted half's look at an entry: nothing of it is believed because the child said it. */
#ifndef IMAGE_ARCHIVE_ENTRY_CHECK_H
#define IMAGE_ARCHIVE_ENTRY_CHECK_H

#include <stdint.h>

#include "image/archive/archive.h"

/* As archive.h promises it. `name` of the archive, for messages. 0 or -errno recorded. */
int entry_check(const struct entry *entry, const char *name, uint32_t depth);

/* Fail with "NAME: entry PATH: TEXT"; both are escaped. `path` may be "": no entry. */
int entry_fail(const char *name, const char *path, const char *text) __attribute__((cold));

#endif
