/* SPDX-License-Identifier: Apache-2.0 */
/* Loading kernel modules: see module.h. */
#include "init/board/module.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/board/board.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"

enum {
	DEPENDENCIES_MAX = 64,
	ARGUMENTS_MAX = 1024,
	DEPTH_MAX = 4, /* of aliases and softdeps: lists made by hand may go in circles */
	MODULE_PATH_MAX = 256,
	INSERT_COMPRESSED = 4, /* MODULE_INIT_COMPRESSED_FILE of linux/module.h, since 5.17 */
};

static struct module_text map(int folder, const char *name)
{
	struct module_text text = { NULL, 0 };
	auto_fd int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *data;

	if (fd < 0 || fstat(fd, &status) < 0 || status.st_size <= 0)
		return text;
	data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data != MAP_FAILED)
		text = (struct module_text){ data, (size_t)status.st_size };
	return text;
}

void modules_open(struct modules *modules, int root)
{
	static const char names[][16] = {
		[MODULE_DEP] = "modules.dep",
		[MODULE_ALIAS] = "modules.alias",
		[MODULE_SOFTDEP] = "modules.softdep",
		[MODULE_BUILTIN] = "modules.builtin",
	};
	char path[MODULE_PATH_MAX];
	struct utsname name;

	*modules = (struct modules){ .root = root, .folder = -1 };
	uname(&name);
	snprintf(path, sizeof(path), "lib/modules/%s", name.release);
	modules->folder = openat(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < MODULE_LISTS && modules->folder >= 0; i++)
		modules->lists[i] = map(modules->folder, names[i]);
	if (file_read_small(root, "proc/cmdline", modules->command_line,
			    sizeof(modules->command_line)) < 0)
		modules->command_line[0] = '\0';
}

void modules_close(struct modules *modules)
{
	for (size_t i = 0; i < MODULE_LISTS; i++)
		if (modules->lists[i].data)
			munmap((void *)modules->lists[i].data, modules->lists[i].size);
	close_fd(&modules->folder);
}

/* Loaded, being loaded, or built in and with parameters. */
static bool is_there(const struct modules *modules, struct module_text name)
{
	char path[MODULE_PATH_MAX];
	const int prefix = snprintf(path, sizeof(path), "sys/module/");

	if (snprintf(path + prefix, sizeof(path) - (size_t)prefix, "%.*s", (int)name.size,
		     name.data) >= (int)sizeof(path) - prefix)
		return false;
	for (char *dash = path; (dash = strchr(dash, '-')) != NULL;)
		*dash = '_';
	return faccessat(modules->root, path, F_OK, 0) == 0;
}

/* What the kernel's command line has for the module: "NAME.a=b" is "a=b". */
static int add_arguments(const struct modules *modules, struct module_text name, char *buffer,
			 size_t size, const char *arguments)
{
	struct module_text line = { modules->command_line, strcspn(modules->command_line, "\n") };
	struct module_text word;
	size_t used = (size_t)snprintf(buffer, size, "%s", arguments ? arguments : "");

	while (used < size && module_word(&line, &word)) {
		char own[64];

		if (word.size <= name.size || word.data[name.size] != '.' ||
		    name.size >= sizeof(own))
			continue;
		memcpy(own, name.data, name.size);
		own[name.size] = '\0';
		if (module_name_equal(own, word.data, name.size))
			used += (size_t)snprintf(buffer + used, size - used, " %.*s",
						 (int)(word.size - name.size - 1),
						 word.data + name.size + 1);
	}
	return used < size ? 0 : -E2BIG;
}

static bool is_compressed(struct module_text path)
{
	return path.size < 3 || memcmp(path.data + path.size - 3, ".ko", 3) != 0;
}

/* `path` is relative to `folder`. */
static int insert(const struct modules *modules, int folder, struct module_text path,
		  const char *arguments)
{
	const struct module_text name = module_file_name(path);
	char all[ARGUMENTS_MAX], file[MODULE_PATH_MAX];
	auto_fd int fd = -1;
	int result;

	if (is_there(modules, name))
		return 0;
	if (path.size >= sizeof(file))
		return fail(ENAMETOOLONG, "module %.*s", (int)name.size, name.data);
	memcpy(file, path.data, path.size);
	file[path.size] = '\0';
	fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(errno, "module %.*s: open %s", (int)name.size, name.data, file);
	if (add_arguments(modules, name, all, sizeof(all), arguments) < 0)
		return fail(E2BIG, "module %.*s: arguments", (int)name.size, name.data);
	result = module_insert(fd, all, is_compressed(path) ? INSERT_COMPRESSED : 0);
	if (is_compressed(path) && (result == -EINVAL || result == -EOPNOTSUPP))
		return fail_as(ERROR_UNSUPPORTED, -result,
			       "module %.*s: this kernel does not decompress %s "
			       "(CONFIG_MODULE_DECOMPRESS)",
			       (int)name.size, name.data, file);
	if (result < 0 && result != -EEXIST)
		return fail(-result, "module %.*s: load %s%s%s", (int)name.size, name.data, file,
			    all[0] ? " " : "", all);
	return 0;
}

/* The line of the list for that module; `path` is taken off it. */
static bool find(const struct module_text *list, const char *name, struct module_text *path,
		 struct module_text *line)
{
	for (size_t at = 0; module_line(list, &at, line);) {
		struct module_text file;

		if (!module_word(line, path))
			continue;
		if (path->data[path->size - 1] == ':')
			path->size--;
		file = module_file_name(*path);
		if (module_name_equal(name, file.data, file.size))
			return true;
	}
	return false;
}

static int load(struct modules *modules, const char *name, const char *arguments, int depth);

static int load_word(struct modules *modules, struct module_text word, int depth)
{
	char name[MODULE_PATH_MAX];

	if (word.size >= sizeof(name))
		return -ENOENT;
	memcpy(name, word.data, word.size);
	name[word.size] = '\0';
	return load(modules, name, NULL, depth);
}

/* What should be there before ("pre:") or after it; it is no error if it is not. */
static void load_soft(struct modules *modules, const char *name, const char *when, int depth)
{
	struct module_text line, word;

	for (size_t at = 0; module_line(&modules->lists[MODULE_SOFTDEP], &at, &line);) {
		bool on = false;

		if (!module_word(&line, &word) || word.size != strlen("softdep") ||
		    !module_word(&line, &word) || !module_name_equal(name, word.data, word.size))
			continue;
		while (module_word(&line, &word)) {
			if (word.data[word.size - 1] == ':')
				on = word.size == strlen(when) &&
				     memcmp(word.data, when, word.size) == 0;
			else if (on)
				load_word(modules, word, depth + 1);
		}
	}
}

/* The nearest dependency stands first: it needs the others. */
static int load_file(struct modules *modules, const char *name, struct module_text path,
		     struct module_text line, const char *arguments, int depth)
{
	struct module_text needed[DEPENDENCIES_MAX];
	size_t count = 0;
	int result = 0;

	while (count < DEPENDENCIES_MAX && module_word(&line, &needed[count]))
		count++;
	load_soft(modules, name, "pre:", depth);
	while (count && result == 0)
		result = insert(modules, modules->folder, needed[--count], NULL);
	if (result == 0)
		result = insert(modules, modules->folder, path, arguments);
	load_soft(modules, name, "post:", depth);
	return result;
}

/* All whose alias fits. -ENOENT, unrecorded: none does. */
static int load_aliased(struct modules *modules, const char *alias, int depth)
{
	struct module_text line, word;
	int result = -ENOENT, worst = 0;

	for (size_t at = 0; module_line(&modules->lists[MODULE_ALIAS], &at, &line);) {
		if (!module_word(&line, &word) || word.size != strlen("alias") ||
		    !module_word(&line, &word) || !module_match(word.data, word.size, alias) ||
		    !module_word(&line, &word))
			continue;
		result = load_word(modules, word, depth + 1);
		if (result < 0 && result != -ENOENT)
			worst = result;
	}
	return worst < 0 ? worst : result;
}

static int load(struct modules *modules, const char *name, const char *arguments, int depth)
{
	const struct module_text whole = { name, strlen(name) };
	struct module_text path, line;

	if (depth > DEPTH_MAX)
		return -ENOENT;
	if (strchr(name, '/'))
		return insert(modules, modules->root, whole, arguments);
	if (find(&modules->lists[MODULE_DEP], name, &path, &line))
		return load_file(modules, name, path, line, arguments, depth);
	if (is_there(modules, whole) || find(&modules->lists[MODULE_BUILTIN], name, &path, &line))
		return 0;
	return load_aliased(modules, name, depth);
}

int modules_load(struct modules *modules, const char *name, const char *arguments)
{
	return load(modules, name, arguments, 0);
}

int modules_load_alias(struct modules *modules, const char *modalias)
{
	const int result = load_aliased(modules, modalias, 0);

	return result == -ENOENT ? 0 : result;
}
