/* SPDX-License-Identifier: Apache-2.0 */
/* The trusted half's look at an entry: see entry_check.h. */
#include "image/archive/entry_check.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "image/archive/record.h"
#include "lib/error.h"

enum { SHOWN_PATH = 256, SHOWN_TEXT = 256, DEPTH = 256, NANOSECONDS = 1000000000 };

#define TIME_MAX 253402300799 /* the end of the year 9999: not all programs show later ones */

/* Printable ASCII, bounded. */
static const char *shown(const char *text, char *buffer, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && text[i]; i++)
		buffer[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	buffer[i] = 0;
	return buffer;
}

int entry_fail(const char *name, const char *path, const char *text)
{
	char path_room[SHOWN_PATH], text_room[SHOWN_TEXT];

	shown(text, text_room, sizeof(text_room));
	if (!*path)
		return fail(0, "%s: %s", name, text_room);
	return fail(0, "%s: entry %s: %s", name, shown(path, path_room, sizeof(path_room)),
		    text_room);
}

/* What is wrong with a path, or NULL. */
static const char *check_path(const char *path, uint32_t depth)
{
	uint32_t components = 0;

	if (strlen(path) >= ENTRY_PATH_MAX)
		return "path too long";
	while (*path) {
		const size_t size = strcspn(path, "/");

		if (!size || (size == 1 && *path == '.'))
			return "'.' or nothing as a component of a path";
		if (size == 2 && path[0] == '.' && path[1] == '.')
			return "'..' in a path";
		if (size > NAME_MAX)
			return "a component of a path is too long";
		if (++components > depth)
			return "too many components in a path";
		path += size;
		if (*path == '/' && !*++path)
			return "'/' at the end of a path";
	}
	return NULL;
}

static const char *check_link(const struct entry *entry, uint32_t depth)
{
	if (entry->type != ENTRY_HARD_LINK && entry->type != ENTRY_SYMLINK)
		return *entry->link ? "a link's target for what is none" : NULL;
	if (!*entry->link)
		return "a link without a target";
	if (strlen(entry->link) >= ENTRY_PATH_MAX)
		return "a link's target is too long";
	return entry->type == ENTRY_HARD_LINK ? check_path(entry->link, depth) : NULL;
}

static const char *check_xattrs(const struct entry *entry)
{
	size_t sum = 0;

	if (entry->xattr_count > ENTRY_XATTRS_MAX)
		return "too many extended attributes";
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const size_t name = strlen(entry->xattrs[i].name);

		if (!name || name > RECORD_XATTR_NAME_MAX)
			return "bad name of an extended attribute";
		if (entry->xattrs[i].size > ENTRY_XATTR_BYTES_MAX - sum)
			return "too large extended attributes";
		sum += entry->xattrs[i].size;
	}
	return NULL;
}

static const char *check_numbers(const struct entry *entry)
{
	if (entry->mode & ~07777U)
		return "bad mode";
	if (entry->uid == UINT32_MAX || entry->gid == UINT32_MAX)
		return "uid or gid above 4294967294";
	if (entry->mtime_nanoseconds >= NANOSECONDS || entry->mtime > TIME_MAX ||
	    entry->mtime < -TIME_MAX)
		return "bad time";
	if (entry->type != ENTRY_FILE && entry->size)
		return "data of what is no file";
	/* UINT64_MAX is of `bare` archives; files cannot be as large as that. */
	if (entry->size > INT64_MAX)
		return "bad size";
	return NULL;
}

int entry_check(const struct entry *entry, const char *name, uint32_t depth)
{
	const char *wrong = NULL;

	if ((unsigned int)entry->type > ENTRY_FIFO)
		wrong = "bad type";
	else if (!*entry->path && entry->type != ENTRY_DIRECTORY)
		wrong = "the root is no directory";
	if (!depth)
		depth = DEPTH;
	if (!wrong)
		wrong = check_path(entry->path, depth);
	if (!wrong)
		wrong = check_link(entry, depth);
	if (!wrong)
		wrong = check_xattrs(entry);
	if (!wrong)
		wrong = check_numbers(entry);
	return wrong ? entry_fail(name, *entry->path ? entry->path : "/", wrong) : 0;
}
