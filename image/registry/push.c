/* SPDX-License-Identifier: Apache-2.0 */
/* Sending an image (distribution-spec "Push"): what is named before what names it, the tag last. */
#include "image/registry/push.h"

#include <string.h>

#include "image/document/load.h"
#include "image/store/store.h"
#include "lib/arena.h"
#include "lib/error.h"

struct item {
	struct item *next;
	struct descriptor descriptor;
};

struct list {
	struct arena *arena;
	struct item *first;
};

/* In reverse: image_walk() comes to a manifest before its blobs. */
static int collect(void *data, const struct descriptor *descriptor, bool present)
{
	struct list *list = data;
	char text[DIGEST_TEXT_SIZE];
	struct item *item;

	if (!present)
		return fail(ENOENT,
			    "%s is not in the store: pull it with --all-platforms, or push one "
			    "platform",
			    digest_text(&descriptor->digest, text));
	item = arena_alloc(list->arena, sizeof(*item));
	if (!item)
		return -ENOMEM;
	item->descriptor = *descriptor;
	item->next = list->first;
	list->first = item;
	return 0;
}

int push_manifest(struct push *push, const char *reference, const char *media_type,
		  const char *text, size_t size, struct http_response *response)
{
	struct remote *remote = &push->remote;
	struct http_request request = {
		.method = HTTP_PUT, .content_type = media_type, .body = text, .body_size = size
	};
	int result = remote_url(remote, &request.url, "manifests/%s", reference);

	if (result == 0)
		result = remote_send(remote, &request, response);
	if (result < 0)
		return result;
	if (response->status != 201)
		return remote_refused(remote, response, reference);
	http_finish(remote->http);
	return 0;
}

static bool is_document(const struct descriptor *descriptor)
{
	return descriptor->kind == MEDIA_KIND_INDEX || descriptor->kind == MEDIA_KIND_MANIFEST;
}

static int push_document(struct push *push, const struct descriptor *descriptor,
			 const char *reference)
{
	auto_arena struct arena arena = { 0 };
	char digest[DIGEST_TEXT_SIZE];
	struct http_response response = { .status = 0 };
	size_t size;
	const char *text = store_blob_read(&arena, push->store, descriptor, &size);

	if (!text)
		return error_result();
	digest_text(&descriptor->digest, digest);
	return push_manifest(push, reference ? reference : digest, descriptor->media_type, text,
			     size, &response);
}

static int push_all(struct push *push, const struct list *list, const struct descriptor *top,
		    const char *tag)
{
	int result = 0;

	for (const struct item *item = list->first; item && result == 0; item = item->next) {
		if (!is_document(&item->descriptor))
			result = push_blob(push, &item->descriptor, NULL);
		else
			result = push_document(push, &item->descriptor, NULL);
	}
	for (const struct item *item = list->first; item && result == 0; item = item->next) {
		if (is_document(&item->descriptor))
			result = push_signatures(push, &item->descriptor);
	}
	return result == 0 && *tag ? push_document(push, top, tag) : result;
}

/* What the name in the store leads to, or of it the one for a platform. */
static int find_image(struct arena *arena, struct store *store, const struct push_request *request,
		      struct descriptor *top)
{
	struct image image;
	int result;

	if (!request->platform)
		return store_resolve(arena, store, request->source, top);
	result = image_load(arena, store, request->source, request->platform, &image);
	if (result == 0)
		*top = image.descriptor;
	return result;
}

int registry_push(struct arena *arena, struct store *store, const struct image_settings *settings,
		  const struct push_request *request, struct descriptor *descriptor)
{
	struct push push = { .store = store };
	struct remote_request where = { .actions = "pull,push",
					.insecure = request->insecure,
					.attempts = request->attempts };
	struct list list = { .arena = arena };
	struct image_name name;
	int result = image_name_parse(arena, request->name, &name);

	if (result == 0)
		result = find_image(arena, store, request, descriptor);
	if (result == 0 && name.digest && !digest_equal(name.digest, &descriptor->digest))
		result = fail(EINVAL, "%s: %s has another digest", request->name, request->source);
	if (result == 0)
		result = image_walk(arena, store, descriptor, collect, &list);
	if (result < 0)
		return result;
	where.host = name.host;
	where.repository = name.repository;
	result = remote_open(arena, settings, &where, &push.remote);
	if (result == 0 && push.remote.helper)
		result = fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
				 "push: `helper` in %s can only fetch", settings->path);
	if (result == 0)
		result = push_all(&push, &list, descriptor, name.tag);
	remote_close(&push.remote);
	return result;
}
