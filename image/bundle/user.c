/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs in a container: config.User (image-spec conversion.md), by the image's own files, which
 * are hostile: they may be links (followed inside the tree only), devices or without an end.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "image/bundle/parts.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/path.h"
#include "lib/str.h"

enum {
	DATABASE_MAX_SIZE = 1 << 20,
	FIELDS_MAX = 7, /* of passwd(5) */
	GROUPS_MAX = 65536,
};

/* -1 means "unchanged" to the kernel: it is nobody's. */
#define ID_MAX (UINT32_MAX - 1)

/*
 * The file, opened for reading if it is a regular one (a device is not even opened). -ENOENT if
 * there is none, unrecorded; else -errno recorded.
 */
static int open_database(int root, const char *path)
{
	auto_fd int probe = path_open(root, path, O_PATH, 0, PATH_IN_ROOT);
	auto_fd int fd = -1;
	struct stat found, opened;

	if (probe == -ENOENT || probe == -ENOTDIR)
		return -ENOENT;
	if (probe < 0)
		return fail(-probe, "the image's /%s", path);
	if (fstat(probe, &found) < 0 || !S_ISREG(found.st_mode))
		return fail_as(ERROR_CONFIG, 0, "the image's /%s: not a regular file", path);
	fd = path_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, PATH_IN_ROOT);
	if (fd < 0)
		return fail(-fd, "the image's /%s", path);
	if (fstat(fd, &opened) < 0 || opened.st_dev != found.st_dev ||
	    opened.st_ino != found.st_ino)
		return fail_as(ERROR_CONFIG, 0, "the image's /%s: it changes", path);
	return take_fd(&fd);
}

/* A text file of lines of fields. */
struct database {
	char *at, *end;
	char *fields[FIELDS_MAX];
};

static int database_open(struct arena *arena, int root, const char *path, struct database *database)
{
	auto_fd int fd = open_database(root, path);
	size_t size;

	*database = (struct database){ 0 };
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd; /* as if it were empty */
	database->at = file_read_fd(arena, fd, path, DATABASE_MAX_SIZE, &size);
	if (!database->at)
		return fail_context(error_result(), "the image");
	database->end = database->at + size;
	return 0;
}

/* The next line with at least `count` fields. They are cut up in place. */
static bool database_next(struct database *database, size_t count)
{
	while (database->at < database->end) {
		char *line = database->at;
		char *end = memchr(line, '\n', (size_t)(database->end - line));
		size_t found = 0;

		if (!end)
			end = database->end;
		database->at = end + 1;
		*end = '\0'; /* the last one has a NUL behind it */
		if (memchr(line, '\0', (size_t)(end - line)))
			continue;
		while (line && found < FIELDS_MAX) {
			char *colon = strchr(line, ':');

			if (colon)
				*colon++ = '\0';
			database->fields[found++] = line;
			line = colon;
		}
		for (size_t i = found; i < FIELDS_MAX; i++)
			database->fields[i] = end;
		if (found >= count)
			return true;
	}
	return false;
}

static bool parse_id(const char *text, uint32_t *id)
{
	return str_uint32(text, id) && *id <= ID_MAX;
}

/* A number is a number, even one that is out of range. */
static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* appc: the owner of a file; 0 or -errno recorded. */
static int owner_of(int root, const char *path, struct stat *status)
{
	auto_fd int fd = path_open(root, path, O_PATH, 0, PATH_IN_ROOT);

	if (fd < 0)
		return fail(-fd, "User: owner of %.200s", path);
	return fstat(fd, status) < 0 ? fail(errno, "User: owner of %.200s", path) : 0;
}

/* What passwd says of the user: of the name, or (NULL) of the number. 1; 0: nothing. */
static int look_up_user(struct arena *arena, int root, const char *name, struct bundle_user *user)
{
	struct database database;
	int result = database_open(arena, root, "etc/passwd", &database);

	if (result < 0)
		return result;
	while (database_next(&database, 4)) {
		uint32_t uid, gid;

		if (!parse_id(database.fields[2], &uid) || !parse_id(database.fields[3], &gid))
			continue;
		if (name ? strcmp(database.fields[0], name) != 0 : uid != user->uid)
			continue;
		*user = (struct bundle_user){ .uid = uid, .gid = gid };
		if (*database.fields[5])
			user->home = database.fields[5];
		return 1;
	}
	return 0;
}

static int add_group(struct arena *arena, struct bundle_user *user, uint32_t gid)
{
	size_t count = user->additional_count;

	if (count == GROUPS_MAX)
		return fail_property("config.User", "in too many groups");
	/* Grown at each power of two. */
	if ((count & (count - 1)) == 0) {
		uint32_t *larger = arena_array(arena, count ? 2 * count : 1, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		if (count)
			memcpy(larger, user->additional, count * sizeof(*larger));
		user->additional = larger;
	}
	user->additional[user->additional_count++] = gid;
	return 0;
}

static bool is_member(char *members, const char *name)
{
	for (char *member = strtok_r(members, ",", &members); member;
	     member = strtok_r(NULL, ",", &members)) {
		if (strcmp(member, name) == 0)
			return true;
	}
	return false;
}

/* The groups that have the user as a member. */
static int look_up_groups(struct arena *arena, int root, const char *name, struct bundle_user *user)
{
	struct database database;
	int result = database_open(arena, root, "etc/group", &database);

	while (result == 0 && database_next(&database, 4)) {
		uint32_t gid;

		if (parse_id(database.fields[2], &gid) && gid != user->gid &&
		    is_member(database.fields[3], name))
			result = add_group(arena, user, gid);
	}
	return result;
}

/* The number of a group's name. 1; 0: nothing. */
static int look_up_group(struct arena *arena, int root, const char *name, uint32_t *gid)
{
	struct database database;
	int result = database_open(arena, root, "etc/group", &database);

	if (result < 0)
		return result;
	while (database_next(&database, 3)) {
		if (strcmp(database.fields[0], name) == 0 && parse_id(database.fields[2], gid))
			return 1;
	}
	return 0;
}

/* Numbers and paths are what they say; appc has names that are all digits. */
static bool may_be_name(const char *text, bool names_first)
{
	return is_number(text) ? names_first : *text != '/';
}

static int set_group(struct arena *arena, int root, const char *name, bool names_first,
		     struct bundle_user *user)
{
	struct stat status = { 0 };
	int result = 0;

	if (may_be_name(name, names_first))
		result = look_up_group(arena, root, name, &user->gid);
	if (result)
		return result < 0 ? result : 0;
	if (*name == '/') {
		result = owner_of(root, name, &status);
		if (result == 0)
			user->gid = status.st_gid;
		return result;
	}
	if (!is_number(name))
		return fail_property("config.User",
				     "%.200s: no such group in the image's /etc/group", name);
	return parse_id(name, &user->gid) ?
		       0 :
		       fail_property("config.User", "%.20s: no group id", name);
}

static int set_user(struct arena *arena, int root, const char *name, bool names_first,
		    struct bundle_user *user)
{
	struct stat status = { 0 };
	int result = 0;

	if (may_be_name(name, names_first))
		result = look_up_user(arena, root, name, user);
	if (result)
		return result;
	if (*name == '/') {
		result = owner_of(root, name, &status);
		if (result < 0)
			return result;
		user->uid = status.st_uid;
		result = look_up_user(arena, root, NULL, user);
		user->gid = status.st_gid;
		return result < 0 ? result : 0;
	}
	if (!is_number(name))
		return fail_property("config.User",
				     "%.200s: no such user in the image's /etc/passwd", name);
	if (!parse_id(name, &user->uid))
		return fail_property("config.User", "%.20s: no user id", name);
	result = look_up_user(arena, root, NULL, user);
	return result < 0 ? result : 0;
}

int bundle_look_up(struct arena *arena, int root, const char *text, bool names_first,
		   struct bundle_user *user)
{
	char *name = arena_strdup(arena, *text ? text : "0:0");
	char *group;
	int result;

	*user = (struct bundle_user){ 0 };
	if (!name)
		return -ENOMEM;
	group = strchr(name, ':');
	if (group)
		*group++ = '\0';
	if (!*name || (group && !*group))
		return fail_property("config.User", "%.200s: not USER or USER:GROUP", text);
	result = set_user(arena, root, name, names_first, user);
	if (result < 0)
		return result;
	if (group)
		return set_group(arena, root, group, names_first, user);
	return result ? look_up_groups(arena, root, name, user) : 0; /* only of a name */
}

int bundle_user(struct arena *arena, int root, const char *text, struct bundle_user *user)
{
	return bundle_look_up(arena, root, text, false, user);
}
