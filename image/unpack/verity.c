/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer's annotations, and the superblock of veritysetup(8), say of its hashes. */
#include "image/unpack/verity.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/error.h"
#include "lib/sha256.h"
#include "lib/str.h"

#define STACKER_ROOT_HASH "dev.stackeroci.stacker.squashfs_verity_root_hash"
#define ROOT_HASH "cruet.verity.root-hash"

enum {
	VERITY_BLOCK = 4096,
	SUPERBLOCK_SIZE = 512,
	/* Offsets in it; the integers are little-endian. */
	AT_VERSION = 8,
	AT_TYPE = 12,
	AT_ALGORITHM = 32,
	AT_DATA_BLOCK = 64,
	AT_HASH_BLOCK = 68,
	AT_DATA_BLOCKS = 72,
	AT_SALT_SIZE = 80,
	AT_SALT = 88,
	SALT_MAX = 256,
	SQUASHFS_SUPERBLOCK = 96,
	AT_SQUASHFS_USED = 40,
};

static uint64_t little_endian(const unsigned char *bytes, unsigned int size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static bool is_hex(const char *text)
{
	size_t length = strlen(text);

	return length && length % 2 == 0 && length < VERITY_HEX_MAX &&
	       strspn(text, "0123456789abcdef") == length;
}

static bool is_block_size(uint64_t size)
{
	return size >= SUPERBLOCK_SIZE && size <= (64 << 10) && (size & (size - 1)) == 0;
}

static int read_at(int blob, void *buffer, size_t size, uint64_t offset)
{
	ssize_t count = pread(blob, buffer, size, (off_t)offset);

	return count == (ssize_t)size ? 0 : fail(count < 0 ? errno : EIO, "read the hashes");
}

static int read_superblock(struct verity *verity, const unsigned char *block, uint64_t offset)
{
	const uint64_t salt_size = little_endian(block + AT_SALT_SIZE, 2);

	verity->data_block = (uint32_t)little_endian(block + AT_DATA_BLOCK, 4);
	verity->hash_block = (uint32_t)little_endian(block + AT_HASH_BLOCK, 4);
	verity->data_blocks = little_endian(block + AT_DATA_BLOCKS, 8);
	memcpy(verity->algorithm, block + AT_ALGORITHM, sizeof(verity->algorithm) - 1);
	if (little_endian(block + AT_VERSION, 4) != 1 || little_endian(block + AT_TYPE, 4) != 1 ||
	    !is_block_size(verity->data_block) || !is_block_size(verity->hash_block) ||
	    salt_size > SALT_MAX || verity->data_blocks > INT64_MAX / verity->data_block ||
	    offset % verity->hash_block || verity->data_blocks * verity->data_block > offset ||
	    (strcmp(verity->algorithm, "sha256") != 0 && strcmp(verity->algorithm, "sha512") != 0))
		return fail(EINVAL, "the superblock of its hashes");
	hash_hex(block + AT_SALT, salt_size, verity->salt);
	verity->hash_start = offset / verity->hash_block + 1;
	return 0;
}

static int find_offset(const struct descriptor *layer, int blob, uint64_t *offset)
{
	const char *text = annotation(layer->annotations, "cruet.verity.offset");
	unsigned char block[SQUASHFS_SUPERBLOCK] = { 0 };

	if (text)
		return str_uint64(text, offset) && *offset < layer->size &&
				       *offset % SUPERBLOCK_SIZE == 0 ?
			       0 :
			       fail(EINVAL, "cruet.verity.offset %s", text);
	if (layer->kind != MEDIA_KIND_LAYER_SQUASHFS)
		return fail(EINVAL, "cruet.verity.offset is missing");
	if (read_at(blob, block, sizeof(block), 0) < 0)
		return error_result();
	*offset = little_endian(block + AT_SQUASHFS_USED, 8);
	if (*offset > layer->size)
		return fail(EINVAL, "its squashfs is larger than the layer");
	*offset = (*offset + VERITY_BLOCK - 1) / VERITY_BLOCK * VERITY_BLOCK;
	return 0;
}

static int find_hashes(struct verity *verity, const struct descriptor *layer, int blob)
{
	const char *salt = annotation(layer->annotations, "cruet.verity.salt");
	unsigned char block[SUPERBLOCK_SIZE] = { 0 };
	uint64_t offset = 0;
	int result = find_offset(layer, blob, &offset);

	if (result == 0)
		result = read_at(blob, block, sizeof(block), offset);
	if (result < 0)
		return result;
	if (memcmp(block, "verity\0\0", 8) == 0)
		return read_superblock(verity, block, offset);
	if (offset % VERITY_BLOCK || (salt && !is_hex(salt)))
		return fail(EINVAL, "cruet.verity.offset, or cruet.verity.salt");
	if (salt)
		memcpy(verity->salt, salt, strlen(salt) + 1);
	memcpy(verity->algorithm, "sha256", sizeof("sha256"));
	verity->data_block = verity->hash_block = VERITY_BLOCK;
	verity->data_blocks = verity->hash_start = offset / VERITY_BLOCK;
	return 0;
}

int verity_find(struct verity *verity, const struct descriptor *layer, int blob)
{
	static const char suffix[] = "+verity";
	const size_t length = strlen(layer->media_type);
	int result;

	memset(verity, 0, sizeof(*verity));
	verity->root_hash = annotation(layer->annotations, ROOT_HASH);
	if (!verity->root_hash)
		verity->root_hash = annotation(layer->annotations, STACKER_ROOT_HASH);
	if (!verity->root_hash) {
		if (length < strlen(suffix) ||
		    strcmp(layer->media_type + length - strlen(suffix), suffix) != 0)
			return 0;
		return fail(EINVAL, "%s without the annotation %s", layer->media_type, ROOT_HASH);
	}
	if (!IS_ENABLED(CONFIG_IMAGE_VERITY))
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
			       "dm-verity (CONFIG_IMAGE_VERITY is off)");
	if (!is_hex(verity->root_hash))
		return fail(EINVAL, "root hash %s", verity->root_hash);
	result = find_hashes(verity, layer, blob);
	return result < 0 ? fail_context(result, "dm-verity") : 1;
}
