/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM in bulk, for mbedtls_gcm_update(): see gcm_bulk.c. */
#ifndef GCM_BULK_H
#define GCM_BULK_H

#include <stddef.h>

#include "mbedtls/gcm.h"

/* Does as many bytes as it can, whole blocks: how many. 0: this processor cannot. */
size_t gcm_bulk(mbedtls_gcm_context *ctx, const unsigned char *in, unsigned char *out, size_t size);

#endif
