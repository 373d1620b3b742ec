/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owner, mode, extended attributes and time of what was just made, in this order: chown(2) clears
 * setuid and capabilities. Of the extended attributes those are kept that mean the same on every
 * machine: security.capability, user.*, POSIX ACLs. What steers overlayfs (trusted.*,
 * user.overlay.*) or belongs to the build host's policy (security.selinux) is left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/unpack/apply.h"
#include "lib/log.h"
#include "lib/str.h"

static bool first_time(struct unpack *unpack, enum unpack_warning warning)
{
	bool first = !(unpack->warned & warning);

	unpack->warned |= warning;
	return first;
}

static bool xattr_is_allowed(enum entry_type type, const char *name)
{
	if (strcmp(name, "security.capability") == 0)
		return type == ENTRY_FILE;
	if (strcmp(name, "system.posix_acl_default") == 0)
		return type == ENTRY_DIRECTORY;
	return strcmp(name, "system.posix_acl_access") == 0 ||
	       (str_has_prefix(name, "user.") && !str_has_prefix(name, "user.overlay."));
}

/* What a folder had before, and what a new entry has from its folder's default ACL. */
static void drop_xattrs(int fd, enum entry_type type)
{
	char names[4096]; /* with more of them, or without any, there is nothing to be done */
	ssize_t size = flistxattr(fd, names, sizeof(names));

	for (const char *name = names; name < names + size; name += strlen(name) + 1) {
		if (xattr_is_allowed(type, name))
			fremovexattr(fd, name);
	}
}

static int set_xattrs(struct unpack *unpack, int fd)
{
	const struct entry *entry = unpack->entry;

	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct entry_xattr *xattr = &entry->xattrs[i];

		if (fd < 0 || !xattr_is_allowed(entry->type, xattr->name)) {
			if (first_time(unpack, WARNED_XATTR))
				log_warning("%s: the extended attribute %s is left out",
					    entry->path, xattr->name);
			continue;
		}
		unpack->acl |= xattr->name[0] == 's' && xattr->name[1] == 'y';
		if (fsetxattr(fd, xattr->name, xattr->value, xattr->size, 0) == 0)
			continue;
		if (errno != EOPNOTSUPP && (errno != EPERM || unpack->rules->keep_owner))
			return unpack_fail(unpack, xattr->name);
		if (first_time(unpack, WARNED_SUPPORT))
			log_warning("%s: the extended attribute %s cannot be kept here",
				    entry->path, xattr->name);
	}
	return 0;
}

/* Must the owner be set? A new file's group is ours or its folder's, as the file system likes. */
static bool owner_differs(struct unpack *unpack, bool made)
{
	const struct entry *entry = unpack->entry;
	bool differs = entry->uid != unpack->user || entry->gid != unpack->group;

	if (!unpack->rules->keep_owner) {
		if (differs && first_time(unpack, WARNED_OWNER))
			log_info("%s: owners are not kept: all belongs to the user who unpacks",
				 entry->path);
		return false;
	}
	return differs || !made || unpack->parent_group != unpack->group;
}

int attributes_of_open(struct unpack *unpack, int fd, bool made)
{
	const struct entry *entry = unpack->entry;
	const bool folder = entry->type == ENTRY_DIRECTORY;
	const struct timespec time = { .tv_sec = (time_t)entry->mtime,
				       .tv_nsec = (long)entry->mtime_nanoseconds };
	/* Another's setuid bit would be ours. */
	const mode_t mode = unpack->rules->keep_owner ? entry->mode : entry->mode & 01777;
	int result;

	if (owner_differs(unpack, made) && fchown(fd, entry->uid, entry->gid) < 0)
		return unpack_fail(unpack, "set the owner");
	if (!made || unpack->acl)
		drop_xattrs(fd, entry->type);
	/* open(2) and mkdir(2) set the usual bits; who is not root must be able to go in. */
	if ((folder || mode & 07000 || unpack->acl) &&
	    fchmod(fd, folder && unpack->user ? mode | 0700 : mode) < 0)
		return unpack_fail(unpack, "set the mode");
	result = entry->xattr_count ? set_xattrs(unpack, fd) : 0;
	if (result < 0)
		return result;
	if (folder)
		return later_add(&unpack->later, unpack->root, entry);
	if (futimens(fd, (struct timespec[]){ time, time }) < 0)
		return unpack_fail(unpack, "set the time");
	return 0;
}

int attributes_of_name(struct unpack *unpack, const char *name)
{
	const struct entry *entry = unpack->entry;
	const struct timespec time = { .tv_sec = (time_t)entry->mtime,
				       .tv_nsec = (long)entry->mtime_nanoseconds };

	if (owner_differs(unpack, true) &&
	    fchownat(unpack->parent, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return unpack_fail(unpack, "set the owner");
	if (utimensat(unpack->parent, name, (struct timespec[]){ time, time },
		      AT_SYMLINK_NOFOLLOW) < 0)
		return unpack_fail(unpack, "set the time");
	return set_xattrs(unpack, -1);
}
