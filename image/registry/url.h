/* SPDX-License-Identifier: Apache-2.0 */
/* http and https addresses (RFC 3986): what goes into a request is checked here, once. */
#ifndef IMAGE_REGISTRY_URL_H
#define IMAGE_REGISTRY_URL_H

#include <stdbool.h>

struct arena;

struct url {
	bool https;
	const char *host; /* lower case; an IPv6 address without its brackets */
	const char *port; /* always there */
	const char *path; /* with the query, begins with '/', no fragment */
};

/* 0, or -EINVAL recorded: another scheme, a user name in it, characters that must be escaped. */
int url_parse(struct arena *arena, const char *text, struct url *url);
/* What `location` (absolute, or relative: RFC 3986 section 5.2) means seen from `base`. */
int url_resolve(struct arena *arena, const struct url *base, const char *location, struct url *url);
/* Scheme, host and port are the same: what was meant for one may be told to the other. */
bool url_same_origin(const struct url *a, const struct url *b);
/* "host", "host:port": without the port that the scheme implies, in brackets where needed. */
char *url_authority(struct arena *arena, const struct url *url);
char *url_text(struct arena *arena, const struct url *url);
/* Everything but letters, digits and "-._~" as %XX (RFC 3986 section 2.3). */
char *url_escape(struct arena *arena, const char *text);

#endif
