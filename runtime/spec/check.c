/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of single objects that one row cannot say: mounts, hooks, mappings, devices. */
#include <string.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/path.h"
#include "runtime/spec/spec.h"
#include "runtime/spec/table.h"

static int check_mount(struct spec_reader *reader, const struct spec_frame *frame,
		       struct spec_mount *mount)
{
	const size_t size = strlen(mount->destination) + 2; /* room for a slash that was missing */
	char *clean;

	if (mount->destination[0] != '/')
		spec_warn(reader, frame, "destination \"%.64s\" is not absolute, taken from \"/\"",
			  mount->destination);
	clean = arena_alloc(reader->arena, size);
	if (!clean || path_clean(mount->destination, clean, size) < 0)
		return -ENOMEM;
	mount->destination = clean;
	return 0;
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
		return IS_ENABLED(CONFIG_SECCOMP) ?
			       spec_check_seccomp(reader, frame, object, base) :
			       0;
	default:
		return 0;
	}
}
