/* SPDX-License-Identifier: Apache-2.0 */
/* The answer as a stream of bytes: head and body. Only http.c, its tests and its fuzzer include it.
 */
#ifndef IMAGE_REGISTRY_HTTP_PARSE_H
#define IMAGE_REGISTRY_HTTP_PARSE_H

#include "image/registry/http.h"

enum http_limits { HTTP_LINE_MAX = 8 << 10, HTTP_HEAD_MAX = 64 << 10, HTTP_BUFFER = 16 << 10 };

enum http_body { HTTP_BODY_NONE, HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED, HTTP_BODY_CLOSE };

struct http_stream {
	/* > 0 bytes, 0 at the end, -errno recorded. */
	ssize_t (*fill)(void *data, void *buffer, size_t size);
	void *data;
	size_t begin, end; /* what is in the buffer */
	size_t head;	   /* bytes of this head so far */
	enum http_body body;
	uint64_t left;	/* of the body or the chunk */
	uint64_t total; /* of body that came */
	bool keep;	/* another answer may follow */
	bool cut;	/* the other end went away */
	bool chunk_open;
	char buffer[HTTP_BUFFER];
};

/* Read a head, 1xx ones skipped. `head`: it answers HEAD, so no body follows. 0; -errno recorded:
 * -EPROTO what is not HTTP, -EMSGSIZE too much, -ECONNRESET when the stream ended. */
int http_head_read(struct http_stream *stream, struct arena *arena, bool head,
		   struct http_response *response);
/* As http_read(). */
ssize_t http_body_read(struct http_stream *stream, void *buffer, size_t size);

#endif
