/* SPDX-License-Identifier: Apache-2.0 */
/* The container's file system from plan to finish: see rootfs.h for the order of calls. */
#include "runtime/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "runtime/mount_call.h"
#include "runtime/rootfs_host.h"
#include "runtime/rootfs_inside.h"
#include "runtime/spec/spec.h"

/* ---- P: plan ---- */

static int plan_path(struct rootfs *rootfs)
{
	const char *path = rootfs->spec->root.path;
	struct stat info;
	char clean[4];

	if (!path || !*path)
		return fail_property("root.path", "missing");
	rootfs->path = path[0] == '/' ?
			       path :
			       arena_printf(rootfs->arena, "%s/%s", rootfs->options.bundle, path);
	if (!rootfs->path)
		return -ENOMEM;
	/* A joined mount namespace has its own idea of what lies there: C will see. */
	if (!rootfs->spec->namespaces[NAMESPACE_MOUNT].path) {
		const int result = host_stat(rootfs->path, &info);

		if (result < 0)
			return fail(-result, "root.path: %s", rootfs->path);
		if (!S_ISDIR(info.st_mode))
			return fail(ENOTDIR, "root.path: %s", rootfs->path);
	}
	rootfs->in_place =
		path_clean(rootfs->path, clean, sizeof(clean)) == 0 && strcmp(clean, "/") == 0;
	/* The copy of the mounts that a user namespace gets is a slave of the host's already. */
	rootfs->shared = (rootfs->spec->rootfs_propagation & MS_SHARED) && !rootfs_has_user(rootfs);
	/* A user namespace's root may be unable to walk to it by path. */
	rootfs->attach = rootfs_has_user(rootfs) ? "/" : rootfs->path;
	return 0;
}

/* What would change mounts that others use too. */
static int check_shared_namespace(const struct rootfs *rootfs)
{
	if (rootfs->options.new_mount_namespace)
		return 0;
	if (rootfs->spec->root.readonly)
		return fail_property("root.readonly", "needs a mount namespace of its own");
	if (rootfs->spec->rootfs_propagation)
		return fail_property("linux.rootfsPropagation",
				     "needs a mount namespace of its own");
	return 0;
}

static bool is_folder_path(const char *path)
{
	const char *name = strrchr(path, '/');

	return !name || !name[1] || strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0;
}

static int check_paths(const struct spec *spec)
{
	for (size_t i = 0; i < spec->device_count; i++)
		if (spec->devices[i].path[0] != '/' || is_folder_path(spec->devices[i].path))
			return fail_property("linux.devices", "%s is not the path of a device",
					     spec->devices[i].path);
	for (size_t i = 0; i < spec->masked_paths.count; i++)
		if (spec->masked_paths.items[i][0] != '/')
			return fail_property("linux.maskedPaths", "%s is not absolute",
					     spec->masked_paths.items[i]);
	for (size_t i = 0; i < spec->readonly_paths.count; i++)
		if (spec->readonly_paths.items[i][0] != '/')
			return fail_property("linux.readonlyPaths", "%s is not absolute",
					     spec->readonly_paths.items[i]);
	return 0;
}

static int plan_mounts(struct rootfs *rootfs)
{
	const size_t count = rootfs->spec->mount_count;

	rootfs->mounts = arena_array(rootfs->arena, count ? count : 1, sizeof(*rootfs->mounts));
	if (!rootfs->mounts)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		rootfs->mounts[i].spec = &rootfs->spec->mounts[i];
		rootfs->mounts[i].tree = -1;
	}
	rootfs->devices = true;
	for (size_t i = 0; i < count; i++) {
		struct mount_plan *mount = &rootfs->mounts[i];
		int result = mount_decide(rootfs, mount);

		if (result < 0)
			return result;
		/* The devices of a bound /dev are its owner's affair. */
		if (mount->kind == MOUNT_BIND && strcmp(mount->spec->destination, "/dev") == 0)
			rootfs->devices = false;
	}
	return 0;
}

const char *rootfs_label(const struct rootfs *rootfs)
{
	const char *label = IS_ENABLED(CONFIG_SELINUX) ? rootfs->spec->mount_label : NULL;

	return label && *label ? label : NULL;
}

/* A label that the kernel would not know is no protection. */
static int check_label(const struct rootfs *rootfs)
{
	struct stat info;

	if (!rootfs_label(rootfs))
		return 0;
	if (host_stat("/sys/fs/selinux/enforce", &info) < 0)
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
			       "linux.mountLabel: SELinux is not enabled");
	return 0;
}

struct rootfs *rootfs_plan(struct arena *arena, const struct spec *spec,
			   const struct rootfs_options *options)
{
	struct rootfs *rootfs = arena_alloc(arena, sizeof(*rootfs));

	if (!rootfs)
		return NULL;
	*rootfs = (struct rootfs){
		.arena = arena,
		.spec = spec,
		.options = *options,
		.tree = -1,
		.root = -1,
		.proc = -1,
		.scratch = -1,
		.home = -1,
		.home_root = -1,
		.home_folder = -1,
		.stage = -1,
	};
	if (check_label(rootfs) < 0 || plan_path(rootfs) < 0 ||
	    check_shared_namespace(rootfs) < 0 || check_paths(spec) < 0 || plan_mounts(rootfs) < 0)
		return NULL;
	return rootfs;
}

int rootfs_open_sources(struct rootfs *rootfs)
{
	int tree;

	if (!rootfs_has_user(rootfs))
		return 0;
	if (rootfs->options.new_mount_namespace && !rootfs->in_place) {
		tree = host_clone(rootfs->path, true);
		if (tree >= 0)
			rootfs->tree = tree;
		else if (tree == -ENOSYS && geteuid() == 0)
			return rootfs_stage(rootfs);
		else if (tree != -ENOSYS && tree != -EPERM && tree != -EINVAL)
			return fail(-tree, "root.path: %s", rootfs->path);
	}
	for (size_t i = 0; i < rootfs->spec->mount_count; i++) {
		int result = mount_open_source(rootfs, &rootfs->mounts[i]);

		if (result < 0)
			return result;
	}
	return 0;
}

/* ---- C: build ---- */

/*
 * Mounting the rootfs must not be seen outside, and pivot_root(2) wants a parent that is not
 * shared: the mount that the rootfs lies on becomes private; we find its root by going up.
 */
static int make_parent_private(const char *path)
{
	enum { DEEPEST = 256 };
	auto_fd int here = host_open(path, O_PATH | O_DIRECTORY);

	for (int i = 0; here >= 0 && i < DEEPEST; i++) {
		int result = mount_propagate(here, MS_PRIVATE);
		int up;

		if (result != -EINVAL)
			return result < 0 ? fail(-result, "root.path: make its mount private") : 0;
		up = openat(here, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			up = -errno;
		close_fd(&here);
		here = up;
	}
	return fail(here < 0 ? -here : EINVAL, "root.path: find the mount of %s", path);
}

/*
 * Nothing that we mount goes out to the host; what the host mounts may come in where a volume wants
 * it.
 */
static int isolate(const struct rootfs *rootfs)
{
	int result;

	if (rootfs->shared)
		return rootfs->in_place ? 0 : make_parent_private(rootfs->path);
	result = host_mount("/", &(struct mount_request){ .flags = MS_SLAVE | MS_REC });
	return result < 0 ? fail(-result, "make the mounts of the new namespace slaves") : 0;
}

/*
 * With the clone in hand, what lies on its place below it is ours to use: the scratch goes there
 * first.
 */
static int attach_tree(struct rootfs *rootfs, bool from_host)
{
	int result = mask_prepare(rootfs, rootfs->attach);

	if (result < 0)
		return result;
	result = host_attach(rootfs->tree, rootfs->attach);
	if (result == 0 && from_host)
		result = mount_propagate(rootfs->tree, MS_SLAVE | MS_REC);
	if (result < 0)
		return fail(-result, "root.path: attach %s", rootfs->path);
	rootfs->root = take_fd(&rootfs->tree);
	return 0;
}

/* A kernel without open_tree(2). A scratch at "/" would be seen outside if that is shared. */
static int attach_path(struct rootfs *rootfs)
{
	const struct mount_request bind = { .source = rootfs->path, .flags = MS_BIND | MS_REC };
	int result = rootfs->shared ? 0 : mask_prepare(rootfs, "/");

	if (result < 0)
		return result;
	result = host_mount(rootfs->attach, &bind);
	if (result < 0)
		return fail(-result, "root.path: bind %s", rootfs->path);
	rootfs->root = host_open_top(rootfs->attach);
	return rootfs->root < 0 ? fail(-rootfs->root, "root.path: open %s", rootfs->path) : 0;
}

/*
 * The rootfs becomes a mount of its own: what pivot_root(2) asks for, and what can be made
 * read-only.
 */
static int attach(struct rootfs *rootfs)
{
	const bool from_host = rootfs->tree >= 0;
	int result = 0;

	if (rootfs->options.new_mount_namespace)
		result = isolate(rootfs);
	if (result < 0)
		return result;
	if (!rootfs->options.new_mount_namespace || rootfs->in_place) {
		rootfs->root = host_open(rootfs->path, O_PATH | O_DIRECTORY);
		return rootfs->root < 0 ? fail(-rootfs->root, "root.path: open %s", rootfs->path) :
					  0;
	}
	if (!from_host)
		rootfs->tree = host_clone(rootfs->path, true);
	if (rootfs->tree >= 0)
		return attach_tree(rootfs, from_host);
	if (rootfs->tree == -ENOSYS || rootfs->tree == -EPERM)
		return attach_path(rootfs);
	return fail(-rootfs->tree, "root.path: %s", rootfs->path);
}

/*
 * Descriptors are made paths by /proc/self/fd/N: that must be a procfs. P has looked at the one
 * that we have a copy of.
 */
static int open_proc(struct rootfs *rootfs)
{
	if (rootfs->options.proc > 0 && rootfs->options.new_mount_namespace)
		rootfs->proc = rootfs->options.proc;
	else
		rootfs->proc = path_open_proc();
	return rootfs->proc < 0 ? rootfs->proc : 0;
}

static int build(struct rootfs *rootfs)
{
	int result;

	result = open_proc(rootfs);
	if (result == 0 && rootfs_has_user(rootfs) && rootfs->stage_path)
		result = rootfs_use_stage(rootfs);
	if (result == 0)
		result = attach(rootfs);
	for (size_t i = 0; i < rootfs->spec->mount_count && result == 0; i++)
		result = mount_make(rootfs, &rootfs->mounts[i]);
	if (result == 0)
		result = devices_make(rootfs);
	if (result == 0)
		result = mask_apply(rootfs);
	if (result == 0)
		result = mount_make_readonly(rootfs);
	return result;
}

int rootfs_build(struct rootfs *rootfs)
{
	const mode_t mask = umask(0);
	const int result = build(rootfs);

	umask(mask);
	return result;
}

int rootfs_fd(const struct rootfs *rootfs)
{
	return rootfs->root;
}

/* ---- C: finish ---- */

int rootfs_finish(struct rootfs *rootfs)
{
	const unsigned long propagation = rootfs->spec->rootfs_propagation;
	int result;

	if (rootfs->spec->root.readonly) {
		result = mount_change_root(MS_RDONLY);
		if (result < 0)
			return fail(-result, "root.readonly: make / read-only");
	}
	if (propagation) {
		result = mount_propagate_root(propagation);
		if (result < 0)
			return fail(-result, "linux.rootfsPropagation");
	}
	result = rootfs_verify(rootfs);
	/* What leads back to the host is not kept for the time until start. */
	if (rootfs->proc != rootfs->options.proc)
		close_fd(&rootfs->proc);
	return result;
}

int rootfs_close(struct rootfs *rootfs)
{
	const int result = rootfs_has_user(rootfs) ? rootfs_unstage(rootfs) : 0;

	close_fd(&rootfs->tree);
	close_fd(&rootfs->root);
	if (rootfs->proc != rootfs->options.proc)
		close_fd(&rootfs->proc);
	close_fd(&rootfs->scratch);
	close_fd(&rootfs->stage);
	for (size_t i = 0; i < rootfs->spec->mount_count; i++)
		close_fd(&rootfs->mounts[i].tree);
	return result;
}
