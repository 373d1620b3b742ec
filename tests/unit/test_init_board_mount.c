/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options, the list of mounts, and where LABEL= and the like lead: in files that are disks.
 */
#include "tests/unit/test_lib.h"

#include <sys/mount.h>

#include "init/board/mount_option.h"
#include "init/board/mountinfo.h"
#include "init/board/source.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"

static int root;
static char root_path[64];

static int set_up(void **state)
{
	(void)state;
	root = make_folder(root_path);
	mkdirat(root, "dev", 0755);
	mkdirat(root, "sys", 0755);
	mkdirat(root, "sys/class", 0755);
	mkdirat(root, "sys/class/block", 0755);
	mkdirat(root, "sys/devices", 0755);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(root, root_path);
	return 0;
}

/* ---- options ---- */

static void test_options(void **state)
{
	static const struct {
		const char *text;
		unsigned long flags, propagation;
		bool loop, nofail;
		const char *data;
	} rows[] = {
		{ NULL, 0, 0, false, false, "" },
		{ "", 0, 0, false, false, "" },
		{ "defaults", 0, 0, false, false, "" },
		{ "ro,nosuid,nodev,noexec", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0, false,
		  false, "" },
		{ "ro,rw,nosuid,suid", 0, 0, false, false, "" },
		{ "rbind,rslave", MS_BIND | MS_REC, MS_SLAVE | MS_REC, false, false, "" },
		{ "loop,nofail,_netdev,x-systemd.automount,X-mount.mkdir=755", 0, 0, true, true,
		  "" },
		{ "size=4m,noatime,mode=0755", MS_NOATIME, 0, false, false, "size=4m,mode=0755" },
		{ ",,a,,b,", 0, 0, false, false, "a,b" },
		{ "context=\"x,ro\",ro", MS_RDONLY, 0, false, false, "context=\"x,ro\"" },
		{ "rox,nosuidx,loops=1,r", 0, 0, false, false, "rox,nosuidx,loops=1,r" },
		{ "remount,private,unbindable", MS_REMOUNT, MS_UNBINDABLE, false, false, "" },
		{ "context=\"open,ro", 0, 0, false, false, "context=\"open,ro" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mount_options options;

		assert_int_equal(mount_options_parse(rows[i].text, &options), 0);
		assert_int_equal(options.flags, rows[i].flags);
		assert_int_equal(options.propagation, rows[i].propagation);
		assert_int_equal(options.loop, rows[i].loop);
		assert_int_equal(options.nofail, rows[i].nofail);
		assert_string_equal(options.data, rows[i].data);
	}
}

static void test_long_options(void **state)
{
	struct mount_options options;
	char text[MOUNT_DATA_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[MOUNT_DATA_MAX - 2] = '\0';
	assert_int_equal(mount_options_parse(text, &options), 0);
	assert_string_equal(options.data, text);
	text[MOUNT_DATA_MAX - 2] = 'a';
	text[MOUNT_DATA_MAX] = '\0';
	assert_int_equal(mount_options_parse(text, &options), -E2BIG);
	memcpy(text + MOUNT_DATA_MAX - 4, ",ro", 4);
	assert_int_equal(mount_options_parse(text, &options), 0);
	assert_int_equal(options.flags, MS_RDONLY);
}

/* ---- mountinfo ---- */

static void test_mountinfo(void **state)
{
	auto_arena struct arena arena = { 0 };
	char text[] = "1 1 0:1 / / rw - rootfs rootfs rw\n"
		      "22 1 0:20 / /proc rw,nosuid shared:5 master:2 - proc proc rw\n"
		      "23 1 8:1 / /data rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue\n"
		      "24 23 8:1 /x /data/with\\040blank\\134 ro - ext4 /dev/sda1 rw\n"
		      "25 23 7:0 / /data/sq rw - squashfs /dev/loop0 ro\n"
		      "26 1 0:3 / /run rw - tmpfs tmpfs rw\n"
		      "27 26 0:3 / /run/x rw - tmpfs tmpfs rw\n"
		      "28 22 0:3 / /proc/sys/fs/binfmt_misc rw - binfmt_misc b rw\n"
		      "29 1 0:3 / /process rw - ubifs ubi0:x roo\n"
		      "broken\n1 - \n1 2 3 4 - \n- x y z\n";
	static const struct {
		const char *target, *type;
		bool read_only, memory, stays;
	} rows[] = {
		{ "/process", "ubifs", false, false, false },
		{ "/proc/sys/fs/binfmt_misc", "binfmt_misc", false, true, true },
		{ "/run/x", "tmpfs", false, true, false },
		{ "/run", "tmpfs", false, true, true },
		{ "/data/sq", "squashfs", true, false, false },
		{ "/data/with blank\\", "ext4", false, false, false },
		{ "/data", "ext4", false, false, false },
		{ "/proc", "proc", false, true, true },
		{ "/", "rootfs", false, true, true },
	};
	const struct mount_entry *entry = mountinfo_parse(&arena, text);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++, entry = entry->before) {
		assert_non_null(entry);
		assert_string_equal(entry->target, rows[i].target);
		assert_string_equal(entry->type, rows[i].type);
		assert_int_equal(entry->is_read_only, rows[i].read_only);
		assert_int_equal(entry->is_memory, rows[i].memory);
		assert_int_equal(mountinfo_stays(entry), rows[i].stays);
	}
	assert_null(entry);
}

static void test_mountinfo_here(void **state)
{
	auto_arena struct arena arena = { 0 };
	bool found = false;

	(void)state;
	for (const struct mount_entry *entry = mountinfo_read(&arena); entry; entry = entry->before)
		found |= strcmp(entry->target, "/") == 0;
	assert_true(found);
}

/* ---- sources ---- */

static void put_at(const char *path, size_t offset, const void *data, size_t size)
{
	auto_fd int fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, size, (off_t)offset), size);
}

/* As sysfs: a folder, a link to it, a node. */
static void make_disk(const char *path, const char *name, const char *uevent)
{
	char folder[128], link[128], file[160];

	snprintf(folder, sizeof(folder), "sys/devices/%s", path);
	mkdirat(root, folder, 0755);
	snprintf(file, sizeof(file), "%s/uevent", folder);
	put_at(file, 0, uevent, strlen(uevent));
	snprintf(link, sizeof(link), "sys/class/block/%s", name);
	snprintf(file, sizeof(file), "../../devices/%s", path);
	assert_int_equal(symlinkat(file, root, link), 0);
	snprintf(file, sizeof(file), "dev/%s", name);
	put_at(file, 2047, "", 1);
}

static void expect(const char *source, const char *device)
{
	char path[SOURCE_PATH_MAX] = "";

	assert_true(source_is_tag(source));
	assert_int_equal(source_find(root, source, path), device ? 0 : -ENOENT);
	assert_string_equal(path, device ? device : "");
}

static void test_labels(void **state)
{
	static const unsigned char uuid[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
					      0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe };
	int before = count_open();

	(void)state;
	make_disk("sda", "sda", "MAJOR=8\nMINOR=0\nDEVNAME=sda\nDEVTYPE=disk\n");
	make_disk("sdb", "sdb", "DEVTYPE=disk\n");
	make_disk("ram0", "ram0", "DEVTYPE=disk\n");
	put_at("dev/sda", 0x438, "\x53\xef", 2);
	put_at("dev/sda", 0x468, uuid, 16);
	put_at("dev/sda", 0x478, "exactly16letters", 16);
	put_at("dev/ram0", 0x438, "\x53\xef", 2);
	put_at("dev/ram0", 0x478, "onram", 5);
	put_at("dev/sdb", 0x52, "FAT32   ", 8);
	put_at("dev/sdb", 0x43, "\x78\x56\x34\xa2", 4);
	put_at("dev/sdb", 0x47, "BOOT       ", 11);
	expect("LABEL=exactly16letters", "/dev/sda");
	expect("UUID=01234567-89AB-cdef-1032-547698badcfe", "/dev/sda");
	expect("LABEL=BOOT", "/dev/sdb");
	expect("UUID=a234-5678", "/dev/sdb");
	expect("LABEL=exactly16letter", NULL);
	expect("LABEL=onram", NULL);
	expect("LABEL=", NULL);
	expect("UUID=", NULL);
	assert_string_equal(source_type(root, "/dev/sda"), "ext4");
	assert_string_equal(source_type(root, "/dev/sdb"), "vfat");
	assert_null(source_type(root, "/dev/none"));
	put_at("dev/sdb", 0, "hsqs", 4);
	assert_string_equal(source_type(root, "/dev/sdb"), "squashfs");
	assert_int_equal(count_open(), before);
}

static void test_not_tags(void **state)
{
	(void)state;
	assert_false(source_is_tag("/dev/sda"));
	assert_false(source_is_tag("LABEL"));
	assert_false(source_is_tag("XLABEL=a"));
	assert_false(source_is_tag("ubi0:data"));
}

static void test_partition_labels(void **state)
{
	(void)state;
	make_disk("sda", "sda", "DEVTYPE=disk\n");
	make_disk("sda/sda1", "sda1", "DEVTYPE=partition\nPARTN=1\nPARTNAME=my data\n");
	make_disk("sda/sda2", "sda2", "DEVTYPE=partition\nPARTN=2\nPARTUUID=0000-ABCD\n");
	expect("PARTLABEL=my data", "/dev/sda1");
	expect("PARTLABEL=my", NULL);
	expect("PARTUUID=0000-abcd", "/dev/sda2");
}

static void test_gpt(void **state)
{
	static const unsigned char uuid[] = { 0x67, 0x45, 0x23, 0x01, 0xab, 0x89, 0xef, 0xcd,
					      0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe };

	(void)state;
	make_disk("nvme0n1", "nvme0n1", "DEVTYPE=disk\n");
	make_disk("nvme0n1/nvme0n1p2", "nvme0n1p2", "DEVTYPE=partition\nPARTN=2\n");
	put_at("sys/devices/nvme0n1/nvme0n1p2/partition", 0, "2\n", 2);
	put_at("dev/nvme0n1", 4096, "EFI PART", 8);
	put_at("dev/nvme0n1", 4096 + 72, "\x02\0\0\0\0\0\0\0", 8);
	put_at("dev/nvme0n1", 4096 + 84, "\x80\0\0\0", 4);
	put_at("dev/nvme0n1", 2 * 4096 + 128 + 16, uuid, 16);
	expect("PARTUUID=01234567-89ab-cdef-1032-547698badcfe", "/dev/nvme0n1p2");
	expect("PARTUUID=01234567-89ab-cdef-1032-547698badcff", NULL);
	/* An array of entries that cannot be. */
	put_at("dev/nvme0n1", 4096 + 72, "\xff\xff\xff\xff\xff\xff\xff\x7f", 8);
	expect("PARTUUID=01234567-89ab-cdef-1032-547698badcfe", NULL);
}

static void test_mbr(void **state)
{
	(void)state;
	make_disk("mmcblk0", "mmcblk0", "DEVTYPE=disk\n");
	make_disk("mmcblk0/mmcblk0p12", "mmcblk0p12", "DEVTYPE=partition\n");
	put_at("sys/devices/mmcblk0/mmcblk0p12/partition", 0, "12\n", 3);
	put_at("dev/mmcblk0", 440, "\xef\xbe\xad\xde", 4);
	expect("PARTUUID=deadbeef-0c", NULL);
	put_at("dev/mmcblk0", 510, "\x55\xaa", 2);
	expect("PARTUUID=deadbeef-0c", "/dev/mmcblk0p12");
	expect("PARTUUID=DEADBEEF-0C", "/dev/mmcblk0p12");
	expect("PARTUUID=deadbeef-0d", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_long_options),
		cmocka_unit_test(test_mountinfo),
		cmocka_unit_test(test_mountinfo_here),
		cmocka_unit_test_setup_teardown(test_labels, set_up, tear_down),
		cmocka_unit_test(test_not_tags),
		cmocka_unit_test_setup_teardown(test_partition_labels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gpt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbr, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
