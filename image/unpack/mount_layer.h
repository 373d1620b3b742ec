/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that are file systems. */
#ifndef IMAGE_UNPACK_MOUNT_LAYER_H
#define IMAGE_UNPACK_MOUNT_LAYER_H

#include <stdbool.h>

struct descriptor;
struct mount_place;
struct store;

/*
 * Mount the layer read-only at `place` (the folder is made): an erofs from the file where the
 * kernel can (6.12), else by a loop device, with dm-verity between if the manifest has hashes. An
 * O_PATH descriptor of its root, or -errno recorded. `verified`: without hashes it is refused.
 */
int mount_layer(struct store *store, const struct descriptor *layer,
		const struct mount_place *place, bool verified);

/*
 * fs-verity: the blob's file is measured as the annotation cruet.fsverity.digest ("sha256:HEX") of
 * its descriptor says; it is switched on if it is not yet. Without the annotation nothing is done.
 * 0 or -errno recorded: another digest, or a file system that cannot measure.
 */
int blob_check_verity(int blob, const struct descriptor *layer);

#endif
