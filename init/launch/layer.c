/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writable layer: an overlay over the bundle's root, so that the root itself may lie on a
 * read-only file system, and that what was written can be thrown away.
 * (kernel: Documentation/filesystems/overlayfs.rst)
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/launch/internal.h"
#include "init/paths.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/tree.h"

#define BOOT_LAYERS INIT_RUN "/layers"
#define KEPT_LAYERS "layers"

/* ---- where it is kept ---- */

static char *boot_layer(const struct run *run)
{
	char *path = arena_printf(run->arena, BOOT_LAYERS "/%s", run->name);

	if (!path || storage_make(BOOT_LAYERS) < 0 || storage_make(path) < 0 ||
	    storage_mount(path, "mode=0700") < 0)
		return NULL;
	return path;
}

/* What is being removed has another name, so that half of it is never taken for a layer. */
static int remove_kept(const struct run *run, bool all)
{
	char name[PLAN_NAME_MAX + 1], doomed[PLAN_NAME_MAX + 2];
	auto_fd int data = storage_open(run, "layer");
	auto_fd int layers = -1;
	int result;

	if (data < 0)
		return data;
	layers = path_open(data, KEPT_LAYERS, O_RDONLY | O_DIRECTORY, 0, PATH_NO_SYMLINKS);
	if (layers < 0)
		return layers == -ENOENT ? 0 : fail(-layers, "open " KEPT_LAYERS);
	snprintf(name, sizeof(name), "%s", run->name);
	snprintf(doomed, sizeof(doomed), ".%s", run->name);
	result = tree_remove(layers, doomed);
	if (result < 0 || !all)
		return result;
	if (renameat(layers, name, layers, doomed) < 0)
		return errno == ENOENT ? 0 : fail(errno, "reset the layer of %s", name);
	fsync(layers);
	return tree_remove(layers, doomed);
}

static char *kept_layer(const struct run *run)
{
	char *below = arena_printf(run->arena, KEPT_LAYERS "/%s", run->name);
	auto_fd int data = storage_open(run, "layer");
	auto_fd int layers = -1;
	auto_fd int made = -1;

	if (!below || data < 0 || remove_kept(run, false) < 0)
		return NULL;
	layers = path_make_directory(data, KEPT_LAYERS, 0700);
	made = layers < 0 ? -1 : path_make_directory(data, below, 0700);
	if (made < 0)
		return NULL;
	return arena_printf(run->arena, "%s/%s", run_text(run, run->plan->system->data), below);
}

/* ---- the overlay ---- */

/* The upper folder shows as the root: it is to look like the one below. */
static int make_upper(const char *path, const char *lower)
{
	struct stat status;

	if (stat(lower, &status) < 0)
		return fail(errno, "root %s", lower);
	if (mkdir(path, status.st_mode & 07777) < 0)
		return errno == EEXIST ? 0 : fail(errno, "make %s", path);
	if (chown(path, status.st_uid, status.st_gid) < 0)
		return fail(errno, "own %s", path);
	return 0;
}

static int mount_overlay(const struct run *run, const char *root, const char *lower,
			 const char *kept)
{
	const char *options =
		arena_printf(run->arena, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", lower,
			     kept, kept);

	/* These separate the options and the layers. */
	if (strpbrk(lower, ":,\\") || strpbrk(kept, ":,\\"))
		return fail(EINVAL, "layer over %s: a path with one of \":,\\\"", lower);
	if (!options)
		return -ENOMEM;
	if (mount("overlay", root, "overlay", 0, options) < 0)
		return fail(errno, "layer over %s%s", lower,
			    errno == ENODEV ? ": the kernel has no overlayfs (CONFIG_OVERLAY_FS)" :
					      "");
	return 0;
}

char *layer_mount(const struct run *run, const char *lower)
{
	struct arena *arena = run->arena;
	char *kept = run->unit->layer == LAYER_BOOT ? boot_layer(run) : kept_layer(run);
	char *upper = kept ? arena_printf(arena, "%s/upper", kept) : NULL;
	char *work = kept ? arena_printf(arena, "%s/work", kept) : NULL;
	char *root = run_path(run, RUN_ROOT);

	if (!upper || !work || !root || make_upper(upper, lower) < 0 || storage_make(work) < 0 ||
	    storage_make(root) < 0 || mount_overlay(run, root, lower, kept) < 0)
		return NULL;
	return root;
}

int layer_unmount(const struct run *run)
{
	return storage_unmount(run_path(run, RUN_ROOT));
}

int layer_reset(const struct run *run)
{
	int result = storage_unmount(arena_printf(run->arena, BOOT_LAYERS "/%s", run->name));

	if (result == 0 && run->plan->system->data)
		result = remove_kept(run, true);
	return result;
}
