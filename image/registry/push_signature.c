/* SPDX-License-Identifier: Apache-2.0 */
/* Sending signatures: see signature.h. */
#include <stdio.h>
#include <string.h>

#include "image/registry/push.h"
#include "image/registry/signature.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

struct text {
	const char *data;
	size_t size;
};

/* The store's files of one kind. How many. */
static size_t read_kept(struct push *push, const struct digest *digest, const char *suffix,
			struct text texts[SIGNATURES_MAX])
{
	struct arena *arena = push->remote.arena;
	char text[DIGEST_TEXT_SIZE], number[8] = "";
	const char *hex = digest_hex(digest_text(digest, text));
	size_t count = 0;

	for (unsigned int i = 0; i < SIGNATURES_MAX; i++) {
		const char *name;

		if (i)
			(void)snprintf(number, sizeof(number), ".%u", i);
		name = arena_printf(arena, "signatures/%s%s.%s", hex, number, suffix);
		texts[count].data = name ? file_read(arena, store_folder(push->store), name,
						     SIGNATURE_MAX, &texts[count].size) :
					   NULL;
		count += texts[count].data != NULL;
	}
	error_clear();
	return count;
}

static int push_text(struct push *push, const struct text *text, const char *media_type,
		     struct descriptor *descriptor)
{
	memset(descriptor, 0, sizeof(*descriptor));
	descriptor_of(descriptor, media_type, text->data, text->size);
	return push_blob(push, descriptor, text->data);
}

/* ---- cosign ---- */

static const cJSON *signature_annotation(struct arena *arena, const char *signature)
{
	struct json_writer writer;
	const char *text;
	size_t size;

	json_write_start(&writer, arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_string(&writer, COSIGN_SIGNATURE, signature);
	json_write_end(&writer, '}');
	text = json_write_finish(&writer, &size);
	return text ? json_parse(arena, text, size, "annotations") : NULL;
}

static bool has_layer(const struct image_manifest *manifest, const struct descriptor *layer,
		      const char *signature)
{
	for (size_t i = 0; i < manifest->layer_count; i++) {
		if (digest_equal(&manifest->layers[i].digest, &layer->digest) &&
		    str_equal(annotation(manifest->layers[i].annotations, COSIGN_SIGNATURE),
			      signature))
			return true;
	}
	return false;
}

/* Others may have signed it, too: what is there stays. */
static int read_there(struct push *push, const char *tag, struct image_manifest *manifest)
{
	struct arena *arena = push->remote.arena;
	struct descriptor *layers;
	struct document document;
	size_t count;
	int result = remote_manifest(&push->remote, tag, &document);

	memset(manifest, 0, sizeof(*manifest));
	if (result == 0)
		result = manifest_read(arena, document.text, document.size, tag, NULL, manifest);
	if (result == -ENOENT)
		result = 0;
	count = manifest->layer_count;
	layers = arena_array(arena, count + SIGNATURES_MAX, sizeof(*layers));
	if (result < 0 || !layers)
		return result < 0 ? result : -ENOMEM;
	if (count)
		memcpy(layers, manifest->layers, count * sizeof(*layers));
	manifest->layers = layers;
	manifest->media_type = MEDIA_OCI_MANIFEST;
	manifest->artifact_type = "";
	return 0;
}

/* Tools want a config that fits the layers, which are not compressed. */
static int push_cosign_config(struct push *push, struct image_manifest *manifest)
{
	struct json_writer writer;
	struct text text;

	json_write_start(&writer, push->remote.arena, JSON_COMPACT);
	json_write_object(&writer, NULL);
	json_write_string(&writer, "architecture", "");
	json_write_string(&writer, "os", "");
	json_write_object(&writer, "rootfs");
	json_write_string(&writer, "type", "layers");
	json_write_array(&writer, "diff_ids");
	for (size_t i = 0; i < manifest->layer_count; i++) {
		char digest[DIGEST_TEXT_SIZE];

		json_write_string(&writer, NULL, digest_text(&manifest->layers[i].digest, digest));
	}
	json_write_end(&writer, ']');
	json_write_end(&writer, '}');
	json_write_end(&writer, '}');
	text.data = json_write_finish(&writer, &text.size);
	return text.data ? push_text(push, &text, MEDIA_OCI_CONFIG, &manifest->config) :
			   error_result();
}

/* Which signature is of which payload is not kept: whoever verifies takes the pairs that fit. */
static int push_cosign(struct push *push, const struct descriptor *descriptor)
{
	struct arena *arena = push->remote.arena;
	struct text payloads[SIGNATURES_MAX + 1], signatures[SIGNATURES_MAX + 1];
	const size_t payload_count = read_kept(push, &descriptor->digest, "cosign.json", payloads);
	const size_t count = read_kept(push, &descriptor->digest, "cosign.sig", signatures);
	const char *tag = tag_of_digest(arena, &descriptor->digest, ".sig");
	struct http_response response;
	struct image_manifest manifest;
	size_t before, size;
	char *text;
	int result;

	if (!payload_count || !count)
		return 0;
	result = tag ? read_there(push, tag, &manifest) : -ENOMEM;
	if (result < 0)
		return result;
	before = manifest.layer_count;
	for (size_t i = 0; i < payload_count * count && i < SIGNATURES_MAX; i++) {
		struct descriptor *layer = &manifest.layers[manifest.layer_count], one;
		const char *signature = signatures[i % count].data;

		result = push_text(push, &payloads[i / count], MEDIA_COSIGN_PAYLOAD, &one);
		if (result < 0)
			return result;
		one.annotations = signature_annotation(arena, signature);
		if (!one.annotations)
			return error_result();
		if (has_layer(&manifest, &one, signature))
			continue;
		*layer = one;
		manifest.layer_count++;
	}
	if (manifest.layer_count == before)
		return 0;
	result = push_cosign_config(push, &manifest);
	text = result == 0 ? manifest_write(arena, &manifest, &size) : NULL;
	if (!text)
		return error_result();
	return push_manifest(push, tag, MEDIA_OCI_MANIFEST, text, size, &response);
}

/* ---- minisign ---- */

/* Registries without the referrers API find it by a tag (distribution-spec "Referrers Tag Schema").
 */
static int add_to_tag(struct push *push, const struct digest *subject,
		      const struct descriptor *artifact)
{
	struct arena *arena = push->remote.arena;
	const char *tag = tag_of_digest(arena, subject, "");
	struct image_index index = { .media_type = "" };
	struct descriptor *manifests;
	struct http_response response;
	struct document document;
	size_t size;
	char *text;
	int result = tag ? remote_manifest(&push->remote, tag, &document) : -ENOMEM;

	if (result == 0)
		result = index_read(arena, document.text, document.size, tag, NULL, &index);
	if (result < 0 && result != -ENOENT)
		return result;
	for (size_t i = 0; i < index.count; i++) {
		if (digest_equal(&index.manifests[i].digest, &artifact->digest))
			return 0;
	}
	manifests = arena_array(arena, index.count + 1, sizeof(*manifests));
	if (!manifests)
		return -ENOMEM;
	if (index.count)
		memcpy(manifests, index.manifests, index.count * sizeof(*manifests));
	manifests[index.count++] = *artifact;
	index.manifests = manifests;
	index.media_type = MEDIA_OCI_INDEX;
	text = index_write(arena, &index, &size);
	return text ? push_manifest(push, tag, MEDIA_OCI_INDEX, text, size, &response) :
		      error_result();
}

static int push_minisign(struct push *push, const struct descriptor *descriptor)
{
	static const struct text empty = { "{}", 2 };
	struct text statements[SIGNATURES_MAX + 1], signatures[SIGNATURES_MAX + 1];
	const size_t statement_count =
		read_kept(push, &descriptor->digest, "statement", statements);
	const size_t count = read_kept(push, &descriptor->digest, "minisig", signatures);
	struct descriptor layers[2 * SIGNATURES_MAX], artifact = { .artifact_type = "" };
	struct image_manifest manifest = { .media_type = MEDIA_OCI_MANIFEST,
					   .artifact_type = MEDIA_MINISIGN,
					   .layers = layers,
					   .subject = descriptor };
	char digest[DIGEST_TEXT_SIZE];
	struct http_response response;
	size_t size;
	char *text;
	int result;

	if (!statement_count || !count)
		return 0;
	result = push_text(push, &empty, MEDIA_OCI_EMPTY, &manifest.config);
	for (size_t i = 0; i < statement_count && result == 0; i++)
		result = push_text(push, &statements[i], MEDIA_STATEMENT,
				   &layers[manifest.layer_count++]);
	for (size_t i = 0; i < count && result == 0; i++)
		result = push_text(push, &signatures[i], MEDIA_MINISIG,
				   &layers[manifest.layer_count++]);
	text = result == 0 ? manifest_write(push->remote.arena, &manifest, &size) : NULL;
	if (!text)
		return error_result();
	descriptor_of(&artifact, MEDIA_OCI_MANIFEST, text, size);
	artifact.artifact_type = MEDIA_MINISIGN;
	result = push_manifest(push, digest_text(&artifact.digest, digest), MEDIA_OCI_MANIFEST,
			       text, size, &response);
	return result < 0 || response.subject ? result :
						add_to_tag(push, &descriptor->digest, &artifact);
}

int push_signatures(struct push *push, const struct descriptor *descriptor)
{
	const int result = push_cosign(push, descriptor);

	return result < 0 ? result : push_minisign(push, descriptor);
}
