/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options: see mount_option.h. */
#include "init/board/mount_option.h"

#include <sys/mount.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/error.h"

#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

enum kind {
	SET,
	CLEAR,
	PROPAGATION,
	LOOP,
	NOFAIL,
	NOTHING, /* what concerns other programs */
};

static const struct {
	char name[14];
	uint8_t kind; /* enum kind */
	uint32_t flags;
} table[] = {
	{ "ro", SET, MS_RDONLY },
	{ "rw", CLEAR, MS_RDONLY },
	{ "nosuid", SET, MS_NOSUID },
	{ "suid", CLEAR, MS_NOSUID },
	{ "nodev", SET, MS_NODEV },
	{ "dev", CLEAR, MS_NODEV },
	{ "noexec", SET, MS_NOEXEC },
	{ "exec", CLEAR, MS_NOEXEC },
	{ "sync", SET, MS_SYNCHRONOUS },
	{ "async", CLEAR, MS_SYNCHRONOUS },
	{ "dirsync", SET, MS_DIRSYNC },
	{ "noatime", SET, MS_NOATIME },
	{ "atime", CLEAR, MS_NOATIME },
	{ "nodiratime", SET, MS_NODIRATIME },
	{ "diratime", CLEAR, MS_NODIRATIME },
	{ "relatime", SET, MS_RELATIME },
	{ "norelatime", CLEAR, MS_RELATIME },
	{ "strictatime", SET, MS_STRICTATIME },
	{ "nostrictatime", CLEAR, MS_STRICTATIME },
	{ "lazytime", SET, MS_LAZYTIME },
	{ "nolazytime", CLEAR, MS_LAZYTIME },
	{ "silent", SET, MS_SILENT },
	{ "loud", CLEAR, MS_SILENT },
	{ "remount", SET, MS_REMOUNT },
	{ "bind", SET, MS_BIND },
	{ "rbind", SET, MS_BIND | MS_REC },
	{ "move", SET, MS_MOVE },
	{ "shared", PROPAGATION, MS_SHARED },
	{ "rshared", PROPAGATION, MS_SHARED | MS_REC },
	{ "private", PROPAGATION, MS_PRIVATE },
	{ "rprivate", PROPAGATION, MS_PRIVATE | MS_REC },
	{ "slave", PROPAGATION, MS_SLAVE },
	{ "rslave", PROPAGATION, MS_SLAVE | MS_REC },
	{ "unbindable", PROPAGATION, MS_UNBINDABLE },
	{ "runbindable", PROPAGATION, MS_UNBINDABLE | MS_REC },
	{ "loop", LOOP, 0 },
	{ "nofail", NOFAIL, 0 },
	{ "defaults", NOTHING, 0 },
	{ "auto", NOTHING, 0 },
	{ "noauto", NOTHING, 0 },
	{ "user", NOTHING, 0 },
	{ "_netdev", NOTHING, 0 },
};

static bool is_word(const char *name, const char *text, size_t length)
{
	return strncmp(name, text, length) == 0 && !name[length];
}

/* false: it is the file system's own. */
static bool take(struct mount_options *options, const char *text, size_t length)
{
	/* Comments for others: x-mount.mkdir, x-systemd.requires=... */
	if (length >= 2 && (text[0] == 'x' || text[0] == 'X') && text[1] == '-')
		return true;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (length >= sizeof(table[i].name) || !is_word(table[i].name, text, length))
			continue;
		switch ((enum kind)table[i].kind) {
		case SET:
			options->flags |= table[i].flags;
			break;
		case CLEAR:
			options->flags &= ~(unsigned long)table[i].flags;
			break;
		case PROPAGATION:
			options->propagation = table[i].flags;
			break;
		case LOOP:
			options->loop = true;
			break;
		case NOFAIL:
			options->nofail = true;
			break;
		case NOTHING:
			break;
		}
		return true;
	}
	return false;
}

/* Up to the next comma; one between double quotes belongs to the value (SELinux contexts). */
static size_t option_length(const char *text)
{
	bool quoted = false;
	size_t length = 0;

	for (; text[length] && (quoted || text[length] != ','); length++)
		quoted ^= text[length] == '"';
	return length;
}

int mount_options_parse(const char *text, struct mount_options *options)
{
	size_t used = 0;

	memset(options, 0, sizeof(*options));
	while (text && *text) {
		const size_t length = option_length(text);

		if (length && !take(options, text, length)) {
			if (used + length + 2 > sizeof(options->data))
				return fail(E2BIG, "mount options");
			if (used)
				options->data[used++] = ',';
			memcpy(options->data + used, text, length);
			used += length;
		}
		text += length + (text[length] == ',');
	}
	return 0;
}
