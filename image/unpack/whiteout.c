/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whiteouts (image-spec layer.md): ".wh.NAME" removes NAME of lower layers, ".wh..wh..opq" all that
 * lower layers have in its folder, wherever they stand in the archive; what the same layer brings
 * stays. Other names that begin with ".wh..wh." are aufs's own and are passed over (an error when
 * strict). A whiteout must be a file; a character device 0/0, overlayfs's own form, is one too.
 *
 * UNPACK_ALONE: the tree is the layer, so it shows by itself what the layer has: a whiteout is made
 * where nothing is, a folder becomes opaque. Whatever comes later replaces the whiteout. (One in a
 * folder that no layer below has is listed by overlayfs, and cannot be opened.)
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/unpack/apply.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/tree.h"

#define PREFIX ".wh."

static bool has_prefix(const char *name)
{
	return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

/* Of a name that begins with PREFIX. */
static int kind_of_name(const struct unpack *unpack, const char *name)
{
	const char *what = name + strlen(PREFIX);

	if (has_prefix(what)) {
		if (strcmp(what, ".wh..opq") == 0)
			return WHITEOUT_OPAQUE;
		if (!unpack->rules->strict)
			return WHITEOUT_PASS;
	} else if (*what && strcmp(what, ".") != 0 && strcmp(what, "..") != 0) {
		return WHITEOUT_NAME;
	}
	return fail(EINVAL, "entry %s: a whiteout of nothing", unpack->entry->path);
}

int whiteout_kind(const struct unpack *unpack)
{
	const struct entry *entry = unpack->entry;
	const char *name = entry->path;
	int kind = WHITEOUT_NONE;

	if (entry->type == ENTRY_CHARACTER_DEVICE && entry->major == 0 && entry->minor == 0)
		kind = WHITEOUT_NAME;
	if (!strstr(name, PREFIX))
		return kind;
	for (size_t length; *name; name += length + (name[length] == '/')) {
		length = strcspn(name, "/");
		if (!has_prefix(name))
			continue;
		if (!name[length]) { /* the last one */
			kind = kind_of_name(unpack, name);
			break;
		}
		if (!has_prefix(name + strlen(PREFIX)) || unpack->rules->strict)
			return fail(EINVAL, "entry %s: below a whiteout", entry->path);
		return WHITEOUT_PASS;
	}
	if ((kind == WHITEOUT_NAME || kind == WHITEOUT_OPAQUE) && entry->type != ENTRY_FILE)
		return fail(EINVAL, "entry %s: a whiteout that is not a file", entry->path);
	return kind;
}

bool whiteout_is_at(int folder, const char *name)
{
	struct stat status;

	return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

int whiteout_opaque(struct unpack *unpack, int folder)
{
	unpack->is_opaque = true;
	if (fsetxattr(folder, "trusted.overlay.opaque", "y", 1, 0) < 0)
		return unpack_fail(unpack, "trusted.overlay.opaque (`flat` works without)");
	return 0;
}

/* UNPACK_ALONE */
static int hide(struct unpack *unpack, const char *name)
{
	struct stat status;
	auto_fd int folder = -1;

	unpack->hides = true;
	if (mknodat(unpack->parent, name, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno != EEXIST || fstatat(unpack->parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return unpack_fail(unpack, "make a whiteout (`flat` works without)");
	if (!S_ISDIR(status.st_mode))
		return 0;
	folder = openat(unpack->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return unpack_fail(unpack, "open");
	return whiteout_opaque(unpack, folder);
}

int whiteout_apply(struct unpack *unpack, enum whiteout kind)
{
	const char *name;
	int result = parent_enter(unpack, unpack->entry->path, &name);

	if (result < 0)
		return result;
	if (kind == WHITEOUT_NAME && has_prefix(name))
		name += strlen(PREFIX);
	if (unpack->way == UNPACK_ALONE)
		return kind == WHITEOUT_OPAQUE ? whiteout_opaque(unpack, unpack->parent) :
						 hide(unpack, name);
	if (!unpack->beneath) {
		unpack->report->needs_lower = true;
		return 0;
	}
	unpack->stale = true;
	result = clear_below(unpack->parent, kind == WHITEOUT_OPAQUE ? NULL : name, &unpack->made,
			     unpack->place);
	return result < 0 ? fail(-result, "entry %s: remove", unpack->entry->path) : 0;
}

/* One entry of a folder; data: is all hidden that lower layers have there? */
static int tidy(void *data, int folder, const char *name)
{
	bool hidden = *(const bool *)data;
	auto_fd int below = -1;
	int result;

	if (whiteout_is_at(folder, name))
		return hidden && unlinkat(folder, name, 0) < 0 ? -errno : 0;
	below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0)
		return errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
	hidden |= fgetxattr(below, "trusted.overlay.opaque", NULL, 0) > 0;
	result = tree_each(below, tidy, &hidden);
	return result < 0 ? result : 0;
}

int whiteout_tidy(struct unpack *unpack)
{
	bool hidden = false;
	int result = 0;

	if (unpack->hides && unpack->is_opaque)
		result = tidy(&hidden, unpack->root, ".");
	return result < 0 ? fail(-result, "remove whiteouts that nothing needs") : 0;
}
