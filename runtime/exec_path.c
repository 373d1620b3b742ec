/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What execve(2) is given. The container's root is ours here, so plain paths are right; but its
 * files are not to be trusted: /etc/passwd may be a fifo, a device or endless.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runtime/exec_path.h"
#include "runtime/spec/spec.h"

enum {
	PASSWD_LINE = 1024,	/* longer lines are skipped */
	PASSWD_LIMIT = 1 << 20, /* bytes looked at */
	CWD_USUAL = 256,
};

/*
 * 0 if execve(2) will take the file, as far as can be told before. What everybody may execute needs
 * no second call: that the mount forbids it, or an access list, is left for execve(2) to say.
 * access(2) asks with the real ids, which are equal to the effective ones here.
 */
static int executable(const char *path)
{
	struct stat info;

	if (stat(path, &info) < 0)
		return -errno;
	/* What execve(2) says of a folder; clients know it as exit code 126. */
	if (S_ISDIR(info.st_mode))
		return -EACCES;
	return (info.st_mode & 0111) == 0111 || access(path, X_OK) == 0 ? 0 : -errno;
}

static const char *find_value(const struct spec_strings *env, const char *name)
{
	size_t length = strlen(name);
	const char *value = NULL;

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->items[i], name, length) == 0 && env->items[i][length] == '=')
			value = env->items[i] + length + 1;
	return value;
}

static const char *find_in_path(struct arena *arena, const char *name, const char *path)
{
	while (path) {
		const char *end = strchrnul(path, ':');
		int length = (int)(end - path);
		/* An empty word means the current folder (POSIX). */
		const char *candidate = arena_printf(arena, "%.*s/%s", length ? length : 1,
						     length ? path : ".", name);

		if (!candidate)
			return NULL;
		if (executable(candidate) == 0)
			return candidate;
		path = *end ? end + 1 : NULL;
	}
	fail_as(ERROR_PROCESS, 0, "exec: \"%s\": executable file not found in $PATH", name);
	return NULL;
}

const char *exec_path_find(struct arena *arena, const char *name, const struct spec_strings *env)
{
	int error;

	if (!strchr(name, '/'))
		return find_in_path(arena, name, name[0] ? find_value(env, "PATH") : NULL);
	error = executable(name);
	if (error == 0)
		return arena_strdup(arena, name);
	/* The words of Go's os/exec, from which dockerd and podman tell exit codes 126 and 127. */
	if (error == -EACCES)
		fail_as(ERROR_PROCESS, -error, "exec: \"%s\"", name);
	else
		fail_as(ERROR_PROCESS, -error, "exec: \"%s\": stat %s", name, name);
	return NULL;
}

/* "name:password:uid:gid:comment:home:shell" (passwd(5)): home if the uid is that, else NULL. */
static char *home_of_line(char *line, uint32_t uid)
{
	char *field[7] = { line };
	uint32_t number;

	for (unsigned int i = 1; i < 7; i++) {
		line = strchr(field[i - 1], ':');
		if (!line)
			return NULL;
		*line = '\0';
		field[i] = line + 1;
	}
	return str_uint32(field[2], &number) && number == uid ? field[5] : NULL;
}

/* Looks through the file; the home folder is left in `buffer`. NULL: no such user. */
static const char *home_search(int fd, uint32_t uid, char buffer[PASSWD_LINE])
{
	size_t filled = 0, total = 0;
	bool skipping = false;

	while (total < PASSWD_LIMIT) {
		ssize_t count = read(fd, buffer + filled, PASSWD_LINE - 1 - filled);
		char *line = buffer, *end;

		if (count < 0)
			return NULL;
		filled += (size_t)count;
		total += (size_t)count;
		if (count == 0 && filled > 0)
			buffer[filled++] = '\n'; /* a last line without its end */
		while ((end = memchr(line, '\n', filled - (size_t)(line - buffer)))) {
			char *home;

			*end = '\0';
			home = skipping ? NULL : home_of_line(line, uid);
			if (home)
				return home;
			skipping = false;
			line = end + 1;
		}
		if (count == 0)
			return NULL;
		filled -= (size_t)(line - buffer);
		if (filled == PASSWD_LINE - 1) {
			skipping = true;
			filled = 0;
		}
		memmove(buffer, line, filled);
	}
	return NULL;
}

static const char *home_variable(struct arena *arena, uint32_t uid)
{
	char buffer[PASSWD_LINE];
	const char *home = NULL;
	struct stat info;
	auto_fd int fd = -1;

	/* Looked at first: to open a device can have an effect, to open a fifo can take for ever.
	 */
	if (stat("/etc/passwd", &info) == 0 && S_ISREG(info.st_mode))
		fd = openat(AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		home = home_search(fd, uid, buffer);
	return arena_printf(arena, "HOME=%s", home && home[0] ? home : "/");
}

/* Length of the name, or 0 (recorded) for what is no variable. */
static size_t variable_name(const char *entry)
{
	const char *equals = strchr(entry, '=');

	if (!equals || equals == entry) {
		fail_as(ERROR_PROCESS, 0, "invalid environment variable \"%.200s\": %s", entry,
			equals ? "its name is empty" : "'=' is missing");
		return 0;
	}
	return (size_t)(equals - entry);
}

/* FNV-1a. The container's own variables can at worst collide with each other. */
static uint32_t name_hash(const char *name, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash;
}

/*
 * Enter a variable into an open-addressed set of `mask` + 1 slots. True if its name was not there.
 * Kubernetes gives thousands of variables, too many to compare each with each.
 */
static bool set_add(const char **slots, size_t mask, const char *entry, size_t length)
{
	size_t slot = name_hash(entry, length) & mask;

	while (slots[slot]) {
		if (strncmp(slots[slot], entry, length + 1) == 0)
			return false;
		slot = (slot + 1) & mask;
	}
	slots[slot] = entry;
	return true;
}

char **exec_environment(struct arena *arena, const struct spec_process *process)
{
	const struct spec_strings *env = &process->env;
	size_t slot_count = 8, next;
	const char **slots, **result;

	while (slot_count < env->count * 2 + 2)
		slot_count *= 2;
	slots = arena_array(arena, slot_count, sizeof(*slots));
	result = arena_array(arena, env->count + 2, sizeof(*result));
	if (!slots || !result)
		return NULL;
	/* From the end, because the last one of a name wins; filled from the end, so that the order
	 * stays. */
	next = env->count + 1;
	for (size_t i = env->count; i-- > 0;) {
		size_t length = variable_name(env->items[i]);

		if (length == 0)
			return NULL;
		if (set_add(slots, slot_count - 1, env->items[i], length))
			result[--next] = env->items[i];
	}
	if (set_add(slots, slot_count - 1, "HOME=", 4)) {
		result[--next] = home_variable(arena, process->user.uid);
		if (!result[next])
			return NULL;
	}
	/* execve(2) takes char *const *: it does not write to them. */
	return (char **)(result + next);
}

static int make_and_enter(const char *cwd)
{
	auto_fd int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC), folder = -1;

	if (root < 0)
		return fail(errno, "open /");
	folder = path_make_directory(root, cwd, 0755);
	if (folder < 0)
		return fail_context(folder, "process.cwd");
	return fchdir(folder) < 0 ? fail(errno, "chdir to process.cwd %s", cwd) : 0;
}

/* The raw call: what the kernel says of a folder outside our root begins with "(unreachable)". */
static __attribute__((noinline)) long long_cwd(char first[1])
{
	char buffer[PATH_MAX + 64];
	long size = syscall(SYS_getcwd, buffer, sizeof(buffer));

	*first = buffer[0];
	return size;
}

int exec_working_directory(const char *cwd, int make)
{
	char buffer[CWD_USUAL];
	long size;

	if (chdir(cwd) < 0) {
		int result =
			errno == ENOENT && make ?
				make_and_enter(cwd) :
				fail(errno, "chdir to cwd (\"%s\") set in config.json failed", cwd);

		if (result < 0)
			return result;
	}
	if (strcmp(cwd, "/") == 0)
		return 0;
	size = syscall(SYS_getcwd, buffer, sizeof(buffer));
	if (size < 0 && errno == ERANGE)
		size = long_cwd(buffer);
	if (size < 0)
		return fail(errno, "current folder after chdir to %s", cwd);
	if (buffer[0] != '/')
		return fail_as(ERROR_CONFIG, 0,
			       "process.cwd: %s leads outside of the container's root", cwd);
	return 0;
}
