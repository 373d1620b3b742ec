/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root file system: lower folders (trees of the store, mounted layers), bottom first, and over
 * them overlayfs. It gets them as /proc/self/fd/N: no character of a path needs escaping, 128 fit
 * into the page that mount(2) takes, and what was opened is what is mounted.
 *
 * The root folder itself is the topmost layer's, says overlayfs; but most layers do not say what it
 * is like. So the upper folder gets what the topmost layer says that does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/settings.h"
#include "image/store/store.h"
#include "image/unpack/layers.h"
#include "image/unpack/mount_api.h"
#include "image/unpack/mount_layer.h"
#include "image/unpack/unpack.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"

enum {
	ROOT_LOWERS = DOCUMENT_MAX_LAYERS + 1,
	ROOT_OPTIONS = 4096, /* a page: what mount(2) takes */
};

struct root {
	struct arena arena;
	struct store *store;
	const struct image *image;
	const struct root_request *request;
	int folder;
	size_t count;
	int lowers[ROOT_LOWERS]; /* O_PATH */
	int like;		 /* of `lowers`: whose root folder is the image's; or -1 */
};

static void root_end(struct root *root)
{
	while (root->count)
		close_fd(&root->lowers[--root->count]);
	close_fd(&root->folder);
	arena_free(&root->arena);
}
#define auto_root __attribute__((cleanup(root_end)))

/* ".wh..wh..opq" at the top of a layer: overlayfs does not look there. */
static bool hides_all(int tree)
{
	auto_fd int fd = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fgetxattr(fd, "trusted.overlay.opaque", NULL, 0) > 0;
}

static void add_tree(struct root *root, int tree)
{
	if (hides_all(tree)) {
		while (root->count)
			close_fd(&root->lowers[--root->count]);
		root->like = -1;
	}
	if (faccessat(tree, "../" TREE_ROOT_SET, F_OK, 0) == 0)
		root->like = (int)root->count;
	root->lowers[root->count++] = tree;
}

static int add_layer(struct root *root, size_t number)
{
	const struct descriptor *layer = &root->image->manifest.layers[number];
	char name[32];
	int fd;

	if (layer_is_mounted(root->image, number)) {
		snprintf(name, sizeof(name), "lower-%zu", number);
		fd = mount_layer(root->store, layer, &(struct mount_place){ root->folder, name },
				 root->request->verity);
		if (fd < 0)
			return fd;
		root->like = (int)root->count;
		root->lowers[root->count++] = fd;
		return 0;
	}
	fd = layer_tree(&root->arena, root->store, root->image, number);
	if (fd < 0)
		return fail(-fd, "layer %zu: it is not unpacked", number);
	add_tree(root, fd);
	return 0;
}

static int add_layers(struct root *root, bool flat)
{
	const size_t layers = root->image->manifest.layer_count;
	int tree = -ENOENT, result = 0;

	if (layers == 0 || layers != root->image->config.diff_id_count)
		return fail_as(ERROR_UNSUPPORTED, 0, "it has no layers");
	for (size_t i = 0; !flat && result == 0 && i < layers; i++)
		result = add_layer(root, i);
	if (!flat)
		return result;
	tree = flat_tree(&root->arena, root->store, root->image);
	if (tree < 0)
		return fail(-tree, "it is not unpacked");
	root->like = 0;
	root->lowers[root->count++] = tree;
	return 0;
}

/* Is all in one tree? Preferred to many only if it is there and they are not. */
static bool is_flat(struct root *root, const struct image_settings *settings)
{
	auto_fd int flat = -1;

	if (image_has_mounted(root->image))
		return false;
	if (settings->flat || !overlay_is_there())
		return true;
	for (size_t i = 0; i < root->image->manifest.layer_count; i++) {
		auto_fd int tree = layer_tree(&root->arena, root->store, root->image, i);

		if (tree < 0) {
			flat = flat_tree(&root->arena, root->store, root->image);
			break;
		}
	}
	return flat >= 0;
}

/* A folder of ours that the root's attributes are seen of. -EEXIST, unrecorded: it was there. */
static int make_top(const struct root *root, int parent, const char *name)
{
	struct stat status = { .st_mode = 0755 };
	auto_fd int fd = -1;

	if (mkdirat(parent, name, 0700) < 0)
		return errno == EEXIST ? -EEXIST : fail(errno, "make folder %s", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (root->like >= 0 && fstat(root->lowers[root->like], &status) < 0) ||
	    (root->like >= 0 && fchown(fd, status.st_uid, status.st_gid) < 0) ||
	    fchmod(fd, status.st_mode & 07777) < 0)
		return fail(errno, "make folder %s", name);
	return 0;
}

static char *add_option(char *at, const char *end, const char *key, int fd)
{
	char path[PATH_FD_SIZE];

	if (at < end)
		at += snprintf(at, (size_t)(end - at), "%s%s", key, path_of_fd(fd, path));
	return at;
}

static int mount_overlay(const struct root *root, int target, int upper, int work)
{
	/* What a mounted layer may have of its own accord leads nowhere. */
	static const char strict[] = ",redirect_dir=nofollow,metacopy=off";
	char options[ROOT_OPTIONS], *at = options, *end = options + sizeof(options);
	int result;

	for (size_t i = root->count; i-- > 0;)
		at = add_option(at, end, at == options ? "lowerdir=" : ":", root->lowers[i]);
	at = add_option(at, end, ",upperdir=", upper);
	at = add_option(at, end, ",workdir=", work);
	if (end - at < (ptrdiff_t)sizeof(strict))
		return fail(E2BIG, "overlayfs: too many layers");
	memcpy(at, strict, sizeof(strict));
	result = mount_to(target, "overlay", "overlay", 0, options);
	if (result == -EINVAL) { /* before 4.19 */
		*at = '\0';
		result = mount_to(target, "overlay", "overlay", 0, options);
	}
	return result < 0 ? fail(-result, "mount overlayfs") : 0;
}

static int open_upper(const struct root *root)
{
	auto_fd int below = -1;
	int fd, result;

	if (root->request->upper && !root->request->read_only) {
		fd = openat(AT_FDCWD, root->request->upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? fail(errno, "open %s", root->request->upper) : fd;
	}
	below = mount_folder(root->folder, "upper");
	if (below < 0)
		return below;
	result = mount_to(below, "upper", "tmpfs", 0, "mode=0700");
	if (result < 0)
		return fail(-result, "mount a tmpfs");
	fd = openat(root->folder, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail(errno, "open upper") : fd;
}

/* Also a read-only root: the runtime makes what is mounted on and missing, then it is read-only. */
static int mount_writable(const struct root *root, int target)
{
	auto_fd int folder = open_upper(root), upper = -1, work = -1;
	int result;

	if (folder < 0)
		return folder;
	result = make_top(root, folder, "upper");
	if (result < 0 && result != -EEXIST)
		return result;
	upper = mount_folder(folder, "upper");
	work = upper < 0 ? upper : mount_folder(folder, "work");
	return work < 0 ? work : mount_overlay(root, target, upper, work);
}

/* One folder, as it is. */
static int mount_bind(const struct root *root, int target)
{
	char source[PATH_FD_SIZE];
	auto_fd int mounted = -1;
	struct statvfs status;
	unsigned long flags;
	int result = mount_to(target, path_of_fd(root->lowers[0], source), NULL, MS_BIND, NULL);

	if (result < 0)
		return fail(-result, "bind the tree");
	mounted = openat(root->folder, "rootfs", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mounted < 0 || fstatvfs(mounted, &status) < 0)
		return fail(errno, "open the tree");
	/* In a user namespace these are locked. */
	flags = status.f_flag & (MS_NOSUID | MS_NOEXEC);
	result = mount_to(mounted, NULL, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL);
	return result < 0 ? fail(-result, "make the tree read-only") : 0;
}

static int mount_all(struct root *root, const struct image_settings *settings)
{
	int result = add_layers(root, is_flat(root, settings));
	auto_fd int target = -1;

	if (result < 0)
		return result;
	target = mount_folder(root->folder, "rootfs");
	if (target < 0)
		return target;
	if (overlay_is_there())
		return mount_writable(root, target);
	if (root->request->read_only && root->count == 1)
		return mount_bind(root, target);
	return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "%s needs overlayfs",
		       root->request->read_only ? "a root of several layers" : "a writable root");
}

int root_mount(struct store *store, const struct image *image,
	       const struct image_settings *settings, const struct root_request *request)
{
	auto_root struct root root = {
		.store = store, .image = image, .request = request, .folder = -1, .like = -1
	};
	struct error error;
	int result;

	root.folder = openat(AT_FDCWD, request->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root.folder < 0)
		return fail(errno, "open %s", request->folder);
	result = mount_all(&root, settings);
	if (result == 0)
		return 0;
	fail_context(result, "%s", image->name);
	error = *error_last();
	while (root.count) /* else they are busy */
		close_fd(&root.lowers[--root.count]);
	root_unmount(request->folder);
	*error_last() = error;
	return result;
}
