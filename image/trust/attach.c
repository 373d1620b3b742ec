/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that came as files, into the store. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/trust/internal.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/file.h"
#include "lib/str.h"

/* A signature's file, and what may stand for its ending in the name of what was signed. */
static const struct pair {
	const char *ending;
	const char *suffix, *signed_suffix; /* in the store */
	const char *signed_endings[3];
} pairs[] = {
	{ ".minisig", "minisig", "statement", { ".statement", "", NULL } },
	{ ".cosign.sig", "cosign.sig", "cosign.json", { ".cosign.json", NULL } },
	{ ".sig", "cosign.sig", "cosign.json", { ".json", ".payload", "" } },
};

static const struct pair *pair_of(const char *path)
{
	const size_t length = strlen(path);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const size_t ending = strlen(pairs[i].ending);

		if (length > ending && strcmp(path + length - ending, pairs[i].ending) == 0)
			return &pairs[i];
	}
	return NULL;
}

/* The file that was signed: the first that is there. */
static char *read_signed(struct arena *arena, int folder, const char *path, const struct pair *pair,
			 size_t *size)
{
	const int length = (int)(strlen(path) - strlen(pair->ending));
	char *name = NULL;

	for (size_t i = 0; i < 3 && pair->signed_endings[i]; i++) {
		name = arena_printf(arena, "%.*s%s", length, path, pair->signed_endings[i]);
		if (!name || faccessat(folder, name, F_OK, 0) == 0)
			break;
	}
	return name ? file_read(arena, folder, name, TRUST_FILE_MAX, size) : NULL;
}

int trust_attach(struct store *store, const struct digest *manifest, int folder, const char *path)
{
	auto_arena struct arena arena = { 0 };
	const struct pair *pair = pair_of(path);
	size_t signature_size, size;
	const char *signature, *text;
	int result;

	if (!pair)
		return fail(EINVAL, "%s: neither .minisig nor .sig", path);
	signature = file_read(&arena, folder, path, TRUST_FILE_MAX, &signature_size);
	text = signature ? read_signed(&arena, folder, path, pair, &size) : NULL;
	if (!text)
		return error_result();
	result = trust_keep(store, manifest, pair->signed_suffix, text, size);
	if (result == 0)
		result = trust_keep(store, manifest, pair->suffix, signature, signature_size);
	return fail_context(result, "%s", path);
}
