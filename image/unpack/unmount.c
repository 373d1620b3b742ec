/* SPDX-License-Identifier: Apache-2.0 */
/* Ending what root_mount() made: /proc/self/mountinfo says what lies below the folder. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "image/unpack/unpack.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/path.h"

enum { MOUNTINFO_MAX = 64 << 20, POINT_FIELD = 4 };

/* proc(5): space, tab, newline and backslash as \NNN. In place. */
static void unescape(char *text)
{
	char *out = text;

	while (*text) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*out++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
					(text[3] - '0'));
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

/* The line's mount point, if it lies below the folder; cuts the line up. */
static const char *point_below(char *line, const char *folder)
{
	char *point = line, *end;

	for (int field = 0; field < POINT_FIELD; field++) {
		point = strchr(point, ' ');
		if (!point)
			return NULL;
		point++;
	}
	end = strchr(point, ' ');
	if (!end)
		return NULL;
	*end = '\0';
	unescape(point);
	return path_has_prefix(point, folder) && strcmp(point, folder) != 0 ? point : NULL;
}

/* What was mounted last goes first: the lines are in that order. */
static int unmount_last(char *text, const char *folder, bool *found)
{
	const char *last = NULL;
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n")) != NULL) {
		const char *point = point_below(line, folder);

		if (point)
			last = point;
	}
	*found = last != NULL;
	if (!last || umount2(last, UMOUNT_NOFOLLOW) == 0 ||
	    umount2(last, UMOUNT_NOFOLLOW | MNT_DETACH) == 0)
		return 0;
	return fail(errno, "unmount %s", last);
}

/* Empty folders of ours; what somebody else put there stays. */
static void remove_folders(int folder)
{
	char name[32];

	unlinkat(folder, "rootfs", AT_REMOVEDIR);
	unlinkat(folder, "upper", AT_REMOVEDIR);
	for (unsigned int number = 0; number < DOCUMENT_MAX_LAYERS; number++) {
		snprintf(name, sizeof(name), "lower-%u", number);
		unlinkat(folder, name, AT_REMOVEDIR);
	}
}

int root_unmount(const char *folder)
{
	auto_fd int fd = openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char link[PATH_FD_SIZE], path[PATH_MAX]; /* as mountinfo has it */
	bool found = true;
	ssize_t length;
	int result = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : fail(errno, "open %s", folder);
	length = readlinkat(-1, path_of_fd(fd, link), path, sizeof(path) - 1);
	if (length < 0)
		return fail(errno, "find %s", folder);
	path[length] = '\0';
	while (result == 0 && found) {
		auto_arena struct arena arena = { 0 };
		char *text =
			file_read(&arena, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, NULL);

		if (!text)
			return error_result();
		result = unmount_last(text, path, &found);
	}
	if (result == 0)
		remove_folders(fd);
	return result;
}
