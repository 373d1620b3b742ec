/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA P-256 by mbedTLS, by what 2.28 and 3.6 have in common. */
#include <mbedtls/asn1.h>
#include <mbedtls/ecdsa.h>

#include "image/trust/internal.h"

enum { SIGNATURE_MAX = 80 };

/* SEQUENCE { r, s } and nothing after it. */
static bool read_signature(unsigned char *bytes, size_t size, mbedtls_mpi *r, mbedtls_mpi *s)
{
	unsigned char *end = bytes + size;
	size_t length;

	return mbedtls_asn1_get_tag(&bytes, end, &length,
				    MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) == 0 &&
	       length == (size_t)(end - bytes) && mbedtls_asn1_get_mpi(&bytes, end, r) == 0 &&
	       mbedtls_asn1_get_mpi(&bytes, end, s) == 0 && bytes == end;
}

static bool verify_digest(const struct cosign_key *key, const unsigned char digest[SHA256_SIZE],
			  const mbedtls_mpi *r, const mbedtls_mpi *s)
{
	mbedtls_ecp_group group;
	mbedtls_ecp_point point;
	bool good;

	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&point);
	good = mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
	       mbedtls_ecp_point_read_binary(&group, &point, key->point, sizeof(key->point)) == 0 &&
	       mbedtls_ecp_check_pubkey(&group, &point) == 0 &&
	       mbedtls_ecdsa_verify(&group, digest, SHA256_SIZE, &point, r, s) == 0;
	mbedtls_ecp_point_free(&point);
	mbedtls_ecp_group_free(&group);
	return good;
}

bool cosign_verify(const struct cosign_key *key, const char *signature, size_t signature_size,
		   const void *data, size_t size)
{
	unsigned char bytes[SIGNATURE_MAX], digest[SHA256_SIZE];
	const ssize_t length =
		cosign_signature_decode(signature, signature_size, bytes, sizeof(bytes));
	struct sha256 hash;
	mbedtls_mpi r, s;
	bool good;

	if (length <= 0)
		return false;
	sha256_start(&hash);
	sha256_add(&hash, data, size);
	sha256_finish(&hash, digest);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	good = read_signature(bytes, (size_t)length, &r, &s) && verify_digest(key, digest, &r, &s);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
	return good;
}
