/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pull, from its name to a name in the store. Manifest, config and signatures come first, and the
 * policy decides before any layer is fetched; nothing is named before all of it is durable.
 */
#include <string.h>

#include "image/progress.h"
#include "image/registry/pull.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"

static uint64_t missing(struct pull *pull, const struct descriptor *descriptor, uint64_t *files)
{
	if (store_blob_has(pull->store, &descriptor->digest, descriptor->size))
		return 0;
	++*files;
	return descriptor->size;
}

/* Room for all of it, before any of it is fetched. */
static int reserve(struct pull *pull)
{
	uint64_t bytes = 0, files = 0;

	for (const struct pull_manifest *one = pull->manifests; one; one = one->next) {
		for (size_t i = 0; i < one->manifest.layer_count; i++) {
			const uint64_t size = missing(pull, &one->manifest.layers[i], &files);

			if (__builtin_add_overflow(bytes, size, &bytes))
				return fail(EFBIG, "%s: the sizes of its layers", pull->full);
		}
	}
	for (const struct pull_document *one = pull->documents; one; one = one->next) {
		bytes += one->document.size;
		files++;
	}
	return store_reserve(pull->store, bytes, files);
}

static int check_policy(struct pull *pull)
{
	const struct pull_request *request = pull->request;
	int result = 0;

	if (pull->top.kind == MEDIA_KIND_INDEX)
		pull_signatures(pull, &pull->top);
	for (const struct pull_manifest *one = pull->manifests; one && result == 0;
	     one = one->next) {
		pull_signatures(pull, &one->descriptor);
		if (request->allow)
			result = request->allow(request->data, pull->as, &pull->top,
						&one->descriptor);
	}
	return result;
}

static int pull_layers(struct pull *pull)
{
	int result = 0;

	for (const struct pull_manifest *one = pull->manifests; one && result == 0;
	     one = one->next) {
		if (one->manifest.config.kind != MEDIA_KIND_CONFIG)
			result = pull_blob(pull, &one->manifest.config);
		for (size_t i = 0; i < one->manifest.layer_count && result == 0; i++)
			result = pull_blob(pull, &one->manifest.layers[i]);
	}
	return result;
}

int pull_from_source(struct pull *pull)
{
	int result = pull_manifests(pull);

	if (result < 0)
		return result;
	pull->final = true;
	result = check_policy(pull);
	if (result == 0)
		result = reserve(pull);
	if (result < 0)
		return result;
	pull->final = false;
	result = pull_layers(pull);
	if (result < 0)
		return result;
	pull->final = true;
	/* The list has what is named before what names it: the other way round on disk. */
	for (const struct pull_document *one = pull->documents; one && result == 0; one = one->next)
		result = store_blob_put(pull->store, &one->document.digest, one->document.text,
					one->document.size);
	return result;
}

/* An index of which one manifest was chosen by hand leads whoever runs it to another one. */
static const struct descriptor *what_to_name(const struct pull *pull)
{
	const bool one = pull->request->platform && !pull->request->all_platforms;

	return one && !pull->name.digest && pull->manifests ? &pull->manifests->descriptor :
							      &pull->top;
}

int registry_pull(struct arena *arena, struct store *store, const struct image_settings *settings,
		  const struct pull_request *request, struct descriptor *descriptor)
{
	struct pull pull = {
		.arena = arena, .store = store, .settings = settings, .request = request
	};
	int result = image_name_parse(arena, request->name, &pull.name);

	if (result < 0)
		return result;
	pull.full = image_name_text(arena, &pull.name);
	pull.as = request->as ? request->as : pull.full;
	if (!pull.full)
		return -ENOMEM;
	if (request->platform)
		pull.board = *request->platform;
	else
		platform_host(&pull.board);
	result = pull_from_all(&pull);
	if (result < 0)
		return result;
	*descriptor = *what_to_name(&pull);
	return pull.named ? 0 : store_ref_set(store, pull.as, descriptor);
}
