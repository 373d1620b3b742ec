/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA P-256 signatures as cosign makes them, with keys as OpenSSL writes them. */
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <string.h>
#include <sys/random.h>

#include "image/trust/sign.h"
#include "lib/arena.h"
#include "lib/base64.h"
#include "lib/error.h"

enum { DER_MAX = 200, DER_SIGNATURE_MAX = 160 };

static int random_bytes(void *unused, unsigned char *bytes, size_t size)
{
	(void)unused;
	while (size) {
		const ssize_t got = getrandom(bytes, size, 0);

		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0) {
			bytes += got;
			size -= (size_t)got;
		}
	}
	return 0;
}

static int parse_key(mbedtls_pk_context *context, const char *key, size_t size)
{
#if MBEDTLS_VERSION_MAJOR >= 3
	return mbedtls_pk_parse_key(context, (const unsigned char *)key, size, NULL, 0,
				    random_bytes, NULL);
#else
	return mbedtls_pk_parse_key(context, (const unsigned char *)key, size, NULL, 0);
#endif
}

static int make_signature(mbedtls_pk_context *context, const unsigned char digest[SHA256_SIZE],
			  unsigned char *signature, size_t *size)
{
#if MBEDTLS_VERSION_MAJOR >= 3
	return mbedtls_pk_sign(context, MBEDTLS_MD_SHA256, digest, SHA256_SIZE, signature,
			       DER_SIGNATURE_MAX, size, random_bytes, NULL);
#else
	return mbedtls_pk_sign(context, MBEDTLS_MD_SHA256, digest, SHA256_SIZE, signature, size,
			       random_bytes, NULL);
#endif
}

/* Only what cosign_key_read() takes is a key for us. */
static bool is_p256(const mbedtls_pk_context *context)
{
	unsigned char der[DER_MAX];
	/* 2.28 and 3 differ in const; neither changes the key. */
	const int size =
		mbedtls_pk_write_pubkey_der((mbedtls_pk_context *)context, der, sizeof(der));

	return size > 0 && cosign_is_p256(der + sizeof(der) - size, (size_t)size);
}

static int read_key(mbedtls_pk_context *context, const char *key, size_t size)
{
	if (strstr(key, "-----BEGIN ENCRYPTED"))
		return fail(
			EINVAL,
			"the key is encrypted. cosign encrypts all that it makes: make one with "
			"`openssl ecparam -name prime256v1 -genkey -noout` and give it to "
			"cosign with `cosign import-key-pair`");
	if (parse_key(context, key, size) != 0 || !is_p256(context))
		return fail(EINVAL, "not a private key of P-256 in PEM");
	return 0;
}

char *cosign_sign(struct arena *arena, const char *key, size_t key_size, const void *data,
		  size_t size)
{
	unsigned char digest[SHA256_SIZE], signature[DER_SIGNATURE_MAX];
	char text[BASE64_TEXT_SIZE(DER_SIGNATURE_MAX)];
	mbedtls_pk_context context;
	struct sha256 hash;
	size_t length = 0;
	int result;

	sha256_start(&hash);
	sha256_add(&hash, data, size);
	sha256_finish(&hash, digest);
	mbedtls_pk_init(&context);
	result = read_key(&context, key, key_size);
	if (result == 0 && make_signature(&context, digest, signature, &length) != 0)
		result = fail(EIO, "mbedTLS cannot sign");
	mbedtls_pk_free(&context);
	return result < 0 ? NULL : arena_strdup(arena, base64_encode(signature, length, text));
}
