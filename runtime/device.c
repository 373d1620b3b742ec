/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes and the links of /dev (runtime-spec config-linux.md#default-devices,
 * runtime-linux.md#dev-symbolic-links). Made by mknod(2); where that is not allowed, the host's
 * node is bound. Nothing that exists is taken for a device unless it is that very device.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/str.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs_host.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

/* One node to make: where, and what. */
struct node {
	int dir; /* O_PATH */
	const char *name;
	const char *path; /* on the host and for messages */
	mode_t mode;	  /* with type */
	dev_t number;
	uid_t uid;
	gid_t gid;
};

enum { DEFAULT_MODE = 0666, PLACE_MODE = 0600 };

static bool is_same_device(const struct stat *info, const struct node *node)
{
	if ((info->st_mode & S_IFMT) != (node->mode & S_IFMT))
		return false;
	return S_ISFIFO(node->mode) || info->st_rdev == node->number;
}

/*
 * Something is there already: fine if it is the device (a MUST of config-linux.md#devices), else an
 * error.
 */
static int accept_existing(const struct node *node)
{
	struct stat info;

	if (fstatat(node->dir, node->name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(errno, "device %s", node->path);
	if (!is_same_device(&info, node))
		return fail(EEXIST, "device %s: the rootfs has something else there", node->path);
	return 0;
}

/* mknod(2) is not for us: a place for the host's node, and that bound on it. */
static int bind_from_host(const struct node *node)
{
	const struct mount_request request = { .source = node->path, .flags = MS_BIND };
	auto_fd int place = -1;
	struct stat info;
	int result = host_stat(node->path, &info);

	if (result < 0)
		return fail(-result, "device %s: the host's", node->path);
	if (!is_same_device(&info, node))
		return fail(ENODEV, "device %s: the host has something else there", node->path);
	place = openat(node->dir, node->name, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC,
		       PLACE_MODE);
	if (place < 0 && errno == EEXIST)
		return accept_existing(node);
	if (place < 0)
		return fail(errno, "device %s: make a place for it", node->path);
	result = mount_on(place, &request);
	return result < 0 ? fail(-result, "device %s: bind the host's", node->path) : 0;
}

/* The file mode creation mask is 0 here: the mode is as given. */
static int make_node(const struct rootfs *rootfs, const struct node *node)
{
	const bool own = rootfs_has_user(rootfs) && !S_ISFIFO(node->mode);
	int result = own ? -EPERM : 0;

	if (!own && mknodat(node->dir, node->name, node->mode, node->number) < 0)
		result = -errno;
	if (result == -EEXIST)
		return accept_existing(node);
	if (result == -EPERM)
		return bind_from_host(node);
	if (result < 0)
		return fail(-result, "device %s: make it", node->path);
	if ((node->uid || node->gid) &&
	    fchownat(node->dir, node->name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(errno, "device %s: give it to %u:%u", node->path, node->uid, node->gid);
	return 0;
}

/* ---- linux.devices ---- */

static mode_t type_bits(char type)
{
	return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;
}

/* The folder that a node goes into: mostly /dev itself, which is open. */
static int open_parent(int root, const char *path, size_t length)
{
	char folder[PATH_MAX];
	int fd;

	if (length >= sizeof(folder))
		return fail(ENAMETOOLONG, "device %s", path);
	memcpy(folder, path, length);
	folder[length] = 0;
	fd = path_make_directory(root, length ? folder : "/", 0755);
	return fd < 0 ? fail_context(fd, "device %s", path) : fd;
}

static int make_configured(const struct rootfs *rootfs, const struct spec_device *device, int dev)
{
	const char *slash = strrchr(device->path, '/');
	const size_t length = (size_t)(slash - device->path);
	const bool direct = dev >= 0 && length == 4 && str_has_prefix(device->path, "/dev/");
	const mode_t mode =
		device->file_mode.set ? (mode_t)device->file_mode.value & 07777 : DEFAULT_MODE;
	struct node node = {
		.dir = dev,
		.name = slash + 1,
		.path = device->path,
		.mode = type_bits(device->type) | mode,
		.number = makedev((unsigned int)device->major, (unsigned int)device->minor),
		.uid = device->uid,
		.gid = device->gid,
	};
	auto_fd int parent = -1;

	if (!direct) {
		parent = open_parent(rootfs->root, device->path, length);
		if (parent < 0)
			return parent;
		node.dir = parent;
	}
	return make_node(rootfs, &node);
}

/* ---- what every container has ---- */

static int make_defaults(const struct rootfs *rootfs, int dev)
{
	static const struct {
		char path[13];
		unsigned char major, minor;
	} defaults[] = {
		{ "/dev/null", 1, 3 },	 { "/dev/zero", 1, 5 },	   { "/dev/full", 1, 7 },
		{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
	};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		const struct node node = {
			.dir = dev,
			.name = defaults[i].path + 5,
			.path = defaults[i].path,
			.mode = S_IFCHR | DEFAULT_MODE,
			.number = makedev(defaults[i].major, defaults[i].minor),
		};
		int result = make_node(rootfs, &node);

		if (result < 0)
			return result;
	}
	return 0;
}

static int make_link(int dev, const char *name, const char *target)
{
	if (symlinkat(target, dev, name) < 0 && errno != EEXIST)
		return fail(errno, "link /dev/%s to %s", name, target);
	return 0;
}

/* /dev/ptmx must be that of the container's own devpts: whatever else stands there goes. */
static int make_ptmx(int dev)
{
	static const char target[] = "pts/ptmx";
	char existing[sizeof(target)];

	if (symlinkat(target, dev, "ptmx") == 0)
		return 0;
	if (errno != EEXIST)
		return fail(errno, "link /dev/ptmx to %s", target);
	if (readlinkat(dev, "ptmx", existing, sizeof(existing)) == sizeof(target) - 1 &&
	    memcmp(existing, target, sizeof(target) - 1) == 0)
		return 0;
	if (unlinkat(dev, "ptmx", 0) < 0 || symlinkat(target, dev, "ptmx") < 0)
		return fail(errno, "replace /dev/ptmx by a link to %s", target);
	return 0;
}

/* The links are for a /proc that is there; a dangling one would be a lie. */
static bool has_proc(const struct rootfs *rootfs)
{
	auto_fd int fd = -1;

	for (size_t i = 0; i < rootfs->spec->mount_count; i++)
		if (strcmp(rootfs->spec->mounts[i].destination, "/proc") == 0)
			return true;
	fd = path_open(rootfs->root, "/proc/self", O_PATH | O_NOFOLLOW, 0, PATH_IN_ROOT);
	return fd >= 0;
}

static int make_links(const struct rootfs *rootfs, int dev)
{
	static const struct {
		char name[7], target[16];
	} links[] = {
		{ "fd", "/proc/self/fd" },	 { "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
		{ "core", "/proc/kcore" },
	};

	if (has_proc(rootfs)) {
		for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
			int result = make_link(dev, links[i].name, links[i].target);

			if (result < 0)
				return result;
		}
	}
	return make_ptmx(dev);
}

static int make_all(const struct rootfs *rootfs, int dev)
{
	const struct spec *spec = rootfs->spec;
	int result = 0;

	for (size_t i = 0; i < spec->device_count && result == 0; i++)
		result = make_configured(rootfs, &spec->devices[i], dev);
	if (result == 0)
		result = make_defaults(rootfs, dev);
	if (result == 0)
		result = make_links(rootfs, dev);
	/* The terminal will be bound on it when the root may be read-only already. */
	if (result == 0 && spec->process.terminal &&
	    mknodat(dev, "console", S_IFREG | PLACE_MODE, 0) < 0 && errno != EEXIST)
		result = fail(errno, "make /dev/console");
	return result;
}

int devices_make(const struct rootfs *rootfs)
{
	auto_fd int dev = -1;

	if (!rootfs->devices)
		return 0;
	if (rootfs->fresh && strcmp(rootfs->fresh->spec->destination, "/dev") == 0)
		return make_all(rootfs, rootfs->fresh->tree);
	dev = path_make_directory(rootfs->root, "/dev", 0755);
	return dev < 0 ? dev : make_all(rootfs, dev);
}
