/* SPDX-License-Identifier: Apache-2.0 */
/* A pty for the container: opened in its own devpts, by descriptors only (CVE-2025-52565). */
#include "runtime/console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/rootfs_host.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41) /* 4.13 */
#endif

enum {
	/* Documentation/admin-guide/devices.txt: UNIX98 pty slaves */
	SLAVE_MAJOR_FIRST = 136,
	SLAVE_MAJOR_LAST = 143,
	NUMBER_SIZE = 12,
};

int console_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_fd int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	auto_fd int place = -1;

	if (socket_fd < 0)
		return fail(errno, "console socket: make a socket");
	if (strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path));
	} else {
		/* Longer than an address can be: the same socket by a short name. */
		place = host_open(path, O_PATH);
		if (place < 0)
			return fail(-place, "console socket: %s", path);
		path_of_fd(place, address.sun_path);
	}
	if (connect(socket_fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(errno, "console socket: connect to %s", path);
	return take_fd(&socket_fd);
}

/* The folder of the container's devpts: in it all names are the kernel's. */
static int open_devpts(void)
{
	auto_fd int root = host_open("/", O_PATH | O_DIRECTORY);
	auto_fd int folder = -1;
	struct statfs info;

	if (root < 0)
		return fail(-root, "terminal: open /");
	folder = path_open(root, "/dev/pts", O_PATH | O_DIRECTORY, 0, PATH_IN_ROOT);
	if (folder < 0)
		return fail(-folder, "terminal: open /dev/pts");
	if (fstatfs(folder, &info) < 0)
		return fail(errno, "terminal: /dev/pts");
	if (info.f_type != DEVPTS_SUPER_MAGIC)
		return fail(ENOTTY, "terminal: /dev/pts is not a devpts");
	return take_fd(&folder);
}

/* A kernel without TIOCGPTPEER: by name, and then it must be what it should be. */
static int open_slave_by_name(int devpts, unsigned int number)
{
	char name[NUMBER_SIZE];
	auto_fd int slave = -1;
	struct stat info;

	snprintf(name, sizeof(name), "%u", number);
	slave = openat(devpts, name, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (slave < 0 || fstat(slave, &info) < 0)
		return fail(errno, "terminal: open /dev/pts/%s", name);
	if (!S_ISCHR(info.st_mode) || major(info.st_rdev) < SLAVE_MAJOR_FIRST ||
	    major(info.st_rdev) > SLAVE_MAJOR_LAST)
		return fail(ENOTTY, "terminal: /dev/pts/%s is not a terminal", name);
	return take_fd(&slave);
}

static int open_pty(int *master, unsigned int *number)
{
	auto_fd int devpts = open_devpts();
	const int unlocked = 0;
	int slave;

	if (devpts < 0)
		return devpts;
	*master = openat(devpts, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (*master < 0)
		return fail(errno, "terminal: open /dev/pts/ptmx");
	if (ioctl(*master, TIOCSPTLCK, &unlocked) < 0 || ioctl(*master, TIOCGPTN, number) < 0)
		return fail(errno, "terminal: make a pty");
	slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave >= 0)
		return slave;
	return open_slave_by_name(devpts, *number);
}

void console_own_size(uint32_t *height, uint32_t *width)
{
	struct winsize size;

	if (*height || *width || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	*height = size.ws_row;
	*width = size.ws_col;
}

int console_control(void)
{
	if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return fail(errno, "terminal: make it the controlling one");
	return 0;
}

static int become_terminal(int slave)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(slave, fd) < 0)
			return fail(errno, "terminal: make it descriptor %d", fd);
	return 0;
}

int console_attach(int socket, uint32_t height, uint32_t width, uid_t owner, int *slave)
{
	const struct winsize size = { .ws_row = (unsigned short)height,
				      .ws_col = (unsigned short)width };
	auto_fd int master = -1;
	auto_fd int terminal = -1;
	unsigned int number = 0;
	char name[sizeof("/dev/pts/") + NUMBER_SIZE];
	int result;

	terminal = open_pty(&master, &number);
	if (terminal < 0)
		return terminal;
	if ((height || width) && ioctl(master, TIOCSWINSZ, &size) < 0)
		return fail(errno, "terminal: set its size");
	/* Its group is the devpts's affair (gid=5). */
	if (fchown(terminal, owner, (gid_t)-1) < 0)
		return fail(errno, "terminal: give it to user %u", owner);
	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	result = fd_send(socket, master, name, strlen(name));
	if (result == 0)
		result = become_terminal(terminal);
	if (result == 0 && slave)
		*slave = take_fd(&terminal);
	return result;
}
