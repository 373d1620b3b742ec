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
	MODULE_NAME_MAX = 64,  /* of linux/module.h */
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

/* Loaded, being loaded, or built in and with parameters. `name` is written as the kernel does. */
static bool is_there(const struct modules *modules, const char *name)
{
	char path[MODULE_NAME_MAX + 16];

	snprintf(path, sizeof(path), "sys/module/%s", name);
	return faccessat(modules->root, path, F_OK, 0) == 0;
}

/* As the kernel names it, with '_'; false: no module has so long a name. */
static bool kernel_name(struct module_text name, char buffer[MODULE_NAME_MAX])
{
	if (name.size >= MODULE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.size; i++)
		buffer[i] = name.data[i] == '-' ? '_' : name.data[i];
	buffer[name.size] = '\0';
	return true;
}

/* With what the kernel's command line has for the module: "NAME.a=b" is "a=b". */
static int add_arguments(const struct modules *modules, const char *name, const char *arguments,
			 char all[ARGUMENTS_MAX])
{
	struct module_text line = module_text(modules->command_line);
	struct module_text word;
	int used = snprintf(all, ARGUMENTS_MAX, "%s", arguments ? arguments : "");

	while (used < ARGUMENTS_MAX && module_word(&line, &word)) {
		const char *dot = memchr(word.data, '.', word.size);
		const struct module_text module = { word.data,
						    dot ? (size_t)(dot - word.data) : 0 };

		if (dot && module_name_equal(module, module_text(name)))
			used += snprintf(all + used, (size_t)(ARGUMENTS_MAX - used), " %.*s",
					 (int)(word.size - module.size - 1), dot + 1);
	}
	return used < ARGUMENTS_MAX ? 0 : -E2BIG;
}

/* Open and load; -errno. */
static int insert_file(int folder, const char *path, const char *arguments, bool compressed)
{
	auto_fd int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	const int result =
		fd < 0 ? -errno : module_insert(fd, arguments, compressed ? INSERT_COMPRESSED : 0);

	return result == -EEXIST ? 0 : result; /* somebody else was faster */
}

/* `path` is relative to `folder`. */
static int insert(const struct modules *modules, int folder, struct module_text path,
		  const char *arguments)
{
	char name[MODULE_NAME_MAX], file[MODULE_PATH_MAX], all[ARGUMENTS_MAX] = "";
	const bool compressed = path.size < 3 || memcmp(path.data + path.size - 3, ".ko", 3) != 0;
	int result = -ENAMETOOLONG;

	if (kernel_name(module_file_name(path), name) && path.size < sizeof(file)) {
		if (is_there(modules, name))
			return 0;
		snprintf(file, sizeof(file), "%.*s", (int)path.size, path.data);
		result = add_arguments(modules, name, arguments, all);
		if (result == 0)
			result = insert_file(folder, file, all, compressed);
	}
	if (result == 0)
		return 0;
	return fail(-result, "load module %.*s %s%s", (int)path.size, path.data, all,
		    compressed && (result == -EINVAL || result == -EOPNOTSUPP) ?
			    "(the kernel does not decompress it: CONFIG_MODULE_DECOMPRESS)" :
			    "");
}

/* The line of the list for that module; `path` is taken off it. */
static bool find(struct module_text list, struct module_text name, struct module_text *path,
		 struct module_text *line)
{
	while (module_line(&list, line)) {
		if (!module_word(line, path))
			continue;
		if (path->data[path->size - 1] == ':')
			path->size--;
		if (module_name_equal(module_file_name(*path), name))
			return true;
	}
	return false;
}

static int load(struct modules *modules, struct module_text name, const char *arguments, int depth);

static bool is_word(struct module_text word, const char *text)
{
	return module_name_equal(word, module_text(text));
}

/* The next line that begins with `keyword`; what follows is left in it, but for its first word. */
static bool next_line(struct module_text *list, const char *keyword, struct module_text *line,
		      struct module_text *first)
{
	struct module_text word;

	while (module_line(list, line))
		if (module_word(line, &word) && is_word(word, keyword) && module_word(line, first))
			return true;
	return false;
}

/* What should be there before ("pre:") or after it; it is no error if it is not. */
static void load_soft(struct modules *modules, struct module_text name, const char *when, int depth)
{
	struct module_text list = modules->lists[MODULE_SOFTDEP], line, word;

	while (next_line(&list, "softdep", &line, &word)) {
		bool on = false;

		if (!module_name_equal(word, name))
			continue;
		while (module_word(&line, &word)) {
			if (word.data[word.size - 1] == ':')
				on = is_word(word, when);
			else if (on)
				load(modules, word, NULL, depth + 1);
		}
	}
}

/* The nearest dependency stands first: it needs the others. */
static int load_file(struct modules *modules, struct module_text path, struct module_text line,
		     const char *arguments)
{
	struct module_text needed[DEPENDENCIES_MAX];
	size_t count = 0;
	int result = 0;

	while (count < DEPENDENCIES_MAX && module_word(&line, &needed[count]))
		count++;
	while (count && result == 0)
		result = insert(modules, modules->folder, needed[--count], NULL);
	return result ? result : insert(modules, modules->folder, path, arguments);
}

/* All whose alias fits. -ENOENT, unrecorded: none does. */
static int load_aliased(struct modules *modules, struct module_text alias, int depth)
{
	struct module_text list = modules->lists[MODULE_ALIAS], line, word;
	int result = -ENOENT, worst = 0;

	while (next_line(&list, "alias", &line, &word)) {
		if (!module_match(word, alias) || !module_word(&line, &word))
			continue;
		result = load(modules, word, NULL, depth + 1);
		if (result < 0 && result != -ENOENT)
			worst = result;
	}
	return worst < 0 ? worst : result;
}

static int load(struct modules *modules, struct module_text name, const char *arguments, int depth)
{
	struct module_text path, line;
	char own[MODULE_NAME_MAX];
	int result;

	if (depth > DEPTH_MAX)
		return -ENOENT;
	if (memchr(name.data, '/', name.size))
		return insert(modules, modules->root, name, arguments);
	if (find(modules->lists[MODULE_DEP], name, &path, &line)) {
		load_soft(modules, name, "pre:", depth);
		result = load_file(modules, path, line, arguments);
		load_soft(modules, name, "post:", depth);
		return result;
	}
	if ((kernel_name(name, own) && is_there(modules, own)) ||
	    find(modules->lists[MODULE_BUILTIN], name, &path, &line))
		return 0;
	return load_aliased(modules, name, depth);
}

int modules_load(struct modules *modules, const char *name, const char *arguments)
{
	return load(modules, module_text(name), arguments, 0);
}

int modules_load_alias(struct modules *modules, const char *modalias)
{
	const int result = load_aliased(modules, module_text(modalias), 0);

	return result == -ENOENT ? 0 : result;
}
