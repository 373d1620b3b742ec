/* SPDX-License-Identifier: Apache-2.0 */
/* Fetching signatures: see signature.h. Whether any of them counts is for the policy. */
#include "image/registry/signature.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "image/progress.h"
#include "image/registry/pull.h"
#include "image/store/store.h"
#include "image/trust/trust.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/str.h"

static char *read_small(struct pull *pull, const struct descriptor *descriptor)
{
	if (descriptor->size > SIGNATURE_MAX) {
		fail(EFBIG, "a signature of %llu bytes", (unsigned long long)descriptor->size);
		return NULL;
	}
	return source_read(pull->source, pull->arena, descriptor);
}

static int keep_cosign(struct pull *pull, const struct descriptor *layer,
		       const struct digest *signed_digest)
{
	const char *signature = annotation(layer->annotations, COSIGN_SIGNATURE), *payload;
	int result;

	if (strcmp(layer->media_type, MEDIA_COSIGN_PAYLOAD) != 0 || !signature)
		return 0;
	payload = read_small(pull, layer);
	if (!payload)
		return error_result();
	result =
		trust_keep(pull->store, signed_digest, "cosign.json", payload, (size_t)layer->size);
	return result < 0 ? result :
			    trust_keep(pull->store, signed_digest, "cosign.sig", signature,
				       strlen(signature));
}

static int fetch_cosign(struct pull *pull, const struct descriptor *descriptor)
{
	const char *tag = tag_of_digest(pull->arena, &descriptor->digest, ".sig");
	struct image_manifest manifest = { .media_type = "" };
	struct document document;
	int result = tag ? source_manifest(pull->source, pull->arena, tag, &document) : -ENOMEM;

	if (result == 0)
		result = manifest_read(pull->arena, document.text, document.size, tag,
				       document.media_type, &manifest);
	for (size_t i = 0; result == 0 && i < manifest.layer_count && i < SIGNATURES_MAX; i++)
		result = keep_cosign(pull, &manifest.layers[i], &descriptor->digest);
	return result;
}

static int keep_minisign(struct pull *pull, const struct descriptor *artifact,
			 const struct digest *signed_digest)
{
	char reference[DIGEST_TEXT_SIZE];
	struct image_manifest manifest = { .media_type = "" };
	struct document document;
	int result = source_manifest(pull->source, pull->arena,
				     digest_text(&artifact->digest, reference), &document);

	if (result == 0)
		result = manifest_read(pull->arena, document.text, document.size, reference,
				       artifact->media_type, &manifest);
	if (result == 0 &&
	    (!manifest.subject || !digest_equal(&manifest.subject->digest, signed_digest)))
		result = fail(EINVAL, "%s refers to another manifest", reference);
	for (size_t i = 0; result == 0 && i < manifest.layer_count; i++) {
		const struct descriptor *layer = &manifest.layers[i];
		const char *suffix = strcmp(layer->media_type, MEDIA_STATEMENT) == 0 ? "statement" :
				     strcmp(layer->media_type, MEDIA_MINISIG) == 0   ? "minisig" :
										       NULL;
		const char *text = suffix ? read_small(pull, layer) : NULL;

		if (suffix)
			result = text ? trust_keep(pull->store, signed_digest, suffix, text,
						   (size_t)layer->size) :
					error_result();
	}
	return result;
}

/* By the API, or, where a registry has none, by the tag that stands for it. */
static int fetch_referrers(struct pull *pull, const struct descriptor *descriptor)
{
	struct remote *remote = &pull->source->remote;
	const char *tag = tag_of_digest(pull->arena, &descriptor->digest, "");
	char text[DIGEST_TEXT_SIZE];
	const char *path =
		arena_printf(pull->arena, "referrers/%s", digest_text(&descriptor->digest, text));
	struct image_index index = { .media_type = "" };
	struct document document;
	size_t found = 0;
	int result = -ENOENT;

	if (!tag || !path)
		return -ENOMEM;
	if (!remote->helper)
		result = remote_document(remote, path, MEDIA_OCI_INDEX, &document);
	if (result == -ENOENT)
		result = remote_manifest(remote, tag, &document);
	if (result == 0)
		result = index_read(pull->arena, document.text, document.size, path,
				    MEDIA_OCI_INDEX, &index);
	for (size_t i = 0; result == 0 && i < index.count && found < SIGNATURES_MAX; i++) {
		if (strcmp(index.manifests[i].artifact_type, MEDIA_MINISIGN) != 0)
			continue;
		found++;
		result = keep_minisign(pull, &index.manifests[i], &descriptor->digest);
	}
	return result;
}

/* A store's folder has them as files. */
static int copy_kept(struct pull *pull, const struct descriptor *descriptor)
{
	static const char *const suffixes[] = { "statement", "minisig", "cosign.json",
						"cosign.sig" };
	const char *hex;
	char text[DIGEST_TEXT_SIZE], number[8] = "";
	int result = 0;

	hex = digest_hex(digest_text(&descriptor->digest, text));
	for (unsigned int i = 0; i < 4 * SIGNATURES_MAX && result == 0; i++) {
		const char *suffix = suffixes[i % 4];
		const char *name;
		size_t size;

		if (i >= 4)
			(void)snprintf(number, sizeof(number), ".%u", i / 4);
		name = arena_printf(pull->arena, "signatures/%s%s.%s", hex, number, suffix);
		name = name ? file_read(pull->arena, store_folder(pull->source->store), name,
					SIGNATURE_MAX, &size) :
			      NULL;
		if (name)
			result = trust_keep(pull->store, &descriptor->digest, suffix, name, size);
	}
	return result;
}

static void note(struct pull *pull, int result)
{
	if (result < 0 && result != -ENOENT)
		progress_note("signatures at %s: %s", pull->source->name, error_last()->text);
	error_clear();
}

void pull_signatures(struct pull *pull, const struct descriptor *descriptor)
{
	if (pull->source->folder) {
		note(pull, copy_kept(pull, descriptor));
	} else {
		note(pull, fetch_cosign(pull, descriptor));
		note(pull, fetch_referrers(pull, descriptor));
	}
}
