/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small files: see file.h. */
#include "lib/file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

enum {
	FILE_FIRST_READ = 4096,
	/* No record of a small /proc or cgroup file is longer: less than this is the end of it. */
	FILE_SMALL_RECORD = 2048,
	FILE_NAME_ATTEMPTS = 100,
};

static ssize_t read_again(int fd, char *buffer, size_t size)
{
	ssize_t got;

	do {
		got = read(fd, buffer, size);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* Bytes that a regular file has now, 0 if it does not say (pipe, /proc). */
static size_t size_hint(int fd, size_t limit)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size <= 0)
		return 0;
	return (uintmax_t)status.st_size > limit ? limit + 1 : (size_t)status.st_size;
}

/* A buffer of twice the size with the same beginning. */
static char *larger(struct arena *arena, const char *buffer, size_t used, size_t *room)
{
	char *result;

	*room = *room > SIZE_MAX / 4 ? SIZE_MAX / 2 : *room * 2;
	result = arena_bytes(arena, *room + 1);
	if (result)
		memcpy(result, buffer, used);
	return result;
}

char *file_read_fd(struct arena *arena, int fd, const char *name, size_t limit, size_t *size)
{
	size_t hint = size_hint(fd, limit);
	size_t room = hint ? hint : FILE_FIRST_READ;
	size_t used = 0;
	char *buffer = arena_bytes(arena, room + 1);

	while (buffer) {
		ssize_t got = read_again(fd, buffer + used, room - used);

		/* A pipe with a writer: wait for him from here on. */
		if (got < 0 && errno == EAGAIN && fcntl(fd, F_SETFL, 0) == 0)
			continue;
		if (got < 0) {
			fail(errno, "read %s", name);
			return NULL;
		}
		used += (size_t)got;
		if (used > limit) {
			fail(EFBIG, "read %s: more than %zu bytes", name, limit);
			return NULL;
		}
		/* All of the file as it was when we looked: that saves a read(2). */
		if (got == 0 || used == hint) {
			buffer[used] = '\0';
			if (size)
				*size = used;
			return buffer;
		}
		if (used == room)
			buffer = larger(arena, buffer, used, &room);
	}
	return NULL;
}

char *file_read(struct arena *arena, int dir, const char *path, size_t limit, size_t *size)
{
	/* Without O_NONBLOCK, a fifo that nobody writes to would hold us up for ever. */
	auto_fd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		fail(errno, "open %s", path);
		return NULL;
	}
	return file_read_fd(arena, fd, path, limit, size);
}

ssize_t file_read_small(int dir, const char *path, char *buffer, size_t size)
{
	auto_fd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	do {
		if (used == size)
			return -EFBIG;
		got = read_again(fd, buffer + used, size - used);
		if (got < 0)
			return -errno;
		used += (size_t)got;
	} while (got >= FILE_SMALL_RECORD || (got > 0 && used == size));
	buffer[used] = '\0';
	return (ssize_t)used;
}

int file_write(int dir, const char *path, const char *data, size_t size)
{
	auto_fd int fd = openat(dir, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t put;

	if (fd < 0)
		return -errno;
	do {
		put = write(fd, data, size);
	} while (put < 0 && errno == EINTR);
	if (put < 0)
		return -errno;
	return (size_t)put == size ? 0 : -EIO;
}

/* Make a new file beside `path`; its name goes to `name`. Returns the descriptor or -errno. */
static int open_temporary(int dir, const char *path, char name[PATH_MAX], mode_t mode)
{
	const char *base = strrchr(path, '/');
	int folder = base ? (int)(base + 1 - path) : 0;

	for (int attempt = 0; attempt < FILE_NAME_ATTEMPTS; attempt++) {
		int length = snprintf(name, PATH_MAX, "%.*s.%.200s.%d-%d", folder, path,
				      path + folder, (int)getpid(), attempt);
		int fd;

		if (length < 0 || length >= PATH_MAX)
			return -ENAMETOOLONG;
		fd = openat(dir, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, mode);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
	return -EEXIST;
}

/* The rename is on disk when the folder is. */
static int sync_folder(int dir, char *name)
{
	char *slash = strrchr(name, '/');
	auto_fd int fd = -1;

	if (slash)
		slash[1] = '\0';
	fd = openat(dir, slash ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int file_replace(int dir, const char *path, const void *data, size_t size, mode_t mode, int flags)
{
	const bool sync = flags & FILE_SYNC;
	char name[PATH_MAX];
	auto_fd int fd = open_temporary(dir, path, name, mode);
	int result = 0;

	if (fd < 0)
		return fail(-fd, "write %s", path);
	if (fd_write_all(fd, data, size) < 0 || (sync && fsync(fd) < 0) ||
	    renameat(dir, name, dir, path) < 0) {
		result = fail(errno, "write %s", path);
		unlinkat(dir, name, 0);
		return result;
	}
	if (sync)
		result = sync_folder(dir, name);
	return result < 0 ? fail(-result, "sync the folder of %s", path) : 0;
}
