/* SPDX-License-Identifier: Apache-2.0 */
/* Is a compiled plan newer than what it was made from? See unit.h. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/unit/unit.h"
#include "lib/fd.h"

/* A record of getdents64(2). */
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static bool is_newer(int dir, const char *path, const struct timespec *than)
{
	struct stat status;

	if (fstatat(dir, path, &status, 0) < 0)
		return false;
	return status.st_mtim.tv_sec != than->tv_sec ? status.st_mtim.tv_sec > than->tv_sec :
						       status.st_mtim.tv_nsec > than->tv_nsec;
}

static bool is_unit(const char *name)
{
	const size_t length = strlen(name);

	return *name != '.' && length > 5 && strcmp(name + length - 5, ".json") == 0;
}

int unit_plan_is_current(const char *plan, const char *folder, const char *system)
{
	_Alignas(struct entry) char buffer[2048];
	auto_fd int dir = -1;
	struct stat status;
	long size;

	if (stat(plan, &status) < 0)
		return -ENOENT;
	if (system && is_newer(AT_FDCWD, system, &status.st_mtim))
		return 0;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return 1; /* the plan is all there is */
	while ((size = syscall(SYS_getdents64, dir, buffer, sizeof(buffer))) > 0)
		for (long at = 0; at < size;) {
			const struct entry *entry = (const void *)(buffer + at);

			if (is_unit(entry->name) && is_newer(dir, entry->name, &status.st_mtim))
				return 0;
			at += entry->length;
		}
	/* A file that was taken away leaves its mark on the folder only. */
	return !is_newer(dir, ".", &status.st_mtim);
}
