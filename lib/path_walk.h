/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The component walk behind lib/path.h, for kernels without openat2(2) and for making what is
 * missing on the way. Only lib/path.c and its tests call it.
 */
#ifndef LIB_PATH_WALK_H
#define LIB_PATH_WALK_H

#include <stdbool.h>
#include <sys/types.h>

/* Besides enum path_flags: make what is missing. */
enum path_walk_flags {
	PATH_WALK_MAKE_DIRECTORY = 256, /* the last component, and its parents (0755) */
	PATH_WALK_MAKE_FILE = 512,	/* the last component as an empty file, and its parents */
};

/* What openat2(2) refuses or would answer differently from openat(2): both get the same flags. */
int path_clean_flags(int open_flags);

/*
 * As path_open(), by openat(2) alone. Every directory on the way stays open until the end, so
 * that ".." leads where the walk came from, whatever is renamed meanwhile. At most 128 levels:
 * deeper is ENAMETOOLONG.
 */
int path_open_walk(int root, const char *path, int open_flags, mode_t mode, int path_flags);

#endif
