/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry after the other. What is there is replaced, never written through: a folder over a
 * folder gets new attributes, anything else is removed and made anew (image-spec layer.md), so that
 * a hard link of a lower layer's file, or a link to somewhere, is never the target of a write.
 */
#include "image/unpack/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/tree.h"

int unpack_fail(const struct unpack *unpack, const char *what)
{
	if (!what) /* recorded already */
		return fail_context(error_result(), "entry %s", unpack->entry->path);
	return fail(errno, "entry %s: %s", unpack->entry->path, what);
}

/* Never to a folder, and only to what is below the root. */
static int make_link(struct unpack *unpack, const char *name)
{
	const char *link = unpack->entry->link;
	char target[NAME_MAX + 1];
	auto_fd int folder = path_open_parent(unpack->root, link, target);
	struct stat status;

	if (folder < 0) {
		errno = -folder;
	} else if (fstatat(folder, target, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = ENOENT; /* nothing that is there: a whiteout */
		if (!S_ISCHR(status.st_mode) || status.st_rdev != 0)
			return linkat(folder, target, unpack->parent, name, 0);
	}
	if (errno == ENOENT && unpack->way == UNPACK_ALONE)
		unpack->report->needs_lower = true;
	return -1;
}

static int make_device(const struct unpack *unpack, const char *name)
{
	const struct entry *entry = unpack->entry;
	const mode_t type = entry->type == ENTRY_BLOCK_DEVICE ? S_IFBLK : S_IFCHR;

	if (!unpack->rules->devices) {
		errno = EPERM;
		return -1;
	}
	return mknodat(unpack->parent, name, type | (entry->mode & 0777),
		       makedev(entry->major, entry->minor));
}

/* A new one; *fd is open for a file. -1 with errno. */
static int make(struct unpack *unpack, const char *name, int *fd)
{
	const struct entry *entry = unpack->entry;

	switch (entry->type) {
	case ENTRY_HARD_LINK:
		return make_link(unpack, name);
	case ENTRY_SYMLINK:
		return symlinkat(entry->link, unpack->parent, name);
	case ENTRY_FIFO:
		return mknodat(unpack->parent, name, S_IFIFO | (entry->mode & 0777), 0);
	case ENTRY_CHARACTER_DEVICE:
	case ENTRY_BLOCK_DEVICE:
		return make_device(unpack, name);
	default:
		*fd = openat(unpack->parent, name,
			     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			     entry->mode & 0777);
		return *fd;
	}
}

static int remove_entry(struct unpack *unpack, const char *name)
{
	unpack->stale = true;
	unpack->report->needs_lower |= unpack->way == UNPACK_OVER;
	return tree_remove(unpack->parent, name) < 0 ? unpack_fail(unpack, NULL) : 0;
}

static int apply_other(struct unpack *unpack, const char *name)
{
	auto_fd int fd = -1;
	int result = make(unpack, name, &fd);

	if (result < 0 && errno == EEXIST) {
		result = remove_entry(unpack, name);
		if (result < 0)
			return result;
		result = make(unpack, name, &fd);
	}
	if (result < 0)
		return unpack_fail(unpack, "make");
	if (fd < 0)
		return unpack->entry->type == ENTRY_HARD_LINK ? 0 :
								attributes_of_name(unpack, name);
	if (unpack->entry->size) {
		result = archive_copy_to(unpack->archive, fd);
		if (result < 0)
			return unpack_fail(unpack, NULL);
	}
	return attributes_of_open(unpack, fd, true);
}

/* Is something else in the place of a folder? Then it goes, and what lower layers have with it. */
static int make_folder(struct unpack *unpack, const char *name, bool *made, bool *opaque)
{
	const mode_t mode = unpack->entry->mode & 0777;
	struct stat status;
	int result;

	*made = mkdirat(unpack->parent, name, mode) == 0;
	if (*made)
		return 0;
	if (errno != EEXIST || fstatat(unpack->parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return unpack_fail(unpack, "make");
	if (S_ISDIR(status.st_mode))
		return 0;
	result = remove_entry(unpack, name);
	if (result < 0)
		return result;
	*made = true;
	*opaque = unpack->way == UNPACK_ALONE;
	return mkdirat(unpack->parent, name, mode) < 0 ? unpack_fail(unpack, "make") : 0;
}

static int apply_folder(struct unpack *unpack, const char *name)
{
	const char *path = unpack->entry->path;
	bool made = false, opaque = false;
	auto_fd int fd = -1;
	int result = *path ? make_folder(unpack, name, &made, &opaque) : 0;

	if (result < 0)
		return result;
	fd = openat(unpack->parent, *path ? name : ".",
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return unpack_fail(unpack, "open");
	if (opaque)
		result = whiteout_opaque(unpack, fd);
	if (result == 0)
		result = attributes_of_open(unpack, fd, made);
	/* What comes next lies in it, most likely. */
	return result < 0 ? result : parent_take(unpack, take_fd(&fd), path, strlen(path));
}

/* For whiteouts, and against two entries for one path. */
static int remember(struct unpack *unpack, const char *name)
{
	const uint64_t hash = made_hash(unpack->place, name);
	int result = unpack->beneath ? made_add(&unpack->made, hash) : 0;

	if (result >= 0 && unpack->rules->strict) {
		result = made_add(&unpack->made, ~hash | 1);
		if (result == 1)
			return fail(EEXIST, "entry %s: a second time", unpack->entry->path);
	}
	return result < 0 ? unpack_fail(unpack, NULL) : 0;
}

static int apply(struct unpack *unpack)
{
	const struct entry *entry = unpack->entry;
	const char *name = NULL;
	int kind = whiteout_kind(unpack), result;

	if (kind < 0 || kind == WHITEOUT_PASS)
		return kind < 0 ? kind : 0;
	if (kind != WHITEOUT_NONE)
		return whiteout_apply(unpack, (enum whiteout)kind);
	if (!*entry->path) {
		if (entry->type != ENTRY_DIRECTORY)
			return fail(EINVAL, "the entry for the root is not a folder");
		unpack->report->root_set = true;
	}
	result = parent_enter(unpack, entry->path, &name);
	if (result == 0 && *entry->path && (unpack->beneath || unpack->rules->strict))
		result = remember(unpack, name);
	if (result < 0)
		return result;
	return entry->type == ENTRY_DIRECTORY ? apply_folder(unpack, name) :
						apply_other(unpack, name);
}

static int is_something(void *data, int folder, const char *name)
{
	(void)data;
	(void)folder;
	(void)name;
	return -EEXIST;
}

static int start(struct unpack *unpack, int root)
{
	char path[PATH_FD_SIZE];
	ssize_t length;

	unpack->root = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (unpack->root < 0)
		return fail(errno, "open the folder to unpack to");
	length = readlinkat(-1, path_of_fd(unpack->root, path), unpack->place,
			    sizeof(unpack->place));
	unpack->root_length = length > 0 ? (size_t)length : 0;
	unpack->made.folder = unpack->root;
	unpack->beneath =
		unpack->way == UNPACK_OVER && tree_each(unpack->root, is_something, NULL) < 0;
	/* ACLs may come from the store's own folder, or from a layer below. */
	unpack->acl = unpack->beneath ||
		      fgetxattr(unpack->root, "system.posix_acl_default", NULL, 0) >= 0;
	unpack->user = geteuid();
	unpack->group = getegid();
	return 0;
}

static int apply_all(struct unpack *unpack)
{
	int result;

	while ((result = archive_next(unpack->archive, &unpack->current)) > 0) {
		result = apply(unpack);
		if (result < 0)
			return result;
	}
	if (result == 0)
		result = whiteout_tidy(unpack);
	if (result == 0)
		result = later_apply(&unpack->later, unpack->root, unpack->user != 0);
	return result;
}

int unpack_layer(int root, struct archive *archive, enum unpack_way way,
		 const struct unpack_rules *rules, struct tree_report *report)
{
	struct unpack *unpack = calloc(1, sizeof(*unpack));
	mode_t mask;
	int result;

	*report = (struct tree_report){ 0 };
	if (!unpack)
		return fail(ENOMEM, "unpack");
	unpack->archive = archive;
	unpack->entry = &unpack->current;
	unpack->way = way;
	unpack->rules = rules;
	unpack->report = report;
	unpack->parent = unpack->later.file = unpack->root = -1;
	mask = umask(0);
	result = start(unpack, root);
	if (result == 0)
		result = apply_all(unpack);
	umask(mask);
	close_fd(&unpack->parent);
	close_fd(&unpack->later.file);
	close_fd(&unpack->root);
	made_free(&unpack->made);
	free(unpack);
	return result;
}

int unpack_archive(int root, struct archive *archive, enum unpack_way way,
		   const struct unpack_rules *rules)
{
	struct tree_report report;

	return unpack_layer(root, archive, way, rules, &report);
}
