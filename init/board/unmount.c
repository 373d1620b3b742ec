/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of the file systems: what was mounted last goes first. What is still in use after all
 * tries is made read-only. Nothing is detached lazily: that would only hide what is still written.
 */
#include <sys/mount.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "init/board/mountinfo.h"
#include "init/board/source.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"

enum {
	PASSES_MAX = 8,
	STEP_MS = 50,
	SYNC_MS = 10000,
	LIST_MAX = 4 << 20,
	SYSRQ_MS = 200,
};

/* In a child of its own: sync(2) also waits for a network that does not answer any more. */
static void sync_bounded(void)
{
	const pid_t pid = fork();

	if (pid == 0) {
		sync();
		_exit(0);
	}
	for (int waited = 0; pid > 0 && waited < SYNC_MS; waited += STEP_MS) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		board_sleep(waited ? STEP_MS : 1);
	}
}

static void swap_off(struct arena *arena)
{
	char *rest = file_read(arena, AT_FDCWD, "/proc/swaps", LIST_MAX, NULL);
	const char *line = strsep(&rest, "\n"); /* the heading */

	while (line && (line = strsep(&rest, "\n")) != NULL)
		if (line[0] == '/')
			swapoff(strsep((char **)&line, " \t"));
}

static void detach_loops(void)
{
	DIR *folder = opendir("/sys/class/block");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)) != NULL)
		if (str_has_prefix(entry->d_name, "loop"))
			loop_detach(entry->d_name);
	if (folder)
		closedir(folder);
}

/* A server that is gone must not keep us from the disks. */
static bool is_remote(const char *type)
{
	return str_has_prefix(type, "nfs") || str_has_prefix(type, "cifs") ||
	       str_has_prefix(type, "smb") || str_has_prefix(type, "fuse");
}

/* Last to first. How many went; *left: how many did not. */
static int unmount_all(struct arena *arena, int *left)
{
	struct mount_entry *last = mountinfo_read(arena);
	int count = 0;

	*left = 0;
	for (; last; last = last->before) {
		if (mountinfo_stays(last))
			continue;
		if (umount2(last->target,
			    UMOUNT_NOFOLLOW | (is_remote(last->type) ? MNT_FORCE : 0)) == 0)
			count++;
		else if (errno != EINVAL && errno != ENOENT)
			++*left;
	}
	return count;
}

/* How many file systems can still be written to. */
static int make_read_only(struct arena *arena, bool last_try)
{
	int count = 0;

	for (struct mount_entry *entry = mountinfo_read(arena); entry; entry = entry->before) {
		if (entry->is_memory || entry->is_read_only)
			continue;
		if (mount(NULL, entry->target, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0)
			continue;
		count++;
		if (last_try) {
			fail(errno, "make %s (%s) read-only", entry->target, entry->type);
			log_error();
		}
	}
	return count;
}

/* The kernel's own way to make everything read-only, in use or not (sysrq.rst). */
static int force_read_only(struct arena *arena)
{
	if (file_write(AT_FDCWD, "/proc/sysrq-trigger", "u", 1) == 0)
		board_sleep(SYSRQ_MS);
	return make_read_only(arena, true);
}

int board_unmount(void)
{
	auto_arena struct arena arena = { 0 };
	int left = 1, result;

	/* There the mounts end with us, and the disks are somebody else's. */
	if (board_is_contained())
		return 0;
	sync_bounded();
	swap_off(&arena);
	for (int pass = 0; pass < PASSES_MAX && left; pass++) {
		const int count = unmount_all(&arena, &left);

		detach_loops();
		if (!count && left)
			board_sleep(STEP_MS);
	}
	result = make_read_only(&arena, false);
	if (result)
		result = force_read_only(&arena);
	sync_bounded();
	error_clear();
	return result ? fail(EBUSY, "%d file systems stay writable", result) : 0;
}
