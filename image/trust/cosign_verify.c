/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA P-256 by mbedTLS. */
#include <mbedtls/ecdsa.h>

#include "image/trust/internal.h"

enum { SIGNATURE_MAX = 80 };

bool cosign_verify(const struct cosign_key *key, const char *signature, size_t signature_size,
		   const void *data, size_t size)
{
	unsigned char bytes[SIGNATURE_MAX], digest[SHA256_SIZE];
	const ssize_t length =
		cosign_signature_decode(signature, signature_size, bytes, sizeof(bytes));
	mbedtls_ecdsa_context context;
	struct sha256 hash;
	bool good = false;

	if (length <= 0)
		return false;
	sha256_start(&hash);
	sha256_add(&hash, data, size);
	sha256_finish(&hash, digest);
	mbedtls_ecdsa_init(&context);
	if (mbedtls_ecp_group_load(&context.grp, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
	    mbedtls_ecp_point_read_binary(&context.grp, &context.Q, key->point,
					  sizeof(key->point)) == 0 &&
	    mbedtls_ecp_check_pubkey(&context.grp, &context.Q) == 0)
		good = mbedtls_ecdsa_read_signature(&context, digest, sizeof(digest), bytes,
						    (size_t)length) == 0;
	mbedtls_ecdsa_free(&context);
	return good;
}
