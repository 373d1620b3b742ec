/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing the boot state. The record that counts is never written over: whatever
 * happens to the other one, it is still there.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/revision/internal.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"

static const char *const names[2] = { "a", "b" };

static int open_folder(int store, bool make)
{
	int fd = openat(store, REVISION_BOOT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT || !make)
		return fd < 0 ? -errno : fd;
	if (mkdirat(store, REVISION_BOOT, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (fsync(store) < 0)
		return -errno;
	fd = openat(store, REVISION_BOOT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int lock(int fd, int operation)
{
	int result;

	do {
		result = flock(fd, operation);
	} while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : 0;
}

/* Bytes read: all that there are, up to one more than a record has. */
static ssize_t read_record(int folder, const char *name, unsigned char buffer[BOOT_RECORD_SIZE + 1])
{
	auto_fd int fd =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	size_t size = 0;

	if (fd < 0)
		return -errno;
	while (size < BOOT_RECORD_SIZE + 1) {
		ssize_t got = pread(fd, buffer + size, BOOT_RECORD_SIZE + 1 - size, (off_t)size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		size += (size_t)got;
	}
	return (ssize_t)size;
}

static void read_records(const struct store *store, struct boot *boot)
{
	boot->newest = -1;
	for (int i = 0; i < 2; i++) {
		unsigned char buffer[BOOT_RECORD_SIZE + 1];
		struct revision_state state;
		uint64_t sequence;
		ssize_t size = read_record(boot->folder, names[i], buffer);

		/* None yet: the second comes with the second change. */
		if (size == -ENOENT)
			continue;
		if (size != BOOT_RECORD_SIZE || !boot_record_load(buffer, &state, &sequence)) {
			boot->damaged[i] = true;
			log_debug("%s/" REVISION_BOOT "/%s is no record", store_path(store),
				  names[i]);
			continue;
		}
		if (boot->newest >= 0 && sequence <= boot->sequence)
			continue;
		boot->newest = i;
		boot->sequence = sequence;
		boot->state = state;
	}
}

int boot_open(const struct store *store, bool change, struct boot *boot)
{
	int folder = store_folder(store), result;

	*boot = (struct boot){ .folder = -1, .newest = -1 };
	if (folder < 0)
		return change ? fail(EROFS, "there are factory stores only") : 0;
	boot->folder = open_folder(folder, change);
	if (boot->folder == -ENOENT) {
		boot->folder = -1;
		return 0;
	}
	if (boot->folder < 0)
		return fail(-boot->folder, "open %s/" REVISION_BOOT, store_path(store));
	result = lock(boot->folder, change ? LOCK_EX : LOCK_SH);
	if (result < 0)
		return fail(-result, "lock %s/" REVISION_BOOT, store_path(store));
	read_records(store, boot);
	return 0;
}

void boot_close(struct boot *boot)
{
	close_fd(&boot->folder);
}

static int write_all(int fd, const unsigned char record[BOOT_RECORD_SIZE])
{
	size_t done = 0;

	while (done < BOOT_RECORD_SIZE) {
		ssize_t put = pwrite(fd, record + done, BOOT_RECORD_SIZE - done, (off_t)done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		done += (size_t)put;
	}
	return 0;
}

static int write_record(int folder, const char *name, const unsigned char record[BOOT_RECORD_SIZE])
{
	auto_fd int fd =
		openat(folder, name,
		       O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat status;
	int result;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	result = write_all(fd, record);
	if (result == 0 && status.st_size > BOOT_RECORD_SIZE && ftruncate(fd, BOOT_RECORD_SIZE) < 0)
		result = -errno;
	/* The name as well: who made it may have been killed before that. */
	if (result == 0 && (fsync(fd) < 0 || fsync(folder) < 0))
		result = -errno;
	/* What is read back is to come from the device. */
	if (result == 0)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return result;
}

int boot_write(const struct store *store, struct boot *boot)
{
	const int target = boot->newest == 0 ? 1 : 0;
	unsigned char record[BOOT_RECORD_SIZE], back[BOOT_RECORD_SIZE + 1];
	const uint64_t sequence = boot->newest < 0 ? 1 : boot->sequence + 1;
	ssize_t got;
	int result;

	boot_record_save(record, &boot->state, sequence);
	result = write_record(boot->folder, names[target], record);
	if (result < 0)
		return fail(-result, "write %s/" REVISION_BOOT "/%s", store_path(store),
			    names[target]);
	got = read_record(boot->folder, names[target], back);
	if (got != BOOT_RECORD_SIZE || memcmp(record, back, BOOT_RECORD_SIZE) != 0)
		return fail(EIO, "%s/" REVISION_BOOT "/%s is not what was written",
			    store_path(store), names[target]);
	boot->newest = target;
	boot->sequence = sequence;
	boot->damaged[target] = false;
	return 0;
}
