/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures that come with an image: HEX.minisig and the like in the layout's folder signatures/,
 * FILE.minisig and FILE.cosign.sig beside an archive.
 */
#include <fcntl.h>
#include <string.h>

#include "image/transfer/import.h"
#include "image/trust/trust.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/path.h"
#include "lib/str.h"
#include "lib/tree.h"

static int add(void *data, int folder, const char *name)
{
	struct import *import = data;
	char path[IMPORT_SIGNATURE_NAME + 16];

	(void)folder;
	if (str_format(path, sizeof(path), "signatures/%s", name) < 0) {
		error_clear(); /* an unknown file */
		return 0;
	}
	return import_signature(import, path, NULL, 0);
}

/* All of the folder, as from an archive. */
static int read_folder(struct import *import)
{
	auto_fd int folder =
		path_open(import->folder, "signatures", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
			  PATH_BENEATH | PATH_NO_SYMLINKS);
	int result = folder < 0 ? 0 : tree_each(folder, add, import);

	return result < 0 ? result : 0;
}

int import_signature(struct import *import, const char *path, struct archive *archive,
		     uint64_t size)
{
	const char *name = arena_strdup(import->arena, strchr(path, '/') + 1);
	const struct entry entry = { .path = path, .size = size };
	struct import_signature *signature;

	if (!import->signatures)
		import->signatures = arena_array(import->arena, IMPORT_MAX_SIGNATURES,
						 sizeof(*import->signatures));
	if (!name || !import->signatures)
		return error_result();
	if (import->signature_count == IMPORT_MAX_SIGNATURES ||
	    strlen(name) > IMPORT_SIGNATURE_NAME)
		return 0; /* an unknown file */
	signature = &import->signatures[import->signature_count++];
	signature->name = name;
	return archive ? import_entry_text(import, archive, &entry, IMPORT_SIGNATURE_SIZE,
					   &signature->text) :
			 import_folder_text(import, path, &signature->text);
}

/* HEX.SUFFIX or HEX.NUMBER.SUFFIX: the suffix, if it is this manifest's and one of ours. */
static const char *suffix_of(const char *name, const char *hex)
{
	static const char *const suffixes[] = { "statement", "minisig", "cosign.json",
						"cosign.sig" };
	size_t length = strlen(hex);

	if (strncmp(name, hex, length) != 0 || name[length] != '.')
		return NULL;
	name += length + 1;
	if (strspn(name, "0123456789") > 0)
		name += strspn(name, "0123456789.");
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (strcmp(name, suffixes[i]) == 0)
			return suffixes[i];
	return NULL;
}

static int keep_each(void *data, const struct descriptor *descriptor, bool present)
{
	struct import *import = data;
	char text[DIGEST_TEXT_SIZE];
	const char *hex = digest_hex(digest_text(&descriptor->digest, text));
	int result = 0;

	(void)present;
	for (size_t i = 0; i < import->signature_count && result == 0; i++) {
		const struct import_signature *signature = &import->signatures[i];
		const char *suffix = suffix_of(signature->name, hex);

		if (suffix)
			result = trust_keep(import->store, &descriptor->digest, suffix,
					    signature->text.data, signature->text.size);
	}
	return result;
}

static int attach(struct import *import, const struct digest *manifest)
{
	static const char *const endings[] = { ".minisig", ".cosign.sig" };
	int result = 0;

	for (size_t i = 0; i < 2 && result == 0; i++) {
		char *path = arena_printf(import->arena, "%s%s", import->request->path, endings[i]);

		if (!path)
			return error_result();
		if (faccessat(import->request->folder, path, F_OK, 0) == 0)
			result = trust_attach(import->store, manifest, import->request->folder,
					      path);
	}
	return result;
}

/* Those that were named. */
static int attach_given(struct import *import)
{
	const struct import_request *request = import->request;
	const size_t count = request->signatures ? request->signatures->count : 0;
	int result = 0;

	if (count && import->count != 1)
		return fail_as(ERROR_USAGE, 0, "--signature: %zu images came, it is for one",
			       import->count);
	for (size_t i = 0; i < count && result == 0; i++)
		result = trust_attach(import->store, &import->list[0].descriptor.digest,
				      request->folder, request->signatures->items[i]);
	return result;
}

int import_keep_signatures(struct import *import)
{
	const struct digest *first = &import->list[0].descriptor.digest;
	bool single = !str_equal(import->request->path, "-");
	int result = import->folder >= 0 && import->format == FORMAT_OCI ? read_folder(import) : 0;

	for (size_t i = 0; i < import->count && result == 0; i++) {
		auto_arena struct arena arena = { 0 };

		single = single && digest_equal(first, &import->list[i].descriptor.digest);
		if (import->signature_count > 0)
			result = image_walk(&arena, import->store, &import->list[i].descriptor,
					    keep_each, import);
	}
	/* What lies beside a file is about the one image in it. */
	if (result == 0 && single)
		result = attach(import, first);
	return result == 0 ? attach_given(import) : result;
}
