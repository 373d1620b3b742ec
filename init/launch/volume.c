/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes: where each class is kept, and making it there. */
#include <dirent.h>
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

#define BOOT_VOLUMES INIT_RUN "/volumes"

int storage_open(const struct run *run, const char *what)
{
	const char *data = run_text(run, run->plan->system->data);
	auto_fd int fd = -1;

	if (!data)
		return fail_as(ERROR_CONFIG, 0, "%s: system.json names no \"data\" partition",
			       what);
	fd = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail(errno, "%s: %s", what, data) : take_fd(&fd);
}

int storage_make(const char *path)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? fail(errno, "make %s", path) : 0;
}

int storage_mount(const char *path, const char *options)
{
	auto_fd int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat above, here;

	if (fd < 0 || fstat(fd, &here) < 0 || fstatat(fd, "..", &above, 0) < 0)
		return fail(errno, "look at %s", path);
	if (above.st_dev != here.st_dev)
		return 0; /* from an earlier run */
	if (mount("tmpfs", path, "tmpfs", MS_NODEV, options) < 0)
		return fail(errno, "mount a tmpfs on %s", path);
	return 0;
}

/*
 * It comes to be under another name and gets its own once it belongs to whom it should: so it is
 * right or not there, whatever happens.
 */
static int make_kept(int data, const char *path, const char *fresh, const struct owner *owner,
		     mode_t mode)
{
	auto_fd int volumes = -1;
	auto_fd int made = path_open(data, path, O_PATH | O_DIRECTORY, 0, PATH_NO_SYMLINKS);

	if (made >= 0 || made != -ENOENT)
		return made < 0 ? fail(-made, "volume %s", path) : 0;
	/* Programs with the setuid bit that a container leaves there are for nobody else. */
	volumes = path_make_directory(data, "volumes", 0700);
	made = volumes < 0 ? volumes : path_make_directory(data, fresh, mode);
	if (made < 0)
		return made;
	if (fchownat(made, "", owner->uid, owner->gid, AT_EMPTY_PATH) < 0 ||
	    renameat(data, fresh, data, path) < 0)
		return fail(errno, "make volume %s", path);
	return 0;
}

static char *kept_volume(const struct run *run, const struct plan_volume *volume,
			 const struct owner *owner)
{
	const bool permanent = volume->class == VOLUME_PERMANENT;
	const char *class = permanent ? "permanent" :
					arena_printf(run->arena, "revision/%u",
						     (unsigned int)run->plan->header->revision);
	const char *name = run_text(run, volume->name);
	auto_fd int data = storage_open(run, name);
	char *path =
		class ? arena_printf(run->arena, "volumes/%s/%s/%s", class, run->name, name) : NULL;
	char *fresh =
		class ? arena_printf(run->arena, "volumes/%s/%s/.%s", class, run->name, name) :
			NULL;

	if (data < 0 || !path || !fresh ||
	    make_kept(data, path, fresh, owner, (mode_t)volume->mode) < 0)
		return NULL;
	return arena_printf(run->arena, "%s/%s", run_text(run, run->plan->system->data), path);
}

static char *boot_volume(const struct run *run, const struct plan_volume *volume,
			 const struct owner *owner)
{
	char *folder = arena_printf(run->arena, BOOT_VOLUMES "/%s", run->name);
	char *path =
		folder ? arena_printf(run->arena, "%s/%s", folder, run_text(run, volume->name)) :
			 NULL;
	/* The plan gives it a size: 0 would be none. */
	char *options = arena_printf(run->arena, "mode=%o,uid=%u,gid=%u,size=%uk",
				     (unsigned int)volume->mode, (unsigned int)owner->uid,
				     (unsigned int)owner->gid, (unsigned int)volume->size_kib);

	if (!path || !options || storage_make(BOOT_VOLUMES) < 0 || storage_make(folder) < 0 ||
	    storage_make(path) < 0 || storage_mount(path, options) < 0)
		return NULL;
	return path;
}

char *volume_source(const struct run *run, const struct plan_volume *volume,
		    const struct owner *owner)
{
	return volume->class == VOLUME_BOOT ? boot_volume(run, volume, owner) :
					      kept_volume(run, volume, owner);
}

int storage_unmount(const char *path)
{
	if (!path)
		return -ENOMEM;
	while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	if (errno != EINVAL && errno != ENOENT)
		return fail(errno, "unmount %s", path);
	return rmdir(path) < 0 && errno != ENOENT ? fail(errno, "remove %s", path) : 0;
}

/* All that are there, also those that the plan no longer names. */
int volumes_reset(const struct run *run)
{
	const char *folder = arena_printf(run->arena, BOOT_VOLUMES "/%s", run->name);
	const struct dirent *entry;
	DIR *stream = folder ? opendir(folder) : NULL;
	int result = 0;

	if (!stream)
		return errno == ENOENT ? 0 : fail(errno, "open %s", folder);
	while (result == 0 && (entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			result = storage_unmount(
				arena_printf(run->arena, "%s/%s", folder, entry->d_name));
	closedir(stream);
	return result < 0 ? result : storage_unmount(folder);
}
