/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/layers.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image/store/store.h"
#include "image/unpack/mount_api.h"
#include "lib/fd.h"

char *tree_key(char key[TREE_KEY_SIZE], const char *kind, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];

	digest_text(digest, text);
	snprintf(key, TREE_KEY_SIZE, "%s%s", kind, digest_hex(text));
	return key;
}

bool layer_is_mounted(const struct image *image, size_t layer)
{
	const enum media_kind kind = image->manifest.layers[layer].kind;

	return kind == MEDIA_KIND_LAYER_SQUASHFS || kind == MEDIA_KIND_LAYER_EROFS;
}

bool image_has_mounted(const struct image *image)
{
	for (size_t layer = 0; layer < image->manifest.layer_count; layer++) {
		if (layer_is_mounted(image, layer))
			return true;
	}
	return false;
}

bool overlay_is_there(void)
{
	return mount_has_type("overlay");
}

int flat_tree(struct arena *arena, struct store *store, const struct image *image)
{
	char key[TREE_KEY_SIZE];
	struct digest chain;

	image_chain_id(&image->config, image->config.diff_id_count, &chain);
	return store_tree_open(arena, store, tree_key(key, TREE_CHAIN, &chain), NULL);
}

int layer_tree(struct arena *arena, struct store *store, const struct image *image, size_t layer)
{
	const struct digest *diff_id = &image->config.diff_ids[layer];
	char key[TREE_KEY_SIZE];
	int fd = store_tree_open(arena, store, tree_key(key, TREE_ALONE, diff_id), NULL);

	/* The chain id of one layer is its diff id. */
	if (fd == -ENOENT && layer == 0)
		fd = store_tree_open(arena, store, tree_key(key, TREE_CHAIN, diff_id), NULL);
	return fd;
}
