/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing a tree: what is nested is moved up to the top before it is looked into, so that two
 * descriptors and no recursion are enough, and no link is ever followed.
 */
#include "lib/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"

struct removal {
	int top;
	unsigned long next; /* of the names for what is moved up */
};

int tree_each(int folder, tree_entry *entry_function, void *data)
{
	auto_fd int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	int count = 0, result = 0;

	if (!stream)
		return -errno;
	take_fd(&fd);
	while (result >= 0) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(stream);
		if (!entry) {
			result = -errno;
			break;
		}
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		result = entry_function(data, folder, entry->d_name);
	}
	closedir(stream);
	return result < 0 ? result : count;
}

/*
 * A folder to be moved or emptied: who is not root, and so owns all that he can remove, may have
 * been shut out of it by its mode.
 */
static void unlock_folder(int parent, const char *name)
{
	if (geteuid() != 0)
		fchmodat(parent, name, 0700, 0);
}

static int open_folder(int parent, const char *name)
{
	int fd;

	unlock_folder(parent, name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A file, or an empty folder. -ENOTEMPTY: it is neither. */
static int remove_one(int folder, const char *name)
{
	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* EISDIR; POSIX says EPERM, and so do some file systems. */
	if (unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return errno == EEXIST ? -ENOTEMPTY : -errno;
}

static int move_up(void *data, int folder, const char *name)
{
	struct removal *removal = data;
	int result = remove_one(folder, name);
	char new_name[24];

	if (result == -ENOTEMPTY)
		unlock_folder(folder, name);
	while (result == -ENOTEMPTY) {
		snprintf(new_name, sizeof(new_name), "%lu", removal->next++);
		if (renameat(folder, name, removal->top, new_name) == 0)
			return 0;
		/* Somebody has chosen just this name: the next one, then. */
		if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
			return -errno;
	}
	return result;
}

static int remove_entry(void *data, int folder, const char *name)
{
	struct removal *removal = data;
	int result = remove_one(folder, name);
	auto_fd int below = -1;

	if (result != -ENOTEMPTY)
		return result;
	below = open_folder(folder, name);
	if (below < 0)
		return below;
	do
		result = tree_each(below, move_up, removal);
	while (result > 0);
	return result < 0 ? result : remove_one(folder, name);
}

int tree_remove(int parent, const char *name)
{
	struct removal removal = { .next = 0 };
	int result = remove_one(parent, name);

	if (result == -ENOTEMPTY) {
		removal.top = open_folder(parent, name);
		result = removal.top < 0 ? removal.top : 1;
		while (result > 0)
			result = tree_each(removal.top, remove_entry, &removal);
		close_fd(&removal.top);
		if (result == 0)
			result = remove_one(parent, name);
	}
	return result < 0 ? fail(-result, "remove %s", name) : 0;
}
