/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled filters on disk: one file each, its name the digest of everything the filter depends on.
 * A file is believed only if it is ours alone and its own digest is right, so a damaged one costs a
 * compilation, no more. No fsync: after a cut of power the digest tells.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <seccomp.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "runtime/seccomp/internal.h"
#include "runtime/spec/spec.h"

#define TEXT_OF(value) TEXT_OF_(value)
#define TEXT_OF_(value) #value
/* What of this build decides how a filter looks: ourselves, and libseccomp (linked in, so its
 * header tells the truth). */
#define BUILD_FACTS \
	"cruet " CRUET_VERSION " " CRUET_COMMIT \
	" libseccomp " TEXT_OF(SCMP_VER_MAJOR) "." TEXT_OF(SCMP_VER_MINOR) "." TEXT_OF( \
		SCMP_VER_MICRO) " arch " TEXT_OF(__SIZEOF_POINTER__) " "

#define CACHE_FOLDER ".seccomp" /* no container's id begins with a dot */

enum { CACHE_ENTRIES = 64 };

struct cache_header {
	char magic[8];
	uint32_t count, flags;
	unsigned char digest[SHA256_SIZE]; /* of key, count, flags and program */
};
static const char magic[8] = "cruetBPF";

void cache_key(const struct spec_seccomp *profile, unsigned char key[SHA256_SIZE])
{
	static const char build[] = BUILD_FACTS;
	struct utsname kernel = { .release = "" };
	struct sha256 hash;

	/* Which actions, flags and architectures a kernel has stands and falls with its build. */
	uname(&kernel);
	sha256_start(&hash);
	sha256_add(&hash, build, sizeof(build));
	sha256_add(&hash, kernel.release, strlen(kernel.release) + 1);
	sha256_add(&hash, kernel.version, strlen(kernel.version) + 1);
	sha256_add(&hash, kernel.machine, strlen(kernel.machine) + 1);
	sha256_add(&hash, profile->source, profile->source_size);
	sha256_finish(&hash, key);
}

static void seal(const unsigned char key[SHA256_SIZE], const struct cache_header *header,
		 const struct sock_filter *filter, unsigned char digest[SHA256_SIZE])
{
	struct sha256 hash;

	sha256_start(&hash);
	sha256_add(&hash, key, SHA256_SIZE);
	sha256_add(&hash, &header->count, sizeof(header->count));
	sha256_add(&hash, &header->flags, sizeof(header->flags));
	sha256_add(&hash, filter, header->count * sizeof(*filter));
	sha256_finish(&hash, digest);
}

/* The file, if it is ours alone and not too long, from the arena. NULL: errno. */
static struct cache_header *read_entry(struct arena *arena, int fd, size_t *size)
{
	struct cache_header *header;
	struct stat info;

	*size = 0;
	if (fstat(fd, &info) < 0)
		return NULL;
	if (!S_ISREG(info.st_mode) || info.st_uid != getauxval(AT_EUID) || (info.st_mode & 077) ||
	    info.st_size <= (off_t)sizeof(*header) ||
	    info.st_size > (off_t)(sizeof(*header) + FILTER_MAX * sizeof(struct sock_filter))) {
		errno = EBADMSG;
		return NULL;
	}
	*size = (size_t)info.st_size;
	header = arena_alloc(arena, *size);
	return header && fd_read_all(fd, header, *size) == 0 ? header : NULL;
}

int cache_load(struct arena *arena, int root, const unsigned char key[SHA256_SIZE],
	       struct seccomp_program *program)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	unsigned char digest[SHA256_SIZE];
	char path[sizeof(CACHE_FOLDER) + SHA256_HEX_SIZE] = CACHE_FOLDER "/";
	struct cache_header *header;
	struct sock_filter *filter;
	size_t size;
	int fd;

	sha256_hex(key, path + strlen(path));
	fd = openat(root, path, flags);
	if (fd < 0)
		return -errno;
	header = read_entry(arena, fd, &size);
	close_fd(&fd);
	if (!header)
		return -errno;
	filter = (struct sock_filter *)(header + 1);
	if (memcmp(header->magic, magic, sizeof(magic)) != 0 ||
	    size != sizeof(*header) + (size_t)header->count * sizeof(*filter))
		return -EBADMSG;
	seal(key, header, filter, digest);
	if (memcmp(digest, header->digest, sizeof(digest)) != 0)
		return -EBADMSG;
	*program = (struct seccomp_program){ filter, (uint16_t)header->count, header->flags };
	return 0;
}

static bool older(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec < b->st_mtim.tv_sec :
							a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* The oldest goes when there are too many. */
static void evict(int cache)
{
	char oldest[NAME_MAX + 1] = "";
	struct stat oldest_info = { .st_size = 0 }, info;
	const struct dirent *entry;
	size_t count = 0;
	DIR *folder;
	int fd = openat(cache, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	folder = fd < 0 ? NULL : fdopendir(fd);
	if (!folder) {
		close_fd(&fd);
		return;
	}
	while ((entry = readdir(folder))) { /* cppcheck-suppress readdirCalled */
		if (fstatat(cache, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(info.st_mode))
			continue;
		count++;
		if (!oldest[0] || older(&info, &oldest_info)) {
			oldest_info = info;
			memcpy(oldest, entry->d_name,
			       strlen(entry->d_name) + 1); /* NAME_MAX at most */
		}
	}
	closedir(folder);
	if (count >= CACHE_ENTRIES)
		unlinkat(cache, oldest, 0);
}

void cache_store(int root, const unsigned char key[SHA256_SIZE],
		 const struct seccomp_program *program)
{
	const size_t code_size = program->count * sizeof(*program->filter);
	auto_arena struct arena scratch = { 0 };
	struct cache_header *header = arena_alloc(&scratch, sizeof(*header) + code_size);
	char name[SHA256_HEX_SIZE], text[1280];

	auto_fd int cache = -1;

	if (mkdirat(root, CACHE_FOLDER, 0700) == 0 || errno == EEXIST)
		cache = openat(root, CACHE_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!header || cache < 0)
		return;
	memcpy(header->magic, magic, sizeof(magic));
	header->count = program->count;
	header->flags = program->flags;
	memcpy(header + 1, program->filter, code_size);
	seal(key, header, program->filter, header->digest);
	evict(cache);
	if (file_replace(cache, sha256_hex(key, name), header, sizeof(*header) + code_size, 0600,
			 0) < 0) {
		log_debug("seccomp filter not kept: %s",
			  error_format(error_last(), text, sizeof(text)));
		error_clear();
	}
}
