/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small files: read with a bound, write at once, replace atomically. */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct arena;

/*
 * The whole file `path` relative to `dir` (AT_FDCWD: the usual meaning), NUL added, length in *size
 * (may be NULL). More than `limit` bytes is EFBIG. Memory from the arena. NULL: error recorded
 * and errno set.
 */
char *file_read(struct arena *arena, int dir, const char *path, size_t limit, size_t *size);
/* The same from an open descriptor (a pipe too); `name` is for messages. */
char *file_read_fd(struct arena *arena, int fd, const char *name, size_t limit, size_t *size);

/*
 * A small file (/proc, cgroup) into buffer, NUL added; one read(2) if it is below 2 KiB. Returns
 * bytes read or -errno (-EFBIG: it does not fit); records nothing.
 */
ssize_t file_read_small(int dir, const char *path, char *buffer, size_t size);

/*
 * Write `size` bytes with one write(2) to an existing file (cgroup, /proc). 0 or -errno; records
 * nothing.
 */
int file_write(int dir, const char *path, const char *data, size_t size);

/*
 * Atomic: temporary name in the same folder (".NAME.PID-N"), then rename(2) over `path`; a symlink
 * there is replaced, not followed. No fsync: callers that need power-cut safety say so with
 * FILE_SYNC. `mode` is subject to the umask. 0, or a negative errno with a recorded error.
 */
enum file_flags { FILE_SYNC = 1 };
int file_replace(int dir, const char *path, const void *data, size_t size, mode_t mode, int flags);

#endif
