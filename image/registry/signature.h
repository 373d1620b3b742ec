/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures in a registry. cosign's: the tag ALGORITHM-HEX.sig, a layer for each payload with the
 * signature as its annotation. Ours: an artifact that refers to the manifest (distribution-spec
 * "Listing Referrers"), with the statement and minisign's signature of it as layers.
 */
#ifndef IMAGE_REGISTRY_SIGNATURE_H
#define IMAGE_REGISTRY_SIGNATURE_H

#define MEDIA_COSIGN_PAYLOAD "application/vnd.dev.cosign.simplesigning.v1+json"
#define COSIGN_SIGNATURE "dev.cosignproject.cosign/signature"
#define MEDIA_MINISIGN "application/vnd.cruet.signature.minisign.v1"
#define MEDIA_STATEMENT "application/vnd.cruet.statement.v1+json"
#define MEDIA_MINISIG "application/vnd.cruet.minisig.v1"

enum { SIGNATURE_MAX = 64 << 10, SIGNATURES_MAX = 16 };

#endif
