/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One export on its way. What is written is made beside its place under a name of its own and
 * renamed in the end; every blob is verified as it is read. The same image gives the same bytes.
 */
#ifndef IMAGE_TRANSFER_EXPORT_H
#define IMAGE_TRANSFER_EXPORT_H

#include "image/archive/archive.h"
#include "image/archive/tar_write.h"
#include "image/document/load.h"
#include "image/store/store.h"
#include "image/transfer/transfer.h"

enum { EXPORT_BUFFER = 64 << 10, EXPORT_NAME = 256 };

struct export_output {
	int parent;		     /* the folder it goes to */
	char name[EXPORT_NAME];	     /* its name there; "" : it is written to at once */
	char temporary[EXPORT_NAME]; /* while it is made; "" : nothing to remove */
	int fd;			     /* the file, or the folder */
	size_t used;		     /* of the buffer, not yet written */
};

struct export
{
	struct arena *arena;
	struct store *store;
	const struct image_settings *settings;
	const struct export_request *request;
	const char *name; /* inside */
	struct export_output output;
	struct tar_writer writer; /* into output, but for a folder */
};

/* A file of the export: of the archive, or in the folder (whose folders are made). */
int export_file(struct export *export, const char *path, const void *data, size_t size);
/* A blob of the store, under `path`; its digest is compared. */
int export_blob(struct export *export, const char *path, const struct descriptor *blob);
/* A folder's entry; in the order of names before what is in it. */
int export_folder(struct export *export, const char *path);
/* The header of a file that export_data() follows. */
int export_begin_file(struct export *export, const char *path, uint64_t size);

/* Remove what was made on the way; `result` is kept, with its record. */
int export_remove(int parent, const char *name, int result);

/* Each writes all of the output. */
int export_oci(struct export *export, const char *name);
int export_docker(struct export *export, const struct image *image);
int export_aci(struct export *export, const struct image *image);

/* ---- export_aci.c, export_isolator.c ---- */

struct json_writer;
/* The member "isolators" of an ACI's app, from the label cruet.appc's patch. 0 or -errno. */
int export_isolators(struct json_writer *writer, const cJSON *patch);

#endif
