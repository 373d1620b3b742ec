/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a layer's blob to files, and from layers to a root file system. Everything of a layer is
 * hostile: image.md's attack list is tests/image/attack.t. Applied by this trusted part: entries
 * come from the sandboxed reader (image/archive), go below a directory descriptor only, and replace
 * what is there instead of writing through it.
 */
#ifndef IMAGE_UNPACK_UNPACK_H
#define IMAGE_UNPACK_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/archive/archive.h"
#include "image/document/load.h"
#include "image/settings.h"

struct arena;
struct store;

enum unpack_way {
	UNPACK_ALONE, /* a layer by itself; whiteouts become overlayfs's: 0/0 devices,
			 trusted.overlay.opaque */
	UNPACK_OVER,  /* over what is there: whiteouts remove (image-spec layer.md) */
};

/*
 * What happens to what an image may bring: documented in cruet-image(1). A character device 0/0 is
 * a whiteout, as overlayfs has it.
 */
struct unpack_rules {
	bool devices;	 /* make device nodes (needs CAP_MKNOD); else they are an error */
	bool keep_owner; /* chown(2); false when we are not root: all belongs to us, said once, and
			    there are no setuid bits */
	bool strict;	 /* the same path twice in one layer is an error, else the last one wins;
			    names of aufs are too, else they are passed over */
};

/*
 * Apply one archive to the folder `root`. Missing parents are made, 0755 and root's. Memory: 50
 * KiB, and for UNPACK_OVER on what is there already 16 bytes a path, from 64 Ki paths on in a file.
 * 0 or -errno recorded ("entry PATH: ..."); then the folder is to be thrown away.
 */
int unpack_archive(int root, struct archive *archive, enum unpack_way way,
		   const struct unpack_rules *rules);

/*
 * Make the trees that the image needs in the store, each layer in one pass: blob -> hash ->
 * decompress -> hash -> files. Nothing is done for what is there, or for layers that are mounted.
 * Space is checked first. Shared lock is held by the caller. 0 or -errno recorded.
 */
int image_unpack(struct store *store, const struct image *image,
		 const struct image_settings *settings);

/*
 * All layers over one another into the folder `root` (empty, the caller's), for a bundle that needs
 * no store: verified on the way as above. Layers that are file systems are refused. 0 or -errno
 * recorded; then the folder is to be thrown away.
 */
int image_unpack_to(struct store *store, const struct image *image,
		    const struct image_settings *settings, int root);

/* Are all trees there, so that it can be mounted at once? */
bool image_is_unpacked(struct store *store, const struct image *image,
		       const struct image_settings *settings);

/* Remove the layers' blobs whose trees are there (keep_blobs is off). */
int image_drop_blobs(struct store *store, const struct image *image);

struct root_request {
	const char *folder; /* absolute, exists, private to us: mounts are made below it (lower-N,
			       upper) */
	const char *upper; /* absolute: a folder for what is written (upper/ and work/ in it); NULL:
			      a tmpfs */
	bool read_only; /* `upper` is not used: what is written is lost, and should be nothing but
			   what the runtime mounts on, before it makes the root read-only */
	bool verity;	/* a mounted layer without a root hash (verity.h) is refused */
};

/*
 * Put the root file system together at FOLDER/rootfs, in this mount namespace: squashfs and erofs
 * layers by loop device (or from the file where the kernel can) with dm-verity when the manifest's
 * annotations have its root hash (verity.h); over them and the trees overlayfs. Where the kernel
 * has none, and the root is to be read-only, it is the one tree or layer that is all, read-only.
 * All is nodev: device nodes of an image are dead. 0 or -errno recorded, and nothing is left
 * mounted.
 */
int root_mount(struct store *store, const struct image *image,
	       const struct image_settings *settings, const struct root_request *request);
/* All that is mounted below the folder, loop and verity devices too, and the folders that
 * root_mount() made; missing is fine. 0 or -errno recorded. */
int root_unmount(const char *folder);

/* fs-verity for a blob where the file system has it: 0, -EOPNOTSUPP unrecorded. */
int blob_enable_verity(int fd);

#endif
