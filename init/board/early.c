/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first thing that PID 1 does: the kernel's own file systems and a console. The time from power
 * on to the first service passes here, so nothing is done that can be done later.
 */
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/file.h"
#include "lib/log.h"

#define MOUNT_PLAIN (MS_NOSUID | MS_NODEV | MS_NOEXEC)

struct early_mount {
	char target[12], type[12], data[32];
	unsigned long flags;
};

/* Programs map some devices executable (SGX): no MS_NOEXEC. */
static const struct early_mount dev = { "/dev", "devtmpfs", "mode=0755", MS_NOSUID };

/* The last one is what nothing can be started without. */
static const struct early_mount early[] = {
	{ "/proc", "proc", "", MOUNT_PLAIN },
	{ "/sys", "sysfs", "", MOUNT_PLAIN },
	{ "/run", "tmpfs", "mode=0755", MS_NOSUID | MS_NODEV },
};

static const struct early_mount below_dev[] = {
	{ "/dev/pts", "devpts", "gid=5,mode=0620,ptmxmode=0666", MS_NOSUID | MS_NOEXEC },
	{ "/dev/shm", "tmpfs", "mode=1777", MS_NOSUID | MS_NODEV },
};

bool board_is_mounted(const char *path, const struct stat *parent)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_dev != parent->st_dev;
}

static int mount_as(const struct early_mount *wanted, const char *type)
{
	return mount(type, wanted->target, type, wanted->flags, wanted->data) < 0 ? -errno : 0;
}

static int mount_early(const struct early_mount *wanted, const char *type)
{
	int result = mount_as(wanted, type);

	if (result == -ENOENT && mkdir(wanted->target, 0755) == 0)
		result = mount_as(wanted, type);
	/* A kernel without tmpfs always has this one. */
	if (result == -ENODEV && strcmp(type, "tmpfs") == 0)
		result = mount_as(wanted, "ramfs");
	return result;
}

/* Unless it is there: an initramfs did it, the kernel (CONFIG_DEVTMPFS_MOUNT), or a container. */
static int mount_missing(const struct early_mount *wanted, const struct stat *parent)
{
	return board_is_mounted(wanted->target, parent) ? 0 : mount_early(wanted, wanted->type);
}

/* The result, after a word about it if it is an error. */
static int say(const struct early_mount *wanted, int result)
{
	if (result < 0) {
		fail(-result, "mount %s on %s", wanted->type, wanted->target);
		log_error();
	}
	return result;
}

/* ---- /dev ---- */

struct node {
	char path[14];
	uint16_t mode;
	uint8_t major, minor;
};

/* What the kernel's device list (Documentation/admin-guide/devices.txt) calls compulsory. */
static const struct node nodes[] = {
	{ "/dev/null", 0666, 1, 3 },   { "/dev/zero", 0666, 1, 5 },    { "/dev/full", 0666, 1, 7 },
	{ "/dev/random", 0666, 1, 8 }, { "/dev/urandom", 0666, 1, 9 }, { "/dev/kmsg", 0644, 1, 11 },
	{ "/dev/tty", 0666, 5, 0 },    { "/dev/console", 0600, 5, 1 }, { "/dev/ptmx", 0666, 5, 2 },
};

static bool is_complete(void)
{
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		if (access(nodes[i].path, F_OK) < 0)
			return false;
	return true;
}

/* Without devtmpfs: what lies in /dev, if it has what every program expects; else nodes of ours. */
static int make_nodes(void)
{
	const mode_t before = umask(0);
	int result = is_complete() ? 0 : mount_early(&dev, "tmpfs");

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]) && result == 0; i++)
		if (mknod(nodes[i].path, S_IFCHR | nodes[i].mode,
			  makedev(nodes[i].major, nodes[i].minor)) < 0 &&
		    errno != EEXIST)
			result = -errno;
	umask(before);
	return result;
}

/* The kernel opens the console for us, unless there was no node for it yet. */
static void open_console(void)
{
	int fd;

	if (fcntl(STDERR_FILENO, F_GETFD) >= 0)
		return;
	fd = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd < 0) /* no console at all: what is said goes nowhere, but all three are open */
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < STDERR_FILENO)
		fd = dup(fd);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* ---- all together ---- */

int board_early(void)
{
	struct stat root;
	int result;

	if (stat("/", &root) < 0)
		return fail(errno, "/");
	/* The umask is 022 from the beginning (init_fs of the kernel). */
	setsid();
	result = mount_missing(&dev, &root);
	if (IS_ENABLED(CONFIG_INIT_STATIC_DEV) && result == -ENODEV)
		result = make_nodes();
	open_console();
	say(&dev, result);
	for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++)
		result = say(&early[i], mount_missing(&early[i], &root));
	reboot(RB_DISABLE_CAD); /* ctrl-alt-del is SIGINT for us */
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 0);
	return result < 0 ? fail(-result, "no /run: no unit can be started") : 0;
}

void board_fill_dev(void)
{
	static const char links[][2][16] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};
	struct stat parent;

	if (stat(dev.target, &parent) < 0)
		return;
	for (size_t i = 0; i < sizeof(below_dev) / sizeof(below_dev[0]); i++)
		say(&below_dev[i], mount_missing(&below_dev[i], &parent));
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) < 0 && errno != EEXIST)
			break; /* /dev is read-only */
}

bool board_wants_shell(void)
{
	char text[COMMAND_LINE_MAX];

	if (!IS_ENABLED(CONFIG_INIT_EMERGENCY_SHELL) ||
	    file_read_small(AT_FDCWD, "/proc/cmdline", text, sizeof(text)) < 0)
		return false;
	for (char *rest = text, *word; (word = strsep(&rest, " \n")) != NULL;)
		if (strcmp(word, "cruet.shell") == 0)
			return true;
	return false;
}
