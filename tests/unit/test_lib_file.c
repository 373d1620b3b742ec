/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test_lib.h"

#include <sys/wait.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/file.h"

static int folder;
static char folder_path[64];

static int set_up(void **state)
{
	(void)state;
	folder = make_folder(folder_path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(folder, folder_path);
	return 0;
}

static void put_file(const char *name, const char *data, size_t size)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static void test_read(void **state)
{
	auto_arena struct arena arena = { 0 };
	int before = count_open();
	size_t size = 99;
	char *text;

	(void)state;
	put_file("f", "hello", 5);
	text = file_read(&arena, folder, "f", 5, &size);
	assert_string_equal(text, "hello");
	assert_int_equal(size, 5);
	assert_string_equal(file_read(&arena, folder, "f", 100, NULL), "hello");
	errno = 0;
	assert_null(file_read(&arena, folder, "f", 4, &size));
	assert_int_equal(errno, EFBIG);
	assert_int_equal(error_last()->no, EFBIG);
	put_file("empty", "", 0);
	assert_string_equal(file_read(&arena, folder, "empty", 10, &size), "");
	assert_int_equal(size, 0);
	assert_null(file_read(&arena, folder, "missing", 10, &size));
	assert_int_equal(errno, ENOENT);
	assert_null(file_read(&arena, folder, ".", 10, &size));
	assert_int_equal(errno, EISDIR);
	/* A size that fstat(2) does not tell. */
	text = file_read(&arena, AT_FDCWD, "/proc/self/maps", 1 << 20, &size);
	assert_non_null(strstr(text, "[stack]"));
	assert_int_equal(strlen(text), size);
	assert_null(file_read(&arena, AT_FDCWD, "/proc/self/maps", 100, &size));
	assert_int_equal(errno, EFBIG);
	assert_int_equal(count_open(), before);
}

static void test_read_pipe(void **state)
{
	auto_arena struct arena arena = { 0 };
	char data[100000];
	int ends[2];
	size_t size;
	char *text;
	pid_t writer;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)('a' + i % 26);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	writer = fork();
	if (writer == 0)
		_exit(write(ends[1], data, sizeof(data)) != sizeof(data));
	close(ends[1]);
	text = file_read_fd(&arena, ends[0], "a pipe", 1 << 20, &size);
	assert_non_null(text);
	assert_int_equal(size, sizeof(data));
	assert_memory_equal(text, data, size);
	assert_int_equal(text[size], 0);
	close(ends[0]);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
}

/* One that nobody writes to is empty; one that is slow is waited for. */
static void test_read_fifo(void **state)
{
	auto_arena struct arena arena = { 0 };
	size_t size = 99;
	int fd;
	pid_t writer;

	(void)state;
	assert_int_equal(mkfifoat(folder, "fifo", 0600), 0);
	assert_string_equal(file_read(&arena, folder, "fifo", 100, &size), "");
	assert_int_equal(size, 0);
	fd = openat(folder, "fifo", O_RDWR | O_CLOEXEC);
	writer = fork();
	if (writer == 0) {
		usleep(100000);
		_exit(write(fd, "late", 4) != 4);
	}
	close(fd);
	assert_string_equal(file_read(&arena, folder, "fifo", 100, &size), "late");
	assert_int_equal(waitpid(writer, NULL, 0), writer);
}

static void test_read_small(void **state)
{
	char buffer[64], large[9000], data[8999];

	(void)state;
	put_file("s", "max\n", 4);
	assert_int_equal(file_read_small(folder, "s", buffer, sizeof(buffer)), 4);
	assert_string_equal(buffer, "max\n");
	assert_int_equal(file_read_small(folder, "s", buffer, 5), 4);
	assert_int_equal(file_read_small(folder, "s", buffer, 4), -EFBIG);
	assert_int_equal(file_read_small(folder, "none", buffer, 4), -ENOENT);
	memset(data, 'q', sizeof(data));
	put_file("l", data, sizeof(data));
	assert_int_equal(file_read_small(folder, "l", large, sizeof(large)), sizeof(data));
	assert_memory_equal(large, data, sizeof(data));
	assert_int_equal(file_read_small(folder, "l", large, sizeof(large) - 1), -EFBIG);
}

static void test_write(void **state)
{
	char buffer[64];

	(void)state;
	put_file("w", "12345", 5);
	assert_int_equal(file_write(folder, "w", "abc", 3), 0);
	assert_int_equal(file_read_small(folder, "w", buffer, sizeof(buffer)), 5);
	assert_string_equal(buffer, "abc45");
	assert_int_equal(file_write(folder, "new", "abc", 3), -ENOENT);
	assert_int_equal(file_write(AT_FDCWD, "/dev/full", "abc", 3), -ENOSPC);
}

/* Entries of the folder but "." and "..". */
static int count_entries(void)
{
	DIR *stream = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int count = -2;

	while (readdir(stream))
		count++;
	closedir(stream);
	return count;
}

static void test_replace(void **state)
{
	struct stat status;
	char buffer[64], path[128];
	int before = count_open();

	(void)state;
	umask(022);
	assert_int_equal(file_replace(folder, "r", "one", 3, 0640, 0), 0);
	assert_int_equal(file_read_small(folder, "r", buffer, sizeof(buffer)), 3);
	assert_int_equal(fstatat(folder, "r", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(file_replace(folder, "r", "fresh", 5, 0644, FILE_SYNC), 0);
	assert_int_equal(file_read_small(folder, "r", buffer, sizeof(buffer)), 5);
	assert_string_equal(buffer, "fresh");
	assert_int_equal(count_entries(), 1);
	/* A link is replaced, not followed. */
	assert_int_equal(symlinkat("r", folder, "link"), 0);
	assert_int_equal(file_replace(folder, "link", "L", 1, 0644, 0), 0);
	assert_int_equal(file_read_small(folder, "r", buffer, sizeof(buffer)), 5);
	assert_int_equal(unlinkat(folder, "link", 0), 0);
	/* What was left over by a process of the same pid is in nobody's way. */
	snprintf(path, sizeof(path), ".r.%d-0", (int)getpid());
	put_file(path, "old", 3);
	assert_int_equal(file_replace(folder, "r", "more", 4, 0644, 0), 0);
	assert_int_equal(file_read_small(folder, "r", buffer, sizeof(buffer)), 4);
	assert_int_equal(unlinkat(folder, path, 0), 0);
	/* With a folder in the name, absolute too. */
	assert_int_equal(mkdirat(folder, "d", 0755), 0);
	assert_int_equal(file_replace(folder, "d/x", "1", 1, 0644, FILE_SYNC), 0);
	snprintf(path, sizeof(path), "%s/d/x", folder_path);
	assert_int_equal(file_replace(AT_FDCWD, path, "22", 2, 0644, FILE_SYNC), 0);
	assert_int_equal(file_read_small(folder, "d/x", buffer, sizeof(buffer)), 2);
	/* Nothing stays behind when it fails. */
	assert_int_equal(file_replace(folder, "none/x", "1", 1, 0644, 0), -ENOENT);
	assert_int_equal(file_replace(folder, "d", "1", 1, 0644, 0), -EISDIR);
	assert_int_equal(count_entries(), 2);
	assert_int_equal(count_open(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
		cmocka_unit_test(test_read_pipe),
		cmocka_unit_test_setup_teardown(test_read_fifo, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read_small, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_replace, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
