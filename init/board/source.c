/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of mounts: see source.h. */
#include "init/board/source.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "init/board/uevent.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/str.h"

enum {
	HEAD_SIZE = 2048, /* all that is looked at lies in the first 2 KiB */
	UUID_SIZE = 16,
	TAG_MAX = 64,
};

/* Where a file system says what it is. `uuid` and `label`: 0, it has none there. */
static const struct {
	char type[9], magic[9];
	uint8_t magic_size;
	uint16_t magic_at, uuid, label;
	uint8_t uuid_size, label_size;
} known[] = {
	{ "ext4", "\x53\xef", 2, 0x438, 0x468, 0x478, UUID_SIZE, 16 },
	{ "squashfs", "hsqs", 4, 0, 0, 0, 0, 0 },
	{ "vfat", "FAT32   ", 8, 0x52, 0x43, 0x47, 4, 11 },
	{ "vfat", "FAT16   ", 8, 0x36, 0x27, 0x2b, 4, 11 },
	{ "vfat", "FAT12   ", 8, 0x36, 0x27, 0x2b, 4, 11 },
	{ "xfs", "XFSB", 4, 0, 0x20, 0x6c, UUID_SIZE, 12 },
	{ "f2fs", "\x10\x20\xf5\xf2", 4, 0x400, 0x46c, 0, UUID_SIZE, 0 },
	{ "erofs", "\xe2\xe1\xf5\xe0", 4, 0x400, 0x430, 0x440, UUID_SIZE, 16 },
};

/* By its name, or a path. */
static int open_device(int root, const char *name)
{
	char path[SOURCE_PATH_MAX];

	/* A path is relative to `root`, which is "/" but in tests. */
	snprintf(path, sizeof(path), "%s%s", name[0] == '/' ? "." : "dev/", name);
	return openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Its row in `known`, or -1. */
static int probe(int fd, uint8_t head[HEAD_SIZE])
{
	memset(head, 0, HEAD_SIZE);
	if (pread(fd, head, HEAD_SIZE, 0) <= 0)
		return -1;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (memcmp(head + known[i].magic_at, known[i].magic, known[i].magic_size) == 0)
			return (int)i;
	return -1;
}

const char *source_type(int root, const char *path)
{
	uint8_t head[HEAD_SIZE];
	auto_fd int fd = open_device(root, path);
	const int row = fd < 0 ? -1 : probe(fd, head);

	return row < 0 ? NULL : known[row].type;
}

/* GUIDs (`mixed`) have their first three numbers in little-endian. */
static void put_uuid(char *text, const uint8_t *bytes, bool mixed)
{
	static const uint8_t order[] = { 3, 2, 1, 0, 5, 4, 7, 6 };

	for (unsigned int i = 0; i < UUID_SIZE; i++)
		text += sprintf(text, i >= 4 && i <= 10 && i % 2 == 0 ? "-%02x" : "%02x",
				bytes[mixed && i < sizeof(order) ? order[i] : i]);
}

/* Label or UUID of the file system; what has none stays "". */
static void read_tag(int root, const char *name, bool label, char text[TAG_MAX])
{
	uint8_t head[HEAD_SIZE];
	auto_fd int fd = open_device(root, name);
	const int row = fd < 0 ? -1 : probe(fd, head);

	if (row < 0)
		return;
	if (label) {
		snprintf(text, TAG_MAX, "%.*s", known[row].label_size, head + known[row].label);
		/* FAT fills up with blanks. */
		for (size_t end = strlen(text); end && text[end - 1] == ' ';)
			text[--end] = '\0';
	} else if (known[row].uuid_size == UUID_SIZE) {
		put_uuid(text, head + known[row].uuid, false);
	} else if (known[row].uuid_size) {
		const uint8_t *serial = head + known[row].uuid;

		sprintf(text, "%02x%02x-%02x%02x", serial[3], serial[2], serial[1], serial[0]);
	}
}

/* ---- PARTUUID before Linux 6.8: from the partition table ---- */

static uint64_t little_endian(const uint8_t *bytes, int count)
{
	uint64_t value = 0;

	while (count--)
		value = value << 8 | bytes[count];
	return value;
}

/* UEFI specification, 5.3: header in block 1, an array of entries. Else the MBR's number. */
static void read_table(int disk, unsigned int number, char text[TAG_MAX])
{
	uint8_t sector[512];

	for (off_t block = 512; block <= 4096; block *= 8) {
		if (pread(disk, sector, sizeof(sector), block) != sizeof(sector) ||
		    memcmp(sector, "EFI PART", 8) != 0)
			continue;
		block = (off_t)(little_endian(sector + 72, 8) * (uint64_t)block +
				(number - 1) * little_endian(sector + 84, 4));
		if (pread(disk, sector, 32, block) == 32)
			put_uuid(text, sector + 16, true);
		return;
	}
	if (pread(disk, sector, sizeof(sector), 0) == sizeof(sector) && sector[510] == 0x55 &&
	    sector[511] == 0xaa)
		sprintf(text, "%08x-%02x", (unsigned int)little_endian(sector + 440, 4), number);
}

/* `name` is "vda2": its link in sysfs ends with "/vda/vda2". */
static void read_partition_uuid(int root, int folder, const char *name, char text[TAG_MAX])
{
	char path[SOURCE_PATH_MAX] = "", *slash;
	unsigned int number;
	auto_fd int disk = -1;

	snprintf(path, sizeof(path), "%.32s/partition", name);
	if (file_read_small(folder, path, text, TAG_MAX) <= 0)
		return;
	number = (unsigned int)strtoul(text, NULL, 10);
	text[0] = '\0';
	memset(path, 0, sizeof(path));
	if (readlinkat(folder, name, path, sizeof(path) - 1) <= 0 || !(slash = strrchr(path, '/')))
		return;
	*slash = '\0';
	slash = strrchr(path, '/');
	disk = open_device(root, slash ? slash + 1 : path);
	if (disk >= 0)
		read_table(disk, number, text);
}

/* ---- looking for it ---- */

enum tag { TAG_LABEL, TAG_UUID, TAG_PARTLABEL, TAG_PARTUUID, TAGS };

static const char tag_names[][11] = {
	[TAG_LABEL] = "LABEL=",
	[TAG_UUID] = "UUID=",
	[TAG_PARTLABEL] = "PARTLABEL=",
	[TAG_PARTUUID] = "PARTUUID=",
};

static enum tag tag_of(const char *source)
{
	int tag = 0;

	while (tag < TAGS && !str_has_prefix(source, tag_names[tag]))
		tag++;
	return (enum tag)tag;
}

bool source_is_tag(const char *source)
{
	return tag_of(source) != TAGS;
}

/* Reading these may take long, or tells nothing. */
static bool is_to_be_left_alone(const char *name)
{
	static const char prefixes[][5] = { "fd", "sr", "ram", "zram", "mtd" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (str_has_prefix(name, prefixes[i]))
			return true;
	return false;
}

static bool is_it(int root, int folder, const char *name, enum tag tag, const char *value)
{
	char path[TAG_MAX], text[UEVENT_MAX], tag_text[TAG_MAX] = "";
	const char *found = tag_text;
	struct uevent event;
	ssize_t size;

	if (tag == TAG_LABEL || tag == TAG_UUID) {
		read_tag(root, name, tag == TAG_LABEL, tag_text);
	} else {
		snprintf(path, sizeof(path), "%.32s/uevent", name);
		size = file_read_small(folder, path, text, sizeof(text) - 1);
		uevent_parse(&event, text, size > 0 ? (size_t)size : 0);
		found = tag == TAG_PARTLABEL ? event.partition_name : event.partition_uuid;
		if (!found && tag == TAG_PARTUUID) {
			read_partition_uuid(root, folder, name, tag_text);
			found = tag_text;
		}
	}
	return found && (tag == TAG_LABEL || tag == TAG_PARTLABEL ? strcmp(found, value) :
								    strcasecmp(found, value)) == 0;
}

int source_find(int root, const char *source, char path[SOURCE_PATH_MAX])
{
	const enum tag tag = tag_of(source);
	const char *value = source + strlen(tag_names[tag]);
	auto_fd int fd = openat(root, "sys/class/block", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int result = -ENOENT;

	if (!folder)
		return -ENOENT;
	while (result < 0 && *value && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.' || is_to_be_left_alone(entry->d_name) ||
		    !is_it(root, fd, entry->d_name, tag, value))
			continue;
		snprintf(path, SOURCE_PATH_MAX, "/dev/%s", entry->d_name);
		result = 0;
	}
	closedir(folder);
	fd = -1;
	return result;
}
