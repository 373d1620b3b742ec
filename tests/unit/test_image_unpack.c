/* SPDX-License-Identifier: Apache-2.0 */
/* Applying archives to a folder, in both ways. Needs root, for owners and whiteouts. */
#include "tests/unit/test_lib.h"

#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "image/unpack/apply.h"
#include "lib/error.h"
#include "tests/unit/image_tar.h"

static char path[64];
static int root = -1;
static struct tree_report report;

static int set_up(void **state)
{
	(void)state;
	root = make_folder(path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(root, path);
	return 0;
}

static int apply_strictly(enum unpack_way way, const struct tar_entry *entries, bool strict)
{
	const struct unpack_rules rules = { .devices = true, .keep_owner = true, .strict = strict };
	struct tar tar = { 0 };
	struct archive *archive;
	int result;

	for (; entries->name; entries++)
		tar_add(&tar, entries);
	tar_end(&tar);
	result = archive_open(&(struct archive_request){ .name = "test",
							 .source = tar_source,
							 .data = &tar },
			      &archive);
	assert_int_equal(result, 0);
	error_clear();
	result = unpack_layer(root, archive, way, &rules, &report);
	archive_close(&archive);
	free(tar.bytes);
	if (result < 0)
		assert_true(error_last()->text[0]);
	return result;
}

#define APPLY_RESULT(way, ...) \
	apply_strictly(way, (const struct tar_entry[]){ __VA_ARGS__, { .name = NULL } }, false)
#define APPLY(way, ...) assert_int_equal(APPLY_RESULT(way, __VA_ARGS__), 0)
#define FILE(n, d) \
	{ \
		.name = (n), .data = (d), .mode = 0644 \
	}
#define FOLDER(n) \
	{ \
		.name = (n), .type = '5', .mode = 0755 \
	}

static struct stat look(const char *name)
{
	struct stat status = { 0 };

	fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW);
	return status;
}

static void assert_file(const char *name, const char *content)
{
	char text[64] = "";
	int fd = openat(root, name, O_RDONLY | O_NOFOLLOW);

	if (fd < 0)
		fail_msg("%s: %s", name, strerror(errno));
	assert_int_equal(read(fd, text, sizeof(text) - 1), strlen(content));
	close(fd);
	assert_string_equal(text, content);
}

static bool is_opaque(const char *name)
{
	char value[2] = "";
	int fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	ssize_t size = fgetxattr(fd, "trusted.overlay.opaque", value, sizeof(value));

	close(fd);
	return size == 1 && value[0] == 'y';
}

static bool is_whiteout(const char *name)
{
	struct stat status = look(name);

	return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

static bool exists(const char *name)
{
	return faccessat(root, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_attributes(void **state)
{
	struct stat status;
	char text[16];

	(void)state;
	APPLY(UNPACK_ALONE, { .name = "./", .type = '5', .mode = 01777, .mtime = 5 },
	      { .name = "d", .type = '5', .mode = 0700, .uid = 7, .gid = 8, .mtime = 1000 },
	      { .name = "d/f", .data = "hello", .mode = 04755, .uid = 1, .gid = 2, .mtime = 2000 },
	      { .name = "d/s", .link = "/etc", .type = '2', .uid = 3, .gid = 4, .mtime = 3000 },
	      { .name = "d/p", .type = '6', .mode = 0622, .uid = 5, .mtime = 4000 },
	      { .name = "d/b", .type = '4', .mode = 0660, .major = 8, .minor = 1 },
	      { .name = "d/h", .type = '1', .link = "d/f", .mode = 0777, .uid = 99 },
	      { .name = "d/e", .mode = 0, .mtime = 77 });
	assert_true(report.root_set && !report.needs_lower);
	status = look(".");
	assert_int_equal(status.st_mode, S_IFDIR | 01777);
	assert_int_equal(status.st_mtime, 5);
	status = look("d");
	assert_int_equal(status.st_mode, S_IFDIR | 0700);
	assert_int_equal(status.st_mtime, 1000);
	assert_true(status.st_uid == 7 && status.st_gid == 8);
	status = look("d/f");
	assert_int_equal(status.st_mode, S_IFREG | 04755);
	assert_true(status.st_uid == 1 && status.st_gid == 2 && status.st_mtime == 2000);
	assert_int_equal(status.st_nlink, 2);
	assert_file("d/f", "hello");
	assert_int_equal(look("d/h").st_ino, status.st_ino);
	status = look("d/s");
	assert_true(S_ISLNK(status.st_mode) && status.st_uid == 3 && status.st_mtime == 3000);
	assert_int_equal(readlinkat(root, "d/s", text, sizeof(text)), 4);
	status = look("d/p");
	assert_int_equal(status.st_mode, S_IFIFO | 0622);
	assert_true(status.st_uid == 5 && status.st_mtime == 4000);
	status = look("d/b");
	assert_int_equal(status.st_mode, S_IFBLK | 0660);
	assert_true(status.st_rdev == makedev(8, 1));
	assert_int_equal(look("d/e").st_mode, S_IFREG);
	assert_int_equal(look("d/e").st_mtime, 77);
}

static void test_parents(void **state)
{
	const mode_t mask = umask(077);

	(void)state;
	APPLY(UNPACK_ALONE, FILE("a/b/c", "1"), FILE("a/d", "2"));
	umask(mask);
	assert_true(report.needs_lower && !report.root_set);
	assert_int_equal(look("a").st_mode, S_IFDIR | 0755);
	assert_int_equal(look("a/b").st_mode, S_IFDIR | 0755);
	assert_file("a/b/c", "1");
	assert_file("a/d", "2");
}

/* The same path again, as another type; nothing is written through. */
static void test_replaced(void **state)
{
	(void)state;
	APPLY(UNPACK_ALONE, FILE("keep", "keep"), FILE("a", "1"),
	      { .name = "link", .type = '1', .link = "a" }, FILE("a", "2"), FOLDER("x"),
	      FILE("x/y", "y"), { .name = "x", .type = '2', .link = "keep" }, FILE("x", "x"),
	      { .name = "s", .type = '2', .link = "keep" }, FOLDER("s"), FILE("s/in", "in"));
	assert_file("a", "2");
	assert_file("link", "1");
	assert_file("x", "x");
	assert_file("keep", "keep");
	assert_file("s/in", "in");
	/* What lower layers have there went as well. */
	assert_true(is_opaque("s") && !is_opaque("."));
}

static void test_whiteouts_alone(void **state)
{
	(void)state;
	APPLY(UNPACK_ALONE, FOLDER("d"), FILE("d/.wh.gone", NULL), FILE("d/.wh.own", NULL),
	      FILE("d/own", "own"), FILE("d/first", "first"), FILE("d/.wh.first", NULL),
	      FOLDER("d/sub"), FILE("d/sub/in", "in"), FILE("d/.wh.sub", NULL),
	      FILE("d/.wh.later", NULL), FOLDER("d/later"), FILE("d/later/in", "in"),
	      FILE("d/.wh.implied", NULL), FILE("d/implied/in", "in"), FOLDER("o"),
	      FILE("o/before", "1"), FILE("o/.wh..wh..opq", NULL), FILE("o/after", "2"),
	      { .name = "d/dev", .type = '3' }, FOLDER(".wh..wh.plnk"), FILE(".wh..wh.plnk/1", "x"),
	      FILE(".wh..wh.aufs", "x"));
	assert_true(is_whiteout("d/gone") && is_whiteout("d/dev"));
	assert_file("d/own", "own");
	assert_file("d/first", "first");
	assert_true(is_opaque("d/sub") && is_opaque("d/later") && is_opaque("d/implied"));
	assert_file("d/sub/in", "in");
	assert_file("d/later/in", "in");
	assert_file("d/implied/in", "in");
	assert_true(is_opaque("o") && !is_opaque("d"));
	assert_file("o/before", "1");
	assert_file("o/after", "2");
	assert_false(exists(".wh..wh.plnk"));
	assert_false(exists(".wh..wh.aufs"));
}

static void test_whiteouts_over(void **state)
{
	(void)state;
	APPLY(UNPACK_OVER, FOLDER("d"), FILE("d/gone", "0"), FILE("d/own", "0"),
	      FILE("d/first", "0"), FOLDER("d/sub"), FILE("d/sub/low", "0"), FOLDER("d/sub/deep"),
	      FILE("d/sub/deep/low", "0"), FOLDER("d/later"), FILE("d/later/low", "0"),
	      FOLDER("tree"), FOLDER("tree/a"), FILE("tree/a/b", "0"), FILE(".wh.nothing", NULL),
	      FOLDER("o"), FILE("o/low", "0"), FOLDER("o/sub"), FILE("o/sub/low", "0"),
	      { .name = "l", .type = '2', .link = "o" });
	assert_true(exists("d/gone") && exists("o/sub/low") && !exists("nothing"));
	APPLY(UNPACK_OVER, FOLDER("d"), FILE("d/.wh.gone", NULL), FILE("d/.wh.own", NULL),
	      FILE("d/own", "own"), FILE("d/first", "first"), FILE("d/.wh.first", NULL),
	      FILE("d/sub/deep/in", "in"), FILE("d/.wh.sub", NULL), FILE("d/.wh.later", NULL),
	      FILE("d/later/in", "in"), FILE(".wh.tree", NULL), FILE(".wh.missing", NULL),
	      FILE("o/sub/in", "1"), FILE("l/through", "2"), FILE("o/.wh..wh..opq", NULL),
	      FILE("o/after", "3"));
	assert_false(exists("d/gone"));
	assert_file("d/own", "own");
	assert_file("d/first", "first");
	assert_file("d/sub/deep/in", "in");
	assert_false(exists("d/sub/low"));
	assert_false(exists("d/sub/deep/low"));
	assert_file("d/later/in", "in");
	assert_false(exists("d/later/low"));
	assert_false(exists("tree"));
	assert_false(exists("o/low"));
	assert_false(exists("o/sub/low"));
	assert_file("o/sub/in", "1");
	assert_file("o/through", "2");
	assert_file("o/after", "3");
}

static void test_bad_whiteouts(void **state)
{
	static const char *const bad[] = { ".wh.",   ".wh..",	".wh...",
					   "d/.wh.", ".wh.d/x", "d/.wh.x/y/z" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(APPLY_RESULT(UNPACK_ALONE, FILE(bad[i], NULL)), -EINVAL);
		assert_int_equal(APPLY_RESULT(UNPACK_OVER, FILE(bad[i], NULL)), -EINVAL);
	}
	for (int way = UNPACK_ALONE; way <= UNPACK_OVER; way++) {
		assert_int_equal(APPLY_RESULT(way, FOLDER("a/.wh.x")), -EINVAL);
		assert_int_equal(APPLY_RESULT(way, FOLDER("a/.wh..wh..opq")), -EINVAL);
		assert_int_equal(APPLY_RESULT(way, { .name = ".wh.x", .type = '2', .link = "y" }),
				 -EINVAL);
		assert_int_equal(APPLY_RESULT(way, FILE("f", NULL),
					      { .name = ".wh.x", .type = '1', .link = "f" }),
				 -EINVAL);
	}
}

static void test_links(void **state)
{
	(void)state;
	APPLY(UNPACK_ALONE, FILE("a", "a"), { .name = "h", .type = '1', .link = "/a" });
	assert_file("h", "a");
	assert_int_equal(APPLY_RESULT(UNPACK_ALONE, FOLDER("d"),
				      { .name = "h", .type = '1', .link = "d" }),
			 -EPERM);
	assert_int_equal(APPLY_RESULT(UNPACK_ALONE, { .name = "h", .type = '1', .link = "none" }),
			 -ENOENT);
	assert_true(report.needs_lower);
	assert_int_equal(APPLY_RESULT(UNPACK_ALONE, FILE(".wh.w", NULL),
				      { .name = "h", .type = '1', .link = "w" }),
			 -ENOENT);
	/* A link to a link is the link itself. */
	APPLY(UNPACK_ALONE, { .name = "s", .type = '2', .link = "/etc/passwd" },
	      { .name = "t", .type = '1', .link = "s" });
	assert_true(S_ISLNK(look("t").st_mode) && look("t").st_nlink == 2);
}

static void test_strict(void **state)
{
	const struct tar_entry twice[] = {
		FILE("d/a", "1"), FILE("d/b", "1"), FILE("d/a", "2"), { .name = NULL }
	};
	const struct tar_entry folders[] = {
		FILE("d/a", "1"), FOLDER("d"), FOLDER("d"), { .name = NULL }
	};
	const struct tar_entry aufs[] = { FOLDER(".wh..wh.plnk"), { .name = NULL } };

	(void)state;
	assert_int_equal(apply_strictly(UNPACK_ALONE, twice, true), -EEXIST);
	assert_int_equal(apply_strictly(UNPACK_OVER, folders, true), -EEXIST);
	assert_int_equal(apply_strictly(UNPACK_OVER, aufs, true), -EINVAL);
	assert_int_equal(apply_strictly(UNPACK_ALONE, twice, false), 0);
	assert_file("d/a", "2");
}

static void test_root_entry(void **state)
{
	(void)state;
	assert_int_equal(APPLY_RESULT(UNPACK_ALONE, { .name = ".", .type = '2', .link = "/etc" }),
			 -EINVAL);
	assert_int_equal(APPLY_RESULT(UNPACK_OVER, FILE("./", "x")), -EINVAL);
}

static void test_xattrs(void **state)
{
	char value[64];
	int fd;

	(void)state;
	APPLY(UNPACK_ALONE, { .name = "f",
			      .data = "x",
			      .mode = 0755,
			      .xattrs = "30 SCHILY.xattr.user.name=val\n"
					"38 SCHILY.xattr.user.overlay.opaque=y\n"
					"41 SCHILY.xattr.trusted.overlay.opaque=y\n"
					"39 SCHILY.xattr.security.selinux=u:r:t\n" });
	fd = openat(root, "f", O_RDONLY);
	assert_int_equal(fgetxattr(fd, "user.name", value, sizeof(value)), 3);
	assert_memory_equal(value, "val", 3);
	assert_true(fgetxattr(fd, "user.overlay.opaque", value, sizeof(value)) < 0);
	assert_true(fgetxattr(fd, "trusted.overlay.opaque", value, sizeof(value)) < 0);
	assert_true(fgetxattr(fd, "security.selinux", value, sizeof(value)) < 0);
	close(fd);
}

/* A folder's default ACL is not what a file gets that says nothing of ACLs; a folder over a folder
 * loses what that had. */
static void test_acl(void **state)
{
	/* user::rwx user:1000:rwx group::rwx mask::rwx other::--- */
	static const unsigned char acl[] = { 2,	   0,	 0,   0, 1,   0,   7,	0,    255,
					     255,  255,	 255, 2, 0,   7,   0,	0xe8, 3,
					     0,	   0,	 4,   0, 7,   0,   255, 255,  255,
					     255,  0x10, 0,   7, 0,   255, 255, 255,  255,
					     0x20, 0,	 0,   0, 255, 255, 255, 255 };
	int fd;

	(void)state;
	APPLY(UNPACK_OVER, FOLDER("d"));
	fd = openat(root, "d", O_RDONLY);
	if (fsetxattr(fd, "system.posix_acl_default", acl, sizeof(acl), 0) < 0) {
		close(fd);
		print_message("no ACLs here: %s\n", strerror(errno));
		skip();
	}
	assert_int_equal(fsetxattr(fd, "user.low", "x", 1, 0), 0);
	APPLY(UNPACK_OVER, FILE("d/f", "x"), { .name = "d/s", .type = '5', .mode = 0751 });
	assert_int_equal(look("d/f").st_mode, S_IFREG | 0644);
	assert_int_equal(look("d/s").st_mode, S_IFDIR | 0751);
	assert_true(fgetxattr(fd, "system.posix_acl_default", NULL, 0) > 0);
	APPLY(UNPACK_OVER, FOLDER("d"));
	assert_true(fgetxattr(fd, "system.posix_acl_default", NULL, 0) < 0);
	assert_true(fgetxattr(fd, "user.low", NULL, 0) < 0);
	close(fd);
	fd = openat(root, "d/f", O_RDONLY);
	assert_true(fgetxattr(fd, "system.posix_acl_access", NULL, 0) < 0);
	close(fd);
	fd = openat(root, "d/s", O_RDONLY);
	assert_true(fgetxattr(fd, "system.posix_acl_default", NULL, 0) < 0);
	close(fd);
}

/* More folders than one block of memory takes; more paths than the set begins with. */
static void test_many(void **state)
{
	enum { MANY = 6000 };
	struct tar_entry *entries = calloc(MANY + 3, sizeof(*entries));
	static char names[MANY][32];

	(void)state;
	APPLY(UNPACK_OVER, FOLDER("low"), FILE("low/x", "x"), FILE("y", "y"));
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), i % 2 ? "d%zu/file" : "d%zu/", i / 2);
		entries[i] = (struct tar_entry){
			.name = names[i], .type = i % 2 ? '0' : '5', .mode = 0755, .mtime = 1000 + i
		};
	}
	entries[MANY] = (struct tar_entry)FILE(".wh..wh..opq", NULL);
	assert_int_equal(apply_strictly(UNPACK_OVER, entries, false), 0);
	for (size_t i = 0; i < MANY; i += 2)
		assert_int_equal(look(names[i]).st_mtime, 1000 + i);
	assert_false(exists("low"));
	assert_false(exists("y"));
	free(entries);
}

static void test_nothing_left(void **state)
{
	const int open_before = count_open();

	(void)state;
	APPLY(UNPACK_OVER, FOLDER("a"), FILE("a/b", "1"));
	APPLY(UNPACK_OVER, FOLDER("a"), FILE("a/b", "1"), FILE("a/.wh..wh..opq", NULL));
	assert_int_equal(APPLY_RESULT(UNPACK_OVER, FOLDER("a"), FILE(".wh.", NULL)), -EINVAL);
	assert_int_equal(count_open(), open_before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_attributes),
		TEST(test_parents),
		TEST(test_replaced),
		TEST(test_whiteouts_alone),
		TEST(test_whiteouts_over),
		TEST(test_bad_whiteouts),
		TEST(test_links),
		TEST(test_strict),
		TEST(test_root_entry),
		TEST(test_xattrs),
		TEST(test_acl),
		TEST(test_many),
		TEST(test_nothing_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
