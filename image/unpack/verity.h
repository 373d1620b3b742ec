/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dm-verity for a layer that is mounted. What says so are annotations of the layer's descriptor in
 * the manifest:
 *
 *  dev.stackeroci.stacker.squashfs_verity_root_hash  HEX: the hashes lie behind the squashfs, at
 *the next multiple of 4096, and begin with veritysetup's superblock cruet.verity.root-hash  HEX,
 *with cruet.verity.offset     where the hashes begin, in bytes: with veritysetup's superblock; or,
 *where there is none, as with --no-superblock: sha256, blocks of 4096, data up to the offset
 *  cruet.verity.salt       HEX, without superblock
 *
 * A media type that ends in "+verity" without a root hash is refused.
 */
#ifndef IMAGE_UNPACK_VERITY_H
#define IMAGE_UNPACK_VERITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/document/document.h"

struct mount_place;

enum { VERITY_HEX_MAX = 513 };

struct verity {
	const char *root_hash; /* of the annotation */
	char salt[VERITY_HEX_MAX];
	char algorithm[33];
	uint32_t data_block, hash_block;  /* bytes */
	uint64_t data_blocks, hash_start; /* hash_start: in hash blocks */
};

/* 1: *verity is what the layer needs; 0: nothing; -errno recorded. */
int verity_find(struct verity *verity, const struct descriptor *layer, int blob);

/*
 * A mapped device "cruet-HEX" over the block device `device`, which goes when it is closed. Its
 * descriptor, or -errno recorded.
 */
int verity_open(const struct verity *verity, dev_t device, const struct mount_place *place);

#endif
