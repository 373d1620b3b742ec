/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's settings for images, /etc/cruet/images.json (cruet-image(1)): where the stores are,
 * mirrors, credentials, certificates, policy, limits. A missing file means the defaults; an unknown
 * property is an error. Options of the command line go before it.
 */
#ifndef IMAGE_SETTINGS_H
#define IMAGE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define SETTINGS_PATH "/etc/cruet/images.json"
#define SETTINGS_STORE "/var/lib/cruet/images"
#define SETTINGS_FACTORY "/usr/share/cruet/images" /* looked up where it exists */
#define SETTINGS_USES "/run/cruet-images"	   /* who uses which image: gone after a reboot */
#define SETTINGS_POLICY "/etc/cruet/policy.json"
#define SETTINGS_CERTIFICATES "/etc/ssl/certs/ca-certificates.crt"

struct image_limits {
	uint64_t layer_bytes;	/* unpacked, one layer; 0: what the file system has */
	uint64_t image_bytes;	/* unpacked, all layers; 0: the same */
	uint32_t entries;	/* files in one layer; default 1 << 20 */
	uint32_t depth;		/* of folders; default 256 */
	uint32_t zstd_window;	/* bytes; default 8 MiB */
	uint64_t reserve_bytes; /* kept free on the store's file system; default 1 MiB */
};

/* kind of a mirror */
enum mirror_kind { MIRROR_REGISTRY, MIRROR_FILES, MIRROR_TEMPLATE };

struct mirror {
	const char *
		prefix; /* of image names, at a '/' or the end: "registry.example/team"; "" : all */
	enum mirror_kind kind;
	/*
	 * REGISTRY: "https://HOST[:PORT][/PATH]" or http; replaces the prefix.
	 * FILES: "file:///PATH": an OCI layout, a store or archives NAME.tar below it.
	 * TEMPLATE: "https://host/{name}-{version}-{os}-{arch}.{ext}": one archive at a static
	 * server.
	 */
	const char *location;
	bool insecure; /* http, or a certificate that is not checked: only what has a digest */
};

struct image_settings {
	const char *path; /* of the file, for messages */
	const char *store;
	const char **factory; /* read-only stores, in order */
	size_t factory_count;
	const char *uses;
	const char *policy;
	const char *certificates; /* PEM bundle */
	const char *auth;	  /* auth.json, or NULL: where podman keeps it */
	const char **helper; /* words of a program that fetches a URL, {url} replaced; or NULL */
	size_t helper_count;
	struct mirror *mirrors; /* tried in order, then the registry itself */
	size_t mirror_count;
	bool no_origin;	 /* mirrors only: the registry of the name is never asked */
	bool keep_blobs; /* layers stay after they were unpacked; default true */
	bool flat;	 /* unpack layers over one another instead of mounting them so */
	struct image_limits limits;
};

/* `path` NULL: SETTINGS_PATH if it is there. 0 or -errno recorded. */
int settings_read(struct arena *arena, const char *path, struct image_settings *settings);

#endif
