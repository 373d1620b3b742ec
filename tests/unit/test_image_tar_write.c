/* SPDX-License-Identifier: Apache-2.0 */
/* Writing tar: what is written is read as it was, and a tree gives the same bytes each time. */
#include "archive_world.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "image/archive/tar_write.h"

static int sink_bytes(void *data, const void *buffer, size_t size)
{
	add(data, buffer, size);
	return 0;
}

static int sink_full(void *data, const void *buffer, size_t size)
{
	struct bytes *bytes = data;

	if (bytes->size + size > 4096)
		return fail(ENOSPC, "the sink");
	return sink_bytes(data, buffer, size);
}

static struct tar_writer writer_to(struct bytes *bytes)
{
	return (struct tar_writer){ .sink = sink_bytes, .data = bytes };
}

/* ---- entries ---- */

static void same_xattr(const struct entry *entry, const struct entry_xattr *xattr)
{
	for (size_t i = 0; i < entry->xattr_count; i++)
		if (strcmp(entry->xattrs[i].name, xattr->name) == 0) {
			assert_int_equal(entry->xattrs[i].size, xattr->size);
			assert_memory_equal(entry->xattrs[i].value, xattr->value, xattr->size);
			return;
		}
	fail_msg("%s is missing", xattr->name);
}

static void round_trip(const struct entry *entry, size_t blocks)
{
	struct bytes tar = { 0 };
	struct tar_writer writer = writer_to(&tar);
	struct archive_request request;
	struct archive *archive;
	struct entry read;

	assert_int_equal(tar_write_entry(&writer, entry), 0);
	assert_int_equal(tar.size, blocks * TAR_BLOCK);
	if (entry->size < 100)
		assert_int_equal(tar_write_data(&writer, "0123456789", entry->size), 0);
	request = request_of(&tar);
	assert_int_equal(archive_open(&request, &archive), 0);
	assert_int_equal(archive_next(archive, &read), 1);
	assert_int_equal(read.type, entry->type);
	assert_string_equal(read.path, entry->path);
	assert_string_equal(read.link, entry->link ? entry->link : "");
	assert_int_equal(read.mode, entry->mode);
	assert_int_equal(read.uid, entry->uid);
	assert_int_equal(read.gid, entry->gid);
	assert_true(read.mtime == entry->mtime);
	assert_int_equal(read.mtime_nanoseconds, entry->mtime < 0 ? 0 : entry->mtime_nanoseconds);
	assert_true(read.size == entry->size);
	assert_int_equal(read.major, entry->major);
	assert_int_equal(read.minor, entry->minor);
	assert_int_equal(read.xattr_count, entry->xattr_count);
	for (size_t i = 0; i < entry->xattr_count; i++)
		same_xattr(&read, &entry->xattrs[i]);
	archive_close(&archive);
	drop(&tar);
}

static void test_entries(void **state)
{
	static const struct entry_xattr xattrs[] = { { "user.z", "z\0=\n", 4 },
						     { "security.capability", "", 0 },
						     { "user.a", "1", 1 } };
	char path[ENTRY_PATH_MAX] = "";
	struct entry file = { .type = ENTRY_FILE,
			      .path = path,
			      .mode = 04755,
			      .uid = 1000,
			      .gid = 07777777,
			      .mtime = 1700000000,
			      .size = 5 };

	(void)state;
	strcpy(path, "a");
	round_trip(&file, 1);
	memset(path, 'n', 100);
	path[100] = 0;
	round_trip(&file, 1);
	path[50] = '/';
	strcat(path, "nnnn");
	round_trip(&file, 1); /* name and prefix */
	memset(path, 'p', 255);
	path[255] = 0;
	round_trip(&file, 3);
	for (size_t i = 100; i < 4000; i += 100) {
		strcpy(path + i, "/");
		memset(path + i + 1, 'd', 99);
		path[i + 100] = 0;
	}
	round_trip(&file, 10);
	strcpy(path, "a");
	file.uid = UINT32_MAX - 1;
	round_trip(&file, 3);
	file.uid = 0;
	file.mtime_nanoseconds = 120;
	round_trip(&file, 3);
	file.mtime = -5;
	round_trip(&file, 3);
	file.mtime_nanoseconds = 0;
	round_trip(&file, 3);
	file.mtime = 0;
	file.size = 077777777777;
	round_trip(&file, 1);
	file.size++;
	round_trip(&file, 3);
	file.size = 0;
	file.xattrs = xattrs;
	file.xattr_count = 3;
	round_trip(&file, 3);
}

static void test_types(void **state)
{
	char path[300], link[300];
	struct entry entry = { .path = path, .link = "" };

	(void)state;
	strcpy(path, "");
	entry.type = ENTRY_DIRECTORY;
	round_trip(&entry, 1);
	memset(path, 'd', 99);
	path[99] = 0;
	round_trip(&entry, 1);
	strcat(path, "d"); /* the '/' does not fit any more */
	round_trip(&entry, 3);
	strcpy(path, "a");
	entry.type = ENTRY_FIFO;
	round_trip(&entry, 1);
	entry.type = ENTRY_BLOCK_DEVICE;
	entry.major = 4095;
	entry.minor = 1048575;
	round_trip(&entry, 1);
	entry.type = ENTRY_CHARACTER_DEVICE;
	round_trip(&entry, 1);
	entry.minor = entry.major = 0;
	entry.link = link;
	memset(link, 'l', sizeof(link));
	link[100] = 0;
	entry.type = ENTRY_SYMLINK;
	round_trip(&entry, 1);
	link[100] = 'l';
	link[200] = 0;
	round_trip(&entry, 3);
	entry.type = ENTRY_HARD_LINK;
	round_trip(&entry, 3);
}

static const char zeros[512];

static void test_wrong_use(void **state)
{
	struct bytes tar = { 0 };
	struct tar_writer writer = writer_to(&tar);
	struct entry entry = { .path = "a", .link = "", .size = 3, .minor = 1 << 21 };

	(void)state;
	assert_int_equal(tar_write_entry(&writer, &entry), -EOVERFLOW);
	entry.minor = 0;
	assert_int_equal(tar_write_entry(&writer, &entry), 0);
	assert_int_equal(tar_write_data(&writer, "1234", 4), -EFBIG);
	assert_int_equal(tar_write_data(&writer, "12", 2), 0);
	assert_int_equal(tar_write_entry(&writer, &entry), -EINVAL);
	assert_int_equal(tar_write_end(&writer), -EINVAL);
	assert_int_equal(tar_write_data(&writer, "3", 1), 0);
	assert_int_equal(tar_write_end(&writer), 0);
	assert_string_equal(read_bytes(&tar), "f a 3\n");
	writer.sink = sink_full;
	entry.size = 100000;
	tar.size = 0;
	assert_int_equal(tar_write_entry(&writer, &entry), 0);
	for (int i = 0; i < 7; i++)
		assert_int_equal(tar_write_data(&writer, zeros, 512), 0);
	assert_int_equal(tar_write_data(&writer, zeros, 512), -ENOSPC);
	drop(&tar);
}

/* ---- trees ---- */

static void make_file(int folder, const char *name, const char *data)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, data, strlen(data)), strlen(data));
	close(fd);
}

static const char *write_tree(int root, const char *prefix, struct bytes *tar)
{
	struct tar_writer writer = writer_to(tar);
	int result;

	drop(tar);
	result = tar_write_tree(&writer, root, prefix);
	if (result < 0)
		return error_last()->text;
	assert_int_equal(tar_write_end(&writer), 0);
	return read_bytes(tar);
}

static void test_tree(void **state)
{
	char path[64], other_path[64];
	const int root = make_folder(path), other = make_folder(other_path);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct bytes tar = { 0 }, again = { 0 };
	int socket_fd, fd;

	(void)state;
	/* In one order here, in the other there. */
	assert_int_equal(mkdirat(root, "d", 0755), 0);
	make_file(root, "d/b", "data");
	make_file(root, "d/a", "more");
	make_file(root, "d-x", "");
	assert_int_equal(linkat(root, "d/a", root, "z", 0), 0);
	assert_int_equal(symlinkat("../a b", root, "l"), 0);
	assert_int_equal(mkfifoat(root, "p", 0600), 0);
	assert_string_equal(write_tree(root, "", &tar), "d d 0\nf d/a 4\nf d/b 4\nf d-x 0\n"
							"l l -> ../a b 0\np p 0\nh z -> d/a 0\n");
	assert_string_equal(write_tree(root, "rootfs/", &again),
			    "d rootfs/d 0\nf rootfs/d/a 4\nf rootfs/d/b 4\nf rootfs/d-x 0\n"
			    "l rootfs/l -> ../a b 0\np rootfs/p 0\nh rootfs/z -> rootfs/d/a 0\n");
	assert_int_equal(mkfifoat(other, "p", 0600), 0);
	assert_int_equal(symlinkat("../a b", other, "l"), 0);
	make_file(other, "z", "more");
	make_file(other, "d-x", "");
	assert_int_equal(mkdirat(other, "d", 0755), 0);
	assert_int_equal(linkat(other, "z", other, "d/a", 0), 0);
	make_file(other, "d/b", "data");
	for (int i = 0; i < 7; i++) {
		static const char *const names[] = { "d/a", "d/b", "d", "d-x", "l", "p", "z" };
		const struct timespec times[2] = { { 1000, 0 }, { 1000, 500 } };

		utimensat(root, names[i], times, AT_SYMLINK_NOFOLLOW);
		utimensat(other, names[i], times, AT_SYMLINK_NOFOLLOW);
	}
	write_tree(root, "", &tar);
	write_tree(other, "", &again);
	assert_int_equal(tar.size, again.size);
	assert_memory_equal(tar.data, again.data, tar.size);
	/* A socket is passed over, attributes of the host are not taken. */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", path);
	socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(socket_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(socket_fd);
	fd = openat(root, "d/b", O_RDONLY | O_CLOEXEC);
	fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0);
	close(fd);
	write_tree(root, "", &again);
	assert_int_equal(tar.size, again.size);
	assert_memory_equal(tar.data, again.data, tar.size);
	empty_folder(root);
	empty_folder(other);
	rmdir(path);
	rmdir(other_path);
	close(root);
	close(other);
	drop(&tar);
	drop(&again);
}

/* What is mounted is not entered. */
static void test_mounts(void **state)
{
	const bool ours =
		unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	struct bytes tar = { 0 };
	char path[64], target[80];
	int root, mounted;

	(void)state;
	if (!ours) {
		print_message("not root: nothing can be mounted\n");
		skip();
	}
	root = make_folder(path);
	assert_int_equal(mkdirat(root, "m", 0755), 0);
	make_file(root, "n", "");
	snprintf(target, sizeof(target), "%s/m", path);
	assert_int_equal(mount("none", target, "tmpfs", 0, NULL), 0);
	mounted = openat(root, "m", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_file(mounted, "inside", "x");
	close(mounted);
	assert_string_equal(write_tree(root, "", &tar), "d m 0\nf n 0\n");
	assert_int_equal(umount2(target, MNT_DETACH), 0);
	empty_folder(root);
	rmdir(path);
	close(root);
	drop(&tar);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_entries),	  cmocka_unit_test(test_types),
	cmocka_unit_test(test_wrong_use), cmocka_unit_test(test_tree),
	cmocka_unit_test(test_mounts),
};

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
