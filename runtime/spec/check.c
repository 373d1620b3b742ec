/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of single objects that one row cannot say: mounts, hooks, mappings, devices. */
#include <string.h>
#include <sys/stat.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "runtime/spec/spec.h"
#include "runtime/spec/table.h"

/*
 * The path without empty components, "." and "..", which steps back (never above "/"), starting
 * with a slash. `path` itself if it is that already.
 */
static const char *clean_path(struct arena *arena, const char *path)
{
	char *clean, *end;

	clean = arena_alloc(arena, strlen(path) + 2);
	if (!clean)
		return NULL;
	for (end = clean; *path; path += strspn(path, "/")) {
		const size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (end > clean && *--end != '/')
				;
			*end = '\0';
		} else if (length && !(length == 1 && path[0] == '.')) {
			*end++ = '/';
			memcpy(end, path, length);
			end += length;
		}
		path += length;
	}
	*end = '\0';
	if (end == clean)
		strcpy(clean, "/");
	return clean;
}

/* Does it have an empty component, "." or "..", or a slash at its end? */
static bool is_clean(const char *path)
{
	if (*path != '/')
		return false;
	if (!path[1])
		return true;
	for (; *path; path += strcspn(path, "/")) {
		path++;
		if (!*path || *path == '/')
			return false;
		if (*path == '.' && (!path[1] || path[1] == '/' ||
				     (path[1] == '.' && (!path[2] || path[2] == '/'))))
			return false;
	}
	return true;
}

static int check_mount(struct spec_reader *reader, const struct spec_frame *frame,
		       struct spec_mount *mount)
{
	if (mount->destination[0] != '/')
		spec_warn(reader, frame, "destination \"%.64s\" is not absolute, taken from \"/\"",
			  mount->destination);
	if (is_clean(mount->destination))
		return 0;
	mount->destination = clean_path(reader->arena, mount->destination);
	return mount->destination ? 0 : -ENOMEM;
}

/* The kernel wants the last id to exist: it is below (uid_t)-1, and nothing wraps around. */
static int check_mapping(const struct spec_reader *reader, const struct spec_frame *frame,
			 const struct spec_id_mapping *mapping)
{
	if (mapping->container_id > UINT32_MAX - mapping->size ||
	    mapping->host_id > UINT32_MAX - mapping->size)
		return spec_fail(reader, frame, "size", "goes beyond the last id");
	return 0;
}

static int check_device(const struct spec_reader *reader, const struct spec_frame *frame,
			const struct spec_device *device)
{
	if (device->type == 'p')
		return 0;
	if (device->major < 0)
		return spec_fail(reader, frame, "major", "is required");
	if (device->minor < 0)
		return spec_fail(reader, frame, "minor", "is required");
	return 0;
}

int spec_check_object(struct spec_reader *reader, const struct spec_frame *frame,
		      enum spec_object object, void *base)
{
	struct spec_hook *hook = base;

	switch (object) {
	case OBJECT_CONFIG:
		return spec_check_config(reader, frame, base);
	case OBJECT_MOUNT:
		return check_mount(reader, frame, base);
	case OBJECT_HOOK:
		/* No argument at all would start it with argc 0. */
		hook->args.present = hook->args.count > 0;
		return 0;
	case OBJECT_ID_MAPPING:
		return check_mapping(reader, frame, base);
	case OBJECT_DEVICE:
		return check_device(reader, frame, base);
	case OBJECT_PROCESS:
	case OBJECT_CAPABILITIES:
	case OBJECT_RLIMIT:
	case OBJECT_SCHEDULER:
		return spec_check_process(reader, frame, object, base);
	case OBJECT_RESOURCES:
	case OBJECT_CPU:
	case OBJECT_RDMA:
		return spec_check_resources(reader, frame, object, base);
	case OBJECT_SECCOMP:
	case OBJECT_SYSCALL:
		return spec_check_seccomp(reader, frame, object, base);
	default:
		return 0;
	}
}
