/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel modules, as depmod(8) lists them in /lib/modules/RELEASE: modules.dep, modules.alias,
 * modules.softdep, modules.builtin, all in text. The lists are mapped, not read: memory that the
 * kernel can take back. Runs in children of PID 1.
 */
#ifndef INIT_BOARD_MODULE_H
#define INIT_BOARD_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include "init/board/internal.h"

enum module_list {
	MODULE_DEP, /* kernel/a/b.ko: kernel/c/d.ko kernel/e.ko.xz (all it needs, nearest first) */
	MODULE_ALIAS,	/* alias PATTERN MODULE */
	MODULE_SOFTDEP, /* softdep MODULE pre: A B post: C */
	MODULE_BUILTIN, /* kernel/a/b.ko */
	MODULE_LISTS
};

struct module_text {
	const char *data; /* NULL: there is no such file */
	size_t size;
};

struct modules {
	int root;   /* folder "/" */
	int folder; /* lib/modules/RELEASE */
	struct module_text lists[MODULE_LISTS];
	char command_line[COMMAND_LINE_MAX]; /* the kernel's: arguments "MODULE.NAME=VALUE" */
};

/*
 * `root`: the folder "/", which stays the caller's. A list that is missing, or all of them, is
 * none: nothing is found then.
 */
void modules_open(struct modules *modules, int root);
void modules_close(struct modules *modules);

/*
 * Load a module with all that it needs: by its name, by an alias ("crc32c", "fs-ext4"), or, when
 * there is a slash in it, by its file. `arguments` may be NULL. What is loaded or built in is fine.
 * 0, -ENOENT (unrecorded) when nothing goes by that name, or another errno recorded.
 */
int modules_load(struct modules *modules, const char *name, const char *arguments);

/* All modules for a device's modalias; there may be none. 0 or the last errno, recorded. */
int modules_load_alias(struct modules *modules, const char *modalias);

/* ---- module_index.c: the lists; pure ---- */

struct module_text module_text(const char *text);

/* Names are equal if they differ in '-' and '_' only. */
bool module_name_equal(struct module_text name, struct module_text other);

/* As fnmatch(3) without flags: * ? [a-z] [!a-z]. */
bool module_match(struct module_text pattern, struct module_text text);

/* Take the next line of a list, without its newline, or the next word of a line; false: none. */
bool module_line(struct module_text *list, struct module_text *line);
bool module_word(struct module_text *line, struct module_text *word);

/* The name of a module's file: "a-b" of kernel/x/a-b.ko.xz. */
struct module_text module_file_name(struct module_text path);

/* module_insert.c: finit_module(2), with its flags. 0, or -errno unrecorded. */
int module_insert(int fd, const char *arguments, int flags);

#endif
