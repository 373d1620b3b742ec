/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a pull share: where content comes from, and how far the pull is. */
#ifndef IMAGE_REGISTRY_PULL_H
#define IMAGE_REGISTRY_PULL_H

#include "image/registry/registry.h"
#include "image/registry/remote.h"

/* A registry, or a folder that is an OCI layout (a store too). */
struct source {
	const char *name; /* for messages */
	bool trusted;	  /* a tag may be looked up there: not over plain http */
	bool folder;
	struct remote remote;
	struct store *store;   /* of a folder */
	struct descriptor top; /* a folder's image */
};

struct pull_document {
	struct pull_document *next;
	struct document document;
};

struct pull_manifest {
	struct pull_manifest *next;
	struct descriptor descriptor;
	struct image_manifest manifest;
};

struct pull {
	struct arena *arena;
	struct store *store;
	const struct image_settings *settings;
	const struct pull_request *request;
	struct image_name name;
	const char *full; /* the name as text */
	const char *as;
	struct platform board;
	struct source *source;
	struct pull_document *documents; /* read and checked, not yet in the store */
	struct pull_manifest *manifests;
	unsigned int followed; /* documents that an index names */
	struct descriptor top; /* what the name will lead to; size 0: not known yet */
	struct document top_document;
	bool named; /* an import has given the name already */
	bool final; /* what failed would fail with any other source, too */
};

/* ---- source.c ---- */

/* "latest", or a digest's text. */
int source_manifest(struct source *source, struct arena *arena, const char *reference,
		    struct document *document);
int source_blob(struct source *source, const struct descriptor *descriptor,
		const struct sink *sink);
/* At most DOCUMENT_MAX_SIZE bytes, in memory, verified. NULL recorded. */
char *source_read(struct source *source, struct arena *arena, const struct descriptor *descriptor);
void source_close(struct source *source);

/* ---- manifest.c: pull->documents and ->manifests from the name ---- */

int pull_manifests(struct pull *pull);
/* What the name leads to, by pull->source, unless that is known. */
int pull_find_top(struct pull *pull);

/* ---- layer.c ---- */

/* The blob into the store, unless it is there. */
int pull_blob(struct pull *pull, const struct descriptor *descriptor);

/* ---- signature.c ---- */

/* What signs that manifest or index goes to the store; none is fine. Trouble is only noted. */
void pull_signatures(struct pull *pull, const struct descriptor *descriptor);

/* ---- archive.c ---- */

/* Import one archive: the file below `folder`, or ("-") what stands at that address, which goes
 * through a pipe. */
int pull_archive(struct pull *pull, const char *path, struct remote *remote, const struct url *url,
		 bool trusted);

/* ---- template.c: a static web server ---- */

int pull_template(struct pull *pull, const struct mirror *mirror, const char *rest);

/* ---- mirror.c ---- */

/* From where the settings say, in order. */
int pull_from_all(struct pull *pull);
/* From pull->source: all but the name. */
int pull_from_source(struct pull *pull);

#endif
