/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that somebody else has filled, however deep, wide or oddly named. */
#ifndef LIB_TREE_H
#define LIB_TREE_H

/*
 * Each entry of `folder` (but "." and ".."), which it may remove: how many there were, or -errno
 * (unrecorded) of the first that failed.
 */
typedef int tree_entry(void *data, int folder, const char *name);
int tree_each(int folder, tree_entry *function, void *data);

/*
 * Remove `name` in the folder `parent` with all that is in it, but nothing that is mounted
 * (-EBUSY); missing is fine. 0 or -errno recorded.
 */
int tree_remove(int parent, const char *name);

#endif
