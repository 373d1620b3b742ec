/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last look before the user's program: what it will find at each path that was promised to be
 * read-only, nosuid, nodev, noexec or masked. The paths are walked as it will walk them, from its
 * own root, which can only be read here; statfs(2) says the flags of the mount that a path leads
 * to.
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "lib/error.h"
#include "lib/path.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

/* The ST_* flags of these have the values of their MS_* twins. */
#define PROMISED (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* Flags of `wanted` that the mount at `path` does not have, or -errno. */
static long missing_flags(const char *path, unsigned long wanted)
{
	struct statfs info;

	if (statfs(path, &info) < 0)
		return -errno;
	return (long)(wanted & ~(unsigned long)info.f_flags);
}

/* Did a later mount, at the same place or above it, hide this one? */
static bool is_covered(const struct rootfs *rootfs, size_t index)
{
	const char *destination = rootfs->mounts[index].spec->destination;

	for (size_t i = index + 1; i < rootfs->spec->mount_count; i++)
		if (rootfs->mounts[i].kind != MOUNT_PROPAGATION &&
		    path_has_prefix(destination, rootfs->mounts[i].spec->destination))
			return true;
	return false;
}

static int verify_mounts(const struct rootfs *rootfs)
{
	for (size_t i = 0; i < rootfs->spec->mount_count; i++) {
		const struct mount_plan *mount = &rootfs->mounts[i];
		const unsigned long wanted = mount->options.set & PROMISED;
		long missing;

		if (!wanted)
			continue;
		missing = missing_flags(mount->spec->destination, wanted);
		if (missing != 0 && is_covered(rootfs, i))
			continue;
		if (missing < 0)
			return fail((int)-missing, "verify %s", mount->spec->destination);
		if (missing)
			return fail(EPERM, "mount %s has not the flags it was given (%#lx missing)",
				    mount->spec->destination, (unsigned long)missing);
	}
	return 0;
}

static int verify_readonly(const char *path)
{
	const long missing = missing_flags(path, MS_RDONLY);

	if (missing < 0)
		return fail((int)-missing, "verify %s", path);
	return missing ? fail(EPERM, "%s is not read-only", path) : 0;
}

static int verify_masks(const struct rootfs *rootfs)
{
	const struct spec_strings *masked = &rootfs->spec->masked_paths;
	struct stat scratch, info;

	if (rootfs->scratch < 0)
		return 0;
	if (fstat(rootfs->scratch, &scratch) < 0)
		return fail(errno, "verify the masks");
	for (size_t i = 0; i < masked->count; i++) {
		if (!rootfs->covered[i])
			continue;
		if (stat(masked->items[i], &info) < 0)
			return fail(errno, "verify %s", masked->items[i]);
		if (info.st_dev != scratch.st_dev)
			return fail(EPERM, "%s is not masked", masked->items[i]);
	}
	return 0;
}

int rootfs_verify(const struct rootfs *rootfs)
{
	const struct spec_strings *readonly = &rootfs->spec->readonly_paths;
	int result = rootfs->spec->root.readonly ? verify_readonly("/") : 0;

	if (result == 0)
		result = verify_mounts(rootfs);
	for (size_t i = 0; i < readonly->count && result == 0; i++)
		if (rootfs->covered[rootfs->spec->masked_paths.count + i])
			result = verify_readonly(readonly->items[i]);
	return result == 0 ? verify_masks(rootfs) : result;
}
