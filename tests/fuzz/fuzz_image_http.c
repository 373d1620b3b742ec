/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: a server's answers. However they are cut into pieces they read the same; a body is
 * as long as it said; what they lead to (an address, a challenge) is safe to put into a request.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/registry/http_parse.h"
#include "image/registry/remote.h"
#include "lib/arena.h"
#include "lib/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

struct bytes {
	const uint8_t *data;
	size_t size, piece;
};

static ssize_t give(void *data, void *buffer, size_t size)
{
	struct bytes *bytes = data;

	if (size > bytes->piece)
		size = bytes->piece;
	if (size > bytes->size)
		size = bytes->size;
	memcpy(buffer, bytes->data, size);
	bytes->data += size;
	bytes->size -= size;
	return (ssize_t)size;
}

static void check_values(struct arena *arena, const struct http_response *response)
{
	const struct url base = { true, "registry.example", "443", "/v2/a/b?c=d" };
	const char *const texts[] = { response->content_type, response->location,
				      response->etag,	      response->docker_digest,
				      response->range,	      response->subject,
				      response->bearer,	      response->basic };
	struct url url;

	demand(response->status >= 200 && response->status < 600, "a status");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		demand(!texts[i] || http_is_value(texts[i]), "a value with control characters");
	demand(!response->has_range || (response->range_start <= response->range_end &&
					response->range_end < response->range_total),
	       "a range");
	if (response->location && url_resolve(arena, &base, response->location, &url) == 0) {
		const char *text = url_text(arena, &url);
		struct url again;

		demand(*url.path == '/' && !strpbrk(url.path, " \r\n\t#") && *url.host,
		       "an address that is none");
		demand(url_parse(arena, text, &again) == 0 && url_same_origin(&url, &again) &&
			       strcmp(url.path, again.path) == 0,
		       "not the same address again");
	}
	if (response->bearer) {
		const char *realm = auth_parameter(arena, response->bearer, "realm");

		demand(!realm ||
			       (strlen(realm) <= strlen(response->bearer) && http_is_value(realm)),
		       "a realm");
	}
}

/* Everything that was read, as one hash; what stands after an error is not looked at. */
static uint64_t read_all(const uint8_t *data, size_t size, size_t piece, bool head)
{
	auto_arena struct arena arena = { 0 };
	struct bytes bytes = { data, size, piece };
	struct http_stream *stream = calloc(1, sizeof(*stream));
	struct http_response response;
	uint64_t hash = 14695981039346656037ULL;
	char buffer[512];

	stream->fill = give;
	stream->data = &bytes;
	do {
		uint64_t total = 0;
		ssize_t got;

		error_clear();
		if (http_head_read(stream, &arena, head, &response) < 0) {
			demand(error_last()->text[0], "no message");
			break;
		}
		check_values(&arena, &response);
		hash = (hash ^ response.status) * 1099511628211ULL;
		while ((got = http_body_read(stream, buffer, sizeof(buffer))) > 0) {
			total += (uint64_t)got;
			for (ssize_t i = 0; i < got; i++)
				hash = (hash ^ (unsigned char)buffer[i]) * 1099511628211ULL;
		}
		if (got < 0) {
			demand(error_last()->text[0], "no message");
			break;
		}
		demand(total == stream->total, "another total");
		demand(head || response.length == HTTP_LENGTH_UNKNOWN || response.status == 204 ||
			       response.status == 304 || total == response.length,
		       "a body of another length");
	} while (stream->keep);
	free(stream);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool head;

	if (!size)
		return 0;
	head = data[0] & 1 && data[0] & 2 && data[0] & 4;
	demand(read_all(data + 1, size - 1, SIZE_MAX, head) ==
		       read_all(data + 1, size - 1, (size_t)data[0] % 64 + 1, head),
	       "pieces read otherwise than the whole");
	return 0;
}
