/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Media types that have a meaning here: OCI's, Docker schema 2's twins, and file systems as layers
 * (containerd's application/vnd.erofs.layer.v1, stacker's
 * application/vnd.stacker.image.layer.squashfs with +zstd and +verity variants). Any other is an
 * artifact's.
 */
#ifndef IMAGE_DOCUMENT_MEDIA_TYPE_H
#define IMAGE_DOCUMENT_MEDIA_TYPE_H

#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_OCI_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define MEDIA_OCI_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define MEDIA_OCI_EMPTY "application/vnd.oci.empty.v1+json"
#define MEDIA_DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
#define MEDIA_DOCKER_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define MEDIA_EROFS "application/vnd.erofs.layer.v1"
#define MEDIA_SQUASHFS "application/vnd.stacker.image.layer.squashfs"

enum media_kind {
	MEDIA_KIND_OTHER, /* stored, never read */
	MEDIA_KIND_INDEX,
	MEDIA_KIND_MANIFEST,
	MEDIA_KIND_CONFIG,
	MEDIA_KIND_LAYER_TAR, /* MEDIA_KIND_LAYER_*: the nondistributable twins too */
	MEDIA_KIND_LAYER_GZIP,
	MEDIA_KIND_LAYER_ZSTD,
	MEDIA_KIND_LAYER_SQUASHFS, /* mounted, never unpacked */
	MEDIA_KIND_LAYER_EROFS,
};

enum media_kind media_kind(const char *media_type);

#endif
