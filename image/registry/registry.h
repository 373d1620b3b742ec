/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCI distribution API, client side (distribution-spec), over our own HTTP/1.1 and mbedTLS, and
 * its relatives: mirrors, plain files, URL templates, a helper program.
 */
#ifndef IMAGE_REGISTRY_REGISTRY_H
#define IMAGE_REGISTRY_REGISTRY_H

#include <stdbool.h>

#include "image/document/document.h"
#include "image/settings.h"

struct arena;
struct store;

/* REGISTRY/REPOSITORY[:TAG][@DIGEST]; "busybox" is docker.io/library/busybox:latest. */
struct image_name {
	const char *host;	     /* "registry.example:5000" */
	const char *repository;	     /* "library/busybox" */
	const char *tag;	     /* "" when there is a digest and no tag */
	const struct digest *digest; /* or NULL */
};
/* 0, or -EINVAL recorded: says what is wrong. */
int image_name_parse(struct arena *arena, const char *text, struct image_name *name);
/* "docker.io/library/busybox:latest": as it stands in index.json. From the arena; NULL recorded. */
char *image_name_text(struct arena *arena, const struct image_name *name);

struct pull_request {
	const char *name;
	const char *as;			 /* the name in the store; NULL: the full name */
	const struct platform *platform; /* NULL: this machine's */
	bool all_platforms;
	bool insecure;		    /* http, or a certificate of anybody */
	unsigned int attempts;	    /* of each request; 0: 5 */
	unsigned int stall_seconds; /* without a byte: 0: 60 */
	/* Called with the verified manifest (and what the name leads to: it, or an index that leads
	 * to it) before any layer is fetched. 0, or -errno recorded. */
	int (*allow)(void *data, const char *name, const struct descriptor *top,
		     const struct descriptor *manifest);
	void *data;
};

/*
 * Fetch the manifest, the config, and those layers that are not there; then name it. Also its
 * signatures: the tag sha256-HEX.sig (cosign), and what refers to it, into the store's signatures/.
 * Resumes inside a layer. *descriptor: what the name leads to now. The store's shared lock is held
 * by the caller. 0 or -errno recorded.
 */
int registry_pull(struct arena *arena, struct store *store, const struct image_settings *settings,
		  const struct pull_request *request, struct descriptor *descriptor);

struct push_request {
	const char *source;		 /* in the store */
	const char *name;		 /* where to */
	const struct platform *platform; /* NULL: all that is there */
	bool insecure;
	unsigned int attempts;
};
/* Blobs that the registry has are not sent; then manifests, the named one last. */
int registry_push(struct arena *arena, struct store *store, const struct image_settings *settings,
		  const struct push_request *request, struct descriptor *descriptor);

/* auth.json as podman writes it: keep or remove a registry's user and password. */
int registry_login(const struct image_settings *settings, const char *host, const char *user,
		   const char *password);
int registry_logout(const struct image_settings *settings, const char *host);

#endif
