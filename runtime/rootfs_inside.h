/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share: the plan of a container's file system and what is open of it.
 */
#ifndef RUNTIME_ROOTFS_INSIDE_H
#define RUNTIME_ROOTFS_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/config.h"
#include "runtime/mount_option.h"
#include "runtime/rootfs.h"

struct arena;
struct spec;
struct spec_mount;

enum mount_kind {
	MOUNT_FRESH, /* a file system by its type */
	MOUNT_BIND,
	MOUNT_REMOUNT,	   /* flags of what is mounted there already */
	MOUNT_CGROUP,	   /* type cgroup or cgroup2: the cgroup room knows */
	MOUNT_PROPAGATION, /* propagation words and nothing else */
};

struct mount_plan {
	const struct spec_mount *spec;
	enum mount_kind kind;
	struct mount_options options;
	const char *source; /* bind: absolute, host's view; fresh: what the file system is given */
	int tree; /* the bind source as a detached mount, opened by P; or, in C, the root of a tmpfs
		     we need again; or -1 */
};

struct rootfs {
	struct arena *arena;
	const struct spec *spec;
	struct rootfs_options options;
	const char *path;   /* of the rootfs, absolute, as the host sees it */
	const char *attach; /* where in the old tree it is put: itself, or "/" if C may be unable to
			       reach it */
	struct mount_plan *mounts;	/* spec->mount_count of them */
	const struct mount_plan *fresh; /* the last tmpfs that C made and nobody else can write to;
					   tree is its root */
	const struct mount_plan
		*here; /* the fresh one whose root is the working directory, or NULL */
	bool *covered; /* of each masked path, then of each read-only path: it was there */
	bool in_place; /* the rootfs is the root that C has already: no bind, no change of root */
	bool shared;   /* the mounts of the new namespace stay in the host's peer groups */
	bool devices;  /* make default devices: /dev is not a bind mount */
	int tree;      /* the rootfs as a detached mount, opened by P; or -1 */
	int root;      /* O_PATH, in C */
	int proc;      /* the host's procfs, verified, in C */
	int scratch;   /* see mask.c; -1: none */
	unsigned int on_old_root; /* how many mounts of ours lie on the old "/" when it is left */
	const char *stage_path;	  /* see rootfs_stage.c; NULL: there is none */
	int home, home_root, home_folder; /* P's way back from there */
	int stage;			  /* open in C */
};

/* Is there a user namespace? Without CONFIG_USER_NAMESPACE the specification was refused. */
static inline bool rootfs_has_user(const struct rootfs *rootfs)
{
	return IS_ENABLED(CONFIG_USER_NAMESPACE) && rootfs->options.user_namespace;
}

/* P: go to where C can reach the sources; and back. C: take them from there. rootfs_stage.c */
int rootfs_stage(struct rootfs *rootfs);
int rootfs_unstage(struct rootfs *rootfs);
int rootfs_use_stage(struct rootfs *rootfs);
void rootfs_forget_home(struct rootfs *rootfs);

/* linux.mountLabel, or NULL. */
const char *rootfs_label(const struct rootfs *rootfs);

/* "mounts[3].options" for messages. */
enum { MOUNT_PROPERTY_SIZE = 40 };
char *mount_property(const struct rootfs *rootfs, const struct mount_plan *mount,
		     const char *member, char buffer[MOUNT_PROPERTY_SIZE]);

/* P: decide about one mount; spec and tree are set. mount.c */
int mount_decide(struct rootfs *rootfs, struct mount_plan *mount);
/* P: open the source of a bind mount as a detached mount. */
int mount_open_source(const struct rootfs *rootfs, struct mount_plan *mount);
/* C: carry one out. mount_make.c, by kind: mount_fresh.c, mount_bind.c */
int mount_make(struct rootfs *rootfs, struct mount_plan *mount);
int mount_make_fresh(struct rootfs *rootfs, struct mount_plan *mount);
int mount_make_bind(const struct rootfs *rootfs, const struct mount_plan *mount, int target);
/*
 * In a user namespace without a network namespace of its own the kernel gives no new sysfs: the
 * host's, read-only.
 */
int mount_bind_sysfs(const struct rootfs *rootfs, const struct mount_plan *mount, int target);
/*
 * The mount that was just made: what a walk to the destination finds now. Descriptor or -errno
 * recorded.
 */
int mount_open_top(const struct rootfs *rootfs, const struct mount_plan *mount);
/* The propagation words of a mount whose root `top` is. 0 or -errno recorded. */
int mount_apply_propagation(const struct mount_plan *mount, int top);
/* C: read-only file systems that had to be written to until all mounts were made. */
int mount_make_readonly(struct rootfs *rootfs);

/*
 * C: a descriptor (O_PATH) of the place of a mount inside the rootfs, made if missing: a folder, or
 * a file for a file. mount_target.c
 */
int mount_target(const struct rootfs *rootfs, const struct mount_plan *mount);
/*
 * C: a new folder of its own right in the fresh tmpfs: its name there; NULL where that is not the
 * case.
 */
const char *mount_new_place(const struct rootfs *rootfs, const struct mount_plan *mount);

/* C: fill the tmpfs `mount` with a copy of the folder `below`. mount_copy_up.c */
int mount_copy_up(int below, int mount);

/* C: device nodes and links. device.c */
int devices_make(const struct rootfs *rootfs);

/*
 * C: maskedPaths and readonlyPaths. Preparing mounts something at `place` in the old tree. mask.c
 */
int mask_prepare(struct rootfs *rootfs, const char *place);
int mask_apply(struct rootfs *rootfs);

/* C, in its new root: read back what was promised. rootfs_verify.c */
int rootfs_verify(const struct rootfs *rootfs);

#endif
