/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacked layers: trees/KEY/root, and trees/KEY/complete which says that all of it was durable
 * before. A tree without that file is not there for anybody, and goes with the next gc.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "image/store/internal.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/tree.h"

static const char marker_name[] = "complete";
enum { MARKER_SIZE = 320 };

/* "cruet-tree 1 KEY SHA256\n": the key alone is not what a torn write leaves. */
static size_t marker_text(char text[MARKER_SIZE], const char *key)
{
	char digest[DIGEST_TEXT_SIZE];
	struct digest check;
	int length = snprintf(text, MARKER_SIZE, "cruet-tree 1 %s", key);

	digest_of(&check, DIGEST_SHA256, text, (size_t)length);
	return (size_t)length + (size_t)snprintf(text + length, MARKER_SIZE - (size_t)length,
						 " %s\n", digest_text(&check, digest));
}

/* "[a-z0-9-]+" of at most what struct store_tree takes. */
static bool key_is_good(const char *key)
{
	size_t length = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length && key[length] == '\0' && length < sizeof(((struct store_tree *)0)->key);
}

/* Something else stands where it should be. */
static bool is_other(int result)
{
	return result == -ENOTDIR || result == -ELOOP || result == -EBADMSG;
}

/* The folder of the tree if it is complete. -ENOENT: it is not; -errno: nobody can say. */
static int open_complete(int trees, const char *key)
{
	auto_fd int folder = folder_open(trees, key);
	char wanted[MARKER_SIZE], found[MARKER_SIZE];
	struct stat status;
	auto_fd int marker = -1;
	size_t size;

	if (folder < 0)
		return is_other(folder) ? -ENOENT : take_fd(&folder);
	marker = file_open(folder, marker_name, &status);
	if (marker < 0)
		return is_other(marker) ? -ENOENT : take_fd(&marker);
	size = marker_text(wanted, key);
	if ((size_t)status.st_size != size)
		return -ENOENT;
	if (fd_read_all(marker, found, size) < 0)
		return -errno;
	return memcmp(found, wanted, size) == 0 ? take_fd(&folder) : -ENOENT;
}

int tree_is_complete(int trees, const char *key)
{
	auto_fd int folder = open_complete(trees, key);

	if (folder >= 0)
		return 1;
	return folder == -ENOENT ? 0 : fail(-folder, "look at the tree %s", key);
}

int store_tree_open(struct arena *arena, struct store *store, const char *key, char **path)
{
	if (!key_is_good(key))
		return fail(EINVAL, "tree '%.200s': not a key", key);
	for (size_t i = 0; i < store->count; i++) {
		int trees = place_trees(&store->places[i], false);
		auto_fd int folder = trees < 0 ? trees : open_complete(trees, key);
		auto_fd int root = -1;

		if (folder == -ENOENT)
			continue;
		if (folder >= 0)
			root = openat(folder, "root",
				      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (root < 0)
			return fail(folder < 0 ? -folder : errno, "open the tree %s", key);
		if (path) {
			*path = arena_printf(arena, "%s/trees/%s/root", store->places[i].path, key);
			if (!*path)
				return error_result();
		}
		return take_fd(&root);
	}
	return -ENOENT;
}

/* ---- making one ---- */

static int make_root(struct store_tree *tree, int trees)
{
	if (mkdirat(trees, temporary_name(tree->temporary, "new"), 0700) < 0)
		return -errno;
	tree->folder = folder_open(trees, tree->temporary);
	if (tree->folder < 0)
		return tree->folder;
	if (mkdirat(tree->folder, "root", 0700) < 0)
		return -errno;
	tree->root = folder_open(tree->folder, "root");
	/* Whatever the umask is. */
	if (tree->root < 0 || fchmod(tree->root, 0755) < 0)
		return tree->root < 0 ? tree->root : -errno;
	close_fd(&tree->root);
	tree->root = openat(tree->folder, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return tree->root < 0 ? -errno : 0;
}

int store_tree_begin(struct store *store, const char *key, struct store_tree *tree)
{
	auto_fd int there = store_tree_open(NULL, store, key, NULL);
	int result, trees;

	*tree = (struct store_tree){ .store = store, .folder = -1, .root = -1 };
	if (there >= 0)
		return -EEXIST;
	if (there != -ENOENT)
		return there;
	snprintf(tree->key, sizeof(tree->key), "%s", key);
	result = store_hold(store);
	if (result < 0)
		return result;
	trees = place_trees(&store->places[0], true);
	if (trees < 0) {
		store_drop(store);
		return trees;
	}
	result = make_root(tree, trees);
	if (result < 0) {
		result = fail(-result, "make the tree %s", key);
		store_tree_abort(tree);
	}
	return result;
}

/* All that is below it is durable, and then it says so. */
static int mark_complete(const struct store_tree *tree)
{
	char text[MARKER_SIZE];
	size_t size = marker_text(text, tree->key);
	auto_fd int marker = -1;

	if (syncfs(tree->folder) < 0)
		return -errno;
	marker = openat(tree->folder, marker_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (marker < 0 || fd_write_all(marker, text, size) < 0 || fsync(marker) < 0 ||
	    fsync(tree->folder) < 0)
		return -errno;
	return 0;
}

/* What has the name and is not complete makes room. 0; -EEXIST: there is one that is. */
static int put_in_place(struct store_tree *tree, int trees)
{
	char doomed[STORE_TEMPORARY];
	int complete;

	while (renameat(trees, tree->temporary, trees, tree->key) < 0) {
		if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
			return -errno;
		complete = tree_is_complete(trees, tree->key);
		if (complete)
			return complete < 0 ? complete : -EEXIST;
		if (renameat(trees, tree->key, trees, temporary_name(doomed, "old")) < 0 &&
		    errno != ENOENT)
			return -errno;
		if (tree_remove(trees, doomed) < 0)
			return error_result();
	}
	return fsync(trees) < 0 ? -errno : 0;
}

static void tree_close(struct store_tree *tree)
{
	if (tree->folder >= 0 || tree->root >= 0 || *tree->temporary)
		store_drop(tree->store);
	close_fd(&tree->root);
	close_fd(&tree->folder);
	*tree->temporary = '\0';
}

int store_tree_commit(struct store_tree *tree)
{
	int trees = place_trees(&tree->store->places[0], true);
	int result = trees < 0 ? trees : mark_complete(tree);

	if (result == 0)
		result = put_in_place(tree, trees);
	if (result == 0) {
		tree_close(tree);
		return 0;
	}
	if (result != -EEXIST)
		result = fail(-result, "complete the tree %s", tree->key);
	store_tree_abort(tree);
	/* Another process was first: it is the same. */
	return result == -EEXIST ? 0 : result;
}

void store_tree_abort(struct store_tree *tree)
{
	struct error reason = *error_last();
	int trees = place_trees(&tree->store->places[0], false);

	if (trees >= 0 && *tree->temporary)
		tree_remove(trees, tree->temporary);
	tree_close(tree);
	*error_last() = reason;
	errno = reason.no;
}
