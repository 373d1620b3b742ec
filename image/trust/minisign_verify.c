/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 by libsodium. */
#include <sodium/crypto_generichash_blake2b.h>
#include <sodium/crypto_sign_ed25519.h>
#include <string.h>

#include "image/trust/internal.h"

enum { PREHASH_SIZE = 64, SIGNED_MAX = 64 + 8192 };

/* The trusted comment, after the signature that it belongs to. */
static bool verify_global(const struct minisign_key *key,
			  const struct minisign_signature *signature)
{
	unsigned char both[SIGNED_MAX];
	const size_t size = sizeof(signature->signature) + signature->comment_size;

	if (size > sizeof(both))
		return false;
	memcpy(both, signature->signature, sizeof(signature->signature));
	memcpy(both + sizeof(signature->signature), signature->comment, signature->comment_size);
	return crypto_sign_ed25519_verify_detached(signature->global, both, size, key->key) == 0;
}

bool minisign_verify(const struct minisign_key *key, const struct minisign_signature *signature,
		     const void *data, size_t size)
{
	unsigned char hash[PREHASH_SIZE];

	if (memcmp(key->id, signature->id, sizeof(key->id)) != 0)
		return false;
	if (signature->algorithm[1] == 'D') {
		if (crypto_generichash_blake2b(hash, sizeof(hash), data, size, NULL, 0) != 0)
			return false;
		data = hash;
		size = sizeof(hash);
	}
	return crypto_sign_ed25519_verify_detached(signature->signature, data, size, key->key) ==
		       0 &&
	       verify_global(key, signature);
}
