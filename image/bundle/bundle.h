/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image's config as an OCI runtime bundle: image-spec conversion.md, word by word.
 */
#ifndef IMAGE_BUNDLE_BUNDLE_H
#define IMAGE_BUNDLE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "image/document/load.h"
#include "image/trust/trust.h"

struct arena;
struct image_sockets;

struct bundle_request {
	const struct image *image;
	const struct trust_decision *decision; /* for the annotations; or NULL */
	int root;			       /* its root file system: for user names */
	const char *root_path;		       /* for root.path */
	bool read_only, terminal;
	const char *const *command; /* replaces Cmd; or NULL */
	size_t command_count;
	const char *const *environment; /* added, replaces what has the name */
	size_t environment_count;
	const char *identity; /* file of the host that is bound read-only as /run/cruet/image.json;
				 or NULL */
	const char *release_program; /* poststop hook PROGRAM image release ID; or NULL */
	const char *id;
	/* "PATH=SOURCE[:ro]", or "NAME=SOURCE[:ro]" for appc's mount points. A volume of the image
	 * that is not among them is a tmpfs. */
	const char *const *volumes;
	size_t volume_count;
	const char *hostname; /* NULL: the id */
};

/* The sockets that its program expects: see image/store.h. 0 or -errno recorded. */
int bundle_sockets(struct arena *arena, const struct image_config *config,
		   struct image_sockets *sockets);

/* config.json as text, from the arena; NULL recorded. */
char *bundle_config(struct arena *arena, const struct bundle_request *request, size_t *size);

/* USER as image-spec and appc write it, by the tree's own /etc/passwd and /etc/group, read safely.
 */
struct bundle_user {
	uint32_t uid, gid;
	uint32_t *additional; /* of the arena */
	size_t additional_count;
	const char *home; /* or NULL */
};
int bundle_user(struct arena *arena, int root, const char *text, struct bundle_user *user);

#endif
