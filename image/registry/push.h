/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a push share. */
#ifndef IMAGE_REGISTRY_PUSH_H
#define IMAGE_REGISTRY_PUSH_H

#include "image/registry/registry.h"
#include "image/registry/remote.h"

struct push {
	struct store *store;
	struct remote remote;
};

enum { UPLOAD_AGAIN = 2 };

/* ---- upload.c ---- */

/* The store's blob (or `data`), unless the registry has it. 0 or -errno recorded. */
int push_blob(struct push *push, const struct descriptor *descriptor, const char *data);

/* ---- push.c ---- */

/* `reference`: a tag, or a digest's text. *response as it came. */
int push_manifest(struct push *push, const char *reference, const char *media_type,
		  const char *text, size_t size, struct http_response *response);

/* ---- push_signature.c ---- */

/* What the store has that signs this manifest or index. */
int push_signatures(struct push *push, const struct descriptor *descriptor);

#endif
