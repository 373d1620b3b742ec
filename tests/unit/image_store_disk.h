/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk whose power can be cut at any call that changes something. All such calls are recorded
 * while a scenario runs; afterwards the folder can be built anew as it may look when the power goes
 * before call N: of each file and each folder, what was synced is there, and of what was done to it
 * since then nothing, all, or just some (in order; the last write half, or zeros). A rename into
 * another folder is two changes, of which either may be lost. That is less than any file system
 * promises.
 *
 * Also: the Nth call fails, or the process is killed before it.
 */
#ifndef TESTS_UNIT_IMAGE_STORE_DISK_H
#define TESTS_UNIT_IMAGE_STORE_DISK_H

#include <signal.h>
#include <stdarg.h>

#include "tests/unit/image_store_world.h"

enum change_type { CHANGE_SET, CHANGE_REMOVE, CHANGE_RENAME, CHANGE_WRITE, CHANGE_TRUNCATE };

struct change {
	enum change_type type;
	char name[200], new_name[200];
	int object; /* what gets the name */
	off_t offset;
	size_t size;
	unsigned char *data;
	size_t at; /* number of the call */
};

struct sync_point {
	int object; /* -1: all */
	size_t at;
};

enum { OBJECTS_MAX = 4000, CHANGES_MAX = 20000, NAMES_MAX = 64 };

struct object {
	bool folder;
	ino_t inode;
};

static struct disk {
	bool recording;
	size_t calls;
	size_t fail_at; /* this call; 0: none */
	int fail_with;	/* errno; 0: SIGKILL */
	struct object objects[OBJECTS_MAX];
	int object_count;
	struct {
		int object; /* whose change it is */
		struct change change;
	} changes[CHANGES_MAX];
	size_t change_count;
	struct sync_point syncs[CHANGES_MAX];
	size_t sync_count;
} disk;

/* In memory, where it is fast: what is durable is decided here. */
static int disk_set_up(void **state)
{
	world_set_up(state);
	if (access("/dev/shm", W_OK) == 0) {
		remove_folder(world, world_path);
		strcpy(world_path, "/dev/shm/cruet-unit-XXXXXX");
		assert_non_null(mkdtemp(world_path));
		world = open(world_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(world >= 0);
		world_name_places();
	}
	return 0;
}

/* ---- recording ---- */

static int object_of_inode(ino_t inode)
{
	for (int i = disk.object_count - 1; i >= 0; i--)
		if (disk.objects[i].inode == inode)
			return i;
	return -1;
}

static int object_of_fd(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 ? object_of_inode(status.st_ino) : -1;
}

static int object_at(int folder, const char *name)
{
	struct stat status;

	return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ?
		       object_of_inode(status.st_ino) :
		       -1;
}

static int add_object(ino_t inode, bool folder)
{
	assert_true(disk.object_count < OBJECTS_MAX);
	disk.objects[disk.object_count] = (struct object){ folder, inode };
	return disk.object_count++;
}

static struct change *add_change(int object, enum change_type type)
{
	assert_true(disk.change_count < CHANGES_MAX);
	disk.changes[disk.change_count].object = object;
	disk.changes[disk.change_count].change = (struct change){ .type = type, .at = disk.calls };
	return &disk.changes[disk.change_count++].change;
}

static void name_change(int folder, enum change_type type, const char *name, int object)
{
	int parent = object_of_fd(folder);

	if (parent >= 0) {
		struct change *change = add_change(parent, type);

		assert_true(strlen(name) < sizeof(change->name) && !strchr(name, '/'));
		strcpy(change->name, name);
		change->object = object;
	}
}

/* Before each: is it the one that fails? */
static bool is_let_through(void)
{
	if (!disk.recording)
		return true;
	if (++disk.calls != disk.fail_at)
		return true;
	if (disk.fail_with == 0)
		raise(SIGKILL);
	errno = disk.fail_with;
	return false;
}

int __real_openat64(int folder, const char *name, int flags, ...);
int __wrap_openat64(int folder, const char *name, int flags, ...);
int __wrap_openat64(int folder, const char *name, int flags, ...)
{
	mode_t mode = 0;
	bool makes;
	int fd;

	if (flags & O_CREAT) {
		va_list list;

		va_start(list, flags);
		mode = va_arg(list, mode_t);
		va_end(list);
	}
	makes = disk.recording && (flags & O_CREAT) && faccessat(folder, name, F_OK, 0) < 0;
	if (makes && !is_let_through())
		return -1;
	fd = __real_openat64(folder, name, flags, mode);
	if (fd >= 0 && makes) {
		struct stat status;

		fstat(fd, &status);
		name_change(folder, CHANGE_SET, name, add_object(status.st_ino, false));
	}
	return fd;
}

int __real_mkdirat(int folder, const char *name, mode_t mode);
int __wrap_mkdirat(int folder, const char *name, mode_t mode);
int __wrap_mkdirat(int folder, const char *name, mode_t mode)
{
	int result = is_let_through() ? __real_mkdirat(folder, name, mode) : -1;
	struct stat status;

	if (result == 0 && disk.recording) {
		fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW);
		name_change(folder, CHANGE_SET, name, add_object(status.st_ino, true));
	}
	return result;
}

int __real_renameat(int from, const char *name, int to, const char *new_name);
int __wrap_renameat(int from, const char *name, int to, const char *new_name);
int __wrap_renameat(int from, const char *name, int to, const char *new_name)
{
	int object = disk.recording ? object_at(from, name) : -1;
	int result = is_let_through() ? __real_renameat(from, name, to, new_name) : -1;

	if (result < 0 || !disk.recording || object_of_fd(from) < 0)
		return result;
	if (object_of_fd(from) == object_of_fd(to)) {
		name_change(from, CHANGE_RENAME, name, object);
		strcpy(disk.changes[disk.change_count - 1].change.new_name, new_name);
	} else {
		name_change(to, CHANGE_SET, new_name, object);
		name_change(from, CHANGE_REMOVE, name, object);
	}
	return result;
}

int __real_unlinkat(int folder, const char *name, int flags);
int __wrap_unlinkat(int folder, const char *name, int flags);
int __wrap_unlinkat(int folder, const char *name, int flags)
{
	int object = disk.recording ? object_at(folder, name) : -1;
	int result = is_let_through() ? __real_unlinkat(folder, name, flags) : -1;

	if (result == 0 && disk.recording)
		name_change(folder, CHANGE_REMOVE, name, object);
	return result;
}

static void data_change(int fd, off_t offset, const void *data, ssize_t size)
{
	int object = disk.recording && size > 0 ? object_of_fd(fd) : -1;

	if (object >= 0) {
		struct change *change = add_change(object, CHANGE_WRITE);

		change->offset = offset;
		change->size = (size_t)size;
		change->data = malloc((size_t)size);
		memcpy(change->data, data, (size_t)size);
	}
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	off_t offset = disk.recording ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t result = is_let_through() ? __real_write(fd, data, size) : -1;

	data_change(fd, offset, data, result);
	return result;
}

ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset)
{
	ssize_t result = is_let_through() ? __real_pwrite64(fd, data, size, offset) : -1;

	data_change(fd, offset, data, result);
	return result;
}

static void size_change(int fd, off_t size)
{
	int object = disk.recording ? object_of_fd(fd) : -1;

	if (object >= 0)
		add_change(object, CHANGE_TRUNCATE)->offset = size;
}

int __real_ftruncate64(int fd, off_t size);
int __wrap_ftruncate64(int fd, off_t size);
int __wrap_ftruncate64(int fd, off_t size)
{
	int result = is_let_through() ? __real_ftruncate64(fd, size) : -1;

	if (result == 0)
		size_change(fd, size);
	return result;
}

int __real_fallocate64(int fd, int mode, off_t offset, off_t size);
int __wrap_fallocate64(int fd, int mode, off_t offset, off_t size);
int __wrap_fallocate64(int fd, int mode, off_t offset, off_t size)
{
	int result = is_let_through() ? __real_fallocate64(fd, mode, offset, size) : -1;

	if (result == 0 && mode == 0)
		size_change(fd, offset + size);
	return result;
}

int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode)
{
	return is_let_through() ? __real_fchmod(fd, mode) : -1;
}

/* It is not carried out: only what it promises counts, and the tests are the faster for it. */
static int sync_call(int object)
{
	if (!is_let_through())
		return -1;
	if (disk.recording) {
		assert_true(disk.sync_count < CHANGES_MAX);
		disk.syncs[disk.sync_count++] = (struct sync_point){ object, disk.calls };
	}
	return 0;
}

int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	return sync_call(object_of_fd(fd));
}

int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
	return sync_call(object_of_fd(fd));
}

int __wrap_syncfs(int fd);
int __wrap_syncfs(int fd)
{
	(void)fd;
	return sync_call(-1);
}

static void disk_clear(void)
{
	for (size_t i = 0; i < disk.change_count; i++)
		free(disk.changes[i].change.data);
	disk.recording = false;
	disk.calls = disk.change_count = disk.sync_count = disk.fail_at = 0;
	disk.object_count = 0;
}

/* From now on; `folder` is empty and durable. */
static void disk_record(int folder)
{
	struct stat status;

	disk_clear();
	assert_int_equal(fstat(folder, &status), 0);
	add_object(status.st_ino, true);
	disk.recording = true;
}

/* Everything until now is durable. */
static void disk_settle(void)
{
	disk.syncs[disk.sync_count++] = (struct sync_point){ -1, disk.calls };
}

/* ---- what is there after the power went ---- */

enum loss { LOSE_ALL, LOSE_NOTHING, LOSE_SOME };

/* The number of the last call that made the object durable before call `cut`. */
static size_t synced_at(int object, size_t cut)
{
	for (size_t i = disk.sync_count; i-- > 0;)
		if (disk.syncs[i].at < cut &&
		    (disk.syncs[i].object == object || disk.syncs[i].object == -1))
			return disk.syncs[i].at;
	return 0;
}

/* A write that is torn: half of it if it is the last, or room for it and no data. */
static void apply_write(int fd, const struct change *change, bool torn, bool last)
{
	unsigned char *data = change->data;
	size_t size = change->size;

	if (change->type == CHANGE_TRUNCATE) {
		assert_int_equal(__real_ftruncate64(fd, change->offset), 0);
		return;
	}
	if (torn && last && rand() % 2)
		size /= 2;
	else if (torn)
		data = calloc(1, size);
	assert_int_equal(__real_pwrite64(fd, data, size, change->offset), size);
	if (data != change->data)
		free(data);
}

static void build_file(int parent, const char *name, int object, size_t last, size_t torn)
{
	int fd = __real_openat64(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	for (size_t i = 0; i < disk.change_count; i++) {
		const struct change *change = &disk.changes[i].change;

		if (disk.changes[i].object == object && change->at <= last)
			apply_write(fd, change, change->at >= torn, change->at == last);
	}
	close(fd);
}

struct entries {
	struct {
		char name[200];
		int object;
	} list[NAMES_MAX];
	size_t count;
};

static void set_entry(struct entries *entries, const char *name, int object)
{
	size_t i = 0;

	while (i < entries->count && strcmp(entries->list[i].name, name) != 0)
		i++;
	if (object < 0) {
		if (i < entries->count)
			entries->list[i] = entries->list[--entries->count];
		return;
	}
	assert_true(i < NAMES_MAX);
	strcpy(entries->list[i].name, name);
	entries->list[i].object = object;
	if (i == entries->count)
		entries->count++;
}

static void apply_names(struct entries *entries, int object, size_t last)
{
	for (size_t i = 0; i < disk.change_count; i++) {
		const struct change *change = &disk.changes[i].change;

		if (disk.changes[i].object != object || change->at > last)
			continue;
		set_entry(entries, change->name, change->type == CHANGE_SET ? change->object : -1);
		if (change->type == CHANGE_RENAME)
			set_entry(entries, change->new_name, change->object);
	}
}

/* Up to which call the object's changes are there; those from *torn on are torn. */
static size_t last_change(int object, size_t cut, enum loss loss, size_t *torn)
{
	size_t synced = synced_at(object, cut), pending[64], count = 0, chosen;

	*torn = SIZE_MAX;
	if (loss == LOSE_NOTHING)
		return cut - 1;
	for (size_t i = 0; loss == LOSE_SOME && i < disk.change_count && count < 64; i++)
		if (disk.changes[i].object == object && disk.changes[i].change.at > synced &&
		    disk.changes[i].change.at < cut)
			pending[count++] = disk.changes[i].change.at;
	if (count == 0)
		return synced;
	chosen = (size_t)rand() % (count + 1);
	if (chosen && rand() % 2)
		*torn = pending[(size_t)rand() % chosen];
	return chosen ? pending[chosen - 1] : synced;
}

static void build_folder(int folder, int object, size_t cut, enum loss loss)
{
	struct entries *entries = calloc(1, sizeof(*entries));
	size_t torn;

	apply_names(entries, object, last_change(object, cut, loss, &torn));
	for (size_t i = 0; i < entries->count; i++) {
		const char *name = entries->list[i].name;
		int child = entries->list[i].object;

		if (disk.objects[child].folder) {
			int below;

			/* It may have two names after a rename that was half lost. */
			assert_int_equal(__real_mkdirat(folder, name, 0700), 0);
			below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			build_folder(below, child, cut, loss);
			close(below);
		} else {
			size_t last = last_change(child, cut, loss, &torn);

			build_file(folder, name, child, last, torn);
		}
	}
	free(entries);
}

/* Make `folder` empty, and then what is left of the recorded one. */
static void disk_cut(int folder, size_t cut, enum loss loss)
{
	assert_false(disk.recording);
	empty_folder(folder);
	build_folder(folder, 0, cut, loss);
}

#endif
