/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each case is asked of openat2(2) and of the component walk; then all again as if the kernel had
 * no openat2. The tests run in a mount namespace of their own, for the cases with mounts.
 */
#include "tests/unit/test_lib.h"

#ifndef RENAME_EXCHANGE /* musl */
#define RENAME_EXCHANGE (1 << 1)
#endif

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/path_walk.h"

/* link: -Wl,--wrap=syscall */
static bool old_kernel;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long argument[4];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 4; i++)
		argument[i] = va_arg(list, long);
	va_end(list);
	if (old_kernel && number == SYS_openat2) {
		errno = ENOSYS;
		return -1;
	}
	return __real_syscall(number, argument[0], argument[1], argument[2], argument[3]);
}

static int top, root;
static char top_path[64];
static bool mounts;

/* What must never be seen: above the root, under the same names as inside. */
static int set_up(void **state)
{
	static const char *const folders[] = { "etc",	   "root",     "root/etc", "root/a",
					       "root/a/b", "root/mnt", "root/same" };
	static const char *const files[] = { "etc/secret", "root/etc/passwd", "root/file" };
	static const struct {
		const char *target, *name;
	} links[] = {
		{ "/etc", "root/absolute" },   { "../../../etc", "root/a/up" },
		{ "loop", "root/loop" },       { "b", "root/a/to_b" },
		{ "/a/to_b", "root/chain" },   { "missing", "root/dangling" },
		{ "/new/deep/x", "root/far" }, { "file/", "root/slash" },
		{ "..", "root/a/b/parent" },   { "/", "root/self" },
		{ "mnt", "root/to_mnt" },      { "/proc/self/root", "root/escape" },
	};

	(void)state;
	umask(022);
	top = make_folder(top_path);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		assert_int_equal(mkdirat(top, folders[i], 0755), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_int_equal(mknodat(top, files[i], S_IFREG | 0644, 0), 0);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		assert_int_equal(symlinkat(links[i].target, top, links[i].name), 0);
	root = openat(top, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(root);
	remove_folder(top, top_path);
	return 0;
}

/* The place of an open file below the root; it is closed. */
static const char *place(int fd)
{
	static char buffer[PATH_MAX];
	char link[PATH_FD_SIZE], prefix[128];
	ssize_t size = readlink(path_of_fd(fd, link), buffer, sizeof(buffer) - 1);

	assert_true(size > 0);
	buffer[size] = '\0';
	close(fd);
	snprintf(prefix, sizeof(prefix), "%s/root", top_path);
	return path_has_prefix(buffer, prefix) ? buffer + strlen(prefix) : "OUTSIDE";
}

/* Both ways must give `expected`: a place, or NULL with the error `no`. */
static void both(const char *path, int flags, int rules, int no, const char *expected)
{
	for (int way = 0; way < 2; way++) {
		int fd = way ? path_open_walk(root, path, flags, 0600, rules) :
			       path_open(root, path, flags, 0600, rules);

		if (expected) {
			if (fd < 0 || strcmp(place(fd), expected) != 0)
				fail_msg("%s, way %d: %d", path, way, fd);
		} else if (fd != -no) {
			fail_msg("%s, way %d: %d, not %d", path, way, fd, -no);
		}
	}
}

static void test_in_root(void **state)
{
	char longest[PATH_MAX + 1], name[NAME_MAX + 2];

	(void)state;
	both(".", O_PATH, 0, 0, "");
	both("/", O_PATH, 0, 0, "");
	both("..", O_PATH, 0, 0, "");
	both("../../..//", O_PATH, 0, 0, "");
	both("etc/passwd", O_RDONLY, 0, 0, "/etc/passwd");
	both("/etc/passwd", O_RDWR, 0, 0, "/etc/passwd");
	both("etc/secret", O_PATH, 0, ENOENT, NULL);
	both("../etc/secret", O_PATH, 0, ENOENT, NULL);
	both("absolute/passwd", O_PATH, 0, 0, "/etc/passwd");
	both("a/up/passwd", O_PATH, 0, 0, "/etc/passwd");
	both("a/up/secret", O_PATH, 0, ENOENT, NULL);
	both("a/up/../file", O_PATH, 0, 0, "/file");
	both("chain/../..", O_PATH, 0, 0, "");
	both("chain", O_PATH, 0, 0, "/a/b");
	both("chain", O_PATH | O_NOFOLLOW, 0, 0, "/chain");
	both("chain/", O_PATH | O_NOFOLLOW, 0, 0, "/a/b");
	both("chain", O_RDONLY | O_NOFOLLOW, 0, ELOOP, NULL);
	both("chain", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, ENOTDIR, NULL);
	both("a/b/parent/b/parent/to_b", O_PATH, 0, 0, "/a/b");
	both("self/self/self/a", O_PATH, 0, 0, "/a");
	both("loop", O_PATH, 0, ELOOP, NULL);
	both("loop/x", O_PATH, 0, ELOOP, NULL);
	both("file/", O_PATH, 0, ENOTDIR, NULL);
	both("file/.", O_PATH, 0, ENOTDIR, NULL);
	both("file/..", O_PATH, 0, ENOTDIR, NULL);
	both("slash", O_PATH, 0, ENOTDIR, NULL);
	both("file", O_RDONLY | O_DIRECTORY, 0, ENOTDIR, NULL);
	both("a", O_RDWR, 0, EISDIR, NULL);
	both("", O_PATH, 0, ENOENT, NULL);
	both("dangling", O_PATH, 0, ENOENT, NULL);
	memset(longest, '/', sizeof(longest));
	longest[PATH_MAX] = '\0';
	both(longest, O_PATH, 0, ENAMETOOLONG, NULL);
	longest[PATH_MAX - 1] = '\0';
	both(longest, O_PATH, 0, 0, "");
	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	both(name, O_PATH, 0, ENAMETOOLONG, NULL);
}

static void test_beneath(void **state)
{
	(void)state;
	both("etc/passwd", O_PATH, PATH_BENEATH, 0, "/etc/passwd");
	both("a/../file", O_PATH, PATH_BENEATH, 0, "/file");
	both("a/..", O_PATH, PATH_BENEATH, 0, "");
	both("..", O_PATH, PATH_BENEATH, EXDEV, NULL);
	both("a/../..", O_PATH, PATH_BENEATH, EXDEV, NULL);
	both("/", O_PATH, PATH_BENEATH, EXDEV, NULL);
	both("/file", O_PATH, PATH_BENEATH, EXDEV, NULL);
	both("absolute/passwd", O_PATH, PATH_BENEATH, EXDEV, NULL);
	both("a/up", O_PATH, PATH_BENEATH, EXDEV, NULL);
	both("a/to_b", O_PATH, PATH_BENEATH, 0, "/a/b");
}

static void test_no_symlinks(void **state)
{
	(void)state;
	both("a/to_b", O_PATH, PATH_NO_SYMLINKS, ELOOP, NULL);
	both("a/to_b/x", O_PATH, PATH_NO_SYMLINKS, ELOOP, NULL);
	both("a/to_b", O_PATH | O_NOFOLLOW, PATH_NO_SYMLINKS, 0, "/a/to_b");
	both("a/to_b/", O_PATH | O_NOFOLLOW, PATH_NO_SYMLINKS, ELOOP, NULL);
	both("a/b", O_PATH, PATH_NO_SYMLINKS | PATH_BENEATH, 0, "/a/b");
	both("dangling", O_WRONLY | O_CREAT, PATH_NO_SYMLINKS, ELOOP, NULL);
}

static void test_create(void **state)
{
	(void)state;
	both("new", O_WRONLY | O_CREAT, 0, 0, "/new");
	both("new", O_WRONLY | O_CREAT | O_EXCL, 0, EEXIST, NULL);
	both("dangling", O_WRONLY | O_CREAT | O_EXCL, 0, EEXIST, NULL);
	both("dangling", O_WRONLY | O_CREAT | O_NOFOLLOW, 0, ELOOP, NULL);
	both("dangling", O_WRONLY | O_CREAT, 0, 0, "/missing");
	both("a/up/made", O_WRONLY | O_CREAT, 0, 0, "/etc/made");
	both("far", O_WRONLY | O_CREAT, 0, ENOTDIR, NULL); /* "new" is a file by now */
	both("x/", O_WRONLY | O_CREAT, 0, EISDIR, NULL);
	both(".", O_WRONLY | O_CREAT, 0, EISDIR, NULL);
	both("a", O_WRONLY | O_CREAT, 0, EISDIR, NULL);
	assert_int_equal(faccessat(top, "etc/made", F_OK, 0), -1);
}

/* 40 links are followed, not 41. */
static void test_link_count(void **state)
{
	(void)state;
	for (int i = 1; i <= 42; i++) {
		char name[16], target[16];

		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), i == 1 ? "file" : "l%d", i - 1);
		assert_int_equal(symlinkat(target, root, name), 0);
	}
	both("l40", O_PATH, 0, 0, "/file");
	both("l41", O_PATH, 0, ELOOP, NULL);
	both("l39/x", O_PATH, 0, ENOTDIR, NULL);
}

static void test_deep(void **state)
{
	int fd = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[600] = "";
	int before;

	(void)state;
	for (int i = 0; i < 129; i++) {
		int next;

		assert_int_equal(mkdirat(fd, "d", 0755), 0);
		next = openat(fd, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = next;
		strcat(path, "d/");
	}
	close(fd);
	before = count_open();
	/* 128 levels below the root, and the last component. */
	fd = path_open_walk(root, path, O_PATH, 0, 0);
	assert_true(fd >= 0);
	close(fd);
	strcat(path, "../d/x");
	assert_int_equal(path_open_walk(root, path, O_PATH, 0, 0), -ENAMETOOLONG);
	assert_int_equal(count_open(), before);
}

static void test_crossing(void **state)
{
	char path[128];

	(void)state;
	if (!mounts)
		skip();
	snprintf(path, sizeof(path), "%s/root/mnt", top_path);
	assert_int_equal(mount("none", path, "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdirat(root, "mnt/in", 0755), 0);
	/* The same filesystem, another mount. */
	snprintf(path, sizeof(path), "%s/root/same", top_path);
	assert_int_equal(mount(top_path, path, NULL, MS_BIND, NULL), 0);
	both("mnt/in", O_PATH, 0, 0, "/mnt/in");
	both("mnt/in/../../file", O_PATH, 0, 0, "/file");
	both("mnt", O_PATH, PATH_NO_CROSSING, EXDEV, NULL);
	both("mnt/in", O_PATH, PATH_NO_CROSSING, EXDEV, NULL);
	both("to_mnt/in", O_PATH, PATH_NO_CROSSING, EXDEV, NULL);
	both("same/etc", O_PATH, PATH_NO_CROSSING, EXDEV, NULL);
	both("same", O_PATH | O_NOFOLLOW, PATH_NO_CROSSING, EXDEV, NULL);
	both("a/to_b", O_PATH, PATH_NO_CROSSING, 0, "/a/b");
	both("absolute/passwd", O_RDONLY, PATH_NO_CROSSING, 0, "/etc/passwd");
	assert_int_equal(umount2(path, MNT_DETACH), 0);
	snprintf(path, sizeof(path), "%s/root/mnt", top_path);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
}

/* Links of procfs that jump are never followed; its links of text are. */
static void test_magic_links(void **state)
{
	int saved = root, proc = path_open_proc();
	static const char *const magic[] = { "self/root",  "self/exe",	  "self/cwd",
					     "self/fd/0",  "self/ns/mnt", "self/root/etc",
					     "self/cwd/.." };
	char path[64];

	(void)state;
	assert_true(proc >= 0);
	root = proc;
	for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++) {
		both(magic[i], O_PATH, 0, ELOOP, NULL);
		both(magic[i], O_PATH, PATH_BENEATH, ELOOP, NULL);
	}
	for (int way = 0; way < 2; way++) {
		int fd = way ? path_open_walk(proc, "self/status", O_RDONLY, 0, 0) :
			       path_open(proc, "self/status", O_RDONLY, 0, 0);

		assert_true(fd >= 0);
		close(fd);
	}
	snprintf(path, sizeof(path), "%d/root", (int)getpid());
	both(path, O_PATH, 0, ELOOP, NULL);
	root = saved;
	close(proc);
	/* From outside of procfs such a link is text, which leads nowhere in this tree. */
	both("escape", O_PATH, 0, ENOENT, NULL);
}

static void test_parent(void **state)
{
	char name[NAME_MAX + 1], longest[NAME_MAX + 3];
	static const struct {
		const char *path, *parent, *name;
	} rows[] = {
		{ "file", "", "file" },	    { "/file", "", "file" },
		{ "//a//b//", "/a", "b" },  { "chain/x", "/a/b", "x" },
		{ "a/to_b", "/a", "to_b" }, { "absolute/../../new", "", "new" },
		{ "a/..x", "/a", "..x" },   { "a/.x", "/a", ".x" },
	};
	static const char *const none[] = { "", "/", ".", "..", "a/..", "a/.", "a/../" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = path_open_parent(root, rows[i].path, name);

		assert_true(fd >= 0);
		assert_string_equal(place(fd), rows[i].parent);
		assert_string_equal(name, rows[i].name);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(path_open_parent(root, none[i], name), -EINVAL);
	assert_int_equal(path_open_parent(root, "missing/x", name), -ENOENT);
	assert_int_equal(error_last()->no, ENOENT);
	assert_int_equal(path_open_parent(root, "file/x", name), -ENOTDIR);
	memset(longest, 'x', sizeof(longest));
	longest[NAME_MAX] = '\0';
	close(path_open_parent(root, longest, name));
	assert_string_equal(name, longest);
	longest[NAME_MAX] = 'x';
	longest[NAME_MAX + 1] = '\0';
	assert_int_equal(path_open_parent(root, longest, name), -ENAMETOOLONG);
}

static void check_mode(const char *path, mode_t mode)
{
	struct stat status;

	assert_int_equal(fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(status.st_mode, mode);
}

static void test_make_directory(void **state)
{
	int before = count_open();
	static const struct {
		const char *path, *place;
	} rows[] = {
		{ "a", "/a" },
		{ "/", "" },
		{ "one", "/one" },
		{ "two/three/four/", "/two/three/four" },
		{ "absolute/sub/x", "/etc/sub/x" },
		{ "a/up/../../../../five", "/five" },
		{ "dangling", "/missing" },
		{ "far", "/new/deep/x" },
		{ "far/more", "/new/deep/x/more" },
		{ "six/../seven", "/seven" },
		{ "eight/.", "/eight" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = path_make_directory(root, rows[i].path, 0700);

		if (fd < 0)
			fail_msg("%s: %s", rows[i].path, error_last()->text);
		assert_true(fcntl(fd, F_GETFL) & O_PATH);
		assert_string_equal(place(fd), rows[i].place);
	}
	check_mode("a", S_IFDIR | 0755);
	check_mode("one", S_IFDIR | 0700);
	check_mode("two", S_IFDIR | 0755);
	check_mode("two/three/four", S_IFDIR | 0700);
	check_mode("etc/sub", S_IFDIR | 0755);
	check_mode("new/deep/x", S_IFDIR | 0700);
	assert_int_equal(path_make_directory(root, "file", 0755), -ENOTDIR);
	assert_int_equal(path_make_directory(root, "file/x", 0755), -ENOTDIR);
	assert_int_equal(path_make_directory(root, "loop/x", 0755), -ELOOP);
	assert_int_equal(path_make_directory(root, "", 0755), -ENOENT);
	assert_string_equal(error_last()->text, "make folder ");
	assert_int_equal(faccessat(top, "etc/sub", F_OK, 0), -1);
	assert_int_equal(faccessat(top, "five", F_OK, 0), -1);
	assert_int_equal(count_open(), before);
}

static void test_make_file(void **state)
{
	int before = count_open();
	static const struct {
		const char *path, *place;
	} rows[] = {
		{ "file", "/file" },
		{ "one", "/one" },
		{ "two/three/four", "/two/three/four" },
		{ "a/up/conf", "/etc/conf" },
		{ "dangling", "/missing" },
		{ "far", "/new/deep/x" },
		{ "chain/x", "/a/b/x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = path_make_file(root, rows[i].path, 0640);

		if (fd < 0)
			fail_msg("%s: %s", rows[i].path, error_last()->text);
		assert_true(fcntl(fd, F_GETFL) & O_PATH);
		assert_string_equal(place(fd), rows[i].place);
	}
	check_mode("file", S_IFREG | 0644);
	check_mode("one", S_IFREG | 0640);
	check_mode("two/three", S_IFDIR | 0755);
	check_mode("two/three/four", S_IFREG | 0640);
	check_mode("new/deep/x", S_IFREG | 0640);
	assert_int_equal(path_make_file(root, "nine/", 0644), -EISDIR);
	assert_int_equal(path_make_file(root, "file/x", 0644), -ENOTDIR);
	assert_int_equal(path_make_file(root, "loop", 0644), -ELOOP);
	assert_int_equal(faccessat(top, "etc/conf", F_OK, 0), -1);
	assert_int_equal(count_open(), before);
}

/* While another exchanges folders and links and moves folders about, nothing leads out. */
static void test_race(void **state)
{
	char name[NAME_MAX + 1];
	int status, fd;
	pid_t pid;

	(void)state;
	assert_int_equal(symlinkat("../../../../etc", root, "a/link"), 0);
	assert_int_equal(mkdirat(root, "a/b/c", 0755), 0);
	pid = fork();
	if (pid == 0) {
		for (;;) {
			syscall(SYS_renameat2, root, "a/b", root, "a/link", RENAME_EXCHANGE);
			renameat(root, "a/link/c", root, "c");
			renameat(root, "c", root, "a/link/c");
			syscall(SYS_renameat2, root, "a/b", root, "a/link", RENAME_EXCHANGE);
			renameat(root, "a/b/c", root, "etc/c");
			renameat(root, "etc/c", root, "a/b/c");
		}
	}
	for (int i = 0; i < 3000; i++) {
		fd = path_open_walk(root, "a/b/c/../../../../x/../etc", O_PATH, 0, 0);
		assert_true(fd < 0 || strcmp(place(fd), "/etc") == 0);
		fd = path_open(root, "a/b/c/../../secret", O_PATH, 0, 0);
		assert_true(fd < 0);
		fd = path_make_directory(root, "a/b/c/../../../new/deep", 0755);
		assert_true(fd < 0 || strcmp(place(fd), "OUTSIDE") != 0);
		fd = path_make_file(root, "a/b/made", 0644);
		assert_true(fd < 0 || strcmp(place(fd), "OUTSIDE") != 0);
		fd = path_open_parent(root, "a/b/c/../x", name);
		assert_true(fd < 0 || strcmp(place(fd), "OUTSIDE") != 0);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(faccessat(top, "etc/made", F_OK, 0), -1);
	assert_int_equal(faccessat(top, "new", F_OK, 0), -1);
}

static void test_proc(void **state)
{
	int before = count_open(), proc = path_open_proc();
	char text[64], path[128], old[64];
	ssize_t size;
	int fd;

	(void)state;
	assert_true(proc >= 0);
	fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	size = read(fd, old, sizeof(old) - 1);
	close(fd);
	old[size - 1] = '\0';
	snprintf(path, sizeof(path), "%d/comm", (int)getpid());
	for (int way = 0; way < 2; way++) {
		assert_int_equal(path_write_proc(proc, way ? "self/comm" : path,
						 way ? old : "renamed"),
				 0);
		fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
		size = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[size - 1] = '\0';
		assert_string_equal(text, way ? old : "renamed");
	}
	assert_int_equal(path_write_proc(proc, "self/fd/1", "x"), -ELOOP);
	assert_int_equal(path_write_proc(proc, "../etc/x", "x"), -EXDEV);
	assert_int_equal(path_write_proc(proc, "/self/comm", "x"), -EXDEV);
	assert_int_equal(path_write_proc(proc, "self/none", "x"), -ENOENT);
	assert_int_equal(path_write_proc(proc, "self/oom_score_adj", "no number"), -EINVAL);
	assert_string_equal(error_last()->text, "write 'no number' to /proc/self/oom_score_adj");
	assert_int_equal(path_write_proc(proc, "thread-self/comm", "x"), -ELOOP);
	if (mounts) {
		/* A file of somebody else over ours. */
		snprintf(path, sizeof(path), "%s/root/file", top_path);
		assert_int_equal(mount(path, "/proc/self/comm", NULL, MS_BIND, NULL), 0);
		assert_int_equal(path_write_proc(proc, "self/comm", "x"), -EXDEV);
		assert_int_equal(umount2("/proc/self/comm", MNT_DETACH), 0);
		/* Another thing where /proc is expected. */
		assert_int_equal(mount("none", "/proc", "tmpfs", 0, NULL), 0);
		assert_int_equal(path_open_proc(), -ENODEV);
		assert_int_equal(umount2("/proc", MNT_DETACH), 0);
		assert_int_equal(mount("/proc/sys", "/proc", NULL, MS_BIND, NULL), 0);
		assert_int_equal(path_open_proc(), -ENODEV);
		assert_int_equal(umount2("/proc", MNT_DETACH), 0);
	}
	close(proc);
	assert_int_equal(count_open(), before);
}

static void test_clean(void **state)
{
	static const struct {
		const char *path, *clean;
	} rows[] = {
		{ "", "/" },
		{ "/", "/" },
		{ ".", "/" },
		{ "..", "/" },
		{ "a", "/a" },
		{ "/a/b", "/a/b" },
		{ "a//b/./../c/", "/a/c" },
		{ "/../../a", "/a" },
		{ "/a/b/../..", "/" },
		{ "/a/../..", "/" },
		{ "/a/...", "/a/..." },
		{ "/.a/..b", "/.a/..b" },
	};
	char buffer[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(path_clean(rows[i].path, buffer, sizeof(buffer)), 0);
		assert_string_equal(buffer, rows[i].clean);
	}
	assert_int_equal(path_clean("/abc", buffer, 5), 0);
	assert_int_equal(path_clean("/abc", buffer, 4), -ENAMETOOLONG);
	assert_int_equal(path_clean("/", buffer, 1), -ENAMETOOLONG);
	assert_int_equal(path_clean("/", buffer, 2), 0);
	assert_true(path_has_prefix("/a/b", "/a"));
	assert_true(path_has_prefix("/a", "/a"));
	assert_true(path_has_prefix("/a", "/"));
	assert_true(path_has_prefix("/", "/"));
	assert_false(path_has_prefix("/ab", "/a"));
	assert_false(path_has_prefix("/a", "/a/b"));
	assert_string_equal(path_of_fd(0, (char[PATH_FD_SIZE]){ 0 }), "/proc/self/fd/0");
	assert_string_equal(path_of_fd(INT_MAX, (char[PATH_FD_SIZE]){ 0 }),
			    "/proc/self/fd/2147483647");
}

static void test_on_an_old_kernel(void **state)
{
	(void)state;
	old_kernel = true;
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TREE_TESTS \
	TREE_TEST(test_in_root), TREE_TEST(test_beneath), TREE_TEST(test_no_symlinks), \
		TREE_TEST(test_create), TREE_TEST(test_link_count), TREE_TEST(test_deep), \
		TREE_TEST(test_crossing), TREE_TEST(test_magic_links), TREE_TEST(test_parent), \
		TREE_TEST(test_make_directory), TREE_TEST(test_make_file), TREE_TEST(test_race), \
		TREE_TEST(test_proc)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		TREE_TESTS,
		cmocka_unit_test(test_on_an_old_kernel),
		TREE_TESTS,
	};

	mounts =
		unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
