/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder that an entry goes to. Links on the way are followed inside the root
 * (image-spec layer.md says nothing; tar does), the last component never.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/unpack/apply.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"

/* Where the open folder really is; its folders too are made by this layer, so whiteouts keep them.
 */
static int remember_place(struct unpack *unpack)
{
	char path[PATH_FD_SIZE], *end;
	ssize_t length = readlinkat(-1, path_of_fd(unpack->parent, path), unpack->place,
				    sizeof(unpack->place));
	const size_t skip = unpack->root_length > 1 ? unpack->root_length + 1 : 1;
	int result = 0;

	if (length == (ssize_t)sizeof(unpack->place))
		return fail(ENAMETOOLONG, "%s", unpack->folder);
	if (length < 0) { /* no /proc: as the archive names it */
		memcpy(unpack->place, unpack->folder, strlen(unpack->folder) + 1);
	} else {
		unpack->place[length] = '\0';
		if ((size_t)length < skip)
			unpack->place[0] = '\0';
		else
			memmove(unpack->place, unpack->place + skip, (size_t)length - skip + 1);
	}
	for (end = unpack->place; result >= 0 && *end;) {
		char saved;

		end += strcspn(end + 1, "/") + 1;
		saved = *end;
		*end = '\0';
		result = made_add(&unpack->made, made_hash("", unpack->place));
		*end = saved;
	}
	return result < 0 ? result : 0;
}

int parent_take(struct unpack *unpack, int fd, const char *path, size_t length)
{
	struct stat status;

	close_fd(&unpack->parent);
	unpack->parent = fd;
	unpack->stale = false;
	memmove(unpack->folder, path, length);
	unpack->folder[length] = '\0';
	if (fstat(fd, &status) < 0)
		return unpack_fail(unpack, "look at its folder");
	unpack->parent_group = status.st_gid;
	return unpack->beneath || unpack->rules->strict ? remember_place(unpack) : 0;
}

/* A folder for what stands as a whiteout at `path`: what this layer puts there is all there is. */
static int replace_whiteout(struct unpack *unpack, const char *path)
{
	char name[NAME_MAX + 1];
	auto_fd int parent = path_open_parent(unpack->root, path, name);
	auto_fd int folder = -1;

	if (parent < 0)
		return parent;
	if (!whiteout_is_at(parent, name))
		return 0;
	if (unlinkat(parent, name, 0) < 0 || mkdirat(parent, name, 0755) < 0)
		return unpack_fail(unpack, "make its folder");
	folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return unpack_fail(unpack, "open its folder");
	return whiteout_opaque(unpack, folder);
}

static int replace_whiteouts(struct unpack *unpack)
{
	char *end = unpack->folder;
	int result = 0;

	while (result == 0 && *end) {
		char saved;

		end += strcspn(end + 1, "/") + 1;
		saved = *end;
		*end = '\0';
		result = replace_whiteout(unpack, unpack->folder);
		*end = saved;
	}
	return result;
}

/* What the archive does not have is made, 0755 and root's. */
static int make_folder(struct unpack *unpack, int why)
{
	auto_fd int made = -1;

	if (why != -ENOENT && why != -ENOTDIR)
		return fail(-why, "open its folder");
	if (unpack->way == UNPACK_ALONE && why == -ENOTDIR) {
		int result = replace_whiteouts(unpack);

		if (result < 0)
			return result;
	}
	unpack->report->needs_lower = true;
	made = path_make_directory(unpack->root, unpack->folder, 0755);
	if (made < 0)
		return made;
	return openat(made, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int parent_enter(struct unpack *unpack, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	const size_t length = slash ? (size_t)(slash - path) : 0;
	int fd;

	*name = slash ? slash + 1 : path;
	if (unpack->parent >= 0 && !unpack->stale && strncmp(unpack->folder, path, length) == 0 &&
	    unpack->folder[length] == '\0')
		return 0;
	memcpy(unpack->folder, path, length);
	unpack->folder[length] = '\0';
	fd = path_open(unpack->root, length ? unpack->folder : ".", O_RDONLY | O_DIRECTORY, 0,
		       PATH_IN_ROOT);
	if (fd < 0)
		fd = make_folder(unpack, fd);
	if (fd < 0)
		return unpack_fail(unpack, NULL);
	return parent_take(unpack, fd, path, length);
}
