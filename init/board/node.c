/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes. devtmpfs makes them before the kernel speaks of the device: then all that happens
 * here is one EEXIST. Without it this is how they come and go.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init/board/internal.h"
#include "init/board/uevent.h"
#include "lib/error.h"
#include "lib/str.h"

enum { NODE_PATH_MAX = 256 };

struct node {
	int root;
	char path[NODE_PATH_MAX]; /* "dev/input/event0" */
	mode_t mode, type;
	dev_t number;
};

static bool is_block(const struct uevent *event)
{
	return str_equal(event->type, "disk") || str_equal(event->type, "partition");
}

/* A node below /dev, and nothing else. */
static bool name_node(struct node *node, int root, const struct uevent *event)
{
	const char *name = event->name;
	const int size = name ? snprintf(node->path, sizeof(node->path), "dev/%s", name) : -1;

	node->root = root;
	node->mode = event->mode & 0777;
	node->type = is_block(event) ? S_IFBLK : S_IFCHR;
	node->number = makedev(event->major, event->minor);
	return node->number && size > 0 && size < NODE_PATH_MAX && !strstr(node->path, "/.") &&
	       !strstr(node->path, "//");
}

static int make_special(const struct node *node)
{
	return mknodat(node->root, node->path, node->type | node->mode, node->number) < 0 ? -errno :
											    0;
}

/* mknod(2) misses a folder on the way. */
static void make_parents(struct node *node)
{
	for (char *slash = strchr(node->path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdirat(node->root, node->path, 0755);
		*slash = '/';
	}
}

static int make_node(struct node *node, const struct uevent *event)
{
	int result = make_special(node);

	if (result == -ENOENT) {
		make_parents(node);
		result = make_special(node);
	}
	if (result < 0)
		return result == -EEXIST ? 0 : result;
	/* The umask has no say in it. */
	if (fchownat(node->root, node->path, event->uid, event->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(node->root, node->path, node->mode, 0) < 0)
		return -errno;
	return 0;
}

/* Not if the name has come to mean another device, or if the device is there again. */
static int remove_node(const struct node *node, const struct uevent *event)
{
	char path[64];
	struct stat status;

	if (fstatat(node->root, node->path, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (status.st_mode & S_IFMT) != node->type || status.st_rdev != node->number)
		return 0;
	snprintf(path, sizeof(path), "sys/dev/%s/%u:%u", node->type == S_IFBLK ? "block" : "char",
		 event->major, event->minor);
	if (faccessat(node->root, path, F_OK, 0) == 0)
		return 0;
	return unlinkat(node->root, node->path, 0) < 0 ? -errno : 0;
}

int uevent_node(int root, const struct uevent *event)
{
	struct node node;

	if (!name_node(&node, root, event))
		return 0;
	if (str_equal(event->action, "remove"))
		return remove_node(&node, event);
	return make_node(&node, event);
}
