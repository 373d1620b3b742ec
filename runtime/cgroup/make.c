/* SPDX-License-Identifier: Apache-2.0 */
/* Making the groups, and giving them their controllers. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "runtime/cgroup/internal.h"

enum {
	MAKE_TRIES = 16,
	GROUP_MODE = 0755,
};

/* ---- folders ---- */

static int make_parents(const struct group *group)
{
	char path[PATH_MAX];

	group_path(group, path);
	for (char *slash = path + group->mount_length + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, GROUP_MODE) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* Another container that goes away may take an empty parent with it just now: again, then. */
static int make_folder(struct group *group)
{
	int result;

	for (unsigned int tries = 0; tries < MAKE_TRIES; tries++) {
		if (mkdir(group->path, GROUP_MODE) == 0) {
			group->ours = true;
			return 0;
		}
		if (errno == EEXIST && group->exists) {
			group->ours = true;
			return 0;
		}
		if (errno == EEXIST)
			return fail_as(ERROR_STATE, EBUSY,
				       "linux.cgroupsPath: somebody else has just made cgroup %s",
				       group->path);
		if (errno != ENOENT)
			return fail(errno, "make cgroup %s", group->path);
		result = make_parents(group);
		if (result < 0 && result != -ENOENT)
			return fail(-result, "make the cgroups above %s", group->path);
	}
	return fail(ENOENT, "make cgroup %s", group->path);
}

/* ---- v1 cpuset: a new group has no processors and no memory, and takes no process then ---- */

/*
 * The value of a group, "" if it has none. Mounted with "noprefix", as Android does, the files are
 * "cpus" and "mems".
 */
static ssize_t cpuset_read(const char *group, const char **file, char *value, size_t size)
{
	char path[GROUP_PATH_SIZE];
	ssize_t result;

	snprintf(path, sizeof(path), "%s/%s", group, *file);
	result = host_read(path, value, size);
	if (result == -ENOENT && strchr(*file, '.')) {
		*file = strchr(*file, '.') + 1;
		return cpuset_read(group, file, value, size);
	}
	return result > 0 && value[0] == '\n' ? 0 : result;
}

/*
 * Gives the group `path` the value of its parent, which may need to get it from its own parent
 * first.
 */
static int cpuset_inherit(char *path, size_t mount_length, const char *file, char *value,
			  size_t size)
{
	char *slash = strrchr(path, '/'), name[GROUP_PATH_SIZE];
	ssize_t got;

	if (strlen(path) <= mount_length)
		return -ENODATA;
	*slash = '\0';
	got = cpuset_read(path, &file, value, size);
	if (got == 0)
		got = cpuset_inherit(path, mount_length, file, value, size);
	*slash = '/';
	if (got < 0)
		return (int)got;
	snprintf(name, sizeof(name), "%s/%s", path, file);
	return file_write(AT_FDCWD, name, value, strlen(value));
}

static int fill_cpuset(const struct group *group)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char path[PATH_MAX], value[GROUP_FILE_SIZE];

	for (size_t i = 0; i < 2; i++) {
		int result;

		group_path(group, path);
		result = cpuset_inherit(path, group->mount_length, files[i], value, sizeof(value));
		if (result < 0)
			return fail(-result, "take %s of cgroup %s from its parent", files[i],
				    group->path);
	}
	return 0;
}

/* ---- v2 controllers ---- */

/* "+cpu +io ..." of the controllers that are wanted, that there are, and that are not in `enabled`.
 */
static void list_missing(struct cgroup *cgroup, const char *enabled, char *list, size_t size)
{
	const char *word = cgroup->available;
	size_t used = 0, length;

	list[0] = '\0';
	for (; *word; word += length + (word[length] != '\0')) {
		char name[64];

		length = strcspn(word, " \n");
		if (length == 0 || length >= sizeof(name))
			continue;
		memcpy(name, word, length);
		name[length] = '\0';
		if (!group_is_usual(name) &&
		    !(cgroup->needed && word_in(cgroup->needed, ' ', name)))
			continue;
		if (!word_in(enabled, ' ', name) && used + length + 3 < size)
			used += (size_t)snprintf(list + used, size - used, "%s+%s", used ? " " : "",
						 name);
	}
}

/*
 * A group with processes in it cannot give controllers to groups below. Some the kernel would take
 * all the same, and make it a "threaded domain" whose groups take no process: so look first. The
 * root of all, which has no cgroup.type, is free of this.
 */
static bool is_occupied(const char *path)
{
	char file[GROUP_PATH_SIZE], text[64];

	snprintf(file, sizeof(file), "%s/cgroup.type", path);
	if (host_read(file, text, sizeof(text)) == -ENOENT)
		return false;
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	return host_read(file, text, sizeof(text)) != 0;
}

/* One controller that could not be enabled: an error if a limit needs it. */
static int not_enabled(const struct cgroup *cgroup, const char *controller, const char *path,
		       int no)
{
	if (cgroup->needed && word_in(cgroup->needed, ' ', controller))
		return fail(no, "enable the %s controller for the groups below %s%s", controller,
			    path, no == EBUSY ? ", which has processes itself" : "");
	log_debug("cgroup %s: %s is not enabled: %s", path, controller, error_errno_text(no));
	return 0;
}

/* All at once if the kernel takes that; else one by one, and only what a limit needs must succeed.
 */
static int write_controllers(struct cgroup *cgroup, int fd, char *list, const char *path)
{
	const bool occupied = is_occupied(path);
	char *word, *rest = list;

	if (!occupied && write(fd, list, strlen(list)) >= 0)
		return 0;
	while ((word = strsep(&rest, " "))) {
		int result = 0;

		if (occupied)
			result = not_enabled(cgroup, word + 1, path, EBUSY);
		else if (write(fd, word, strlen(word)) < 0)
			result = not_enabled(cgroup, word + 1, path, errno);
		if (result < 0)
			return result;
	}
	return 0;
}

static int enable_in(struct cgroup *cgroup, const char *path)
{
	char file[GROUP_PATH_SIZE], enabled[GROUP_FILE_SIZE];
	char list[GROUP_FILE_SIZE];
	auto_fd int fd = -1;
	ssize_t length;

	snprintf(file, sizeof(file), "%s/cgroup.subtree_control", path);
	fd = openat(AT_FDCWD, file, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return cgroup->needed ? fail(errno, "open %s", file) : 0;
	length = read(fd, enabled, sizeof(enabled) - 1);
	if (length < 0)
		return fail(errno, "read %s", file);
	enabled[length] = '\0';
	list_missing(cgroup, enabled, list, sizeof(list));
	return list[0] ? write_controllers(cgroup, fd, list, path) : 0;
}

int group_enable(struct cgroup *cgroup)
{
	const struct group *group = group_v2(cgroup);
	char path[PATH_MAX], list[GROUP_FILE_SIZE];
	int result = 0;

	if (!group || (!cgroup->needed && !group_lacks_usual(cgroup)))
		return 0;
	if (!group_v2_available(cgroup) || !group_v2_enabled(cgroup))
		return -ENOMEM;
	list_missing(cgroup, cgroup->enabled, list, sizeof(list));
	if (list[0] == '\0')
		return 0;
	group_path(group, path);
	for (char *slash = path + group->mount_length; slash && result == 0;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		result = enable_in(cgroup, path);
		*slash = '/';
	}
	return result;
}

/* ---- all together ---- */

/* A group below one that is frozen is so from birth, and would never let its process run. */
static int check_frozen(struct cgroup *cgroup)
{
	struct group *group = group_freezer(cgroup);

	if (!group || strchr(group->path + group->mount_length + 1, '/') == NULL ||
	    group_is_frozen(group) <= 0)
		return 0;
	return fail_as(ERROR_STATE, EBUSY, "linux.cgroupsPath: a cgroup above %s is frozen",
		       group->path);
}

static int make_group(struct group *group)
{
	int result = make_folder(group);

	if (result < 0)
		return result;
	if (group_is_v2(group) && group_open(group) < 0)
		return fail(errno, "open cgroup %s", group->path);
	if (!group_is_v2(group) && word_in(group->controllers, ',', "cpuset"))
		return fill_cpuset(group);
	return 0;
}

static int make(struct cgroup *cgroup, bool controllers)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < cgroup->count; i++)
		result = make_group(&cgroup->groups[i]);
	if (result == 0)
		result = check_frozen(cgroup);
	if (result == 0 && (controllers || cgroup->needed))
		result = group_enable(cgroup);
	if (result < 0)
		group_unmake(cgroup);
	return result;
}

int cgroup_make(struct cgroup *cgroup)
{
	return make(cgroup, true);
}

int cgroup_make_bare(struct cgroup *cgroup)
{
	return make(cgroup, false);
}

int cgroup_clone_fd(struct cgroup *cgroup)
{
	struct group *group = group_v2(cgroup);

	return group ? group_open(group) : -1;
}
