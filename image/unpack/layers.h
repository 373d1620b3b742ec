/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which trees an image is made of. A layer alone is "d-" and its diff id in hex, shared by all
 * images that have it; layers one over the other are "c-" and the chain id. The second is
 * needed where the kernel has no overlayfs, where the settings say `flat`, and where a layer
 * leaves out the folders (or targets of hard links) of the layers below: overlayfs would take what
 * is made in their place for the layer's own. So a bottom layer that leaves out folders, or has
 * whiteouts, is "c-" as well: it is right at the bottom only.
 */
#ifndef IMAGE_UNPACK_LAYERS_H
#define IMAGE_UNPACK_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/document/load.h"

struct arena;
struct image_settings;
struct store;

enum { TREE_KEY_SIZE = 160 };
#define TREE_ALONE "d-"
#define TREE_CHAIN "c-"
/* Stands beside the root of a tree whose layer says what the root itself is like. */
#define TREE_ROOT_SET "root-set"

char *tree_key(char key[TREE_KEY_SIZE], const char *kind, const struct digest *digest);
/* Is this layer a file system, to be mounted? */
bool layer_is_mounted(const struct image *image, size_t layer);
bool image_has_mounted(const struct image *image);
/* Can this process mount overlayfs? */
bool overlay_is_there(void);

/* Of one layer, or of all in one tree: an O_PATH descriptor; -ENOENT unrecorded. */
int layer_tree(struct arena *arena, struct store *store, const struct image *image, size_t layer);
int flat_tree(struct arena *arena, struct store *store, const struct image *image);

#endif
