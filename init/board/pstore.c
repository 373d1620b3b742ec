/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's last words: see pstore.h. */
#include "init/board/pstore.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/file.h"
#include "lib/str.h"

enum { PSTORE_MAGIC = 0x6165676c, ENTRY_MAX = 1 << 20 };

void pstore_mount(void)
{
	struct statfs status;

	if (statfs(PSTORE_FOLDER, &status) == 0 && status.f_type != PSTORE_MAGIC)
		mount("pstore", PSTORE_FOLDER, "pstore", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

/* In a console's log or a dump: "<0>[    3.141592] Kernel panic - not syncing: why". */
static bool find_panic(const char *dump, size_t size, char *text, size_t text_size)
{
	static const char words[] = "Kernel panic - not syncing";
	const char *at = memmem(dump, size, words, sizeof(words) - 1);
	const char *begin = at, *end;

	if (!at)
		return false;
	while (begin > dump && begin[-1] != '\n' && begin[-1] != '>')
		begin--;
	end = memchr(at, '\n', size - (size_t)(at - dump));
	size = (size_t)((end ? end : dump + size) - begin);
	if (size > text_size - 1)
		size = text_size - 1;
	memcpy(text, begin, size);
	text[size] = '\0';
	return true;
}

/* For each entry: read it, or remove it. */
static void walk(const char *folder, bool removes, char *text, size_t size)
{
	DIR *stream = opendir(folder);
	const struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		auto_arena struct arena arena = { 0 };
		char *dump;
		size_t length;

		if (!str_has_prefix(entry->d_name, "dmesg-") &&
		    !str_has_prefix(entry->d_name, "console-"))
			continue;
		if (removes) {
			unlinkat(dirfd(stream), entry->d_name, 0);
			continue;
		}
		dump = file_read(&arena, dirfd(stream), entry->d_name, ENTRY_MAX, &length);
		if (dump && find_panic(dump, length, text, size))
			break;
	}
	if (stream)
		closedir(stream);
}

void pstore_read(const char *folder, char *text, size_t size)
{
	text[0] = '\0';
	walk(folder, false, text, size);
}

void pstore_clear(const char *folder)
{
	walk(folder, true, NULL, 0);
}
