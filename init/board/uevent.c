/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's device events: see uevent.h and netlink(7). */
#include "init/board/uevent.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"

/* The group to which the kernel speaks; 2 is udev's. */
enum { UEVENT_GROUP_KERNEL = 1 };

#define FIELD(member) offsetof(struct uevent, member)

/* Which field a key fills: a text, or (base 8 or 10) a number. */
static const struct {
	char key[10];
	uint8_t base, offset;
} keys[] = {
	{ "ACTION", 0, FIELD(action) },
	{ "DEVPATH", 0, FIELD(path) },
	{ "DEVNAME", 0, FIELD(name) },
	{ "DEVTYPE", 0, FIELD(type) },
	{ "MODALIAS", 0, FIELD(modalias) },
	{ "PARTNAME", 0, FIELD(partition_name) },
	{ "PARTUUID", 0, FIELD(partition_uuid) },
	{ "MAJOR", 10, FIELD(major) },
	{ "MINOR", 10, FIELD(minor) },
	{ "DEVMODE", 8, FIELD(mode) },
	{ "DEVUID", 10, FIELD(uid) },
	{ "DEVGID", 10, FIELD(gid) },
};

/* "KEY=VALUE" */
static void take(struct uevent *event, const char *line)
{
	const size_t length = strcspn(line, "=");

	if (!line[length])
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char *field = (char *)event + keys[i].offset;
		const char *value = line + length + 1;

		if (strlen(keys[i].key) != length || memcmp(line, keys[i].key, length) != 0)
			continue;
		if (keys[i].base)
			*(unsigned int *)(void *)field =
				(unsigned int)strtoul(value, NULL, keys[i].base);
		else
			*(const char **)(void *)field = value;
	}
}

void uevent_parse(struct uevent *event, char *text, size_t size)
{
	char *const end = text + size;

	*event = (struct uevent){ .mode = 0600 };
	*end = '\0';
	while (text < end) {
		char *line = text;

		text += strcspn(line, "\n");
		*text++ = '\0';
		take(event, line);
	}
}

int uevent_open(void)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = UEVENT_GROUP_KERNEL,
	};
	auto_fd int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(errno, "listen to the kernel's device events");
	return take_fd(&fd);
}

int uevent_receive(int socket, char *buffer, struct uevent *event)
{
	struct sockaddr_nl sender = { 0 };
	struct iovec part = { .iov_base = buffer, .iov_len = UEVENT_MAX - 1 };
	struct msghdr message = {
		.msg_name = &sender,
		.msg_namelen = sizeof(sender),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	const ssize_t size = recvmsg(socket, &message, 0);

	if (size < 0)
		return errno == ENOBUFS ? -ENOBUFS : errno == EINTR ? -EAGAIN : 0;
	/* The kernel's port is 0: nobody else can have it. */
	if (sender.nl_pid != 0 || message.msg_flags & MSG_TRUNC)
		return -EAGAIN;
	uevent_parse(event, buffer, (size_t)size);
	return event->action && event->path ? 1 : -EAGAIN;
}

/* ---- in PID 1 ---- */

int board_uevents_open(const struct plan *plan)
{
	if (!IS_ENABLED(CONFIG_INIT_COLDPLUG) || !plan->system->coldplug)
		return -ENOENT;
	return uevent_open();
}

/* A device that has a driver needs no module; one that is gone neither. */
static bool is_unserved(const char *path)
{
	auto_fd int sys = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int device = openat(sys, path + strspn(path, "/"), O_PATH | O_CLOEXEC);

	return device >= 0 && faccessat(device, "driver", F_OK, 0) < 0;
}

int board_uevent_read(const struct plan *plan, int socket, char *modalias, size_t size)
{
	char buffer[UEVENT_MAX];
	struct uevent event;
	int result;
	size_t length;

	(void)plan;
	modalias[0] = '\0';
	if (!IS_ENABLED(CONFIG_INIT_COLDPLUG))
		return 0;
	result = uevent_receive(socket, buffer, &event);
	if (result == -ENOBUFS)
		memcpy(modalias, "*", 2);
	if (result <= 0)
		return result < 0;
	if (IS_ENABLED(CONFIG_INIT_STATIC_DEV))
		uevent_node(AT_FDCWD, &event); /* our folder is "/" */
	length = IS_ENABLED(CONFIG_INIT_MODULES) && event.modalias ? strlen(event.modalias) : 0;
	if (length && length < size && strcmp(event.action, "add") == 0 && is_unserved(event.path))
		memcpy(modalias, event.modalias, length + 1);
	return 1;
}
