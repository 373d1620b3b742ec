/* SPDX-License-Identifier: Apache-2.0 */
#include "image/registry/http.h"

#include <string.h>

#include "image/registry/http_parse.h"
#include "image/registry/wire.h"
#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"

enum {
	CONNECTIONS = 3, /* a registry, its token server, and where its blobs are */
	DRAIN_MAX = 64 << 10,
	SEND_BUFFER = 32 << 10,
};

struct connection {
	struct wire wire;
	struct url url; /* its origin */
	char host[256], port[6];
	struct http_stream stream;
};

struct http {
	struct http_options options;
	struct connection pool[CONNECTIONS];
	struct connection *current; /* whose answer is being read */
	unsigned int next;	    /* which one goes when there is no room */
	bool may_retry;
};

struct http *http_open(struct arena *arena, const struct http_options *options)
{
	struct http *http = arena_alloc(arena, sizeof(*http));

	if (!http)
		return NULL;
	http->options = *options;
	if (!http->options.stall_seconds)
		http->options.stall_seconds = 60;
	for (size_t i = 0; i < CONNECTIONS; i++)
		http->pool[i].wire.fd = -1;
	return http;
}

void http_close(struct http **http)
{
	for (size_t i = 0; *http && i < CONNECTIONS; i++)
		wire_close(&(*http)->pool[i].wire);
	*http = NULL;
}

bool http_may_retry(const struct http *http)
{
	return http->may_retry;
}

static ssize_t fill(void *data, void *buffer, size_t size)
{
	struct connection *connection = data;
	const ssize_t got = wire_read(&connection->wire, buffer, size);

	if (got < 0)
		connection->stream.cut = true;
	return got;
}

/* An open connection to that origin, or a place for one. */
static struct connection *find_connection(struct http *http, const struct url *url)
{
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *one = &http->pool[i];

		if (one->wire.fd >= 0 && url_same_origin(&one->url, url))
			return one;
	}
	for (size_t i = 0; i < CONNECTIONS; i++) {
		if (http->pool[i].wire.fd < 0)
			return &http->pool[i];
	}
	http->next = (http->next + 1) % CONNECTIONS;
	wire_close(&http->pool[http->next].wire);
	return &http->pool[http->next];
}

/* May it be better in a second? */
static bool is_passing(int result)
{
	return result == -ECONNREFUSED || result == -ECONNRESET || result == -ETIMEDOUT ||
	       result == -EHOSTUNREACH || result == -ENETUNREACH || result == -EPIPE;
}

static int open_connection(struct http *http, struct connection *connection, const struct url *url,
			   const struct proxy *proxy)
{
	int result;

	strncpy(connection->host, url->host, sizeof(connection->host) - 1);
	strncpy(connection->port, url->port, sizeof(connection->port) - 1);
	connection->url = (struct url){ .https = url->https,
					.host = connection->host,
					.port = connection->port };
	connection->stream.begin = connection->stream.end = 0;
	connection->stream.cut = false;
	connection->stream.fill = fill;
	connection->stream.data = connection;
	result = wire_open(&connection->wire, url, proxy, &http->options);
	http->may_retry = is_passing(result);
	return result;
}

/* `proxy`: that reads it itself, or NULL. NULL recorded: a value with a line's end in it would be a
 * header, or a request, of its own. */
static char *make_head(struct arena *arena, const struct http_request *request,
		       const struct proxy *proxy)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH" };
	const struct {
		const char *name, *value;
	} headers[] = {
		{ "Accept", request->accept },
		{ "Authorization", request->authorization },
		{ "Proxy-Authorization", proxy ? proxy->authorization : NULL },
		{ "Content-Type", request->content_type },
		{ "Content-Range", request->content_range },
	};
	char *head = arena_printf(arena,
				  "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: cruet/" CRUET_VERSION
				  "\r\nAccept-Encoding: identity\r\n",
				  methods[request->method],
				  proxy ? url_text(arena, &request->url) : request->url.path,
				  url_authority(arena, &request->url));

	for (size_t i = 0; head && i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (!headers[i].value)
			continue;
		if (!http_is_value(headers[i].value)) {
			fail(EINVAL, "%s of a request has control characters", headers[i].name);
			return NULL;
		}
		head = arena_printf(arena, "%s%s: %s\r\n", head, headers[i].name, headers[i].value);
	}
	if (head && request->from)
		head = arena_printf(arena, "%sRange: bytes=%llu-\r\n", head,
				    (unsigned long long)request->from);
	if (head && request->method >= HTTP_POST)
		head = arena_printf(arena, "%sContent-Length: %llu\r\n", head,
				    (unsigned long long)request->body_size);
	return head ? arena_printf(arena, "%s\r\n", head) : NULL;
}

static int send_body(struct http *http, struct wire *wire, const struct http_request *request)
{
	static char buffer[SEND_BUFFER];

	if (request->body || !request->source)
		return wire_write(wire, request->body, (size_t)request->body_size);
	for (uint64_t left = request->body_size; left;) {
		const ssize_t got =
			request->source(request->data, buffer,
					left < sizeof(buffer) ? (size_t)left : sizeof(buffer));

		if (got <= 0) {
			http->may_retry = false;
			return got < 0 ? (int)got : fail(EIO, "the file became shorter");
		}
		if (wire_write(wire, buffer, (size_t)got) < 0)
			return error_result();
		left -= (uint64_t)got;
	}
	return 0;
}

/* A server that refuses a body may answer before it has read it, so the answer is read anyway. */
static int exchange(struct http *http, struct connection *connection, struct arena *arena,
		    const struct http_request *request, const char *head,
		    struct http_response *response)
{
	struct http_stream *stream = &connection->stream;
	const uint64_t body = request->method >= HTTP_POST ? request->body_size : 0;
	int result, sent;

	http->may_retry = true;
	sent = wire_write(&connection->wire, head, strlen(head));
	if (sent == 0 && body)
		sent = send_body(http, &connection->wire, request);
	if (sent < 0 && (!body || !http->may_retry))
		return sent;
	result = http_head_read(stream, arena, request->method == HTTP_HEAD, response);
	if (result < 0)
		http->may_retry = stream->cut;
	else if (sent < 0)
		stream->keep = false;
	return result;
}

int http_send(struct http *http, struct arena *arena, const struct http_request *request,
	      struct http_response *response)
{
	struct connection *connection;
	struct proxy proxy;
	const int proxied = proxy_find(arena, &request->url, &proxy);
	const char *head;
	int result = 0;
	bool reused;

	http->may_retry = false;
	if (proxied < 0)
		return proxied;
	head = make_head(arena, request, proxied && !request->url.https ? &proxy : NULL);
	if (!head)
		return error_result();
	http_finish(http);
	do {
		connection = find_connection(http, &request->url);
		reused = connection->wire.fd >= 0;
		result = reused ? 0 :
				  open_connection(http, connection, &request->url,
						  proxied ? &proxy : NULL);
		if (result < 0)
			return result;
		result = exchange(http, connection, arena, request, head, response);
		if (result < 0)
			wire_close(&connection->wire);
		/* A connection that was kept may have ended meanwhile: that is no failure. */
	} while (result < 0 && reused && http->may_retry && !request->source);
	if (result < 0)
		return result;
	http->current = connection;
	return 0;
}

static void end_answer(struct http *http)
{
	const struct http_stream *stream = &http->current->stream;

	/* What came too much would be taken for the next answer. */
	if (!stream->keep || stream->body != HTTP_BODY_NONE || stream->begin != stream->end)
		wire_close(&http->current->wire);
	http->current = NULL;
}

ssize_t http_read(struct http *http, void *buffer, size_t size)
{
	ssize_t got;

	if (!http->current)
		return 0;
	got = http_body_read(&http->current->stream, buffer, size);
	http->may_retry = got < 0 && http->current->stream.cut;
	if (got <= 0)
		end_answer(http);
	return got;
}

void http_finish(struct http *http)
{
	char buffer[4096];
	size_t drained = 0;

	while (http->current) {
		const ssize_t got = drained < DRAIN_MAX && http->current->stream.keep ?
					    http_read(http, buffer, sizeof(buffer)) :
					    0;

		drained += got > 0 ? (size_t)got : 0;
		if (got <= 0 && http->current)
			end_answer(http);
	}
}
