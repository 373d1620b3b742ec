/* SPDX-License-Identifier: Apache-2.0 */
/* Who is mounted: see mountinfo.h. */
#include "init/board/mountinfo.h"

#include <fcntl.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/path.h"
#include "lib/str.h"

enum { MOUNTINFO_MAX = 4 << 20 };

/* All that is not in this list is treated as if it were on a disk. */
static bool is_memory(const char *type)
{
	static const char types[][12] = {
		"proc",	  "sysfs",	"tmpfs",     "ramfs",	 "rootfs",	"devtmpfs",
		"devpts", "cgroup",	"cgroup2",   "mqueue",	 "debugfs",	"tracefs",
		"bpf",	  "securityfs", "pstore",    "configfs", "hugetlbfs",	"efivarfs",
		"nsfs",	  "autofs",	"selinuxfs", "fusectl",	 "binfmt_misc",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* "\040" is a blank: three octal digits for what would end a field. */
static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
		    text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*out++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
					(text[3] - '0'));
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static bool parse_line(char *line, struct mount_entry *entry)
{
	char *second = strstr(line, " - ");
	char *target = NULL;
	const char *options;

	if (!second)
		return false;
	*second = '\0';
	second += strlen(" - ");
	for (int i = 0; i < 5; i++)
		target = strsep(&line, " ");
	entry->type = strsep(&second, " ");
	options = second ? strchr(second, ' ') : NULL; /* behind the source */
	if (!target || !options)
		return false;
	options++;
	unescape(target);
	entry->target = target;
	entry->is_memory = is_memory(entry->type);
	entry->is_read_only = strcmp(options, "ro") == 0 || str_has_prefix(options, "ro,");
	return true;
}

struct mount_entry *mountinfo_parse(struct arena *arena, char *text)
{
	struct mount_entry *last = NULL;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		struct mount_entry *entry = arena_alloc(arena, sizeof(*entry));

		if (!entry)
			return last;
		if (!parse_line(line, entry))
			continue;
		entry->before = last;
		last = entry;
	}
	return last;
}

struct mount_entry *mountinfo_read(struct arena *arena)
{
	char *text = file_read(arena, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, NULL);

	if (!text) {
		log_error();
		return NULL;
	}
	return mountinfo_parse(arena, text);
}

bool mountinfo_stays(const struct mount_entry *entry)
{
	static const char kernels[][6] = { "/proc", "/sys", "/dev" };

	if (strcmp(entry->target, "/") == 0 || strcmp(entry->target, "/run") == 0)
		return true;
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if (path_has_prefix(entry->target, kernels[i]))
			return true;
	return false;
}
