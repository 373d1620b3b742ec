/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What applying one archive to a folder keeps in hand. One folder is open at a time, the one that
 * the last entry went to, since archives come in the order of folders: a small file costs open,
 * write, chown (where it is not ours), futimens, close. Only image/unpack includes this.
 */
#ifndef IMAGE_UNPACK_APPLY_H
#define IMAGE_UNPACK_APPLY_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "image/unpack/later.h"
#include "image/unpack/made.h"
#include "image/unpack/unpack.h"

enum unpack_warning { WARNED_XATTR = 1, WARNED_OWNER = 2, WARNED_SUPPORT = 4 };

struct tree_report {
	/*
	 * Right only where it was unpacked: the layer leaves out a folder or a link's target, or
	 * (UNPACK_OVER on nothing) it says something of layers below.
	 */
	bool needs_lower;
	bool root_set; /* there is an entry for the root itself */
};

struct unpack {
	int root; /* O_RDONLY */
	enum unpack_way way;
	const struct unpack_rules *rules;
	const struct entry *entry; /* the one that is applied: `current` */
	struct entry current;
	struct archive *archive;

	int parent;		     /* the open folder, O_RDONLY; or -1 */
	gid_t parent_group;	     /* its group: what is made there gets it, or ours */
	char folder[ENTRY_PATH_MAX]; /* as the archive names it */
	char place[PATH_MAX];	     /* where it really is, below root: only if `made` is used */
	size_t root_length;	     /* of root's own path, in front of it */
	bool stale; /* something was removed: the folder may be reached by another way now */

	uid_t user;
	gid_t group;
	bool beneath; /* UNPACK_OVER: lower layers are there */
	bool acl;     /* folders may have default ACLs: a new file's mode is not what was asked */
	struct tree_report *report;
	bool hides, is_opaque; /* UNPACK_ALONE: there are whiteouts, there are opaque folders */
	unsigned int warned;   /* enum unpack_warning */

	struct made made;   /* paths of this layer: if `beneath` or strict */
	struct later later; /* folders' times, set at the end */
};

/* unpack_archive() that tells what it found. */
int unpack_layer(int root, struct archive *archive, enum unpack_way way,
		 const struct unpack_rules *rules, struct tree_report *report);

/* "entry PATH: what", with errno. */
int unpack_fail(const struct unpack *unpack, const char *what);

/* parent.c: open the folder of `path`, make it where it is missing; *name is the rest. */
int parent_enter(struct unpack *unpack, const char *path, const char **name);
/* Take `fd`, the folder `path`, as the open one. */
int parent_take(struct unpack *unpack, int fd, const char *path, size_t length);

/* attribute.c: what the entry says, onto what was just made (`made`), or a folder that was there.
 */
int attributes_of_open(struct unpack *unpack, int fd, bool made);
int attributes_of_name(struct unpack *unpack, const char *name);

/* whiteout.c */
enum whiteout { WHITEOUT_NONE, WHITEOUT_NAME, WHITEOUT_OPAQUE, WHITEOUT_PASS };
/* What the entry is; < 0: recorded. */
int whiteout_kind(const struct unpack *unpack);
int whiteout_apply(struct unpack *unpack, enum whiteout kind);
/* Is that entry of the open folder a whiteout in overlayfs's form? */
bool whiteout_is_at(int folder, const char *name);
/* Hide what lower layers have in this folder. */
int whiteout_opaque(struct unpack *unpack, int folder);
/* At the end: remove whiteouts where a folder above hides all anyway; overlayfs would list them. */
int whiteout_tidy(struct unpack *unpack);

/* clear.c: remove `name` (NULL: all that is there) of the folder, which is `place` below the root,
 * but what the set has. 0 or -errno. */
int clear_below(int folder, const char *name, const struct made *keep, const char *place);

#endif
