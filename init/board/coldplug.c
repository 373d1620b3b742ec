/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that are there already: see coldplug.h. */
#include "init/board/coldplug.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "init/board/board.h"
#include "init/board/internal.h"
#include "init/board/uevent.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"

enum {
	DEPTH_MAX = 32,	       /* of /sys/devices: a USB device behind hubs lies 15 deep */
	EVENTS_AT_ONCE = 4096, /* a device that comes and goes without end does not hold us up */
	WALKS_MAX = 3,
};

/* FNV-1a. */
static uint64_t hash(const char *text)
{
	uint64_t value = 14695981039346656037ULL;

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 1099511628211ULL;
	return value ? value : 1;
}

/* Once the table is full, what is new is new again each time: slow, not wrong. */
static bool is_new(struct coldplug *coldplug, const char *modalias)
{
	const uint64_t value = hash(modalias);

	for (size_t i = 0; i < COLDPLUG_SEEN; i++) {
		uint64_t *seen = &coldplug->seen[(value + i) % COLDPLUG_SEEN];

		if (*seen == value)
			return false;
		if (*seen == 0) {
			*seen = value;
			return true;
		}
	}
	return true;
}

static void serve(struct coldplug *coldplug, const struct uevent *event)
{
	int result = IS_ENABLED(CONFIG_INIT_STATIC_DEV) ?
			     uevent_node(coldplug->modules->root, event) :
			     0;

	if (result < 0) {
		fail(-result, "make device node %s", event->name);
		log_error();
	}
	if (!IS_ENABLED(CONFIG_INIT_MODULES) || !event->modalias ||
	    str_equal(event->action, "remove") || !is_new(coldplug, event->modalias))
		return;
	result = modules_load_alias(coldplug->modules, event->modalias);
	/* A driver that finds nothing to drive says so: most devices have several to ask. */
	if (result < 0 && result != -ENODEV)
		log_error();
}

static void serve_file(struct coldplug *coldplug, int folder)
{
	char text[UEVENT_MAX];
	struct uevent event;
	const ssize_t size = file_read_small(folder, "uevent", text, sizeof(text) - 1);

	if (size <= 0)
		return;
	uevent_parse(&event, text, (size_t)size);
	serve(coldplug, &event);
}

static void walk(struct coldplug *coldplug, int parent, const char *name, int depth)
{
	auto_fd int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_type == DT_REG && strcmp(entry->d_name, "uevent") == 0)
			serve_file(coldplug, fd);
		/* "power" is in every device, and holds none. */
		else if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && depth < DEPTH_MAX &&
			 strcmp(entry->d_name, "power") != 0)
			walk(coldplug, fd, entry->d_name, depth + 1);
	}
	closedir(folder);
	fd = -1;
}

/* What is in the socket by now; false: events were lost. */
static bool drain(struct coldplug *coldplug)
{
	char buffer[UEVENT_MAX];
	struct uevent event;

	for (int i = 0; i < EVENTS_AT_ONCE && coldplug->socket >= 0; i++) {
		const int result = uevent_receive(coldplug->socket, buffer, &event);

		if (result == 1)
			serve(coldplug, &event);
		else if (result == -ENOBUFS)
			return false;
		else if (result == 0)
			break;
	}
	return true;
}

void coldplug_begin(struct coldplug *coldplug, struct modules *modules)
{
	*coldplug = (struct coldplug){ .modules = modules, .socket = uevent_open() };
	if (coldplug->socket < 0)
		log_error();
}

void coldplug_end(struct coldplug *coldplug)
{
	close_fd(&coldplug->socket);
}

void coldplug_walk(struct coldplug *coldplug)
{
	for (int i = 0; i < WALKS_MAX; i++) {
		walk(coldplug, coldplug->modules->root, "sys/devices", 0);
		if (drain(coldplug))
			break;
	}
}

void coldplug_wait(struct coldplug *coldplug, unsigned int milliseconds)
{
	struct pollfd wait = { .fd = coldplug->socket, .events = POLLIN };

	if (!IS_ENABLED(CONFIG_INIT_COLDPLUG) || coldplug->socket < 0)
		board_sleep(milliseconds);
	else if (poll(&wait, 1, (int)milliseconds) > 0 && !drain(coldplug))
		coldplug_walk(coldplug);
}

int board_load_modalias(const char *modalias)
{
	struct modules modules = { .folder = -1 };
	struct coldplug coldplug;
	auto_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = 0;

	if (!IS_ENABLED(CONFIG_INIT_COLDPLUG))
		return 0;
	modules.root = root;
	if (IS_ENABLED(CONFIG_INIT_MODULES))
		modules_open(&modules, root);
	if (strcmp(modalias, "*") == 0) {
		coldplug_begin(&coldplug, &modules);
		coldplug_walk(&coldplug);
		coldplug_end(&coldplug);
	} else if (IS_ENABLED(CONFIG_INIT_MODULES)) {
		result = modules_load_alias(&modules, modalias);
	}
	if (IS_ENABLED(CONFIG_INIT_MODULES))
		modules_close(&modules);
	return result == -ENODEV ? 0 : result;
}
