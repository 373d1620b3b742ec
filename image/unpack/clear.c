/* SPDX-License-Identifier: Apache-2.0 */
/* Removing what lower layers made, and keeping what this layer did. Nothing is followed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/unpack/apply.h"
#include "lib/fd.h"
#include "lib/tree.h"

struct clear {
	const struct made *keep;
	bool removed;
	size_t length;	     /* of path */
	char path[PATH_MAX]; /* of the folder that is cleared */
};

static int clear_content(struct clear *clear, int folder);

/* Something of this layer: stays, but if it is a folder, not what else is in it. */
static int clear_kept(struct clear *clear, int folder, const char *name)
{
	const size_t length = clear->length, size = strlen(name);
	auto_fd int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (below < 0)
		return errno == ENOTDIR || errno == ELOOP || errno == ENOENT ? 0 : -errno;
	if (length + size + 2 > sizeof(clear->path))
		return -ENAMETOOLONG;
	if (length)
		clear->path[clear->length++] = '/';
	memcpy(clear->path + clear->length, name, size + 1);
	clear->length += size;
	result = clear_content(clear, below);
	clear->length = length;
	clear->path[length] = '\0';
	return result;
}

static int clear_one(void *data, int folder, const char *name)
{
	struct clear *clear = data;

	if (made_has(clear->keep, made_hash(clear->path, name)))
		return clear_kept(clear, folder, name);
	clear->removed = true;
	return tree_remove(folder, name);
}

static int clear_content(struct clear *clear, int folder)
{
	int result = 0;

	/* A folder below that was cleared says the same of itself: once more does no harm. */
	do { /* what is removed while it is listed may hide what comes behind it */
		clear->removed = false;
		result = tree_each(folder, clear_one, clear);
	} while (clear->removed && result >= 0);
	return result < 0 ? result : 0;
}

int clear_below(int folder, const char *name, const struct made *keep, const char *place)
{
	struct clear clear = { .keep = keep, .length = strlen(place) };

	memcpy(clear.path, place, clear.length + 1);
	return name ? clear_one(&clear, folder, name) : clear_content(&clear, folder);
}
