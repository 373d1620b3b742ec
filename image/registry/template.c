/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any static web server as a place for images: an address made by a template, as appc's discovery
 * makes it ({name} {version} {os} {arch} {ext}), but without its search in web pages.
 */
#include <string.h>

#include "image/registry/pull.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/str.h"

struct value {
	const char *name, *text;
};

/* NULL recorded: an unknown word. */
static char *expand(struct arena *arena, const char *template, const struct value *values,
		    size_t count)
{
	char *result = arena_strdup(arena, "");
	size_t i;

	while (result && *template) {
		const size_t plain = strcspn(template, "{");
		const char *end = template + plain;

		result = arena_printf(arena, "%s%.*s", result, (int)plain, template);
		template += plain;
		if (!result || !*template)
			break;
		end += strcspn(end, "}");
		for (i = 0; i < count; i++) {
			if (strlen(values[i].name) == (size_t)(end - template - 1) &&
			    str_has_prefix(template + 1, values[i].name))
				break;
		}
		if (i == count || !*end) {
			fail_as(ERROR_CONFIG, EINVAL, "mirror %.200s: what is %.*s}?", template,
				(int)(end - template), template);
			return NULL;
		}
		result = arena_printf(arena, "%s%s", result, values[i].text);
		template = end + 1;
	}
	return result;
}

static int try_address(struct pull *pull, const char *address, const struct mirror *mirror)
{
	struct remote_request request = { .base = address,
					  .host = address,
					  .repository = "",
					  .actions = "pull",
					  .insecure = mirror->insecure,
					  .attempts = pull->request->attempts,
					  .stall_seconds = pull->request->stall_seconds };
	struct remote remote;
	struct url url;
	int result = url_parse(pull->arena, address, &url);

	if (result < 0)
		return result;
	request.host = url_authority(pull->arena, &url);
	if (!request.host)
		return -ENOMEM;
	result = remote_open(pull->arena, pull->settings, &request, &remote);
	if (result == 0)
		result = pull_archive(pull, "-", &remote, &url, url.https && !mirror->insecure);
	remote_close(&remote);
	return result;
}

int pull_template(struct pull *pull, const struct mirror *mirror, const char *rest)
{
	static const char *const extensions[] = { "oci", "tar", "aci" };
	const size_t count = strstr(mirror->location, "{ext}") ? 3 : 1;
	int result = -ENOENT;

	for (size_t i = 0; i < count && result == -ENOENT; i++) {
		const struct value values[] = { { "name", rest },
						{ "version", pull->name.tag },
						{ "os", pull->board.os },
						{ "arch", pull->board.architecture },
						{ "variant", pull->board.variant },
						{ "ext", extensions[i] } };
		const char *address = expand(pull->arena, mirror->location, values,
					     sizeof(values) / sizeof(values[0]));

		result = address ? try_address(pull, address, mirror) : error_result();
	}
	return result;
}
