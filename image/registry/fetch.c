/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry has, by its name or digest. Everything is checked against a digest or a bound. */
#include <ctype.h>
#include <string.h>

#include "image/registry/remote.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

enum { BUFFER = 64 << 10, FETCH_AGAIN = 2 };

static const char manifest_types[] =
	MEDIA_OCI_INDEX ", " MEDIA_OCI_MANIFEST ", " MEDIA_DOCKER_INDEX ", " MEDIA_DOCKER_MANIFEST;

/* A text that grows in an arena: the last block is given up when it doubles. */
struct growing {
	struct arena *arena;
	char *text;
	size_t size, capacity;
};

static int grow(void *data, const void *bytes, size_t size)
{
	struct growing *growing = data;

	if (size > DOCUMENT_MAX_SIZE - growing->size)
		return fail(EFBIG, "a document of more than %d MiB", DOCUMENT_MAX_SIZE >> 20);
	if (!growing->text || growing->size + size > growing->capacity) {
		const size_t capacity = 2 * (growing->size + size);
		char *text = arena_bytes(growing->arena, capacity + 1);

		if (!text)
			return -ENOMEM;
		if (growing->text)
			memcpy(text, growing->text, growing->size);
		growing->text = text;
		growing->capacity = capacity;
	}
	memcpy(growing->text + growing->size, bytes, size);
	growing->size += size;
	return 0;
}

/* "application/json; charset=utf-8" without what follows the type. */
static const char *bare_type(struct arena *arena, const char *content_type)
{
	size_t length = content_type ? strcspn(content_type, ";") : 0;

	while (length && content_type[length - 1] == ' ')
		length--;
	return length ? arena_strndup(arena, content_type, length) : "";
}

char *tag_of_digest(struct arena *arena, const struct digest *digest, const char *suffix)
{
	char text[DIGEST_TEXT_SIZE];

	digest_text(digest, text);
	text[strcspn(text, ":")] = '-';
	return arena_printf(arena, "%s%s", text, suffix);
}

/* What comes, to whoever wants it. */
static int read_body(struct remote *remote, int (*add)(void *data, const void *bytes, size_t size),
		     void *data)
{
	static char buffer[BUFFER];
	ssize_t got;
	int result = 0;

	while (result == 0 && (got = http_read(remote->http, buffer, sizeof(buffer))) != 0)
		result = got < 0 ? (int)got : add(data, buffer, (size_t)got);
	return result;
}

static int get_by_http(struct remote *remote, const struct url *url, const char *path,
		       const char *accept, struct growing *growing, struct http_response *response)
{
	const struct http_request request = { .method = HTTP_GET, .url = *url, .accept = accept };
	struct backoff backoff = { .limit = remote->attempts };
	int result;

	for (;;) {
		result = remote_send(remote, &request, response);
		if (result < 0)
			return result;
		if (response->status != 200)
			return remote_refused(remote, response, path);
		if (response->length != HTTP_LENGTH_UNKNOWN &&
		    response->length > DOCUMENT_MAX_SIZE) {
			http_finish(remote->http);
			return fail(EFBIG, "%s: %s says that it has %llu bytes", remote->host, path,
				    (unsigned long long)response->length);
		}
		growing->size = 0;
		result = read_body(remote, grow, growing);
		if (result == 0 || !http_may_retry(remote->http) ||
		    !backoff_wait(&backoff, 0, remote->host))
			return result;
	}
}

static int get(struct remote *remote, const char *path, const char *accept,
	       struct document *document, struct http_response *response)
{
	struct growing growing = { .arena = remote->arena };
	struct url url;
	int result = remote_url(remote, &url, "%s", path);

	memset(response, 0, sizeof(*response));
	if (result == 0 && remote->helper) {
		const struct helper_request request = { .url = url_text(remote->arena, &url),
							.accept = accept,
							.add = grow,
							.data = &growing };

		result = request.url ? helper_fetch(remote->arena, remote->settings, &request) :
				       -ENOMEM;
	} else if (result == 0) {
		result = get_by_http(remote, &url, path, accept, &growing, response);
	}
	if (result < 0)
		return result;
	*document =
		(struct document){ .text = growing.text ? growing.text : "",
				   .size = growing.size,
				   .media_type = bare_type(remote->arena, response->content_type) };
	return document->media_type ? 0 : -ENOMEM;
}

int remote_document(struct remote *remote, const char *path, const char *accept,
		    struct document *document)
{
	struct http_response response;
	int result = get(remote, path, accept, document, &response);

	if (result == 0)
		digest_of(&document->digest, DIGEST_SHA256, document->text, document->size);
	return result;
}

static int check_digest(const struct remote *remote, const struct document *document,
			const char *text, const char *where)
{
	struct digest wanted, found;
	int result = digest_parse(&wanted, text, where);

	if (result < 0)
		return result;
	digest_of(&found, wanted.algorithm, document->text, document->size);
	if (!digest_equal(&wanted, &found)) {
		char is[DIGEST_TEXT_SIZE];

		return fail(EBADMSG, "%s: %s is %.80s, what came is %.80s", remote->host, where,
			    text, digest_text(&found, is));
	}
	return 0;
}

int remote_manifest(struct remote *remote, const char *reference, struct document *document)
{
	const bool by_digest = strchr(reference, ':') != NULL;
	const char *path = arena_printf(remote->arena, "manifests/%s", reference);
	struct http_response response;
	int result = path ? get(remote, path, manifest_types, document, &response) : -ENOMEM;

	if (result == 0 && response.docker_digest)
		result = check_digest(remote, document, response.docker_digest,
				      "Docker-Content-Digest");
	if (result == 0 && by_digest)
		result = check_digest(remote, document, reference, "digest of the manifest");
	if (result < 0)
		return result;
	digest_of(&document->digest,
		  by_digest && str_has_prefix(reference, "sha512:") ? DIGEST_SHA512 : DIGEST_SHA256,
		  document->text, document->size);
	return 0;
}

/* Is this the answer to "from `offset` on"? 1: yes; 0: no, all of it comes; -errno recorded. */
static int check_answer(struct remote *remote, const struct http_response *response, uint64_t size,
			uint64_t offset)
{
	uint64_t expected = size;

	if (response->status == 206) {
		if (!offset || !response->has_range || response->range_start != offset ||
		    (response->range_total != HTTP_LENGTH_UNKNOWN &&
		     (response->range_end != response->range_total - 1 ||
		      (size != HTTP_LENGTH_UNKNOWN && response->range_total != size))))
			return fail(EPROTO, "%s: answers with another range than the one asked for",
				    remote->host);
		expected -= offset;
	}
	if (size != HTTP_LENGTH_UNKNOWN && response->length != HTTP_LENGTH_UNKNOWN &&
	    response->length != expected)
		return fail(EBADMSG, "%s: %llu bytes come where the manifest says %llu",
			    remote->host, (unsigned long long)response->length,
			    (unsigned long long)expected);
	return response->status == 206;
}

/* What was there may be of another version of the content: begin anew. */
static int begin_anew(const struct sink *sink)
{
	return sink->offset(sink->data) ? sink->restart(sink->data) : 0;
}

/* One request and its body. *etag: of the first answer. FETCH_AGAIN: it was cut (recorded). */
static int fetch_rest(struct remote *remote, const struct url *url, uint64_t size,
		      const struct sink *sink, const char **etag)
{
	struct http_request request = { .method = HTTP_GET, .url = *url };
	struct http_response response;
	int result;

	request.from = sink->offset(sink->data);
	result = remote_send(remote, &request, &response);
	if (result < 0)
		return result;
	if (request.from && (response.status == 416 ||
			     (response.etag && *etag && strcmp(response.etag, *etag) != 0))) {
		*etag = NULL;
		request.from = 0;
		http_finish(remote->http);
		result = begin_anew(sink);
		if (result == 0)
			result = remote_send(remote, &request, &response);
		if (result < 0)
			return result;
	}
	if (response.status != 200 && response.status != 206)
		return remote_refused(remote, &response, "blob");
	if (response.etag)
		*etag = response.etag;
	result = check_answer(remote, &response, size, request.from);
	if (result == 0)
		result = begin_anew(sink);
	if (result >= 0)
		result = read_body(remote, sink->add, sink->data);
	if (result < 0) {
		const bool again = http_may_retry(remote->http);

		http_finish(remote->http);
		if (again && sink->offset(sink->data) == size)
			return 0; /* what is missing is the end's own mark */
		return again ? FETCH_AGAIN : result;
	}
	if (size != HTTP_LENGTH_UNKNOWN && sink->offset(sink->data) != size)
		return fail(EBADMSG, "%s: only %llu of %llu bytes come", remote->host,
			    (unsigned long long)sink->offset(sink->data), (unsigned long long)size);
	return 0;
}

static int blob_by_helper(struct remote *remote, const char *url, const struct sink *sink)
{
	struct helper_request request = { .url = url, .add = sink->add, .data = sink->data };
	int result = 0;

	if (helper_can_resume(remote->settings))
		request.offset = sink->offset(sink->data);
	else
		result = begin_anew(sink);
	return result < 0 ? result : helper_fetch(remote->arena, remote->settings, &request);
}

int remote_content(struct remote *remote, const struct url *url, uint64_t size,
		   const struct sink *sink)
{
	struct backoff backoff = { .limit = remote->attempts };
	const char *etag = NULL;

	if (remote->helper) {
		const char *text = url_text(remote->arena, url);

		return text ? blob_by_helper(remote, text, sink) : -ENOMEM;
	}
	for (;;) {
		const uint64_t before = sink->offset(sink->data);
		const int result = fetch_rest(remote, url, size, sink, &etag);

		if (result != FETCH_AGAIN)
			return result;
		if (sink->offset(sink->data) > before)
			backoff.attempt = 0; /* it goes on, however slowly */
		if (!backoff_wait(&backoff, 0, remote->host))
			return error_result();
	}
}

int remote_blob(struct remote *remote, const struct descriptor *descriptor, const struct sink *sink)
{
	char digest[DIGEST_TEXT_SIZE];
	struct url url;
	int result = remote_url(remote, &url, "blobs/%s", digest_text(&descriptor->digest, digest));

	return result < 0 ? result : remote_content(remote, &url, descriptor->size, sink);
}
