/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: openat2(2) and the component walk must give the same answers, and what the path
 * functions make must lie inside the tree. The input describes a tree of folders, files and
 * symlinks, then paths to open in it; each is opened in two equal trees, one way in each.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/path.h"
#include "lib/path_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *at, *end;
};

static unsigned int take_byte(struct bytes *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

/* A path of up to 8 components, with the oddities that matter. */
static void take_path(struct bytes *input, char *path, unsigned int most)
{
	static const char names[][8] = { "a", "b", "c", "d", "..", ".", "..", "a", "..." };
	unsigned int shape = take_byte(input);
	unsigned int count = shape % (most + 1);
	char *out = path;

	if (shape & 0x20)
		*out++ = '/';
	for (unsigned int i = 0; i < count; i++) {
		if (i)
			*out++ = '/';
		if (i && (shape & 0x10))
			*out++ = '/';
		out = stpcpy(out, names[take_byte(input) % (sizeof(names) / sizeof(names[0]))]);
	}
	if (shape & 0x40)
		*out++ = '/';
	*out = '\0';
}

/* The folder for a new entry, never through a symlink; -1 if it is none. */
static int open_plainly(int root, unsigned int where)
{
	static const char *const folders[] = { ".", "a", "b", "a/b", "a/b/c", "b/a", "c", "a/d" };
	char path[16];
	int fd = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *rest = path;

	strcpy(path, folders[where % (sizeof(folders) / sizeof(folders[0]))]);
	for (char *name = strsep(&rest, "/"); name && fd >= 0; name = strsep(&rest, "/")) {
		int next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		close(fd);
		fd = next;
	}
	return fd;
}

static void make_entry(int root, unsigned int kind, unsigned int where, const char *target)
{
	static const char names[][2] = { "a", "b", "c", "d" };
	const char *name = names[where >> 3 & 3];
	auto_fd int folder = open_plainly(root, where);

	if (folder < 0)
		return;
	if (kind % 4 == 0)
		mkdirat(folder, name, 0755);
	else if (kind % 4 == 1)
		mknodat(folder, name, S_IFREG | 0644, 0);
	else if (target[0] && symlinkat(target, folder, name) < 0 && errno != EEXIST)
		abort();
}

static void empty(int folder)
{
	DIR *stream = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;

	while (stream && (entry = readdir(stream)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(folder, entry->d_name, 0) < 0) {
			auto_fd int inside =
				openat(folder, entry->d_name,
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			empty(inside);
			unlinkat(folder, entry->d_name, AT_REMOVEDIR);
		}
	}
	if (stream)
		closedir(stream);
}

/* Two equal trees, made once and refilled for each input. */
static struct trees {
	char path[64];
	int top, kernel, walk;
} trees = { .top = -1 };

static void remove_trees(void)
{
	empty(trees.top);
	rmdir(trees.path);
}

static void make_trees(void)
{
	if (trees.top < 0) {
		strcpy(trees.path, "/tmp/cruet-fuzz-XXXXXX");
		if (!mkdtemp(trees.path))
			abort();
		trees.top = open(trees.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* What must never be reached lies beside them, under the same names. */
		mkdirat(trees.top, "a", 0755);
		mkdirat(trees.top, "b", 0755);
		mkdirat(trees.top, "kernel", 0755);
		mkdirat(trees.top, "walk", 0755);
		trees.kernel = openat(trees.top, "kernel", O_PATH | O_DIRECTORY | O_CLOEXEC);
		trees.walk = openat(trees.top, "walk", O_PATH | O_DIRECTORY | O_CLOEXEC);
		atexit(remove_trees);
	}
}

/* Where `fd` is below its tree; NULL: outside. */
static const char *place_of(int fd, const char *tree, char buffer[PATH_MAX])
{
	char link[PATH_FD_SIZE], prefix[128];
	ssize_t length = readlink(path_of_fd(fd, link), buffer, PATH_MAX - 1);

	if (length < 0)
		abort();
	buffer[length] = '\0';
	snprintf(prefix, sizeof(prefix), "%s/%s", trees.path, tree);
	/* An O_TMPFILE shows as "tree/folder/#123 (deleted)". */
	if (strchr(buffer, '#'))
		*strchr(buffer, '#') = '\0';
	return path_has_prefix(buffer, prefix) ? buffer + strlen(prefix) : NULL;
}

static void differ(const char *path, int flags, int rules, int kernel, int walk)
{
	fprintf(stderr, "path '%s' flags %#o rules %d: kernel %d, walk %d\n", path, flags, rules,
		kernel, walk);
	abort();
}

static int open_by_kernel(const char *path, int flags, mode_t mode, int rules)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = {
		.flags = (unsigned int)(path_clean_flags(flags) | O_CLOEXEC),
		.mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0,
		.resolve = 2 | (rules & PATH_BENEATH ? 8 : 16) |
			   (rules & PATH_NO_SYMLINKS ? 4 : 0) | (rules & PATH_NO_CROSSING ? 1 : 0),
	};
	long fd;

	/* EAGAIN: something was renamed somewhere on this machine, so that ".." is uncertain. */
	do {
		fd = syscall(SYS_openat2, trees.kernel, path, &how, sizeof(how));
	} while (fd < 0 && errno == EAGAIN);
	return fd < 0 ? -errno : (int)fd;
}

static void compare(const char *path, int flags, int rules)
{
	char first[PATH_MAX], second[PATH_MAX];
	auto_fd int kernel = open_by_kernel(path, flags, 0640, rules);
	auto_fd int walk = path_open_walk(trees.walk, path, flags, 0640, rules);
	/* Flags that the walk adds and the kernel shows: they mean nothing after the open. */
	const int shown = O_NOFOLLOW | O_DIRECTORY;
	struct stat kernel_status, walk_status;
	const char *place, *other;

	if (kernel < 0 || walk < 0) {
		if (kernel != walk && kernel != -ENOSYS)
			differ(path, flags, rules, kernel, walk);
		return;
	}
	place = place_of(kernel, "kernel", first);
	other = place_of(walk, "walk", second);
	if (!place || !other || strcmp(place, other) != 0)
		differ(path, flags, rules, kernel, walk);
	if (fstat(kernel, &kernel_status) < 0 || fstat(walk, &walk_status) < 0 ||
	    kernel_status.st_mode != walk_status.st_mode ||
	    ((fcntl(kernel, F_GETFL) ^ fcntl(walk, F_GETFL)) & ~shown) ||
	    fcntl(walk, F_GETFD) != FD_CLOEXEC)
		differ(path, flags, rules, kernel, walk);
}

/* What is made must be found under the same path, inside the tree. */
static void make(const char *path, bool directory)
{
	char buffer[PATH_MAX];
	auto_fd int made = directory ? path_make_directory(trees.walk, path, 0755) :
				       path_make_file(trees.walk, path, 0644);
	auto_fd int found = -1;
	struct stat made_status, found_status;

	if (made < 0)
		return;
	found = path_open(trees.walk, path, O_PATH, 0, PATH_IN_ROOT);
	if (!place_of(made, "walk", buffer) || found < 0 || fstat(made, &made_status) < 0 ||
	    fstat(found, &found_status) < 0 || made_status.st_ino != found_status.st_ino ||
	    (directory && !S_ISDIR(made_status.st_mode)))
		differ(path, directory, -1, found, made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int flags[] = {
		O_PATH,
		O_PATH | O_NOFOLLOW,
		O_RDONLY,
		O_RDONLY | O_DIRECTORY,
		O_RDONLY | O_NOFOLLOW,
		O_PATH | O_DIRECTORY,
		O_WRONLY | O_CREAT,
		O_WRONLY | O_CREAT | O_EXCL,
		O_RDWR,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
		O_WRONLY | O_CREAT | O_NOFOLLOW,
		O_PATH | O_DIRECTORY | O_NOFOLLOW,
		O_WRONLY | O_TMPFILE,
	};
	struct bytes input = { data, data + size };
	unsigned int entries;
	char path[128];

	make_trees();
	umask(0);
	entries = take_byte(&input) % 16;
	while (entries--) {
		unsigned int kind = take_byte(&input), where = take_byte(&input);

		take_path(&input, path, 5);
		make_entry(trees.kernel, kind, where, path);
		make_entry(trees.walk, kind, where, path);
	}
	while (input.at < input.end) {
		unsigned int how = take_byte(&input), rules = take_byte(&input);

		take_path(&input, path, 8);
		compare(path, flags[how % (sizeof(flags) / sizeof(flags[0]))], rules & 7);
	}
	/* From here on the trees differ. */
	input.at = data;
	for (int i = 0; i < 4; i++) {
		take_path(&input, path, 8);
		make(path, i & 1);
	}
	empty(trees.kernel);
	empty(trees.walk);
	return 0;
}
