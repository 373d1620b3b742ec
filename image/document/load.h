/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image as a whole, from the store: name or digest -> (index ->) manifest -> config, each
 * checked against its digest.
 */
#ifndef IMAGE_DOCUMENT_LOAD_H
#define IMAGE_DOCUMENT_LOAD_H

#include "image/document/document.h"

struct arena;
struct store;

struct image {
	const char *name;	      /* as asked for */
	struct descriptor top;	      /* what the name leads to: an index or the manifest */
	struct descriptor descriptor; /* the manifest's */
	const char *manifest_text, *config_text;
	size_t manifest_size, config_size;
	struct image_manifest manifest;
	struct image_config config; /* of an artifact: all empty */
	bool runnable;		    /* false: an artifact: stored, verified, not run */
};

/*
 * `board`: the platform that is wanted, NULL: this machine's, and of an index rather what is there
 * than what is missing. A single manifest for another
 * platform is loaded all the same; whoever runs it looks at platform_score(). Digest of the
 * config against the number of layers: equal, or refused. 0 or -errno recorded (-ENOENT: no such
 * name).
 */
int image_load(struct arena *arena, struct store *store, const char *name,
	       const struct platform *board, struct image *image);

/* The same for a manifest that is known by its descriptor. */
int image_load_manifest(struct arena *arena, struct store *store,
			const struct descriptor *descriptor, struct image *image);

/*
 * Can it be run, and here (`board`, NULL: this machine)? 0, or -EOPNOTSUPP recorded: an artifact, a
 * layer of an unknown kind, another platform.
 */
int image_check_runnable(const struct image *image, const struct platform *board);

/*
 * ChainID of layers 0..n-1 (image-spec config.md): the key of what they are when unpacked one over
 * the other. n >= 1.
 */
void image_chain_id(const struct image_config *config, size_t n, struct digest *chain);

/* Every blob that a manifest or index refers to, in depth, itself first: for gc, fsck, export,
 * push. Missing ones are told with `present` false; if `each` then fetches it, the walk goes on
 * below it. Manifests and indexes that were seen are passed over. `each` returning < 0
 * ends it with that; so does what has no end (-EFBIG). */
int image_walk(struct arena *arena, struct store *store, const struct descriptor *top,
	       int (*each)(void *data, const struct descriptor *descriptor, bool present),
	       void *data);

#endif
