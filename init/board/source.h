/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a mount's source means: LABEL=, UUID= and PARTLABEL=, PARTUUID= are looked for on the block
 * devices that sysfs knows. Folders are below `root`, the descriptor of "/".
 */
#ifndef INIT_BOARD_SOURCE_H
#define INIT_BOARD_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

enum { SOURCE_PATH_MAX = 512 };

/* Is it a device that has to be looked for? */
bool source_is_tag(const char *source);

/* The device of such a source, "/dev/vda2"; -ENOENT, unrecorded: not there (yet). */
int source_find(int root, const char *source, char path[SOURCE_PATH_MAX]);

/* The type of the file system on a device or in a file; NULL: none that is known here. */
const char *source_type(int root, const char *path);

/*
 * Attach a file to a loop device that goes away with its last use. A descriptor of it, to be held
 * until it is mounted; its name in `path`. -errno recorded.
 */
int loop_attach(const char *file, bool read_only, char path[SOURCE_PATH_MAX]);

/* Detach a loop device that nobody uses any more: `name` is "loop0". */
void loop_detach(const char *name);

#endif
