/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON documents of an image (image-spec 1.1 and Docker schema 2), read strictly: bounded (4
 * MiB a document, 128 layers), no duplicate names, null is absent. Errors name the document and the
 * property. Everything read lives in the arena, and the text must live as long.
 */
#ifndef IMAGE_DOCUMENT_DOCUMENT_H
#define IMAGE_DOCUMENT_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cJSON.h>

#include "image/document/digest.h"
#include "image/document/media_type.h"
#include "image/document/platform.h"

struct arena;

enum document_limits {
	DOCUMENT_MAX_SIZE = 4 << 20,
	DOCUMENT_MAX_VALUES = 1 << 17, /* each takes a hundred bytes of memory */
	DOCUMENT_MAX_LAYERS = 128,
	DOCUMENT_MAX_MANIFESTS = 4096,
	DOCUMENT_MAX_DEPTH = 4, /* of nested indexes */
};

#define ANNOTATION_REF_NAME "org.opencontainers.image.ref.name"

struct descriptor {
	const char *media_type, *artifact_type; /* artifact_type: "" if there is none */
	enum media_kind kind;
	struct digest digest;
	uint64_t size;
	const struct platform *platform; /* or NULL */
	const cJSON *annotations;	 /* an object of strings, or NULL */
	const char *data; /* inline content, checked against size and digest; or NULL */
	bool foreign;	  /* has `urls`: they are never followed */
};

struct image_index {
	const char *media_type; /* as the document says, or "" */
	struct descriptor *manifests;
	size_t count;
	const cJSON *annotations;
};

struct image_manifest {
	const char *media_type, *artifact_type;
	struct descriptor config;
	struct descriptor *layers;
	size_t layer_count;
	const struct descriptor *subject; /* or NULL */
	const cJSON *annotations;
};

struct string_list {
	const char **items;
	size_t count;
};

/* Docker's Healthcheck: test[0] is NONE, CMD or CMD-SHELL; times in nanoseconds, 0: not said. */
struct image_health {
	struct string_list test;
	uint64_t interval, timeout, start_period;
	uint32_t retries;
};

struct image_config {
	struct platform platform;
	const char *created, *author; /* "" : none; so below */
	const char *user, *working_directory, *stop_signal;
	struct string_list environment, entrypoint, command, volumes, exposed_ports;
	const cJSON *labels;		   /* an object of strings, or NULL */
	const struct image_health *health; /* or NULL */
	struct digest *diff_ids;
	size_t diff_id_count;
	const cJSON *history; /* an array, or NULL */
	const cJSON
		*root; /* the document: what is not listed here is kept by whoever rewrites it */
};

/*
 * Each: `size` bytes of JSON; `name` says which document for messages. 0 or -errno recorded.
 * A document with both `manifests` and `layers` or `config`, or whose mediaType is not
 * `media_type` (the descriptor's), is refused (CVE-2021-41190).
 */
int index_read(struct arena *arena, const char *text, size_t size, const char *name,
	       const char *media_type, struct image_index *index);
int manifest_read(struct arena *arena, const char *text, size_t size, const char *name,
		  const char *media_type, struct image_manifest *manifest);
int config_read(struct arena *arena, const char *text, size_t size, const char *name,
		struct image_config *config);

/* A config that says nothing: no string is NULL. */
void config_empty(struct image_config *config);

/* A descriptor that stands in a document of ours or another tool's; `where`: its property. */
int descriptor_read(struct arena *arena, const cJSON *node, const char *where,
		    struct descriptor *descriptor);

/* An annotation's or label's text, or NULL. */
const char *annotation(const cJSON *annotations, const char *key);

/*
 * The manifest of an index that runs best on `board`: NULL and an error that lists what there is
 * when none does. Attestations (unknown/unknown) and what is neither manifest nor index are passed
 * over. Of equals the first.
 */
const struct descriptor *index_choose(const struct image_index *index, const struct platform *board,
				      const char *name);

/* ---- writing: what the image-spec's schemas accept; texts are the arena's, NULL recorded ---- */

struct json_writer;
void descriptor_write(struct json_writer *writer, const char *key,
		      const struct descriptor *descriptor);
char *manifest_write(struct arena *arena, const struct image_manifest *manifest, size_t *size);
char *index_write(struct arena *arena, const struct image_index *index, size_t *size);
/* `config->root` is not looked at. history may be NULL: none is written. */
char *config_write(struct arena *arena, const struct image_config *config, size_t *size);

/* Describe `size` bytes of content with sha256. */
void descriptor_of(struct descriptor *descriptor, const char *media_type, const void *data,
		   size_t size);

#endif
