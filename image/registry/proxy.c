/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proxies, as curl and everybody take them from the environment: http_proxy, https_proxy, no_proxy
 * (the latter two in capitals, too). A tunnel (RFC 9110 section 9.3.6) for https, the whole address
 * in the request for http. The proxy itself may be spoken to over TLS, and may want a password.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "image/registry/http.h"
#include "image/registry/wire.h"
#include "lib/arena.h"
#include "lib/base64.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/str.h"

enum { ANSWER_MAX = 4096, PASSWORD_MAX = 1024, NETWORK_MAX = INET6_ADDRSTRLEN + 4 };

static const char *environment(const char *name, const char *capitals)
{
	const char *value = getenv(name);

	if (!value || !*value)
		value = capitals ? getenv(capitals) : NULL;
	return value && *value ? value : NULL;
}

/* How many bits the address has; 0: it is none. */
static unsigned int read_address(const char *text, unsigned char bytes[16])
{
	if (inet_pton(AF_INET, text, bytes) == 1)
		return 32;
	return inet_pton(AF_INET6, text, bytes) == 1 ? 128 : 0;
}

/* "192.0.2.0/24", "2001:db8::/32", or one address, without brackets. */
static bool is_in_network(const char *item, size_t length, const unsigned char host[16],
			  unsigned int host_bits)
{
	char text[NETWORK_MAX], *slash;
	unsigned char network[16];
	uint32_t bits = host_bits;

	if (length >= sizeof(text))
		return false;
	memcpy(text, item, length);
	text[length] = '\0';
	slash = strchr(text, '/');
	if (slash) {
		*slash = '\0';
		if (!str_uint32(slash + 1, &bits) || bits > host_bits)
			return false;
	}
	if (read_address(text, network) != host_bits || memcmp(host, network, bits / 8) != 0)
		return false;
	return bits % 8 == 0 || ((host[bits / 8] ^ network[bits / 8]) >> (8 - bits % 8)) == 0;
}

/* "example.org" and ".example.org": that host, and all below it. */
static bool is_in_domain(const char *item, size_t length, const char *host, size_t size)
{
	if (length && *item == '.') {
		item++;
		length--;
	}
	if (length && item[length - 1] == '.')
		length--;
	return length && length <= size && strncasecmp(host + size - length, item, length) == 0 &&
	       (length == size || host[size - length - 1] == '.');
}

/* As curl documents no_proxy: "*" alone; else domains, addresses and networks, after commas or
 * blanks. An address is in no domain. */
static bool is_excepted(const char *list, const char *host)
{
	unsigned char address[16];
	const unsigned int bits = read_address(host, address);
	size_t size = strlen(host);

	if (list && strcmp(list, "*") == 0)
		return true;
	if (size && host[size - 1] == '.')
		size--;
	while (list && *(list += strspn(list, ", "))) {
		const size_t length = strcspn(list, ", ");

		if (bits ? is_in_network(list, length, address, bits) :
			   is_in_domain(list, length, host, size))
			return true;
		list += length;
	}
	return false;
}

/* The %XX of a user's name or password, in place. */
static bool unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		char digits[3] = "";

		if (*text != '%') {
			*out++ = *text;
			continue;
		}
		if (!isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
			return false;
		memcpy(digits, text + 1, 2);
		*out = (char)strtoul(digits, NULL, 16);
		if (!*out++)
			return false;
		text += 2;
	}
	*out = '\0';
	return true;
}

/* RFC 7617, of "USER[:PASSWORD]". Neither is told in an error. */
static int read_user(struct arena *arena, const char *text, size_t length, struct proxy *proxy)
{
	char *user = arena_strndup(arena, text, length);
	char *password = user ? strchr(user, ':') : NULL;
	char *both, *encoded;

	if (!user)
		return -ENOMEM;
	if (password)
		*password++ = '\0';
	if (length > PASSWORD_MAX || !unescape(user) || (password && !unescape(password)) ||
	    strchr(user, ':'))
		return fail_as(ERROR_CONFIG, EINVAL,
			       "its user and password: must be USER:PASSWORD of at most %d bytes, "
			       "other characters as %%XX",
			       PASSWORD_MAX);
	both = arena_printf(arena, "%s:%s", user, password ? password : "");
	encoded = both ? arena_bytes(arena, BASE64_TEXT_SIZE(strlen(both))) : NULL;
	if (!encoded)
		return -ENOMEM;
	proxy->authorization =
		arena_printf(arena, "Basic %s", base64_encode(both, strlen(both), encoded));
	return proxy->authorization ? 0 : -ENOMEM;
}

/* "[http[s]://][USER[:PASSWORD]@]HOST[:PORT]". */
static int read_proxy(struct arena *arena, const char *text, struct proxy *proxy)
{
	const char *scheme = strstr(text, "://"), *rest = scheme ? scheme + 3 : text, *at = NULL;
	const char *plain;
	int result = 0;

	*proxy = (struct proxy){ .authorization = NULL };
	for (const char *c = rest; *c && *c != '/' && *c != '?' && *c != '#'; c++)
		at = *c == '@' ? c : at;
	if (at)
		result = read_user(arena, rest, (size_t)(at - rest), proxy);
	if (result < 0)
		return result;
	plain = scheme ? arena_printf(arena, "%.*s://%s", (int)(scheme - text), text,
				      at ? at + 1 : rest) :
			 arena_printf(arena, "http://%s", at ? at + 1 : rest);
	result = plain ? url_parse(arena, plain, &proxy->url) : -ENOMEM;
	if (result == 0 && proxy->url.https && !IS_ENABLED(CONFIG_PULL_TLS))
		return fail_as(ERROR_UNSUPPORTED, EOPNOTSUPP,
			       "https://%s: this build has no TLS (CONFIG_PULL_TLS)",
			       proxy->url.host);
	return result;
}

int proxy_find(struct arena *arena, const struct url *url, struct proxy *proxy)
{
	/* HTTP_PROXY is what a web server makes of a client's header: not looked at. */
	const char *text = url->https ? environment("https_proxy", "HTTPS_PROXY") :
					environment("http_proxy", NULL);
	int result;

	if (!text || is_excepted(environment("no_proxy", "NO_PROXY"), url->host))
		return 0;
	result = read_proxy(arena, text, proxy);
	return result < 0 ? fail_context(result, "proxy") : 1;
}

int proxy_tunnel(struct wire *wire, const struct proxy *proxy, const struct url *url)
{
	const bool brackets = strchr(url->host, ':') != NULL;
	const char *authorization = proxy->authorization;
	char text[ANSWER_MAX];
	size_t size = 0;
	int result = str_format(text, sizeof(text),
				"CONNECT %s%s%s:%s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n",
				brackets ? "[" : "", url->host, brackets ? "]" : "", url->port,
				url->host, authorization ? "Proxy-Authorization: " : "",
				authorization ? authorization : "", authorization ? "\r\n" : "");

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
