/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of images: distribution-spec "Pulling manifests" for repository and tag; what is left out
 * is filled in as docker does, because that is what people mean by "busybox".
 */
#include <ctype.h>
#include <string.h>

#include "image/registry/registry.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

enum { REPOSITORY_MAX = 255, TAG_MAX = 128 };

static int wrong(const char *name, const char *reason)
{
	return fail_as(ERROR_USAGE, EINVAL, "image name '%.300s': %s", name, reason);
}

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)* */
static bool is_repository(const char *text)
{
	const size_t length = strlen(text);

	if (!length || length > REPOSITORY_MAX)
		return false;
	for (size_t i = 0; i < length;) {
		const size_t start = i;

		while (is_lower_alnum(text[i]))
			i++;
		if (i == start)
			return false;
		if (!text[i])
			return true;
		if (text[i] == '-')
			while (text[i + 1] == '-')
				i++;
		else if (text[i] == '_' && text[i + 1] == '_')
			i++;
		else if (!strchr("._/", text[i]))
			return false;
		i++;
	}
	return false; /* ended by what separates */
}

/* [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127} */
static bool is_tag(const char *text)
{
	const size_t length = strlen(text);

	if (!length || length > TAG_MAX || *text == '.' || *text == '-')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
			return false;
	}
	return true;
}

static bool is_host(const char *text)
{
	for (const char *c = text; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("-._:[]", *c))
			return false;
	}
	return *text && *text != ':' && *text != '.';
}

/* The first component is a registry if it can be nothing else. */
static bool names_host(const char *component)
{
	return strpbrk(component, ".:") || strcmp(component, "localhost") == 0;
}

static int take_digest(struct arena *arena, const char *text, const char *hex,
		       struct image_name *name)
{
	struct digest *digest = arena_alloc(arena, sizeof(*digest));

	if (!digest)
		return -ENOMEM;
	name->digest = digest;
	return fail_context(digest_parse(digest, hex, "digest"), "image name '%.300s'", text);
}

int image_name_parse(struct arena *arena, const char *text, struct image_name *name)
{
	char *copy = arena_strdup(arena, text), *repository, *part;
	int result;

	if (!copy)
		return -ENOMEM;
	*name = (struct image_name){ .host = "docker.io", .tag = "" };
	part = strchr(copy, '@');
	if (part) {
		*part++ = '\0';
		result = take_digest(arena, text, part, name);
		if (result < 0)
			return result;
	}
	repository = copy;
	part = strchr(copy, '/');
	if (part) {
		*part = '\0';
		if (names_host(copy)) {
			name->host = copy;
			repository = part + 1;
		} else {
			*part = '/';
		}
	}
	part = strchr(repository, ':');
	if (part) {
		*part++ = '\0';
		name->tag = part;
		if (!is_tag(part))
			return wrong(text, "no valid tag");
	} else if (!name->digest) {
		name->tag = "latest";
	}
	if (!is_host(name->host))
		return wrong(text, "no valid host");
	if (!is_repository(repository))
		return wrong(text, "no valid repository: lower-case letters, digits and single "
				   "separators");
	if (strcmp(name->host, "index.docker.io") == 0)
		name->host = "docker.io";
	name->repository = repository;
	if (strcmp(name->host, "docker.io") == 0 && !strchr(repository, '/'))
		name->repository = arena_printf(arena, "library/%s", repository);
	return name->repository ? 0 : -ENOMEM;
}

char *image_name_text(struct arena *arena, const struct image_name *name)
{
	char digest[DIGEST_TEXT_SIZE] = "";

	if (name->digest)
		digest_text(name->digest, digest);
	return arena_printf(arena, "%s/%s%s%s%s%s", name->host, name->repository,
			    *name->tag ? ":" : "", name->tag, *digest ? "@" : "", digest);
}
