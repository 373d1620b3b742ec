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

/* What happens to what an image may bring: documented in cruet-image(1). */
struct unpack_rules {
	bool devices; /* make device nodes (needs CAP_MKNOD); else they are an error, but for 0/0 */
	bool keep_owner; /* chown(2); false when we are not root: all belongs to us, said once */
	bool strict;	 /* the same path twice in one layer is an error, else the last one wins */
};

/*
 * Apply one archive to the folder `root`. 0 or -errno recorded ("layer NAME: entry PATH: ...");
 * then the folder is to be thrown away.
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
	bool read_only;	   /* nothing is written: no upper */
};

/*
 * Put the root file system together at FOLDER/rootfs, in this mount namespace: squashfs and erofs
 * layers by loop device (or from the file where the kernel can) with dm-verity when the manifest's
 * annotations have its root hash; several layers by overlayfs; read-only trees where the kernel has
 * no overlayfs (then a writable root is an error that says so; `flat` in the settings and an upper
 * copy is not made). nodev is not set: the runtime's own rules hold. 0 or -errno recorded, and
 * nothing is left mounted.
 */
int root_mount(struct store *store, const struct image *image,
	       const struct image_settings *settings, const struct root_request *request);
/* All that root_mount() made below the folder, loop and verity devices too; missing is fine. */
int root_unmount(const char *folder);

/* fs-verity for a blob where the file system has it: 0, -EOPNOTSUPP unrecorded. */
int blob_enable_verity(int fd);

#endif
