/* SPDX-License-Identifier: Apache-2.0 */
/* The state folder of a container: see state.h. */
#include "runtime/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/process.h"
#include "lib/str.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/record.h"
#include "runtime/version.h"

enum { ID_MAX = 255 };

#define STATE_RECORD_NEW "state.new"

int state_check_id(const char *id)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-.";
	size_t length = strlen(id);

	if (length == 0 || length > ID_MAX || id[0] == '.' || strspn(id, allowed) != length)
		return fail_as(
			ERROR_USAGE, EINVAL,
			"invalid container ID %.64s: 1 to %d characters of A-Z a-z 0-9 _ + - . "
			"that do not begin with a dot",
			id, ID_MAX);
	return 0;
}

const char *state_default_root(char *buffer, size_t size)
{
	const char *parent = process_is_root() ? NULL : getenv("XDG_RUNTIME_DIR");

	if (!parent || parent[0] != '/')
		parent = "/run";
	return str_format(buffer, size, "%s/cruet", parent) < 0 ? NULL : buffer;
}

/* The parents of the root folder, as mkdir -p: a fresh tmpfs on /run may lack them. */
static int make_parents(const char *root)
{
	char path[PATH_MAX];
	size_t length = strlen(root);

	if (length >= sizeof(path))
		return fail(ENAMETOOLONG, "--root %.64s...", root);
	memcpy(path, root, length + 1);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(AT_FDCWD, path, 0711) < 0 && errno != EEXIST)
			return fail(errno, "make folder %s", path);
		*slash = '/';
	}
	if (mkdirat(AT_FDCWD, path, 0700) < 0 && errno != EEXIST)
		return fail(errno, "make folder %s", path);
	return 0;
}

int state_open_root(const char *root)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = openat(AT_FDCWD, root, flags);

	if (fd < 0 && errno == ENOENT) {
		int result = make_parents(root);

		if (result < 0)
			return result;
		fd = openat(AT_FDCWD, root, flags);
	}
	return fd < 0 ? fail(errno, "open the state folder %s", root) : fd;
}

static int taken(const char *id)
{
	fail_as(ERROR_EXISTS, 0, "container with given ID already exists: %s", id);
	return -EEXIST;
}

int state_exists(int root, const char *id)
{
	struct stat status;

	return fstatat(root, id, &status, AT_SYMLINK_NOFOLLOW) == 0 ? taken(id) : 0;
}

int state_make(int root, const char *id)
{
	struct stat status;
	int fd;

	if (mkdirat(root, id, 0700) < 0) {
		if (errno == EEXIST)
			return taken(id);
		return fail(errno, "make the state folder of %s", id);
	}
	fd = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || flock(fd, LOCK_EX) < 0) {
		int result = fail(errno, "lock the state folder of %s", id);

		if (fd >= 0)
			close(fd);
		unlinkat(root, id, AT_REMOVEDIR);
		return result;
	}
	/* Somebody may have taken it for a killed creator's before we had the lock. */
	if (fstat(fd, &status) < 0) {
		int result = fail(errno, "look at the state folder of %s", id);

		unlinkat(root, id, AT_REMOVEDIR);
		close(fd);
		return result;
	}
	if (status.st_nlink == 0) {
		close(fd);
		return fail_as(ERROR_STATE, EAGAIN, "the state folder of %s was cleared away", id);
	}
	return fd;
}

static int not_found(const char *id)
{
	fail_as(ERROR_NOT_FOUND, 0, "container %s does not exist", id);
	return -ENOENT;
}

int state_open(int root, const char *id, int lock)
{
	auto_fd int fd = -1;
	struct stat status;
	int result = state_check_id(id);

	if (result < 0)
		return result;
	fd = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? not_found(id) : fail(errno, "open the state of %s", id);
	if (!lock)
		return take_fd(&fd);
	while ((result = flock(fd, lock)) < 0 && errno == EINTR)
		;
	if (result < 0)
		return fail(errno, "lock the state folder of %s", id);
	if (fstat(fd, &status) == 0 && status.st_nlink == 0)
		return not_found(id);
	return take_fd(&fd);
}

void state_unlock(int container)
{
	flock(container, LOCK_UN);
}

int state_write_intent(int container, const struct state_record *record, int *intent)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	auto_fd int fd = -1;
	size_t size;
	char *text = record_encode(&arena, record, &size);

	if (!text)
		return -ENOMEM;
	fd = openat(container, STATE_INTENT, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, text, size) < 0)
		return fail(errno, "write the intent record of %s", record->id);
	*intent = take_fd(&fd);
	return 0;
}

int state_write_created(int container, const struct state_record *record, int intent)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	auto_fd int fd = -1;
	size_t size;
	char *text = record_encode(&arena, record, &size);

	if (!text)
		return -ENOMEM;
	fd = openat(container, STATE_RECORD_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, text, size) < 0 ||
	    renameat(container, STATE_RECORD_NEW, container, STATE_RECORD) < 0)
		return fail(errno, "write the state record of %s", record->id);
	/* The second copy: `state` is whole now, so a kill in between costs nothing. */
	if (pwrite(intent, text, size, 0) != (ssize_t)size || ftruncate(intent, (off_t)size) < 0)
		return fail(errno, "write the second state record of %s", record->id);
	return 0;
}

static int read_one(struct arena *arena, int container, const char *name,
		    struct state_record *record)
{
	char buffer[2048];
	ssize_t size = file_read_small(container, name, buffer, sizeof(buffer));
	size_t length;
	char *text;

	if (size >= 0) {
		length = (size_t)size;
		text = arena_strndup(arena, buffer, length);
	} else if (size == -EFBIG) {
		/* Ten hierarchies with the long names that managers give, and their annotations. */
		text = file_read(arena, container, name, RECORD_MAX_SIZE, &length);
	} else {
		return (int)size;
	}
	return text ? record_decode(text, length, record) : -EBADMSG;
}

int state_read(struct arena *arena, int container, struct state_record *record)
{
	int first = read_one(arena, container, STATE_RECORD, record);
	int second;

	if (first == 0)
		return 0;
	second = read_one(arena, container, STATE_INTENT, record);
	if (second == 0) {
		if (first != -ENOENT || record->created)
			log_warning("container %s: its state record is damaged, using the second",
				    record->id);
		return 0;
	}
	return first == -ENOENT && second == -ENOENT ? -ENOENT : -EBADMSG;
}

bool state_creator_alive(const struct state_record *record)
{
	return process_alive(record->creator, record->creator_start_time);
}

/* Its first process reads the fifo until `start` lets it go: a writer can be had just as long. */
static bool waits_for_start(int container)
{
	auto_fd int fd = openat(container, STATE_START, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0;
}

bool state_is_paused(const struct state_record *record)
{
	char room[STATE_ROOM] = { 0 };
	auto_arena struct arena arena = ARENA_ON(room);
	struct cgroup *cgroup;
	int frozen;

	if (!IS_ENABLED(CONFIG_CMD_PAUSE))
		return false;
	cgroup = cgroup_from_record(&arena, record->cgroup);
	if (!cgroup)
		return false;
	frozen = cgroup_is_frozen(cgroup);
	cgroup_close(cgroup);
	return frozen == 1;
}

enum container_status state_status(int container, const struct state_record *record)
{
	if (!record->created)
		return STATUS_CREATING;
	if (!process_alive(record->pid, record->start_time))
		return STATUS_STOPPED;
	if (state_is_paused(record))
		return STATUS_PAUSED;
	return waits_for_start(container) ? STATUS_CREATED : STATUS_RUNNING;
}

const char *state_status_name(enum container_status status)
{
	static const char names[][9] = { "creating", "created", "running", "paused", "stopped" };

	return names[status];
}

enum { FOREIGN_DEPTH = 32 };

static int remove_tree(int folder, const char *name, unsigned int depth);

/* Everything in a folder, whoever put it there; links are not followed. */
static int empty_folder(int folder, unsigned int depth)
{
	int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;
	int result = 0;

	if (!entries) {
		result = -errno;
		close_fd(&own);
		return result;
	}
	while (result == 0 && (entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = remove_tree(folder, entry->d_name, depth);
	closedir(entries);
	return result;
}

static int remove_tree(int folder, const char *name, unsigned int depth)
{
	auto_fd int below = -1;
	int result;

	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		return 0;
	if ((errno != EISDIR && errno != EPERM) || depth == FOREIGN_DEPTH)
		return -errno;
	below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0)
		return -errno;
	result = empty_folder(below, depth + 1);
	if (result == 0 && unlinkat(folder, name, AT_REMOVEDIR) < 0)
		result = -errno;
	return result;
}

static void remove_files(int container, const char (*names)[12], size_t count)
{
	for (size_t i = 0; i < count; i++)
		unlinkat(container, names[i], 0);
}

int state_remove(int root, const char *id, int container)
{
	/* The records last: as long as one is there, a kill in between leaves a container to
	 * delete. */
	static const char always[][12] = { STATE_CONFIG, STATE_RECORD, STATE_INTENT };
	static const char sometimes[][12] = { STATE_START, STATE_RESULT, STATE_RECORD_NEW };
	int result;

	remove_files(container, always, 3);
	if (unlinkat(root, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	remove_files(container, sometimes, 3);
	if (unlinkat(root, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	/* Something that is not ours, or a folder in place of a file. */
	result = empty_folder(container, 0);
	if (result == 0 && unlinkat(root, id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		result = -errno;
	return result < 0 ? fail(-result, "remove the state folder of %s", id) : 0;
}

void state_write_json(struct json_writer *writer, const struct state_record *record,
		      enum container_status status, pid_t pid, const char *owner)
{
	json_write_object(writer, NULL);
	json_write_string(writer, "ociVersion", OCI_SPEC_VERSION);
	json_write_string(writer, "id", record->id);
	json_write_int(writer, "pid", status == STATUS_STOPPED ? 0 : pid);
	json_write_string(writer, "status", state_status_name(status));
	json_write_string(writer, "bundle", record->bundle);
	json_write_string(writer, "rootfs", record->rootfs);
	json_write_string(writer, "created", record->created_at);
	if (record->annotations[0])
		json_write_raw(writer, "annotations", record->annotations,
			       strlen(record->annotations));
	json_write_string(writer, "owner", owner);
	json_write_end(writer, '}');
}

char *state_document(struct arena *arena, const struct state_record *record,
		     enum container_status status, pid_t pid, bool pretty)
{
	struct json_writer writer;

	json_write_start(&writer, arena, pretty ? JSON_SPACES : JSON_COMPACT);
	state_write_json(&writer, record, status, pid, "");
	return json_write_finish(&writer, NULL);
}
