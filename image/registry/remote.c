/* SPDX-License-Identifier: Apache-2.0 */
#include "image/registry/remote.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

enum { REDIRECTS_MAX = 10, ERROR_BODY_MAX = 4096, ATTEMPTS = 5 };

static const char *origin_of(const char *host)
{
	return strcmp(host, "docker.io") == 0 ? "registry-1.docker.io" : host;
}

static int set_base(struct remote *remote, const char *text)
{
	int result = url_parse(remote->arena, text, &remote->base);
	size_t length;
	char *path;

	if (result < 0)
		return result;
	length = strcspn(remote->base.path, "?");
	while (length && remote->base.path[length - 1] == '/')
		length--;
	path = arena_strndup(remote->arena, remote->base.path, length);
	remote->base.path = path;
	return path ? 0 : -ENOMEM;
}

/* Somebody who allows http does not say that there is no https. */
static bool speaks_https(struct remote *remote)
{
	struct http_response response;
	struct http_request request = { .method = HTTP_GET, .url = remote->base };

	request.url.path = "/v2/";
	if (!IS_ENABLED(CONFIG_PULL_TLS) ||
	    http_send(remote->http, remote->arena, &request, &response) < 0)
		return false;
	http_finish(remote->http);
	return true;
}

int remote_open(struct arena *arena, const struct image_settings *settings,
		const struct remote_request *request, struct remote *remote)
{
	const struct http_options options = { .certificates = settings->certificates,
					      .insecure = request->insecure,
					      .stall_seconds = request->stall_seconds };
	const char *base = request->base;
	int result;

	*remote = (struct remote){ .arena = arena,
				   .settings = settings,
				   .host = request->host,
				   .repository = request->repository,
				   .actions = request->actions,
				   .attempts = request->attempts ? request->attempts : ATTEMPTS };
	remote->http = http_open(arena, &options);
	if (!base)
		base = arena_printf(arena, "https://%s", origin_of(request->host));
	if (!remote->http || !base)
		return -ENOMEM;
	result = set_base(remote, base);
	if (result < 0)
		return result;
	remote->helper = settings->helper_count > 0 && remote->base.https;
	if (!request->base && request->insecure && !remote->helper && !speaks_https(remote)) {
		log_debug("%s: http, as it does not speak https", request->host);
		error_clear();
		base = arena_printf(arena, "http://%s", origin_of(request->host));
		result = base ? set_base(remote, base) : -ENOMEM;
	}
	return result;
}

void remote_close(struct remote *remote)
{
	http_close(&remote->http);
}

int remote_url(struct remote *remote, struct url *url, const char *format, ...)
{
	char tail[512];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(tail, sizeof(tail), format, arguments);
	va_end(arguments);
	*url = remote->base;
	url->path = arena_printf(remote->arena, "%s/v2/%s/%s", remote->base.path,
				 remote->repository, tail);
	return url->path ? 0 : -ENOMEM;
}

static bool is_redirect(const struct http_response *response)
{
	return response->location && response->status >= 301 && response->status <= 308 &&
	       response->status != 304 && response->status != 305 && response->status != 306;
}

/* Where to go on. Never from https to http; what cannot be sent twice is not. */
static int redirect(struct remote *remote, struct http_request *request,
		    const struct http_response *response)
{
	const struct url from = request->url;
	int result = url_resolve(remote->arena, &from, response->location, &request->url);

	if (result < 0)
		return fail_context(result, "redirect");
	if (from.https && !request->url.https)
		return fail(EACCES, "%s: redirects from https to http", from.host);
	if (request->method >= HTTP_POST)
		return fail(EOPNOTSUPP, "%s: redirects an upload", from.host);
	return 0;
}

/* One attempt. Credentials go to the registry's own origin only. */
static int send_once(struct remote *remote, const struct http_request *given,
		     struct http_response *response)
{
	struct http_request request = *given;
	bool answered = false;
	int result;

	memset(response, 0, sizeof(*response));
	for (unsigned int hops = 0; hops <= REDIRECTS_MAX;) {
		const bool own = url_same_origin(&request.url, &remote->base);

		request.authorization = own ? remote->authorization : NULL;
		result = http_send(remote->http, remote->arena, &request, response);
		if (result < 0)
			return result;
		if (response->status == 401 && own && !answered && !request.source) {
			answered = true;
			http_finish(remote->http);
			result = auth_answer(remote, response);
			if (result < 0)
				return result;
			continue;
		}
		if (!is_redirect(response))
			return 0;
		http_finish(remote->http);
		result = redirect(remote, &request, response);
		if (result < 0)
			return result;
		hops++;
	}
	return fail(ELOOP, "%s: more than %d redirects", given->url.host, REDIRECTS_MAX);
}

int remote_send(struct remote *remote, const struct http_request *request,
		struct http_response *response)
{
	struct backoff backoff = { .limit = request->source ? 1 : remote->attempts };

	for (;;) {
		uint64_t retry_after = 0;
		int result = send_once(remote, request, response);

		if (result < 0 && !http_may_retry(remote->http))
			return result;
		if (result == 0) {
			if (response->status != 429 && response->status < 500)
				return 0;
			retry_after = response->retry_after;
			http_finish(remote->http);
			result = fail(EREMOTEIO, "%s answers with status %u", request->url.host,
				      response->status);
		}
		if (!backoff_wait(&backoff, retry_after, remote->host))
			return result;
	}
}

/* {"errors": [{"code": "...", "message": "..."}]}; "" if it is none. */
static const char *error_message(struct remote *remote)
{
	char *body = arena_bytes(remote->arena, ERROR_BODY_MAX);
	const struct error kept = *error_last();
	const cJSON *root, *message;
	size_t size = 0;
	ssize_t got;

	while (body && size < ERROR_BODY_MAX &&
	       (got = http_read(remote->http, body + size, ERROR_BODY_MAX - size)) > 0)
		size += (size_t)got;
	http_finish(remote->http);
	root = size ? json_parse(remote->arena, body, size, "error") : NULL;
	*error_last() = kept;
	message = cJSON_GetObjectItemCaseSensitive(root, "errors");
	message = cJSON_IsArray(message) ? message->child : NULL;
	message = cJSON_GetObjectItemCaseSensitive(message, "message");
	return cJSON_IsString(message) ? message->valuestring : "";
}

int remote_refused(struct remote *remote, const struct http_response *response, const char *what)
{
	const char *message = error_message(remote);
	const char *space = *message ? ": " : "";

	switch (response->status) {
	case 404:
		(void)fail_as(ERROR_NOT_FOUND, 0, "%s: no %s%s%.200s", remote->host, what, space,
			      message);
		return -ENOENT;
	case 401:
	case 403:
		return fail(EACCES, "%s: %s/%s%s%.200s", remote->host, remote->repository, what,
			    space, message);
	case 407:
		return fail(EACCES, "the proxy does not take the user and password, or wants one");
	default:
		return fail(EIO, "%s: %s: status %u%s%.200s", remote->host, what, response->status,
			    space, message);
	}
}
