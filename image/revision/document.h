/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A revision as documents: the artifact's config, what the artifact holds, and what is written of
 * it where it is installed. Read strictly: unknown properties, names that stand twice, an image of
 * a unit that is not listed are errors.
 *
 * Config:    {"spec":"cruet.revision/1","images":[{"name":"...","digest":"sha256:..."}],
 *             "without":["unit"]}
 * Installed: the same after "name" and "digest" of the artifact.
 */
#ifndef IMAGE_REVISION_DOCUMENT_H
#define IMAGE_REVISION_DOCUMENT_H

#include "image/document/document.h"

struct arena;
struct store;

enum {
	REVISION_IMAGES_MAX = 256,
	REVISION_WITHOUT_MAX = 256,
	REVISION_UNIT_SIZE_MAX = 256 << 10,
	REVISION_UNIT_NAME_MAX = 63, /* as the supervisor has it: PLAN_NAME_MAX */
};

struct revision_image {
	const char *name;     /* without a digest */
	struct digest digest; /* of the manifest or index */
};

struct revision_unit {
	const char *name;
	const char *text; /* as it stands in the artifact */
	size_t size;
	struct digest digest; /* of the text */
};

struct revision {
	const char *name;     /* of the artifact; "" in a config */
	struct digest digest; /* of its manifest or of an index that leads to it */
	struct revision_image *images;
	size_t image_count;
	struct string_list without;
	struct revision_unit *units; /* of an artifact only */
	size_t unit_count;
};

/* `where`: which document, for messages. 0 or -errno recorded. */
int revision_read(struct arena *arena, const char *text, size_t size, const char *where,
		  bool installed, struct revision *revision);
/* The arena's; NULL recorded. */
char *revision_write(struct arena *arena, const struct revision *revision, bool installed,
		     size_t *size);

/* May a unit be called so? */
bool revision_unit_name(const char *name);
/*
 * The image that a unit's text asks for, without the digest that may be part of it (which is then
 * in *digest, and *pinned): NULL in *image: it has none. 0 or -errno recorded.
 */
int revision_unit_image(struct arena *arena, const char *text, size_t size, const char *where,
			const char **image, bool *pinned, struct digest *digest);
/*
 * The unit as it is to be started: its image is NAME@DIGEST, whatever the name leads to meanwhile.
 * -EINVAL recorded: the image is not one of the revision's, or of another digest.
 */
int revision_unit_stage(struct arena *arena, const struct revision *revision,
			const struct revision_unit *unit, const char **text, size_t *size);

/*
 * The artifact that `name` leads to, with all its units. 0 or -errno recorded; -EINVAL: it is no
 * revision.
 */
int revision_load(struct arena *arena, struct store *store, const char *name,
		  struct revision *revision);

#endif
