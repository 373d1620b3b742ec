/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One import on its way. Whatever the format, an archive is read once from its beginning to its
 * end: what is large goes into the store as it comes, what is small is kept until all is there.
 * Then the documents are looked at, and only then names are given.
 */
#ifndef IMAGE_TRANSFER_IMPORT_H
#define IMAGE_TRANSFER_IMPORT_H

#include <stdint.h>

#include "image/archive/archive.h"
#include "image/store/store.h"
#include "image/transfer/transfer.h"

enum import_limits {
	IMPORT_HEAD = 2048,	      /* bytes that tell a format: erofs's magic is at 1024 */
	IMPORT_MAX_FILES = 4096,      /* of a docker-archive */
	IMPORT_MAX_SIGNATURES = 64,   /* files */
	IMPORT_SIGNATURE_SIZE = 8192, /* bytes of one */
	IMPORT_SIGNATURE_NAME = 200,
	IMPORT_MAX_NAMES = 4096, /* given by one file */
	IMPORT_BUFFER = 64 << 10,
};

struct aci;

/* The file or pipe that is read. */
struct import_input {
	int fd;
	unsigned char head[IMPORT_HEAD];
	size_t head_size, head_at;
	off_t start;		  /* where it began; -1: a pipe, which can be read once */
	bool looking;		  /* not yet reading in earnest: no progress */
	struct blob_writer *copy; /* gets every byte too; or NULL */
};

struct import_text {
	char *data; /* NULL: not there */
	size_t size;
};

/* A file of a docker-archive: a blob by now, or a link to another one. */
struct import_file {
	const char *name, *link;
	struct digest digest;
	uint64_t size;
};

struct import_signature {
	const char *name; /* "HEX.minisig" */
	struct import_text text;
};

struct import {
	struct arena *arena;
	struct store *store;
	const struct image_settings *settings;
	const struct import_request *request;
	struct platform board;
	enum image_format format; /* FORMAT_DETECT: not known yet */
	struct import_input input;
	int folder; /* of a layout that is one; -1: all that there is was in the archive */

	struct import_text version, index, docker; /* oci-layout, index.json, manifest.json */
	bool legacy;				   /* has what Docker < 1.10 wrote */
	bool passed_over; /* files came before it was known what they are for */
	struct import_file *files;
	size_t file_count, file_room;
	struct import_signature *signatures;
	size_t signature_count;
	struct aci *aci;	     /* an ACI's */
	struct archive_result whole; /* of the archive */

	struct imported *list; /* what is to be named */
	size_t count, room;
};

/* ---- input.c ---- */

/* Open and look at the first bytes. A folder: input->head_size is 0 and import->folder is set. */
int import_open(struct import *import);
void import_close(struct import *import);
/* A file from its beginning again. */
int import_rewind(struct import *import);
/* archive_source for import->input. */
ssize_t import_source(void *data, void *buffer, size_t size);
/*
 * All of `source` as a blob; `digest`: what it must be, or NULL: whatever. An existing one is fine
 * (then nothing is read). *found, *length may be NULL.
 */
struct import_blob {
	const struct digest *digest;
	uint64_t size; /* or BLOB_SIZE_UNKNOWN */
	uint64_t limit;
	archive_source *source;
	void *data;
};
int import_blob(struct store *store, const struct import_blob *blob, struct digest *found,
		uint64_t *length);
/* The rest of the current entry as archive_source. */
ssize_t import_entry_source(void *data, void *buffer, size_t size);
/* The entry as text from the arena; more than `limit` is an error. */
int import_entry_text(struct import *import, struct archive *archive, const struct entry *entry,
		      size_t limit, struct import_text *text);

/* ---- collect.c ---- */

/* The archive, once: blobs to the store, documents and the table of files filled. */
int import_collect(struct import *import);

/* ---- signature.c ---- */

/* A file "signatures/NAME", of the archive, or of the folder (archive NULL). */
int import_signature(struct import *import, const char *path, struct archive *archive,
		     uint64_t size);
/* Those of all that is to be named, into the store. */
int import_keep_signatures(struct import *import);

/* ---- layout.c ---- */

int import_layout(struct import *import);
/*
 * A regular file of the layout's folder, no symlink on the way. Descriptor or -errno recorded; or a
 * document, whole.
 */
int import_open_file(struct import *import, const char *name, uint64_t *size);
int import_folder_text(struct import *import, const char *name, struct import_text *text);
/* A reference's blob, wherever it is now, is in the store after it. */
int import_fetch(struct import *import, const struct descriptor *descriptor);
/* Is every blob there, does every manifest fit its config? For what is to be named. */
int import_verify(struct import *import, const struct descriptor *top);
/* Is one of these among the configs of what the descriptor leads to? */
int import_has_config(struct import *import, const struct descriptor *top,
		      const struct digest *configs, size_t count, bool *has);

/* ---- docker.c ---- */

int import_docker(struct import *import);
/* The digests that manifest.json's configs have, as far as it is one: for comparing. Count. */
ssize_t import_docker_configs(struct import *import, struct digest **configs);

/* ---- plain.c ---- */

/* tar_sink into a blob_writer. */
int import_sink(void *data, const void *buffer, size_t size);
/* A root file system of which the copy of the archive, or the folder, is the only layer. */
int import_rootfs(struct import *import);
int import_file_system(struct import *import);

/* ---- image.c: what the formats without a manifest have in common ---- */

/* What an image is for that does not say it. */
void import_platform(const struct import *import, struct platform *platform);
/* Kind and media type of a layer by its blob's first bytes. */
int import_layer_of(struct import *import, const char *name, struct descriptor *layer);
/* What it is without compression; the compressed bytes are verified too. */
int import_diff_id(struct import *import, const struct descriptor *layer,
		   enum digest_algorithm algorithm, struct digest *diff_id);
/* Manifest into the store; *descriptor is its. */
int import_manifest(struct import *import, const struct image_manifest *manifest,
		    struct descriptor *descriptor);
/* Remember what is to be named. `name` from the arena. */
int import_add_name(struct import *import, const char *name, const struct descriptor *descriptor);
#endif
