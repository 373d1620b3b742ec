/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths inside a tree that somebody else controls (a container's rootfs, an image, a bundle).
 * Everything is relative to a directory descriptor; a symlink, "..", or an absolute link can
 * never lead out of it. openat2(2) where the kernel has it (5.6), an own component walk where
 * not; both give the same answers.
 */
#ifndef LIB_PATH_H
#define LIB_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

enum path_flags {
	PATH_IN_ROOT = 0,     /* "/" and ".." mean the root descriptor, as after chroot(2) */
	PATH_BENEATH = 1,     /* leaving the tree, even by an absolute link, is EXDEV */
	PATH_NO_SYMLINKS = 2, /* any symlink on the way is ELOOP */
	PATH_NO_CROSSING = 4, /* crossing a mount point is EXDEV */
};

/*
 * openat(2) with the rules above; O_CLOEXEC is added, links of procfs that jump are never followed
 * (ELOOP). Returns a descriptor or -errno, records nothing.
 */
int path_open(int root, const char *path, int open_flags, mode_t mode, int path_flags);

/*
 * The parent directory of `path` (O_PATH descriptor) and its last component in `name`
 * (NAME_MAX + 1 bytes). The last component is not followed. Records errors.
 */
int path_open_parent(int root, const char *path, char name[NAME_MAX + 1]);

/*
 * Make the directory `path` with all its parents (as mkdir -p) inside root, following the
 * links inside the tree, those to nowhere too; gives an O_PATH descriptor of it. Existing ones
 * keep their mode. Missing parents are made 0755 and `path` itself with `mode`, less the umask.
 * Records errors.
 */
int path_make_directory(int root, const char *path, mode_t mode);

/*
 * Make sure that something stands at `path`: an empty file with `mode` if there was nothing;
 * parents and links as above. What is there is taken as it is. Gives an O_PATH descriptor. Records
 * errors.
 */
int path_make_file(int root, const char *path, mode_t mode);

/* "/proc/self/fd/N" for system calls that take a path only; buffer of PATH_FD_SIZE. */
enum { PATH_FD_SIZE = 32 };
char *path_of_fd(int fd, char buffer[PATH_FD_SIZE]);

/* Open /proc and check that it is a procfs (PROC_SUPER_MAGIC) and its root. Records errors. */
int path_open_proc(void);

/*
 * Write `value` with one write(2) to the file `path` ("PID/x", "self/x", "sys/x") below a verified
 * procfs: no symlinks, no crossing (so nothing mounted over it is hit). "self" is the process's
 * own number, as that procfs says. Records errors.
 */
int path_write_proc(int proc, const char *path, const char *value);

/*
 * Lexical: "a//b/./../c/" gives "/a/c" in buffer; ".." never goes above "/". 0, or -ENAMETOOLONG if
 * it does not fit.
 */
int path_clean(const char *path, char *buffer, size_t size);
/* Is `path` the same as or below `prefix`, compared by components? Both clean. */
bool path_has_prefix(const char *path, const char *prefix);

#endif
