/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of system.json: see set_up.h. */
#include <sys/mount.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "init/board/mount_option.h"
#include "init/board/set_up.h"
#include "init/board/source.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/str.h"

enum { WAIT_STEP_MS = 50 };

/* One row, with its texts looked up. */
struct wanted {
	const struct plan_mount *planned;
	const char *source, *target, *type;
	struct mount_options options;
};

static uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Is something mounted on the target already, by the kernel, an initramfs or an earlier try? */
static bool is_mounted(const char *target)
{
	char parent[PATH_MAX];
	struct stat status;

	return snprintf(parent, sizeof(parent), "%s/..", target) < (int)sizeof(parent) &&
	       stat(parent, &status) == 0 && board_is_mounted(target, &status);
}

static int call(const struct wanted *wanted, const char *source, const char *type)
{
	unsigned long flags = wanted->options.flags;

	/* A second try: what has no device takes the new options, the others are as they were. */
	if (!(flags & (MS_REMOUNT | MS_BIND | MS_MOVE)) && is_mounted(wanted->target)) {
		if (source[0] == '/')
			return 0;
		flags |= MS_REMOUNT;
	}
	return mount(source, wanted->target, type, flags, wanted->options.data) < 0 ? -errno : 0;
}

/* What mount(2) does in calls of their own: mount_namespaces(7), mount(8) on bind mounts. */
static int call_again(const struct wanted *wanted)
{
	const unsigned long flags = wanted->options.flags;
	const unsigned long own = flags & ~(unsigned long)(MS_BIND | MS_REC | MS_SILENT);

	if (flags & MS_BIND && !(flags & MS_REMOUNT) && own &&
	    mount(NULL, wanted->target, NULL, MS_REMOUNT | MS_BIND | own, NULL) < 0)
		return -errno;
	if (wanted->options.propagation &&
	    mount(NULL, wanted->target, NULL, wanted->options.propagation, NULL) < 0)
		return -errno;
	return 0;
}

/* The kernel would run modprobe(8) for a file system that it does not know: it is us. */
static int call_with_module(struct set_up *set_up, const struct wanted *wanted, const char *source,
			    const char *type)
{
	char alias[64];
	int result = call(wanted, source, type);

	if (result != -ENODEV || !IS_ENABLED(CONFIG_INIT_MODULES))
		return result;
	snprintf(alias, sizeof(alias), "fs-%.48s", type);
	if (modules_load(&set_up->modules, alias, NULL) < 0)
		return result;
	return call(wanted, source, type);
}

/* -errno, recorded if it says more than the number. */
static int try_once(struct set_up *set_up, const struct wanted *wanted)
{
	const char *source = wanted->source, *type = wanted->type;
	char path[SOURCE_PATH_MAX];
	auto_fd int loop = -1;
	int result;

	if (IS_ENABLED(CONFIG_INIT_MOUNT_TAGS) && source_is_tag(source)) {
		result = source_find(set_up->root, source, path);
		if (result < 0)
			return result;
		source = path;
	}
	if (wanted->options.loop) {
		loop = loop_attach(source, wanted->options.flags & MS_RDONLY, path);
		if (loop < 0)
			return loop;
		source = path;
	}
	/* The kernel has a line to say for each device that it cannot find. */
	if (source[0] == '/' && access(source, F_OK) < 0)
		return -errno;
	if (type[0] == '\0' && !(wanted->options.flags & (MS_BIND | MS_REMOUNT | MS_MOVE))) {
		type = IS_ENABLED(CONFIG_INIT_MOUNT_TAGS) ? source_type(set_up->root, source) :
							    NULL;
		if (!type)
			return -EMEDIUMTYPE;
	}
	result = call_with_module(set_up, wanted, source, type);
	return result < 0 ? result : call_again(wanted);
}

static bool may_appear(int result)
{
	return result == -ENOENT || result == -ENXIO || result == -ENODEV || result == -ENOMEDIUM;
}

static int make_target(const struct set_up *set_up, const struct wanted *wanted)
{
	auto_fd int fd = -1;

	if (!wanted->planned->make)
		return access(wanted->target, F_OK) < 0 ?
			       fail(errno, "mount point %s", wanted->target) :
			       0;
	fd = path_make_directory(set_up->root, wanted->target, 0755);
	return fd < 0 ? fd : 0;
}

static int mount_wanted(struct set_up *set_up, const struct wanted *wanted)
{
	const uint64_t end = milliseconds() + wanted->planned->wait;
	int result = make_target(set_up, wanted);

	if (result < 0)
		return result;
	while (result = try_once(set_up, wanted), may_appear(result) && milliseconds() < end)
		coldplug_wait(&set_up->coldplug, WAIT_STEP_MS);
	if (result == -EMEDIUMTYPE)
		return fail_as(ERROR_CONFIG, 0, "mount %s on %s: no \"type\", and none is known",
			       wanted->source, wanted->target);
	return result < 0 ? fail(-result, "mount %s on %s", wanted->source, wanted->target) : 0;
}

static const char *text_or_empty(const struct plan *plan, uint32_t offset)
{
	const char *text = plan_text(plan, offset);

	return text ? text : "";
}

static void set_up_mount(struct set_up *set_up, const struct plan_mount *planned)
{
	const struct plan *plan = set_up->plan;
	struct wanted wanted = {
		.planned = planned,
		.source = text_or_empty(plan, planned->source),
		.target = text_or_empty(plan, planned->target),
		.type = text_or_empty(plan, planned->type),
	};
	int result;

	if (strcmp(wanted.type, "auto") == 0)
		wanted.type = "";
	if (!wanted.source[0])
		wanted.source = wanted.type[0] ? wanted.type : "none";
	result = mount_options_parse(plan_text(plan, planned->options), &wanted.options);
	if (result == 0)
		result = mount_wanted(set_up, &wanted);
	if (result == 0)
		return;
	set_up_say(result);
	set_up->failed |= planned->required && !wanted.options.nofail;
}

void set_up_mounts(struct set_up *set_up)
{
	const struct plan_list list = set_up->plan->system->mounts;
	const struct plan_mount *mounts = plan_at(set_up->plan, list);

	for (uint32_t i = 0; i < list.count; i++)
		set_up_mount(set_up, &mounts[i]);
}
