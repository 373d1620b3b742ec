/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing a tree that a container has filled, however deep, wide or oddly named: what is nested is
 * moved up to the top before it is looked into, so that two descriptors and no recursion are
 * enough, and no link is ever followed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/launch/internal.h"
#include "lib/error.h"
#include "lib/fd.h"

struct removal {
	int top;
	unsigned long next; /* of the names for what is moved up */
};

typedef int entry_function(struct removal *removal, int folder, const char *name);

/* Each entry of `folder`: how many there were, or -errno (unrecorded) of the first that failed. */
static int each_entry(struct removal *removal, int folder, entry_function *function)
{
	auto_fd int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	int count = 0, result = 0;

	if (!stream)
		return -errno;
	take_fd(&fd);
	for (const struct dirent *entry; result == 0 && (entry = readdir(stream)); count++) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			count--;
		else
			result = function(removal, folder, entry->d_name);
	}
	closedir(stream);
	return result < 0 ? result : count;
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

static int move_up(struct removal *removal, int folder, const char *name)
{
	int result = remove_one(folder, name);
	char new_name[24];

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

static int remove_entry(struct removal *removal, int folder, const char *name)
{
	int result = remove_one(folder, name);
	auto_fd int below = -1;

	if (result != -ENOTEMPTY)
		return result;
	below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0)
		return -errno;
	do
		result = each_entry(removal, below, move_up);
	while (result > 0);
	return result < 0 ? result : remove_one(folder, name);
}

int tree_remove(int parent, const char *name)
{
	struct removal removal = { .next = 0 };
	int result = remove_one(parent, name);

	if (result == -ENOTEMPTY) {
		removal.top = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		result = removal.top < 0 ? -errno : 1;
		while (result > 0)
			result = each_entry(&removal, removal.top, remove_entry);
		close_fd(&removal.top);
		if (result == 0)
			result = remove_one(parent, name);
	}
	return result < 0 ? fail(-result, "remove %s", name) : 0;
}
