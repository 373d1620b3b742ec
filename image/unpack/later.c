/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/later.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/archive/archive.h"
#include "image/unpack/made.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"

/* The path follows, NUL-terminated. A block ends with a record whose path does not begin. */
struct later_record {
	int64_t seconds;
	uint32_t nanoseconds;
	uint32_t mode;
};

static int flush(struct later *later, int root)
{
	if (later->file < 0)
		later->file = scratch_file(root);
	if (later->file < 0)
		return later->file;
	memset(later->block + later->used, 0, sizeof(later->block) - later->used);
	if (fd_write_all(later->file, later->block, sizeof(later->block)) < 0)
		return fail(errno, "keep the times of folders");
	later->written += (off_t)sizeof(later->block);
	later->used = 0;
	return 0;
}

int later_add(struct later *later, int root, const struct entry *entry)
{
	const struct later_record record = { entry->mtime, entry->mtime_nanoseconds, entry->mode };
	const char *path = *entry->path ? entry->path : ".";
	const size_t length = strlen(path) + 1;

	/* One byte is left for the end of the block. */
	if (later->used + sizeof(record) + length >= sizeof(later->block) - sizeof(record)) {
		int result = flush(later, root);

		if (result < 0)
			return result;
	}
	memcpy(later->block + later->used, &record, sizeof(record));
	memcpy(later->block + later->used + sizeof(record), path, length);
	later->used += sizeof(record) + length;
	later->block[later->used + sizeof(record)] = '\0';
	return 0;
}

static int apply_block(const struct later *later, int root, bool mode)
{
	const char *at = later->block;
	struct later_record record;

	for (;; at += strlen(at) + 1) {
		struct timespec time;
		auto_fd int fd = -1;

		memcpy(&record, at, sizeof(record));
		at += sizeof(record);
		if (!*at)
			return 0;
		fd = path_open(root, at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, PATH_IN_ROOT);
		if (fd < 0)
			continue;
		time.tv_sec = (time_t)record.seconds;
		time.tv_nsec = (long)record.nanoseconds;
		if ((mode && fchmod(fd, record.mode) < 0) ||
		    futimens(fd, (struct timespec[]){ time, time }) < 0)
			return fail(errno, "%s: set mode and time", at);
	}
}

int later_apply(struct later *later, int root, bool mode)
{
	if (later->written) {
		off_t position = 0;
		int result = flush(later, root);

		for (; result == 0 && position < later->written;
		     position += (off_t)sizeof(later->block)) {
			if (pread(later->file, later->block, sizeof(later->block), position) !=
			    (ssize_t)sizeof(later->block))
				return fail(EIO, "read the times of folders");
			result = apply_block(later, root, mode);
		}
		return result;
	}
	return later->used ? apply_block(later, root, mode) : 0;
}
