/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client for HTTP/1.1 (RFC 9110, RFC 9112): what registries and file servers need, strictly. One
 * request at a time; connections are kept for the next. What comes is read with bounds: a line of 8
 * KiB, a head of 64 KiB, chunks and lengths that must be exact.
 */
#ifndef IMAGE_REGISTRY_HTTP_H
#define IMAGE_REGISTRY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/registry/url.h"

struct arena;

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH };

/* Where a body that is sent comes from: > 0 bytes, -errno recorded. */
typedef ssize_t http_source(void *data, void *buffer, size_t size);

struct http_request {
	enum http_method method;
	struct url url;
	const char *accept, *authorization, *content_type, *content_range; /* or NULL */
	uint64_t from;	  /* of a range without end; 0: all */
	const void *body; /* of body_size bytes; or NULL: `source` */
	uint64_t body_size;
	http_source *source;
	void *data;
};

/* Texts are the arena's; NULL: was not there. */
struct http_response {
	unsigned int status;
	uint64_t length; /* of the body, or HTTP_LENGTH_UNKNOWN */
	bool has_range;
	uint64_t range_start, range_end, range_total; /* Content-Range; total may be unknown */
	uint64_t retry_after;			      /* seconds; 0: not said */
	const char *content_type, *location, *etag, *docker_digest, *range, *subject;
	const char *bearer, *basic; /* challenges of WWW-Authenticate, without the scheme */
};

struct http_options {
	const char *certificates; /* PEM bundle */
	bool insecure;		  /* no certificate is looked at */
	unsigned int stall_seconds;
};

struct http;

/* From the arena; http_close() ends its connections. NULL recorded. */
struct http *http_open(struct arena *arena, const struct http_options *options);
void http_close(struct http **http);
#define auto_http __attribute__((cleanup(http_close)))

/*
 * Send it, and read the head of the answer: whatever its status, 0. -errno recorded; then, or when
 * reading the body fails, http_may_retry() says whether the connection was at fault.
 */
int http_send(struct http *http, struct arena *arena, const struct http_request *request,
	      struct http_response *response);
/* Of the body: > 0 bytes, 0 at its end (when all of it came), -errno recorded. */
ssize_t http_read(struct http *http, void *buffer, size_t size);
/* What is left of the body is not wanted. */
void http_finish(struct http *http);
bool http_may_retry(const struct http *http);
/* May this stand in a request's header? */
bool http_is_value(const char *text);

#endif
