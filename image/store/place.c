/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of a store, and the files in them. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "image/store/internal.h"
#include "lib/error.h"
#include "lib/fd.h"

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

/* Made, and durable: what is in it is no more so than its name. */
static int make_part(int parent, const char *name, mode_t mode)
{
	auto_fd int readable = -1;

	if (mkdirat(parent, name, mode) < 0)
		return errno == EEXIST ? 0 : -1;
	readable = openat(parent, ".", FOLDER_FLAGS);
	return readable < 0 ? -1 : fsync(readable);
}

int folder_of_path(const char *path, bool make)
{
	auto_fd int fd = openat(AT_FDCWD, path[0] == '/' ? "/" : ".", FOLDER_FLAGS);

	while (fd >= 0 && *(path += strspn(path, "/"))) {
		char name[NAME_MAX + 1];
		size_t length = strcspn(path, "/");
		bool last = path[length + strspn(path + length, "/")] == '\0';
		int next;

		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, length);
		name[length] = '\0';
		/* A parent may be one that we can only pass through. */
		next = openat(fd, name, last ? FOLDER_FLAGS : O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (next < 0 && errno == ENOENT && make &&
		    make_part(fd, name, last ? 0700 : 0755) == 0)
			next = openat(fd, name, FOLDER_FLAGS);
		if (next < 0)
			return -errno;
		close_fd(&fd);
		fd = next;
		path += length;
	}
	return fd < 0 ? -errno : take_fd(&fd);
}

int folder_open(int parent, const char *name)
{
	int fd = openat(parent, name, FOLDER_FLAGS | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

int folder_make(int parent, const char *name, mode_t mode)
{
	int fd = folder_open(parent, name);

	if (fd == -ENOENT) {
		if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
			return fail(errno, "make the folder %s", name);
		/* What will be in it is durable only if it is itself. */
		if (fsync(parent) < 0)
			return fail(errno, "sync the folder of %s", name);
		fd = folder_open(parent, name);
	}
	return fd < 0 ? fail(-fd, "open the folder %s", name) : fd;
}

/* `name` below the place: open it once. */
static int kept_folder(int *kept, int parent, const char *name, bool make)
{
	if (*kept < 0) {
		int fd = make ? folder_make(parent, name, 0700) : folder_open(parent, name);

		if (fd < 0)
			return fd;
		*kept = fd;
	}
	return *kept;
}

int place_blobs(struct place *place, enum digest_algorithm algorithm, bool make)
{
	int *kept = &place->blobs[algorithm];
	auto_fd int blobs = -1;

	if (*kept >= 0)
		return *kept;
	blobs = make ? folder_make(place->folder, "blobs", 0700) :
		       folder_open(place->folder, "blobs");
	return blobs < 0 ? blobs : kept_folder(kept, blobs, digest_algorithm_name(algorithm), make);
}

int place_trees(struct place *place, bool make)
{
	return kept_folder(&place->trees, place->folder, "trees", make);
}

int store_partial(struct store *store)
{
	return kept_folder(&store->partial, store->places[0].folder, "partial", true);
}

int file_open(int folder, const char *name, struct stat *status)
{
	/* Without O_NONBLOCK, a fifo would hold us up for ever. */
	auto_fd int fd =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	*status = (struct stat){ 0 };
	if (fd < 0 || fstat(fd, status) < 0)
		return -errno;
	return S_ISREG(status->st_mode) ? take_fd(&fd) : -EBADMSG;
}

int place_blob_open(struct place *place, const struct digest *digest, uint64_t size)
{
	int folder = place_blobs(place, digest->algorithm, false);
	char text[DIGEST_TEXT_SIZE];
	struct stat status;
	auto_fd int fd = -1;

	if (folder < 0)
		return folder;
	fd = file_open(folder, digest_hex(digest_text(digest, text)), &status);
	if (fd < 0)
		return fd == -ELOOP ? -EBADMSG : take_fd(&fd);
	return size == UINT64_MAX || (uint64_t)status.st_size == size ? take_fd(&fd) : -EBADMSG;
}

bool place_blob_has(struct place *place, const struct digest *digest, uint64_t size)
{
	int folder = place_blobs(place, digest->algorithm, false);
	char text[DIGEST_TEXT_SIZE];
	struct stat status;

	if (folder < 0 || fstatat(folder, digest_hex(digest_text(digest, text)), &status,
				  AT_SYMLINK_NOFOLLOW) < 0) {
		place->doubt |= folder < 0 ? folder != -ENOENT : errno != ENOENT;
		return false;
	}
	return S_ISREG(status.st_mode) && (size == UINT64_MAX || (uint64_t)status.st_size == size);
}

char *temporary_name(char name[STORE_TEMPORARY], const char *prefix)
{
	static unsigned int number;

	snprintf(name, STORE_TEMPORARY, ".%s-%d-%u", prefix, (int)getpid(), number++);
	return name;
}

bool digest_of_hex(struct digest *digest, const char *hex)
{
	size_t length = strlen(hex);

	*digest = (struct digest){ .algorithm = length == 2 * (size_t)SHA512_SIZE ? DIGEST_SHA512 :
										    DIGEST_SHA256 };
	if (length != 2 * digest_size(digest->algorithm))
		return false;
	for (size_t i = 0; i < length; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = strchr(digits, hex[i]);

		if (!digit)
			return false;
		digest->bytes[i / 2] =
			(unsigned char)(digest->bytes[i / 2] << 4 | (digit - digits));
	}
	return true;
}
