/* SPDX-License-Identifier: Apache-2.0 */
/* cruet image attach */
#include <fcntl.h>

#include "image/cmd/session.h"
#include "image/trust/trust.h"

static const struct args_option options[] = { SESSION_OPTION_ROWS, COMMAND_OPTIONS_END };

/* About what the name leads to, or, when that is an index, about this machine's manifest in it. */
static int attach_one(struct session *session, const char *name, const char *path)
{
	struct descriptor top;
	struct image image;
	int result = store_resolve(&session->arena, session->store, name, &top);

	if (result < 0)
		return result;
	result = trust_attach(session->store, &top.digest, AT_FDCWD, path);
	if (result == 0 || top.kind != MEDIA_KIND_INDEX)
		return result;
	result = image_load(&session->arena, session->store, name, NULL, &image);
	return result < 0 ? result :
			    trust_attach(session->store, &image.descriptor.digest, AT_FDCWD, path);
}

static int attach(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session;
	int result = session_open(&session, given, SESSION_CHANGE);

	(void)context;
	for (int i = 1; i < argc && result == 0; i++)
		result = attach_one(&session, argv[0], argv[i]);
	return result;
}

const struct command image_attach = {
	.name = "attach",
	.arguments = "IMAGE FILE.minisig|FILE.sig...",
	.summary = "keep signatures that came as files beside the image",
	.options = options,
	.options_size = sizeof(struct session_options),
	.arguments_min = 2,
	.arguments_max = COMMAND_ANY,
	.run = attach,
};
