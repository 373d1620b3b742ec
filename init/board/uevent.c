/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's device events: see uevent.h and netlink(7). */
#include "init/board/uevent.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <fcntl.h>
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

static unsigned int number(const char *text, int base)
{
	return (unsigned int)strtoul(text, NULL, base);
}

static void take(struct uevent *event, const char *key, size_t length, const char *value)
{
	const struct {
		const char *key;
		const char **text;
		unsigned int *number;
	} keys[] = {
		{ "ACTION", &event->action, NULL },
		{ "DEVPATH", &event->path, NULL },
		{ "DEVNAME", &event->name, NULL },
		{ "DEVTYPE", &event->type, NULL },
		{ "MODALIAS", &event->modalias, NULL },
		{ "PARTNAME", &event->partition_name, NULL },
		{ "PARTUUID", &event->partition_uuid, NULL },
		{ "MAJOR", NULL, &event->major },
		{ "MINOR", NULL, &event->minor },
		{ "DEVMODE", NULL, &event->mode },
		{ "DEVUID", NULL, &event->uid },
		{ "DEVGID", NULL, &event->gid },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strncmp(key, keys[i].key, length) != 0 || keys[i].key[length])
			continue;
		if (keys[i].text)
			*keys[i].text = value;
		else
			*keys[i].number = number(value, keys[i].number == &event->mode ? 8 : 10);
	}
}

void uevent_parse(struct uevent *event, char *text, size_t size)
{
	char *const end = text + size;

	*event = (struct uevent){ .mode = 0600 };
	*end = '\0';
	for (char *line = text; line < end; line += strlen(line) + 1) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *equals;

		if (newline && newline < line + strlen(line))
			*newline = '\0';
		equals = strchr(line, '=');
		if (equals)
			take(event, line, (size_t)(equals - line), equals + 1);
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
	char driver[UEVENT_MAX];

	strcpy(driver, "/sys");
	/* Of the message, which is shorter than its buffer. */
	strncat(driver, path, sizeof(driver) - sizeof("/sys/driver"));
	strcat(driver, "/driver");
	return access(driver, F_OK) < 0;
}

int board_uevent_read(const struct plan *plan, int socket, char *modalias, size_t size)
{
	char buffer[UEVENT_MAX];
	struct uevent event;
	const int result = uevent_receive(socket, buffer, &event);
	size_t length;

	(void)plan;
	modalias[0] = '\0';
	if (result == -ENOBUFS)
		strcpy(modalias, "*");
	if (result <= 0)
		return result < 0;
	if (IS_ENABLED(CONFIG_INIT_STATIC_DEV))
		uevent_node(AT_FDCWD, &event); /* our folder is "/" */
	length = event.modalias ? strlen(event.modalias) : 0;
	if (length && length < size && strcmp(event.action, "add") == 0 && is_unserved(event.path))
		memcpy(modalias, event.modalias, length + 1);
	return 1;
}
