/* SPDX-License-Identifier: Apache-2.0 */
/* Media types: see media_type.h. */
#include "image/document/media_type.h"

#include <string.h>

#include "lib/str.h"

#define OCI_NONDISTRIBUTABLE "application/vnd.oci.image.layer.nondistributable.v1.tar"
#define DOCKER_FOREIGN "application/vnd.docker.image.rootfs.foreign.diff.tar"

static const struct {
	const char *media_type;
	enum media_kind kind;
} whole[] = {
	{ MEDIA_OCI_INDEX, MEDIA_KIND_INDEX },	     { MEDIA_DOCKER_INDEX, MEDIA_KIND_INDEX },
	{ MEDIA_OCI_MANIFEST, MEDIA_KIND_MANIFEST }, { MEDIA_DOCKER_MANIFEST, MEDIA_KIND_MANIFEST },
	{ MEDIA_OCI_CONFIG, MEDIA_KIND_CONFIG },     { MEDIA_DOCKER_CONFIG, MEDIA_KIND_CONFIG },
	{ MEDIA_EROFS, MEDIA_KIND_LAYER_EROFS },
};

/* What precedes the name of the compression. */
static const char *const layers[] = {
	MEDIA_OCI_LAYER,
	OCI_NONDISTRIBUTABLE,
	MEDIA_DOCKER_LAYER,
	DOCKER_FOREIGN,
};

/* "+gzip" is OCI's, ".gzip" Docker's; Docker's tools write zstd layers with either. */
static enum media_kind compressed_kind(const char *suffix)
{
	if (!*suffix)
		return MEDIA_KIND_LAYER_TAR;
	if (*suffix != '+' && *suffix != '.')
		return MEDIA_KIND_OTHER;
	if (strcmp(suffix + 1, "gzip") == 0)
		return MEDIA_KIND_LAYER_GZIP;
	if (strcmp(suffix + 1, "zstd") == 0)
		return MEDIA_KIND_LAYER_ZSTD;
	return MEDIA_KIND_OTHER;
}

enum media_kind media_kind(const char *media_type)
{
	size_t i;

	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		if (strcmp(media_type, whole[i].media_type) == 0)
			return whole[i].kind;
	}
	for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		if (str_has_prefix(media_type, layers[i]))
			return compressed_kind(media_type + strlen(layers[i]));
	}
	/* +zstd is inside the file system, +verity behind it: the kernel's and dm-verity's. */
	if (str_has_prefix(media_type, MEDIA_SQUASHFS)) {
		const char *suffix = media_type + strlen(MEDIA_SQUASHFS);

		if (str_has_prefix(suffix, "+zstd"))
			suffix += 5;
		if (!*suffix || strcmp(suffix, "+verity") == 0)
			return MEDIA_KIND_LAYER_SQUASHFS;
	}
	return MEDIA_KIND_OTHER;
}
