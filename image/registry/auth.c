/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answering WWW-Authenticate: Basic (RFC 7617), and Bearer as registries mean it (distribution's
 * "Token Authentication Specification", and its OAuth2 form for identity tokens).
 */
#include <string.h>
#include <strings.h>

#include "image/registry/remote.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/json.h"

enum { TOKEN_MAX = 6 << 10, ANSWER_MAX = 64 << 10 };

/* name=value, name="quoted \"value\"", separated by commas. */
char *auth_parameter(struct arena *arena, const char *challenge, const char *name)
{
	const size_t length = strlen(name);

	for (const char *c = challenge + strspn(challenge, " ,"); *c; c += strspn(c, " ,")) {
		const size_t key = strcspn(c, "= ,");
		const bool fits = key == length && strncasecmp(c, name, length) == 0;
		char *value, *out;

		c += key;
		if (*c != '=')
			continue;
		value = out = arena_bytes(arena, strlen(c) + 1);
		if (!value)
			return NULL;
		if (*++c == '"') {
			for (c++; *c && *c != '"'; c++) {
				if (*c == '\\' && c[1])
					c++;
				*out++ = *c;
			}
			c += *c == '"';
		} else {
			while (*c && *c != ',' && *c != ' ')
				*out++ = *c++;
		}
		if (fits)
			return value;
	}
	return NULL;
}

static int read_token(struct remote *remote, const struct url *realm)
{
	char *text = arena_bytes(remote->arena, ANSWER_MAX);
	const cJSON *root, *token;
	size_t size = 0;
	ssize_t got = 0;

	while (text && size < ANSWER_MAX &&
	       (got = http_read(remote->http, text + size, ANSWER_MAX - size)) > 0)
		size += (size_t)got;
	http_finish(remote->http);
	if (!text || got < 0)
		return text ? (int)got : -ENOMEM;
	root = json_parse(remote->arena, text, size, "token");
	if (!root)
		return fail_context(error_result(), "%s", realm->host);
	token = cJSON_GetObjectItemCaseSensitive(root, "token");
	if (!cJSON_IsString(token))
		token = cJSON_GetObjectItemCaseSensitive(root, "access_token");
	if (!cJSON_IsString(token) || !*token->valuestring ||
	    strlen(token->valuestring) > TOKEN_MAX || !http_is_value(token->valuestring))
		return fail(EACCES, "%s: sends no token", realm->host);
	remote->authorization = arena_printf(remote->arena, "Bearer %s", token->valuestring);
	return remote->authorization ? 0 : -ENOMEM;
}

/* OAuth2: the identity token goes in the body. */
static int make_refresh(struct remote *remote, const char *service, const char *scope,
			const char *identity_token, struct http_request *request)
{
	struct arena *arena = remote->arena;
	const char *body = arena_printf(
		arena,
		"grant_type=refresh_token&client_id=cruet&service=%s&scope=%s&refresh_token=%s",
		url_escape(arena, service), url_escape(arena, scope),
		url_escape(arena, identity_token));

	if (!body)
		return -ENOMEM;
	request->method = HTTP_POST;
	request->content_type = "application/x-www-form-urlencoded";
	request->body = body;
	request->body_size = strlen(body);
	return 0;
}

static int make_query(struct remote *remote, const char *service, const char *scope,
		      const char *basic, struct http_request *request)
{
	struct arena *arena = remote->arena;
	const char *path = request->url.path;

	request->url.path =
		arena_printf(arena, "%s%cservice=%s&scope=%s", path, strchr(path, '?') ? '&' : '?',
			     url_escape(arena, service), url_escape(arena, scope));
	if (!request->url.path)
		return -ENOMEM;
	if (!basic)
		return 0;
	request->authorization = arena_printf(arena, "Basic %s", basic);
	return request->authorization ? 0 : -ENOMEM;
}

static const char *scope_of(struct remote *remote, const char *challenge)
{
	const char *scope = auth_parameter(remote->arena, challenge, "scope");

	if (scope && *scope)
		return scope;
	return arena_printf(remote->arena, "repository:%s:%s", remote->repository, remote->actions);
}

static int answer_bearer(struct remote *remote, const char *challenge,
			 const struct credentials *credentials)
{
	const char *realm = auth_parameter(remote->arena, challenge, "realm");
	const char *service = auth_parameter(remote->arena, challenge, "service");
	const char *scope = scope_of(remote, challenge);
	struct http_request request = { .method = HTTP_GET, .accept = "application/json" };
	struct http_response response;
	int result;

	if (!realm)
		return fail(EACCES, "%s: asks for a token and does not say from where",
			    remote->host);
	result = url_parse(remote->arena, realm, &request.url);
	if (result < 0)
		return fail_context(result, "%s: realm", remote->host);
	if (!request.url.https && remote->base.https)
		return fail(EACCES, "%s: sends credentials over http to %s", remote->host,
			    request.url.host);
	if (!scope)
		return -ENOMEM;
	if (credentials->identity_token)
		result = make_refresh(remote, service ? service : "", scope,
				      credentials->identity_token, &request);
	else
		result = make_query(remote, service ? service : "", scope, credentials->basic,
				    &request);
	if (result == 0)
		result = http_send(remote->http, remote->arena, &request, &response);
	if (result < 0)
		return result;
	if (response.status != 200)
		return remote_refused(remote, &response, "token");
	return read_token(remote, &request.url);
}

int auth_answer(struct remote *remote, const struct http_response *challenge)
{
	struct credentials credentials;
	int result = credentials_find(remote->arena, remote->settings, remote->host,
				      remote->repository, &credentials);

	if (result < 0)
		return result;
	if (challenge->bearer)
		return answer_bearer(remote, challenge->bearer, &credentials);
	if (!challenge->basic)
		return fail(EACCES,
			    "%s: asks for an authentication that is neither Basic nor "
			    "Bearer",
			    remote->host);
	if (!credentials.basic)
		return fail(EACCES, "%s: asks for a user and password: cruet login %s",
			    remote->host, remote->host);
	if (remote->authorization && strncmp(remote->authorization, "Basic", 5) == 0)
		return fail(EACCES, "%s: does not take the user and password", remote->host);
	remote->authorization = arena_printf(remote->arena, "Basic %s", credentials.basic);
	return remote->authorization ? 0 : -ENOMEM;
}
