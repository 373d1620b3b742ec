/* SPDX-License-Identifier: Apache-2.0 */
/* `cruet image sign`: a statement about what a name leads to, and its signature beside it. */
#include "image/trust/sign.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/path.h"
#include "lib/str.h"

/* Where the two files go. */
static int put_file(struct store *store, const struct sign_request *request, int folder,
		    const struct digest *manifest, const char *suffix, const char *text)
{
	char digest[DIGEST_TEXT_SIZE], name[DIGEST_TEXT_SIZE + 16];
	int result;

	if (!request->output)
		return trust_keep(store, manifest, suffix, text, strlen(text));
	result = str_format(name, sizeof(name), "%s.%s", digest_hex(digest_text(manifest, digest)),
			    suffix);
	if (result == 0)
		result = file_replace(folder, name, text, strlen(text), 0644, 0);
	return fail_context(result, "%s", request->output);
}

static int put_files(struct store *store, const struct sign_request *request,
		     const struct digest *manifest, const char *const suffixes[2],
		     const char *const texts[2])
{
	auto_fd int folder = -1;
	int result = 0;

	if (request->output) {
		folder = openat(request->folder, request->output,
				O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (folder < 0)
			return fail(errno, "open %s", request->output);
	}
	for (int i = 0; i < 2 && result == 0; i++)
		result = put_file(store, request, folder, manifest, suffixes[i], texts[i]);
	return result;
}

static int sign_statement(struct arena *arena, struct store *store,
			  const struct sign_request *request, const struct statement *statement,
			  const char *key, size_t key_size)
{
	static const char *const minisign[] = { "statement", "minisig" }, *const cosign[] = {
		"cosign.json", "cosign.sig"
	};
	const bool is_pem = strstr(key, "-----BEGIN ") != NULL;
	const char *texts[2] = { NULL, NULL };
	char digest[DIGEST_TEXT_SIZE];
	size_t size;
	int result = check_built(is_pem ? KEY_COSIGN : KEY_MINISIGN, request->key);

	if (result < 0)
		return result;
	texts[0] = is_pem ? payload_write(arena, statement, &size) :
			    statement_write(arena, statement, &size);
	if (texts[0] && is_pem && IS_ENABLED(CONFIG_SIGN_COSIGN))
		texts[1] = cosign_sign(arena, key, key_size + 1, texts[0], size);
	if (texts[0] && !is_pem && IS_ENABLED(CONFIG_SIGN_MINISIGN)) {
		digest_text(&statement->manifest, digest);
		texts[1] = minisign_sign(arena, key, key_size, digest_hex(digest), texts[0], size);
	}
	if (!texts[1])
		return fail_context(error_result(), "key %s", request->key);
	return put_files(store, request, &statement->manifest, is_pem ? cosign : minisign, texts);
}

static int name_statement(struct arena *arena, const struct sign_request *request,
			  struct statement *statement)
{
	const char *name = request->as ? request->as : request->name;

	if (name[0] == '\0' || trust_is_digest(name))
		return 0;
	statement->name = trust_repository(arena, name);
	return statement->name ? 0 : -ENOMEM;
}

int trust_sign(struct store *store, const struct sign_request *request)
{
	auto_arena struct arena arena = { 0 };
	struct statement statement = {
		.has_counter = request->counter != 0,
		.counter = request->counter,
		.devices = request->devices,
		.device_count = request->device_count,
	};
	struct descriptor descriptor;
	size_t size;
	char *key;
	int result = store_resolve(&arena, store, request->name, &descriptor);

	if (result == 0)
		result = name_statement(&arena, request, &statement);
	if (result < 0)
		return result;
	statement.manifest = descriptor.digest;
	key = file_read(&arena, request->folder, request->key, TRUST_KEY_FILE_MAX, &size);
	if (!key)
		return error_result();
	result = sign_statement(&arena, store, request, &statement, key, size);
	explicit_bzero(key, size);
	return result;
}
