/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proxies, as curl and everybody take them from the environment: http_proxy, https_proxy, no_proxy
 * (the latter two in capitals, too). A tunnel (RFC 9110 section 9.3.6) for https, the whole address
 * in the request for http.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "image/registry/http.h"
#include "image/registry/wire.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

enum { ANSWER_MAX = 4096 };

static const char *environment(const char *name, const char *capitals)
{
	const char *value = getenv(name);

	if (!value || !*value)
		value = capitals ? getenv(capitals) : NULL;
	return value && *value ? value : NULL;
}

/* "example.org", ".example.org", "*": separated by commas or blanks. */
static bool is_excepted(const char *list, const char *host)
{
	const size_t size = strlen(host);

	while (list && *(list += strspn(list, ", "))) {
		const size_t length = strcspn(list, ", ");
		const char *item = list + (*list == '.');
		const size_t part = length - (*list == '.');

		list += length;
		if (part == 1 && *item == '*')
			return true;
		if (part && part <= size && strncasecmp(host + size - part, item, part) == 0 &&
		    (part == size || host[size - part - 1] == '.'))
			return true;
	}
	return false;
}

int proxy_find(struct arena *arena, const struct url *url, struct url *proxy)
{
	/* HTTP_PROXY is what a web server makes of a client's header: not looked at. */
	const char *text = url->https ? environment("https_proxy", "HTTPS_PROXY") :
					environment("http_proxy", NULL);
	int result;

	if (!text || is_excepted(environment("no_proxy", "NO_PROXY"), url->host))
		return 0;
	if (!strstr(text, "://"))
		text = arena_printf(arena, "http://%s", text);
	result = text ? url_parse(arena, text, proxy) : -ENOMEM;
	if (result < 0)
		return fail_context(result, "proxy");
	if (proxy->https)
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP, "proxy %s: only http:// is known",
			       proxy->host);
	return 1;
}

int proxy_tunnel(struct wire *wire, const struct url *url)
{
	const bool brackets = strchr(url->host, ':') != NULL;
	char text[ANSWER_MAX];
	size_t size = 0;
	int result =
		str_format(text, sizeof(text), "CONNECT %s%s%s:%s HTTP/1.1\r\nHost: %s\r\n\r\n",
			   brackets ? "[" : "", url->host, brackets ? "]" : "", url->port,
			   url->host);

	if (result == 0)
		result = wire_write(wire, text, strlen(text));
	if (result < 0)
		return result;
	/* Byte by byte: what follows the head is the server's. */
	do {
		const ssize_t got = wire_read(wire, text + size, 1);

		if (got <= 0)
			return got < 0 ? (int)got :
					 fail(ECONNRESET, "the proxy closed the "
							  "connection");
		text[++size] = '\0';
	} while (size < sizeof(text) - 1 && (size < 4 || strcmp(text + size - 4, "\r\n\r\n") != 0));
	text[strcspn(text, "\r\n")] = '\0';
	if (!str_has_prefix(text, "HTTP/1.") || strlen(text) < 12 || text[9] != '2')
		return fail(EACCES, "the proxy refuses %s: %.100s", url->host, text);
	return 0;
}
