/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images from and to files: OCI image layout (folder or tar), docker-archive (current and the one
 * of docker save >= 25), appc ACI, a plain root file system (tar, folder, squashfs, erofs).
 */
#ifndef IMAGE_TRANSFER_TRANSFER_H
#define IMAGE_TRANSFER_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "image/document/load.h"
#include "image/settings.h"

struct arena;
struct store;

enum image_format {
	FORMAT_DETECT,
	FORMAT_OCI,    /* layout, folder or tar */
	FORMAT_DOCKER, /* docker-archive */
	FORMAT_ACI,
	FORMAT_ROOTFS, /* tar or folder */
	FORMAT_SQUASHFS,
	FORMAT_EROFS,
};
/* "oci", "docker-archive", "aci", "rootfs", "squashfs", "erofs". FORMAT_DETECT: unknown name. */
enum image_format image_format_of(const char *name);

struct import_request {
	const char *path; /* "-": standard input */
	int folder;	  /* that `path` is relative to: AT_FDCWD for the caller's */
	enum image_format format;
	const char *name;      /* to give it; NULL: the one inside */
	const char *reference; /* which of several in the file: its name there; NULL: the only one,
				  or all */
	const struct platform *platform; /* of a rootfs; for layouts with `one`: which */
	bool one;			 /* of an index only the platform's manifest */
	/* of a plain root file system */
	const struct string_list *command, *environment;
	const char *user, *working_directory;
	const struct string_list *signatures; /* detached ones, of the one image in it; or NULL */
	/* Called for each image when all of it, and what signs it, is verified and in the store,
	 * and before any name is given (policy); < 0, recorded, ends the import. NULL: nobody is
	 * asked. */
	int (*allow)(void *data, const char *name, const struct descriptor *top);
	void *data;
};

/* What came of it. */
struct imported {
	const char *name;
	struct descriptor descriptor;
};

/*
 * Verify all, then add, then name. *list from the arena. Count (>= 1), or -errno recorded; then no
 * name was changed (blobs that came are collected by the next gc).
 */
ssize_t image_import(struct arena *arena, struct store *store,
		     const struct image_settings *settings, const struct import_request *request,
		     struct imported **list);

struct export_request {
	const char *path; /* "-": standard output */
	int folder;
	enum image_format format; /* OCI, DOCKER, ACI */
	bool as_folder;		  /* OCI: a folder instead of a tar */
	const char *name;	  /* the name inside; NULL: the image's */
	bool one;		  /* of an index only this platform's manifest */
	const struct platform *platform;
};

/* Atomic: a file appears under its name when it is complete. 0 or -errno recorded. */
int image_export(struct store *store, const struct image_settings *settings, const char *name,
		 const struct export_request *request);

#endif
