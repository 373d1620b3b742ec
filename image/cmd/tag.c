/* SPDX-License-Identifier: Apache-2.0 */
/* cruet image tag, rm */
#include <string.h>

#include "image/cmd/session.h"
#include "image/trust/audit.h"

static const struct args_option options[] = { SESSION_OPTION_ROWS, COMMAND_OPTIONS_END };

static int tag(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session;
	struct descriptor descriptor;
	int result = session_open(&session, given, SESSION_CHANGE);

	(void)context;
	if (result == 0)
		result = store_resolve(&session.arena, session.store, argv[0], &descriptor);
	for (int i = 1; i < argc && result == 0; i++)
		result = store_ref_set(session.store, argv[i], &descriptor);
	return result;
}

static int remove_name(struct session *session, const char *name)
{
	struct descriptor descriptor;
	int result = store_resolve(&session->arena, session->store, name, &descriptor);

	if (result == 0)
		result = store_ref_remove(session->store, name);
	return result < 0 ? result :
			    audit_write(session->store,
					&(struct audit_event){ .action = "remove",
							       .name = name,
							       .manifest = &descriptor.digest });
}

static int rm(const struct container_context *context, void *given, int argc, char **argv)
{
	auto_session struct session session;
	struct descriptor descriptor;
	int result = session_open(&session, given, SESSION_CHANGE);

	(void)context;
	/* All or none: a wrong name is found before the first goes. */
	for (int i = 0; i < argc && result == 0; i++)
		result = store_resolve(&session.arena, session.store, argv[i], &descriptor);
	for (int i = 0; i < argc && result == 0; i++)
		result = remove_name(&session, argv[i]);
	return result;
}

const struct command image_tag = {
	.name = "tag",
	.arguments = "IMAGE NAME...",
	.summary = "give an image further names",
	.options = options,
	.options_size = sizeof(struct session_options),
	.arguments_min = 2,
	.arguments_max = COMMAND_ANY,
	.run = tag,
};

const struct command image_rm = {
	.name = "rm",
	.arguments = "NAME...",
	.summary = "take names away; `gc` frees what nobody needs any more",
	.options = options,
	.options_size = sizeof(struct session_options),
	.arguments_min = 1,
	.arguments_max = COMMAND_ANY,
	.run = rm,
};
