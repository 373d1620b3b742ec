/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hierarchies there are, where they are mounted, and where we are in them: /proc/self/cgroup
 * names the hierarchies (cgroups(7)), /proc/self/mountinfo their places (proc_pid_mountinfo(5)).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/path.h"
#include "runtime/cgroup/internal.h"

enum {
	SELF_CGROUP_SIZE = 8192,
	MOUNTINFO_LIMIT = 64 << 20,
	CGROUP2_MAGIC = 0x63677270,
};

static const char usual_place[] = "/sys/fs/cgroup";

/* A line of mountinfo, cut into its words; escapes stand as they are. */
struct mount {
	int id, parent;
	char *root, *point, *options, *type, *super;
};

/* Cuts the next word off; NULL at the end of the line. */
static char *next_word(char **line)
{
	char *word = *line, *end;

	if (!word || *word == '\0')
		return NULL;
	end = strchr(word, ' ');
	if (end)
		*end = '\0';
	*line = end ? end + 1 : NULL;
	return word;
}

/* "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:5 - tmpfs tmpfs rw,mode=755" */
static bool parse_mount(char *line, struct mount *mount)
{
	char *id = next_word(&line), *parent = next_word(&line), *word;

	next_word(&line);
	mount->root = next_word(&line);
	mount->point = next_word(&line);
	mount->options = next_word(&line);
	do
		word = next_word(&line);
	while (word && strcmp(word, "-") != 0);
	mount->type = next_word(&line);
	next_word(&line);
	mount->super = next_word(&line);
	if (!mount->super)
		return false;
	mount->id = atoi(id);
	mount->parent = atoi(parent);
	return true;
}

/* \040, \011, \012, \134 and what else the kernel may write as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* Is `above` the same place as `point`, or a folder over it? By components. */
static bool is_above(const char *above, const char *point)
{
	size_t length = strlen(above);

	if (strcmp(above, "/") == 0)
		return true;
	return strncmp(above, point, length) == 0 &&
	       (point[length] == '/' || point[length] == '\0');
}

static const struct mount *by_id(const struct mount *mounts, size_t count, int id)
{
	for (size_t i = 0; i < count; i++) {
		if (mounts[i].id == id)
			return &mounts[i];
	}
	return NULL;
}

/*
 * Is something mounted over `mount`, or over a folder on the way to it? A path lookup goes down
 * the chain of parents; it leaves the chain where another child of a link sits on the path.
 */
static bool is_hidden(const struct mount *mounts, size_t count, const struct mount *mount)
{
	const struct mount *child = NULL, *node = mount;

	for (size_t depth = 0; node && depth <= count; depth++) {
		const char *point = child ? child->point : node->point;

		for (size_t i = 0; i < count; i++) {
			const struct mount *other = &mounts[i];

			if (other->parent != node->id || other == node || other == child ||
			    !is_above(other->point, point))
				continue;
			/* At the same place under the same parent: the later one is on top. */
			if (!child || strcmp(other->point, point) != 0 || other->id > child->id)
				return true;
		}
		child = node;
		node = node->parent == node->id ? NULL : by_id(mounts, count, node->parent);
	}
	return false;
}

static bool is_cgroup(const struct mount *mount)
{
	return (IS_ENABLED(CONFIG_CGROUP_V2) && strcmp(mount->type, "cgroup2") == 0) ||
	       (IS_ENABLED(CONFIG_CGROUP_V1) && strcmp(mount->type, "cgroup") == 0);
}

struct mounts {
	struct mount *items;
	size_t count;
};

static int parse_mounts(struct arena *arena, char *mountinfo, struct mounts *mounts)
{
	size_t lines = 1;
	char *end;

	for (const char *at = mountinfo; (at = strchr(at, '\n')); at++)
		lines++;
	mounts->items = arena_array(arena, lines, sizeof(mounts->items[0]));
	if (!mounts->items)
		return -ENOMEM;
	for (char *line = mountinfo; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (parse_mount(line, &mounts->items[mounts->count]))
			mounts->count++;
	}
	return 0;
}

/*
 * The path of our own group below a mount whose root is the group `root`; NULL if it is not in
 * there.
 */
static const char *below_root(const char *root, const char *own)
{
	const char *deleted = " (deleted)";
	size_t length = strlen(own);

	/* Other than "/" only where the mount, or we, are outside of the cgroup namespace. */
	if (has_dotdot(own) || has_dotdot(root) || !is_above(root, own))
		return NULL;
	if (length > strlen(deleted) && strcmp(own + length - strlen(deleted), deleted) == 0)
		return NULL;
	own += strcmp(root, "/") == 0 ? 0 : strlen(root);
	return strcmp(own, "/") == 0 ? "" : own;
}

/* How good a mount is to reach a hierarchy by: our own group in sight, writable, its whole. */
static int rank(const struct mount *mount, const char *own)
{
	return (below_root(mount->root, own) ? 4 : 0) +
	       (word_in(mount->options, ',', "ro") ? 0 : 2) +
	       (strcmp(mount->root, "/") == 0 ? 1 : 0);
}

static const struct mount *best_mount(const struct mounts *mounts, const char *controllers,
				      const char *own)
{
	const bool v2 = controllers[0] == '\0';
	const size_t length = strcspn(controllers, ",");
	const struct mount *best = NULL;
	char first[64];

	if (length >= sizeof(first))
		return NULL;
	memcpy(first, controllers, length);
	first[length] = '\0';
	for (size_t i = 0; i < mounts->count; i++) {
		const struct mount *mount = &mounts->items[i];

		if (!is_cgroup(mount) || (strcmp(mount->type, "cgroup2") == 0) != v2 ||
		    (!v2 && !word_in(mount->super, ',', first)) ||
		    is_hidden(mounts->items, mounts->count, mount))
			continue;
		if (!best || rank(mount, own) > rank(best, own))
			best = mount;
	}
	return best;
}

static int add(struct arena *arena, struct found *found, const char *controllers,
	       const struct mount *mount, const char *own)
{
	struct found_group *group = &found->items[found->count];
	const char *below = below_root(mount->root, own);
	char *point;

	if (found->count == GROUP_MAX)
		return fail_as(ERROR_UNSUPPORTED, E2BIG, "more than %d cgroup hierarchies",
			       GROUP_MAX);
	group->v2 = controllers[0] == '\0';
	group->readonly = word_in(mount->options, ',', "ro");
	group->controllers = arena_strdup(arena, controllers);
	group->own = arena_strdup(arena, below ? below : "");
	group->mount = point = arena_strdup(arena, mount->point);
	if (!group->controllers || !group->own || !point)
		return -ENOMEM;
	unescape(point);
	found->count++;
	return 0;
}

/* Cuts a line "4:cpu,cpuacct:/user.slice" of /proc/self/cgroup. */
static bool parse_self(char *line, char **controllers, char **path)
{
	char *first = strchr(line, ':'), *second = first ? strchr(first + 1, ':') : NULL;

	if (!second)
		return false;
	*second = '\0';
	*controllers = first + 1;
	*path = second + 1;
	return true;
}

int cgroup_find_in(struct arena *arena, char *self_cgroup, char *mountinfo, struct found *found)
{
	struct mounts mounts = { 0 };
	int result = parse_mounts(arena, mountinfo, &mounts);
	char *controllers, *path, *end;

	found->count = 0;
	for (char *line = self_cgroup; line && result == 0; line = end) {
		const struct mount *mount;

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (!parse_self(line, &controllers, &path))
			continue;
		mount = best_mount(&mounts, controllers, path);
		if (mount)
			result = add(arena, found, controllers, mount, path);
	}
	return result;
}

/*
 * The v2 tree alone, at its usual place: then two questions to the kernel are enough. `own` is
 * only right if it is "/", which says that the mount shows all there is for us.
 */
static bool find_usual(const char *self_cgroup, bool need_own, struct found *found)
{
	const char *end = strchr(self_cgroup, '\n');
	struct statfs status;

	if (!IS_ENABLED(CONFIG_CGROUP_V2) || strncmp(self_cgroup, "0::/", 4) != 0 || !end ||
	    end[1] != '\0' || (need_own && self_cgroup[4] != '\n') ||
	    statfs(usual_place, &status) < 0 || status.f_type != CGROUP2_MAGIC)
		return false;
	found->count = 1;
	found->items[0] = (struct found_group){
		.controllers = "",
		.mount = usual_place,
		.own = "",
		.v2 = true,
		.readonly = status.f_flags & ST_RDONLY,
	};
	return true;
}

int cgroup_find(struct arena *arena, bool need_own, struct found *found)
{
	char small[SELF_CGROUP_SIZE], *self_cgroup = small, *mountinfo;
	ssize_t size = host_read("/proc/self/cgroup", small, sizeof(small));

	found->count = 0;
	if (size == -ENOENT)
		return 0; /* a kernel without cgroups */
	if (size == sizeof(small) - 1) {
		self_cgroup =
			file_read(arena, AT_FDCWD, "/proc/self/cgroup", MOUNTINFO_LIMIT, NULL);
		if (!self_cgroup)
			return -errno;
	} else if (size < 0) {
		return fail((int)-size, "read /proc/self/cgroup");
	}
	if (find_usual(self_cgroup, need_own, found))
		return 0;
	mountinfo = file_read(arena, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_LIMIT, NULL);
	if (!mountinfo)
		return -errno;
	return cgroup_find_in(arena, self_cgroup, mountinfo, found);
}
