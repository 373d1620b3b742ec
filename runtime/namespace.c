/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: see namespace.h. */
#include "runtime/namespace.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/process.h"
#include "lib/str.h"

#ifndef NS_GET_NSTYPE
#define NS_GET_NSTYPE _IO(0xb7, 0x3)
#endif

enum { MAP_ROOM = 340 * 33 }; /* the kernel's limit of lines, three numbers each */

static const char *name_of_flag(int flag)
{
	for (int type = 0; type < NAMESPACE_TYPES; type++)
		if (spec_namespace_flag((enum spec_namespace_type)type) == flag)
			return spec_namespace_name((enum spec_namespace_type)type);
	return "unknown";
}

static int open_namespace(enum spec_namespace_type type, const char *path)
{
	const char *name = spec_namespace_name(type);
	auto_fd int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	int found;

	if (fd < 0)
		return fail(errno, "linux.namespaces: open %s namespace %s", name, path);
	found = ioctl(fd, NS_GET_NSTYPE);
	/* Kernels before 4.11 cannot tell: there setns(2) refuses a wrong one. */
	if (found < 0 && errno == ENOTTY) {
		struct stat status;

		if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0)
			return take_fd(&fd);
		return fail_property("linux.namespaces", "%s: %s is not a namespace", name, path);
	}
	if (found < 0)
		return fail(errno, "linux.namespaces: %s namespace %s", name, path);
	if (found != spec_namespace_flag(type))
		return fail_property("linux.namespaces", "%s: %s is a %s namespace", name, path,
				     name_of_flag(found));
	return take_fd(&fd);
}

/* Does a namespace to join differ from the one we are in? */
static bool is_foreign(const struct namespace_plan *plan, enum spec_namespace_type type)
{
	char path[64];
	struct stat ours, theirs;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", spec_namespace_file(type));
	return fstatat(AT_FDCWD, path, &ours, 0) < 0 || fstat(plan->join[type], &theirs) < 0 ||
	       ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev;
}

/* Is there such a namespace of the container's own, so that what happens in it stays there? */
static bool is_own(const struct spec *spec, const struct namespace_plan *plan,
		   enum spec_namespace_type type)
{
	if (!spec->namespaces[type].present)
		return false;
	return !spec->namespaces[type].path || is_foreign(plan, type);
}

static int check_sysctls(const struct spec *spec, const struct namespace_plan *plan)
{
	for (size_t i = 0; i < spec->sysctl_count; i++) {
		const char *name = spec->sysctls[i].name;
		enum spec_namespace_type type = spec_sysctl_namespace(name);

		if (!is_own(spec, plan, type))
			return fail_property("linux.sysctl",
					     "%s needs a %s namespace of the container's own", name,
					     spec_namespace_name(type));
	}
	return 0;
}

int namespace_plan(const struct spec *spec, struct namespace_plan *plan)
{
	int result = 0;

	*plan = (struct namespace_plan){ .new_flags = 0 };
	for (int type = 0; type < NAMESPACE_TYPES; type++)
		plan->join[type] = -1;
	for (int i = 0; result == 0 && i < NAMESPACE_TYPES; i++) {
		const enum spec_namespace_type type = (enum spec_namespace_type)i;

		if (!spec->namespaces[i].present)
			continue;
		if (!spec->namespaces[i].path) {
			plan->new_flags |= spec_namespace_flag(type);
			continue;
		}
		plan->join[i] = open_namespace(type, spec->namespaces[i].path);
		if (plan->join[i] < 0)
			result = plan->join[i];
		else if (type == NAMESPACE_USER && !is_foreign(plan, type))
			close_fd(&plan->join[i]); /* setns(2) to one's own user namespace is EINVAL
						   */
		else
			plan->join_flags |= spec_namespace_flag(type);
	}
	return result < 0 ? result : check_sysctls(spec, plan);
}

void namespace_close(struct namespace_plan *plan)
{
	for (int type = 0; type < NAMESPACE_TYPES; type++)
		close_fd(&plan->join[type]);
}

static int join_one(const struct namespace_plan *plan, enum spec_namespace_type type)
{
	if (setns(plan->join[type], spec_namespace_flag(type)) == 0)
		return 0;
	return fail(errno, "join the %s namespace", spec_namespace_name(type));
}

/* One pass over all but the user namespace; those that may not be joined yet stay in the result. */
static int join_pass(const struct namespace_plan *plan, int *left, bool last)
{
	for (int i = 0; i < NAMESPACE_TYPES; i++) {
		const enum spec_namespace_type type = (enum spec_namespace_type)i;
		int result;

		if (type == NAMESPACE_USER || !(*left & spec_namespace_flag(type)))
			continue;
		result = join_one(plan, type);
		if (result < 0 && (last || result != -EPERM))
			return result;
		if (result == 0)
			*left &= ~spec_namespace_flag(type);
	}
	return 0;
}

int namespace_join(const struct namespace_plan *plan, int flags)
{
	int left = plan->join_flags & flags;
	const bool user = left & CLONE_NEWUSER;
	int result = join_pass(plan, &left, !user);

	if (result < 0 || !user)
		return result;
	result = join_one(plan, NAMESPACE_USER);
	return result < 0 ? result : join_pass(plan, &left, true);
}

static int write_map(int proc, pid_t pid, const char *file, const struct spec_id_mapping *mappings,
		     size_t count)
{
	static const struct spec_id_mapping identity = { 0, 0, UINT32_MAX };
	char path[64], text[MAP_ROOM];
	size_t length = 0;

	if (count == 0) {
		if (!process_is_root())
			return fail_property(
				"linux.uidMappings",
				"a user namespace needs mappings when not made by root");
		mappings = &identity;
		count = 1;
	}
	for (size_t i = 0; i < count; i++) {
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
					   mappings[i].container_id, mappings[i].host_id,
					   mappings[i].size);
		if (length >= sizeof(text))
			return fail_property("linux.uidMappings", "too many mappings");
	}
	snprintf(path, sizeof(path), "%d/%s", (int)pid, file);
	return path_write_proc(proc, path, text);
}

int namespace_write_maps(const struct spec *spec, int proc, pid_t pid)
{
	char path[64];
	int result = 0;

	/* CVE-2014-8989: whoever could not change groups before must not be able to drop them now.
	 */
	if (!process_is_root()) {
		snprintf(path, sizeof(path), "%d/setgroups", (int)pid);
		result = path_write_proc(proc, path, "deny");
	}
	if (result == 0)
		result = write_map(proc, pid, "gid_map", spec->gid_mappings,
				   spec->gid_mapping_count);
	if (result == 0)
		result = write_map(proc, pid, "uid_map", spec->uid_mappings,
				   spec->uid_mapping_count);
	return result;
}

int namespace_write_sysctls(const struct spec *spec, int proc)
{
	char path[300];

	for (size_t i = 0; i < spec->sysctl_count; i++) {
		int result = str_format(path, sizeof(path), "sys/%s", spec->sysctls[i].name);

		if (result == 0)
			result = path_write_proc(proc, path, spec->sysctls[i].value);
		if (result < 0)
			return fail_context(result, "linux.sysctl");
	}
	return 0;
}
