/* SPDX-License-Identifier: Apache-2.0 */
/* What can be decided about a mount before there is a container. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs_host.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

char *mount_property(const struct rootfs *rootfs, const struct mount_plan *mount,
		     const char *member, char buffer[MOUNT_PROPERTY_SIZE])
{
	snprintf(buffer, MOUNT_PROPERTY_SIZE, "mounts[%zu].%s", (size_t)(mount - rootfs->mounts),
		 member);
	return buffer;
}

static bool is_none(const char *type)
{
	return !type || !*type || strcmp(type, "none") == 0;
}

static bool is_cgroup(const char *type)
{
	return strcmp(type, "cgroup") == 0 || strcmp(type, "cgroup2") == 0;
}

static enum mount_kind kind_of(const struct mount_plan *mount)
{
	const char *type = mount->spec->type;

	if (mount->options.set & MS_REMOUNT)
		return MOUNT_REMOUNT;
	if (mount->options.set & MS_BIND)
		return MOUNT_BIND;
	if (is_none(type))
		return MOUNT_PROPAGATION;
	if (is_cgroup(type))
		return MOUNT_CGROUP;
	return MOUNT_FRESH;
}

/*
 * Files below /proc that may be covered by a bind mount (lxcfs does); what lies elsewhere in it is
 * the kernel's alone.
 */
static bool may_cover_in_proc(const char *path)
{
	static const char *const allowed[] = {
		"cpuinfo",   "meminfo",	 "stat",
		"uptime",    "loadavg",	 "swaps",
		"diskstats", "slabinfo", "sys/kernel/ns_last_pid",
	};

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (strcmp(path, allowed[i]) == 0)
			return true;
	return false;
}

/*
 * A mount over /proc would make everybody who writes to /proc/self/attr and the like write to a
 * fake (CVE-2019-16884).
 */
static int check_proc(const struct rootfs *rootfs, const struct mount_plan *mount)
{
	const char *destination = mount->spec->destination;
	char property[MOUNT_PROPERTY_SIZE];

	if (!path_has_prefix(destination, "/proc") || mount->kind == MOUNT_REMOUNT ||
	    mount->kind == MOUNT_PROPAGATION)
		return 0;
	mount_property(rootfs, mount, "destination", property);
	if (destination[5] == 0) {
		/* A bind mount must be of a procfs: that is seen when its source is open. */
		if (mount->kind == MOUNT_BIND ||
		    (mount->kind == MOUNT_FRESH && strcmp(mount->spec->type, "proc") == 0))
			return 0;
		return fail_property(property, "only a procfs can be mounted on /proc");
	}
	if (mount->kind == MOUNT_BIND && may_cover_in_proc(destination + 6))
		return 0;
	return fail_property(property, "%s cannot be mounted because it is inside /proc",
			     destination);
}

static int check_bind(struct rootfs *rootfs, struct mount_plan *mount)
{
	char property[MOUNT_PROPERTY_SIZE];

	if (!mount->spec->source || !*mount->spec->source)
		return fail_property(mount_property(rootfs, mount, "source", property),
				     "a bind mount needs a source");
	/* config.md#mounts leaves them to the kernel, which takes none for a bind mount. */
	if (mount->options.data)
		log_warning("%s: \"%s\" has no effect on a bind mount",
			    mount_property(rootfs, mount, "options", property),
			    mount->options.data);
	mount->source = mount->spec->source;
	if (mount->source[0] != '/')
		mount->source =
			arena_printf(rootfs->arena, "%s/%s", rootfs->options.bundle, mount->source);
	return mount->source ? 0 : -ENOMEM;
}

static int check_kind(struct rootfs *rootfs, struct mount_plan *mount)
{
	const char *type = mount->spec->type;
	char property[MOUNT_PROPERTY_SIZE];

	switch (mount->kind) {
	case MOUNT_BIND:
		return check_bind(rootfs, mount);
	case MOUNT_PROPAGATION:
		if (mount->options.propagation_count == 0 || mount->options.set)
			return fail_property(mount_property(rootfs, mount, "type", property),
					     "missing, and no bind mount");
		return 0;
	case MOUNT_FRESH:
		mount->source =
			mount->spec->source && *mount->spec->source ? mount->spec->source : type;
		return 0;
	case MOUNT_REMOUNT:
	case MOUNT_CGROUP:
		break;
	}
	return 0;
}

/* File systems that have labels of their own and take none from us. */
static bool takes_label(const char *type)
{
	return strcmp(type, "proc") != 0 && strcmp(type, "sysfs") != 0 &&
	       strcmp(type, "mqueue") != 0;
}

/* linux.mountLabel: in quotes, for a label may have commas. */
static int add_label(struct rootfs *rootfs, struct mount_plan *mount)
{
	const char *data = mount->options.data;

	if (mount->kind != MOUNT_FRESH || !takes_label(mount->spec->type))
		return 0;
	mount->options.data = arena_printf(rootfs->arena, "%s%scontext=\"%s\"", data ? data : "",
					   data ? "," : "", rootfs_label(rootfs));
	return mount->options.data ? 0 : -ENOMEM;
}

int mount_decide(struct rootfs *rootfs, struct mount_plan *mount)
{
	char property[MOUNT_PROPERTY_SIZE];
	int result;

	mount_property(rootfs, mount, "options", property);
	result =
		mount_options_read(rootfs->arena, &mount->spec->options, property, &mount->options);
	if (result < 0)
		return result;
	/*
	 * Type "bind" alone is no bind mount by the letter of the specification, but all take it
	 * for one.
	 */
	if (mount->spec->type && strcmp(mount->spec->type, "bind") == 0)
		mount->options.set |= MS_BIND;
	mount->kind = kind_of(mount);
	if (strcmp(mount->spec->destination, "/") == 0 && mount->kind != MOUNT_REMOUNT &&
	    mount->kind != MOUNT_PROPAGATION)
		return fail_property(mount_property(rootfs, mount, "destination", property),
				     "cannot be the root itself");
	result = check_kind(rootfs, mount);
	if (result == 0 && rootfs_label(rootfs))
		result = add_label(rootfs, mount);
	return result < 0 ? result : check_proc(rootfs, mount);
}

int mount_open_source(const struct rootfs *rootfs, struct mount_plan *mount)
{
	char property[MOUNT_PROPERTY_SIZE];
	int tree;

	if (mount->kind != MOUNT_BIND)
		return 0;
	tree = host_clone(mount->source, mount->options.set & MS_REC);
	if (tree >= 0) {
		mount->tree = tree;
		return 0;
	}
	/* No such call (< 5.2), or no right to it because we are not root: C tries by path. */
	if (tree == -ENOSYS || tree == -EPERM || tree == -EINVAL)
		return 0;
	return fail(-tree, "%s: %s", mount_property(rootfs, mount, "source", property),
		    mount->source);
}
