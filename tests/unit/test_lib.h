/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test of lib/ includes: cmocka wants these headers first, in this order. */
#ifndef TESTS_UNIT_TEST_LIB_H
#define TESTS_UNIT_TEST_LIB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* cmocka's macro of this name would hide lib/error.h's function; fail_msg() is built on it. */
#undef fail
#undef fail_msg
#define fail_msg(...) \
	do { \
		print_error(__VA_ARGS__); \
		print_error("\n"); \
		_fail(__FILE__, __LINE__); \
	} while (0)

/* A fresh folder below /tmp, open in the result; its name goes to `path` (64 bytes). */
static inline int make_folder(char *path)
{
	int fd;

	strcpy(path, "/tmp/cruet-unit-XXXXXX");
	assert_non_null(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* Remove all that is in the folder `fd`. */
static inline void empty_folder(int fd)
{
	DIR *stream = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;

	assert_non_null(stream);
	while ((entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) < 0) {
			int inside = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			assert_true(inside >= 0);
			empty_folder(inside);
			close(inside);
			assert_int_equal(unlinkat(fd, entry->d_name, AT_REMOVEDIR), 0);
		}
	}
	closedir(stream);
}

static inline void remove_folder(int fd, const char *path)
{
	empty_folder(fd);
	close(fd);
	assert_int_equal(rmdir(path), 0);
}

/* How many descriptors are open: to see that none leaks. */
static inline int count_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

#endif
