/* SPDX-License-Identifier: Apache-2.0 */
/* A folder's tree as tar: see tar_write.h. */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "image/archive/archive.h"
#include "image/archive/tar_write.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/path.h"
#include "lib/str.h"

enum {
	DEPTH_MAX = 256,
	LINKS_MAX =
		65536, /* files with several names that are remembered; others are written twice */
	LINK_LISTS = 1024,
	BUFFER_SIZE = 64 << 10,
};

struct link {
	struct link *next;
	dev_t device;
	ino_t number;
	char path[];
};

struct tree {
	struct tar_writer *writer;
	struct arena arena; /* of links */
	struct link **links;
	size_t link_count;
	unsigned int depth;
	char path[ENTRY_PATH_MAX];
	char target[ENTRY_PATH_MAX];
	struct entry_xattr xattrs[ENTRY_XATTRS_MAX];
	char buffer[BUFFER_SIZE];
};

static int fail_here(const struct tree *tree, int no)
{
	return fail(no, "%s", tree->path);
}

/* ---- extended attributes ---- */

/* What an image may bring: the rest is the host's (labels, overlayfs's marks, access lists). */
static bool is_kept(const char *name)
{
	return !strcmp(name, "security.capability") ||
	       (str_has_prefix(name, "user.") && !str_has_prefix(name, "user.overlay."));
}

static int read_xattrs(struct tree *tree, struct arena *arena, int fd, struct entry *entry)
{
	/* As large as the kernel lets a list be (XATTR_LIST_MAX). */
	ssize_t size = flistxattr(fd, tree->buffer, sizeof(tree->buffer));
	char *names;

	if (size <= 0)
		return size == 0 || errno == ENOTSUP ? 0 : fail_here(tree, errno);
	names = arena_alloc(arena, (size_t)size);
	if (!names)
		return error_result();
	memcpy(names, tree->buffer, (size_t)size);
	for (const char *name = names; name < names + size; name += strlen(name) + 1) {
		struct entry_xattr *xattr = &tree->xattrs[entry->xattr_count];
		ssize_t got;
		char *value;

		if (!is_kept(name))
			continue;
		if (entry->xattr_count == ENTRY_XATTRS_MAX)
			return fail(E2BIG, "%s: extended attributes", tree->path);
		got = fgetxattr(fd, name, tree->buffer, sizeof(tree->buffer));
		if (got < 0)
			return fail_here(tree, errno);
		value = arena_bytes(arena, (size_t)got + 1);
		if (!value)
			return error_result();
		memcpy(value, tree->buffer, (size_t)got);
		*xattr = (struct entry_xattr){ name, value, (size_t)got };
		entry->xattr_count++;
	}
	entry->xattrs = tree->xattrs;
	return 0;
}

/* ---- hard links ---- */

/* The path that the file was written by; NULL: this is the first, which is remembered. */
static const char *find_link(struct tree *tree, const struct stat *status)
{
	struct link **list = &tree->links[status->st_ino % LINK_LISTS], *link;
	const size_t size = strlen(tree->path) + 1;

	for (link = *list; link; link = link->next)
		if (link->number == status->st_ino && link->device == status->st_dev)
			return link->path;
	if (tree->link_count == LINKS_MAX)
		return NULL;
	link = arena_alloc(&tree->arena, sizeof(*link) + size);
	if (!link) {
		error_clear(); /* it is only written twice */
		return NULL;
	}
	tree->link_count++;
	link->number = status->st_ino;
	link->device = status->st_dev;
	memcpy(link->path, tree->path, size);
	link->next = *list;
	*list = link;
	return NULL;
}

/* ---- entries ---- */

static struct entry entry_of(const struct tree *tree, const struct stat *status)
{
	return (struct entry){
		.path = tree->path,
		.link = "",
		.mode = status->st_mode & 07777,
		.uid = status->st_uid,
		.gid = status->st_gid,
		.mtime = status->st_mtim.tv_sec, /* finer times would need pax for every file */
	};
}

static int write_file(struct tree *tree, int folder, const char *name)
{
	auto_arena struct arena arena = { 0 };
	auto_fd int fd = path_open(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0,
				   PATH_BENEATH | PATH_NO_CROSSING);
	struct stat status;
	struct entry entry;
	int result;

	if (fd == -EXDEV) {
		log_warning("%s: passed over: mounted here", tree->path);
		return 0;
	}
	if (fd < 0 || fstat(fd, &status) < 0)
		return fail_here(tree, fd < 0 ? -fd : errno);
	if (!S_ISREG(status.st_mode))
		return fail(EBUSY, "%s changed while it was read", tree->path);
	entry = entry_of(tree, &status);
	if (status.st_nlink > 1 && (entry.link = find_link(tree, &status))) {
		entry.type = ENTRY_HARD_LINK;
		return tar_write_entry(tree->writer, &entry);
	}
	entry.type = ENTRY_FILE;
	entry.size = (uint64_t)status.st_size;
	result = read_xattrs(tree, &arena, fd, &entry);
	if (result == 0)
		result = tar_write_entry(tree->writer, &entry);
	while (result == 0 && tree->writer->left) {
		const size_t want = tree->writer->left < BUFFER_SIZE ? (size_t)tree->writer->left :
								       (size_t)BUFFER_SIZE;

		if (fd_read_all(fd, tree->buffer, want) < 0)
			return errno == EPIPE ? fail(EBUSY, "%s became shorter while it was read",
						     tree->path) :
						fail_here(tree, errno);
		result = tar_write_data(tree->writer, tree->buffer, want);
	}
	return result;
}

static int write_special(struct tree *tree, int folder, const char *name, const struct stat *status)
{
	struct entry entry = entry_of(tree, status);
	ssize_t size;

	switch (status->st_mode & S_IFMT) {
	case S_IFLNK:
		entry.type = ENTRY_SYMLINK;
		size = readlinkat(folder, name, tree->target, sizeof(tree->target));
		if (size < 0 || size == sizeof(tree->target))
			return fail_here(tree, size < 0 ? errno : ENAMETOOLONG);
		tree->target[size] = 0;
		entry.link = tree->target;
		entry.mode = 0777;
		break;
	case S_IFCHR:
	case S_IFBLK:
		entry.type = S_ISCHR(status->st_mode) ? ENTRY_CHARACTER_DEVICE : ENTRY_BLOCK_DEVICE;
		entry.major = major(status->st_rdev);
		entry.minor = minor(status->st_rdev);
		break;
	case S_IFIFO:
		entry.type = ENTRY_FIFO;
		break;
	default:
		log_warning("%s: passed over: a socket", tree->path);
		return 0;
	}
	return tar_write_entry(tree->writer, &entry);
}

static int write_below(struct tree *tree, int folder);

static int write_folder(struct tree *tree, int parent, const char *name, const struct stat *status)
{
	auto_arena struct arena arena = { 0 };
	auto_fd int fd = path_open(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
				   PATH_BENEATH | PATH_NO_CROSSING);
	struct entry entry = entry_of(tree, status);
	int result = 0;

	if (fd < 0 && fd != -EXDEV)
		return fail_here(tree, -fd);
	entry.type = ENTRY_DIRECTORY;
	if (fd >= 0)
		result = read_xattrs(tree, &arena, fd, &entry);
	if (result == 0)
		result = tar_write_entry(tree->writer, &entry);
	if (result < 0)
		return result;
	if (fd < 0) {
		log_warning("%s: what is mounted here is passed over", tree->path);
		return 0;
	}
	if (++tree->depth > DEPTH_MAX)
		return fail(ELOOP, "%s: more than %d folders deep", tree->path, (int)DEPTH_MAX);
	result = write_below(tree, fd);
	tree->depth--;
	return result;
}

/* ---- folders ---- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names {
	struct arena arena;
	char **list;
	size_t count, room;
};

static void free_names(struct names *names)
{
	arena_free(&names->arena);
	free(names->list);
}

static int add_name(struct names *names, const char *name)
{
	if (names->count == names->room) {
		const size_t room = names->room ? 2 * names->room : 64;
		char **list = realloc(names->list, room * sizeof(*list));

		if (!list)
			return fail(ENOMEM, "names of a folder");
		names->list = list;
		names->room = room;
	}
	names->list[names->count] = arena_strdup(&names->arena, name);
	return names->list[names->count++] ? 0 : error_result();
}

static int read_names(const struct tree *tree, int folder, struct names *names)
{
	auto_fd int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = own < 0 ? NULL : fdopendir(own);
	const struct dirent *entry;
	int result = 0;

	if (!stream)
		return fail_here(tree, errno);
	take_fd(&own);
	while (errno = 0, result == 0 && (entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = add_name(names, entry->d_name);
	if (result == 0 && errno)
		result = fail_here(tree, errno);
	closedir(stream);
	if (names->count)
		qsort(names->list, names->count, sizeof(*names->list), compare_names);
	return result;
}

static int write_name(struct tree *tree, int folder, const char *name)
{
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_here(tree, errno);
	if (S_ISDIR(status.st_mode))
		return write_folder(tree, folder, name, &status);
	if (S_ISREG(status.st_mode))
		return write_file(tree, folder, name);
	return write_special(tree, folder, name, &status);
}

/* All that is in the folder `tree->path`. */
static int write_below(struct tree *tree, int folder)
{
	__attribute__((cleanup(free_names))) struct names names = { 0 };
	const size_t length = strlen(tree->path);
	int result = read_names(tree, folder, &names);

	for (size_t i = 0; i < names.count && result == 0; i++) {
		result = str_format(tree->path + length, sizeof(tree->path) - length, "%s%s",
				    length && tree->path[length - 1] != '/' ? "/" : "",
				    names.list[i]);
		if (result == 0)
			result = write_name(tree, folder, names.list[i]);
		tree->path[length] = 0;
	}
	return result;
}

int tar_write_tree(struct tar_writer *writer, int root, const char *prefix)
{
	auto_free struct tree *tree = calloc(1, sizeof(*tree));
	int result;

	if (!tree)
		return fail(ENOMEM, "tar");
	tree->writer = writer;
	tree->links = arena_array(&tree->arena, LINK_LISTS, sizeof(struct link *));
	result = tree->links ? str_format(tree->path, sizeof(tree->path), "%s", prefix) :
			       error_result();
	if (result == 0)
		result = write_below(tree, root);
	arena_free(&tree->arena);
	return result;
}
