/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minisign's secret keys ("Secret key format") and signatures of the prehashed kind. Without
 * password (minisign -G -W) the key derivation is two NULs, and there is no checksum.
 */
#include <sodium/crypto_generichash_blake2b.h>
#include <sodium/crypto_pwhash_scryptsalsa208sha256.h>
#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>
#include <string.h>

#include "image/trust/sign.h"
#include "lib/arena.h"
#include "lib/base64.h"
#include "lib/error.h"

enum { PREHASH_SIZE = 64, COMMENT_MAX = 256 };

/* As it lies in the file. */
struct secret_file {
	unsigned char algorithm[2], derivation[2], check[2];
	unsigned char salt[32], operations[8], memory[8];
	struct secret {
		unsigned char id[8], key[64], checksum[32];
	} secret;
};
_Static_assert(sizeof(struct secret_file) == 158, "as it is in the file");

static uint64_t little_endian(const unsigned char bytes[8])
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | bytes[i];
	return value;
}

static int decrypt(struct secret_file *file)
{
	char password[PASSWORD_MAX];
	unsigned char stream[sizeof(file->secret)], *bytes = (unsigned char *)&file->secret;
	const uint64_t memory = little_endian(file->memory);
	int result = password_ask(password);

	if (result == 0 && memory > SIZE_MAX)
		result = fail(ENOMEM, "its password needs %llu bytes of memory",
			      (unsigned long long)memory);
	if (result == 0 &&
	    crypto_pwhash_scryptsalsa208sha256(stream, sizeof(stream), password, strlen(password),
					       file->salt, little_endian(file->operations),
					       (size_t)memory) != 0)
		result = fail(ENOMEM, "no memory to look at its password (%llu bytes are needed)",
			      (unsigned long long)memory);
	sodium_memzero(password, sizeof(password));
	for (size_t i = 0; result == 0 && i < sizeof(stream); i++)
		bytes[i] ^= stream[i];
	sodium_memzero(stream, sizeof(stream));
	return result;
}

static bool has_checksum(const struct secret_file *file)
{
	unsigned char checked[2 + 8 + 64], sum[32];

	memcpy(checked, file->algorithm, 2);
	memcpy(checked + 2, file->secret.id, 8);
	memcpy(checked + 10, file->secret.key, 64);
	crypto_generichash_blake2b(sum, sizeof(sum), checked, sizeof(checked), NULL, 0);
	sodium_memzero(checked, sizeof(checked));
	return memcmp(sum, file->secret.checksum, sizeof(sum)) == 0;
}

/* The second half of a key is the public one, which the first makes. */
static bool is_whole(const struct secret *secret)
{
	unsigned char public[crypto_sign_ed25519_PUBLICKEYBYTES], again[64];
	bool same;

	crypto_sign_ed25519_seed_keypair(public, again, secret->key);
	same = memcmp(again, secret->key, sizeof(again)) == 0;
	sodium_memzero(again, sizeof(again));
	return same;
}

static int read_secret(const char *text, size_t size, struct secret_file *file)
{
	const char *line = memchr(text, '\n', size);
	size_t left = line ? size - (size_t)(++line - text) : 0;
	int result = 0;

	while (left && (line[left - 1] == '\n' || line[left - 1] == '\r'))
		left--;
	if (!line || base64_decode(line, left, file, sizeof(*file)) != (ssize_t)sizeof(*file) ||
	    memcmp(file->algorithm, "Ed", 2) != 0 || memcmp(file->check, "B2", 2) != 0)
		return fail(EINVAL, "not a secret key of minisign");
	if (memcmp(file->derivation, "Sc", 2) == 0) {
		result = decrypt(file);
		if (result == 0 && !has_checksum(file))
			result = fail(EACCES, "the password is wrong");
	} else if (memcmp(file->derivation, "\0", 2) != 0) {
		result = fail(EINVAL, "its password is of an unknown kind");
	}
	if (result == 0 && !is_whole(&file->secret))
		result = fail(EINVAL, "the secret key is damaged");
	return result;
}

static char *signature_text(struct arena *arena, const struct secret *secret, const char *comment,
			    const unsigned char hash[PREHASH_SIZE])
{
	unsigned char line[2 + 8 + 64] = "ED", both[64 + COMMENT_MAX], global[64];
	char first[BASE64_TEXT_SIZE(sizeof(line))], last[BASE64_TEXT_SIZE(sizeof(global))];
	const size_t length = strlen(comment);

	memcpy(line + 2, secret->id, sizeof(secret->id));
	crypto_sign_ed25519_detached(line + 10, NULL, hash, PREHASH_SIZE, secret->key);
	memcpy(both, line + 10, 64);
	memcpy(both + 64, comment, length);
	crypto_sign_ed25519_detached(global, NULL, both, 64 + length, secret->key);
	return arena_printf(arena,
			    "untrusted comment: signature from minisign secret key\n"
			    "%s\ntrusted comment: %s\n%s\n",
			    base64_encode(line, sizeof(line), first), comment,
			    base64_encode(global, sizeof(global), last));
}

char *minisign_sign(struct arena *arena, const char *key, size_t key_size, const char *name,
		    const void *data, size_t size)
{
	unsigned char hash[PREHASH_SIZE];
	struct secret_file file;
	const char *comment = arena_printf(arena, "file:%.200s.statement\thashed", name);
	char *text = NULL;

	if (comment && read_secret(key, key_size, &file) == 0) {
		crypto_generichash_blake2b(hash, sizeof(hash), data, size, NULL, 0);
		text = signature_text(arena, &file.secret, comment, hash);
	}
	sodium_memzero(&file, sizeof(file));
	return text;
}
