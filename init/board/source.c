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

static int open_device(int root, const char *path)
{
	/* What lies in "/" when `root` is a tree of a test does not count. */
	while (*path == '/')
		path++;
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

/* `order`: which byte is written where. */
static void put_uuid(char *text, const uint8_t *bytes, const uint8_t *order)
{
	for (int i = 0; i < UUID_SIZE; i++)
		text += sprintf(text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
				bytes[order[i]]);
}

static bool has_tag(int fd, bool by_label, const char *value)
{
	static const uint8_t plain[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	uint8_t head[HEAD_SIZE];
	char text[TAG_MAX] = "";
	const int row = probe(fd, head);

	if (row < 0)
		return false;
	if (by_label) {
		memcpy(text, head + known[row].label, known[row].label_size);
		/* FAT fills up with blanks. */
		for (size_t end = strlen(text); end && text[end - 1] == ' ';)
			text[--end] = '\0';
		return known[row].label_size && strcmp(text, value) == 0;
	}
	if (known[row].uuid_size == UUID_SIZE) {
		put_uuid(text, head + known[row].uuid, plain);
	} else if (known[row].uuid_size) {
		const uint8_t *serial = head + known[row].uuid;

		sprintf(text, "%02x%02x-%02x%02x", serial[3], serial[2], serial[1], serial[0]);
	}
	return text[0] && strcasecmp(text, value) == 0;
}

/* ---- PARTUUID before Linux 6.8: from the partition table ---- */

static uint64_t little_endian(const uint8_t *bytes, int count)
{
	uint64_t value = 0;

	while (count--)
		value = value << 8 | bytes[count];
	return value;
}

/* UEFI specification, 5.3: header in block 1, an array of entries. */
static bool read_gpt(int disk, unsigned int number, char *text)
{
	static const uint8_t guid[] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	uint8_t header[92], entry[32];

	for (off_t block = 512; block <= 4096; block *= 8) {
		uint64_t at;

		if (pread(disk, header, sizeof(header), block) != sizeof(header) ||
		    memcmp(header, "EFI PART", 8) != 0)
			continue;
		at = little_endian(header + 72, 8) * (uint64_t)block +
		     (uint64_t)(number - 1) * little_endian(header + 84, 4);
		if (at > INT64_MAX || pread(disk, entry, sizeof(entry), (off_t)at) != sizeof(entry))
			return false;
		put_uuid(text, entry + 16, guid);
		return true;
	}
	return false;
}

static bool read_mbr(int disk, unsigned int number, char *text)
{
	uint8_t sector[512];

	if (pread(disk, sector, sizeof(sector), 0) != sizeof(sector) || sector[510] != 0x55 ||
	    sector[511] != 0xaa)
		return false;
	sprintf(text, "%08x-%02x", (unsigned int)little_endian(sector + 440, 4), number);
	return true;
}

/* `name` is "vda2": its link in sysfs ends with "/vda/vda2". */
static bool has_partition_uuid(int root, int folder, const char *name, const char *value)
{
	char path[TAG_MAX], link[SOURCE_PATH_MAX], text[TAG_MAX], *slash, *disk_name;
	unsigned int number;
	auto_fd int disk = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "%.32s/partition", name);
	if (file_read_small(folder, path, text, sizeof(text)) <= 0)
		return false;
	number = (unsigned int)strtoul(text, NULL, 10);
	size = readlinkat(folder, name, link, sizeof(link) - 1);
	if (size <= 0 || number == 0)
		return false;
	link[size] = '\0';
	slash = strrchr(link, '/');
	if (!slash)
		return false;
	*slash = '\0';
	disk_name = strrchr(link, '/');
	snprintf(path, sizeof(path), "dev/%.32s", disk_name ? disk_name + 1 : link);
	disk = open_device(root, path);
	return disk >= 0 && (read_gpt(disk, number, text) || read_mbr(disk, number, text)) &&
	       strcasecmp(text, value) == 0;
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
	char path[TAG_MAX], text[UEVENT_MAX];
	struct uevent event;
	auto_fd int fd = -1;
	ssize_t size;

	if (tag == TAG_LABEL || tag == TAG_UUID) {
		snprintf(path, sizeof(path), "dev/%.32s", name);
		fd = open_device(root, path);
		return fd >= 0 && has_tag(fd, tag == TAG_LABEL, value);
	}
	snprintf(path, sizeof(path), "%.32s/uevent", name);
	size = file_read_small(folder, path, text, sizeof(text) - 1);
	if (size <= 0)
		return false;
	uevent_parse(&event, text, (size_t)size);
	if (tag == TAG_PARTLABEL)
		return str_equal(event.partition_name, value);
	if (event.partition_uuid)
		return strcasecmp(event.partition_uuid, value) == 0;
	return has_partition_uuid(root, folder, name, value);
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
