/* SPDX-License-Identifier: Apache-2.0 */
#include "image/registry/url.h"

#include <ctype.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

enum { URL_MAX = 8000 }; /* a line of a request has 8 KiB */

static int wrong(const char *text, const char *reason)
{
	return fail_as(ERROR_CONFIG, EINVAL, "address '%.200s': %s", text, reason);
}

static const char *default_port(bool https)
{
	return https ? "443" : "80";
}

static bool is_host(const char *host, bool brackets)
{
	if (!*host || strlen(host) > 253)
		return false;
	for (const char *c = host; *c; c++) {
		if (brackets ? !isxdigit((unsigned char)*c) && *c != ':' && *c != '.' :
			       !isalnum((unsigned char)*c) && !strchr("-._", *c))
			return false;
	}
	return true;
}

static bool is_port(const char *port)
{
	uint32_t number;

	return str_uint32(port, &number) && number >= 1 && number <= 65535 && strlen(port) <= 5;
}

/* "HOST[:PORT]". */
static int parse_authority(struct arena *arena, char *text, struct url *url)
{
	char *end = text;
	const bool brackets = *text == '[';

	if (brackets) {
		end = strchr(++text, ']');
		if (!end)
			return wrong(text, "no ']'");
		*end++ = '\0';
	} else {
		end += strcspn(end, ":");
	}
	url->port = default_port(url->https);
	if (*end == ':') {
		*end = '\0';
		url->port = end + 1;
	} else if (*end) {
		return wrong(text, "what follows the host is no port");
	}
	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	url->host = text;
	if (!is_host(text, brackets))
		return wrong(text, "no name or address of a host");
	if (!is_port(url->port))
		return wrong(url->port, "no port");
	(void)arena;
	return 0;
}

int url_parse(struct arena *arena, const char *text, struct url *url)
{
	const size_t length = strcspn(text, "#");
	char *copy, *path, *authority;

	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
			return wrong("", "has characters that must be escaped");
	}
	if (length > URL_MAX)
		return wrong(text, "too long");
	url->https = strncasecmp(text, "https://", 8) == 0;
	if (!url->https && strncasecmp(text, "http://", 7) != 0)
		return wrong(text, "neither https:// nor http://");
	copy = arena_strndup(arena, text, length);
	if (!copy)
		return -ENOMEM;
	authority = copy + (url->https ? 8 : 7);
	path = authority + strcspn(authority, "/?");
	url->path = arena_printf(arena, "%s%s", *path == '/' ? "" : "/", path);
	if (!url->path)
		return -ENOMEM;
	*path = '\0';
	if (strchr(authority, '@'))
		return wrong("", "user names and passwords do not belong there");
	return parse_authority(arena, authority, url);
}

/* RFC 3986 section 5.2.4, in place; what follows '?' stays. */
static void remove_dots(char *path)
{
	char *out = path, *in = path;

	while (*in && *in != '?') {
		const size_t length = 1 + strcspn(in + 1, "/?");
		const bool last = in[length] != '/';

		if (length == 2 && in[1] == '.') {
			in += length;
		} else if (length == 3 && in[1] == '.' && in[2] == '.') {
			in += length;
			while (out > path && *--out != '/')
				;
		} else {
			memmove(out, in, length);
			out += length;
			in += length;
			continue;
		}
		if (last)
			*out++ = '/';
	}
	memmove(out, in, strlen(in) + 1);
}

int url_resolve(struct arena *arena, const struct url *base, const char *location, struct url *url)
{
	const size_t scheme =
		strspn(location, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789+-.");
	char *text, *path;
	size_t folder;

	if (location[scheme] == ':')
		return url_parse(arena, location, url);
	if (str_has_prefix(location, "//")) {
		text = arena_printf(arena, "%s:%s", base->https ? "https" : "http", location);
		return text ? url_parse(arena, text, url) : -ENOMEM;
	}
	folder = strcspn(base->path, "?");
	if (*location == '/')
		folder = 0;
	else if (*location && *location != '?' && *location != '#')
		while (folder && base->path[folder - 1] != '/')
			folder--;
	path = arena_printf(arena, "%.*s%s", (int)folder, base->path, location);
	if (!path)
		return -ENOMEM;
	remove_dots(path);
	text = arena_printf(arena, "%s://%s%s", base->https ? "https" : "http",
			    url_authority(arena, base), path);
	return text ? url_parse(arena, text, url) : -ENOMEM;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->https == b->https && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}

char *url_authority(struct arena *arena, const struct url *url)
{
	const bool brackets = strchr(url->host, ':') != NULL;
	const bool port = strcmp(url->port, default_port(url->https)) != 0;

	return arena_printf(arena, "%s%s%s%s%s", brackets ? "[" : "", url->host,
			    brackets ? "]" : "", port ? ":" : "", port ? url->port : "");
}

char *url_text(struct arena *arena, const struct url *url)
{
	const char *authority = url_authority(arena, url);

	return authority ? arena_printf(arena, "%s://%s%s", url->https ? "https" : "http",
					authority, url->path) :
			   NULL;
}

char *url_escape(struct arena *arena, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *result = arena_bytes(arena, 3 * strlen(text) + 1), *out = result;

	for (; result && *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr("-._~", c)) {
			*out++ = (char)c;
		} else {
			*out++ = '%';
			*out++ = digits[c >> 4];
			*out++ = digits[c & 15];
		}
	}
	return result;
}
