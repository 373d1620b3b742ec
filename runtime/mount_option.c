/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/mount_option.h"

#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/str.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs.h"
#include "runtime/spec/spec.h"

enum word_effect {
	WORD_SET,
	WORD_CLEAR,
	WORD_PROPAGATION,
	WORD_COPY_UP,
	WORD_RECURSIVE, /* mount_setattr(2) on a whole tree */
	WORD_IDMAP,
};

struct word {
	char name[16];
	unsigned char effect;
	unsigned int flags;
};

/* Sorted as the specification lists them; rsync and other words that are in no table are data. */
static const struct word words[] = {
	{ "async", WORD_CLEAR, MS_SYNCHRONOUS },
	{ "atime", WORD_CLEAR, MS_NOATIME },
	{ "bind", WORD_SET, MS_BIND },
	{ "defaults", WORD_SET, 0 },
	{ "dev", WORD_CLEAR, MS_NODEV },
	{ "diratime", WORD_CLEAR, MS_NODIRATIME },
	{ "dirsync", WORD_SET, MS_DIRSYNC },
	{ "exec", WORD_CLEAR, MS_NOEXEC },
	{ "iversion", WORD_SET, MS_I_VERSION },
	{ "lazytime", WORD_SET, MOUNT_FLAG_LAZYTIME },
	{ "loud", WORD_CLEAR, MS_SILENT },
	{ "mand", WORD_SET, MS_MANDLOCK },
	{ "noatime", WORD_SET, MS_NOATIME },
	{ "nodev", WORD_SET, MS_NODEV },
	{ "nodiratime", WORD_SET, MS_NODIRATIME },
	{ "noexec", WORD_SET, MS_NOEXEC },
	{ "noiversion", WORD_CLEAR, MS_I_VERSION },
	{ "nolazytime", WORD_CLEAR, MOUNT_FLAG_LAZYTIME },
	{ "nomand", WORD_CLEAR, MS_MANDLOCK },
	{ "norelatime", WORD_CLEAR, MS_RELATIME },
	{ "nostrictatime", WORD_CLEAR, MS_STRICTATIME },
	{ "nosuid", WORD_SET, MS_NOSUID },
	{ "nosymfollow", WORD_SET, MOUNT_FLAG_NOSYMFOLLOW },
	{ "private", WORD_PROPAGATION, MS_PRIVATE },
	{ "rbind", WORD_SET, MS_BIND | MS_REC },
	{ "relatime", WORD_SET, MS_RELATIME },
	{ "remount", WORD_SET, MS_REMOUNT },
	{ "ro", WORD_SET, MS_RDONLY },
	{ "rprivate", WORD_PROPAGATION, MS_PRIVATE | MS_REC },
	{ "rshared", WORD_PROPAGATION, MS_SHARED | MS_REC },
	{ "rslave", WORD_PROPAGATION, MS_SLAVE | MS_REC },
	{ "runbindable", WORD_PROPAGATION, MS_UNBINDABLE | MS_REC },
	{ "rw", WORD_CLEAR, MS_RDONLY },
	{ "shared", WORD_PROPAGATION, MS_SHARED },
	{ "silent", WORD_SET, MS_SILENT },
	{ "slave", WORD_PROPAGATION, MS_SLAVE },
	{ "strictatime", WORD_SET, MS_STRICTATIME },
	{ "suid", WORD_CLEAR, MS_NOSUID },
	{ "symfollow", WORD_CLEAR, MOUNT_FLAG_NOSYMFOLLOW },
	{ "sync", WORD_SET, MS_SYNCHRONOUS },
	{ "unbindable", WORD_PROPAGATION, MS_UNBINDABLE },
	{ "tmpcopyup", WORD_COPY_UP, 0 },
	{ "idmap", WORD_IDMAP, 0 },
	{ "ridmap", WORD_IDMAP, 0 },
	{ "ratime", WORD_RECURSIVE, 0 },
	{ "rdev", WORD_RECURSIVE, 0 },
	{ "rdiratime", WORD_RECURSIVE, 0 },
	{ "rexec", WORD_RECURSIVE, 0 },
	{ "rnoatime", WORD_RECURSIVE, 0 },
	{ "rnodev", WORD_RECURSIVE, 0 },
	{ "rnodiratime", WORD_RECURSIVE, 0 },
	{ "rnoexec", WORD_RECURSIVE, 0 },
	{ "rnorelatime", WORD_RECURSIVE, 0 },
	{ "rnostrictatime", WORD_RECURSIVE, 0 },
	{ "rnosuid", WORD_RECURSIVE, 0 },
	{ "rnosymfollow", WORD_RECURSIVE, 0 },
	{ "rrelatime", WORD_RECURSIVE, 0 },
	{ "rro", WORD_RECURSIVE, 0 },
	{ "rrw", WORD_RECURSIVE, 0 },
	{ "rstrictatime", WORD_RECURSIVE, 0 },
	{ "rsuid", WORD_RECURSIVE, 0 },
	{ "rsymfollow", WORD_RECURSIVE, 0 },
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* Is it compiled in? The symbol's name if not. */
static const char *missing_symbol(enum word_effect effect)
{
	if (effect == WORD_COPY_UP && !IS_ENABLED(CONFIG_TMPCOPYUP))
		return "CONFIG_TMPCOPYUP";
	if (effect == WORD_IDMAP)
		return "CONFIG_IDMAP_MOUNTS";
	if (effect == WORD_RECURSIVE)
		return "CONFIG_RECURSIVE_ATTRIBUTES";
	return NULL;
}

static const struct word *find_word(const char *name)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

static int add_propagation(struct mount_options *options, unsigned long flags, const char *property)
{
	if (options->propagation_count == MOUNT_PROPAGATION_WORDS)
		return fail_property(property, "more than %d propagation words",
				     MOUNT_PROPAGATION_WORDS);
	options->propagation[options->propagation_count++] = flags;
	return 0;
}

static int apply_word(struct mount_options *options, const struct word *word, const char *property)
{
	const char *symbol = missing_symbol(word->effect);

	if (symbol)
		return fail_property(property, "\"%s\": %s is not set", word->name, symbol);
	switch ((enum word_effect)word->effect) {
	case WORD_SET:
		/* "bind" after "rbind" does not take the recursion back, as with mount(8). */
		options->set |= word->flags;
		options->clear &= ~(unsigned long)word->flags;
		return 0;
	case WORD_CLEAR:
		options->clear |= word->flags;
		options->set &= ~(unsigned long)word->flags;
		return 0;
	case WORD_PROPAGATION:
		return add_propagation(options, word->flags, property);
	case WORD_COPY_UP:
		options->copy_up = true;
		return 0;
	case WORD_RECURSIVE:
	case WORD_IDMAP:
		break;
	}
	return 0;
}

/* Words that stand in no table go to the file system, in their order. */
static int collect_data(struct arena *arena, const struct spec_strings *all, size_t size,
			struct mount_options *options)
{
	char *data, *end;

	if (size == 0)
		return 0;
	data = arena_alloc(arena, size);
	if (!data)
		return -ENOMEM;
	end = data;
	for (size_t i = 0; i < all->count; i++) {
		const char *word = all->items[i];
		const size_t length = strlen(word);

		if (length == 0 || find_word(word))
			continue;
		if (end > data)
			*end++ = ',';
		memcpy(end, word, length);
		end += length;
	}
	*end = 0;
	options->data = data;
	return 0;
}

int mount_options_read(struct arena *arena, const struct spec_strings *all, const char *property,
		       struct mount_options *options)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = 0;

	*options = (struct mount_options){ 0 };
	for (size_t i = 0; i < all->count; i++) {
		const char *name = all->items[i];
		const struct word *word = find_word(name);
		int result;

		if (!word) {
			if (*name)
				size += strlen(name) + 1;
			if (str_has_prefix(name, "mode="))
				options->mode_given = true;
			continue;
		}
		result = apply_word(options, word, property);
		if (result < 0)
			return result;
	}
	/* mount(2) takes one page; it would cut the rest off in silence. */
	if (size > page)
		return fail_property(property, "longer than the kernel takes (%zu bytes)", page);
	return collect_data(arena, all, size, options);
}

const char *rootfs_mount_option(size_t index)
{
	for (size_t i = 0; i < WORDS; i++) {
		if (missing_symbol(words[i].effect))
			continue;
		if (index-- == 0)
			return words[i].name;
	}
	return NULL;
}
