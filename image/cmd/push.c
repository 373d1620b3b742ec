/* SPDX-License-Identifier: Apache-2.0 */
/* cruet push */
#include <stddef.h>

#include "image/cmd/report.h"
#include "image/registry/registry.h"
#include "image/trust/audit.h"
#include "lib/error.h"

struct options {
	struct session_options session;
	const char *platform;
	uint64_t attempts;
	bool insecure;
};

#define FIELD(type, field) ARGS_##type, offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "platform", 0, FIELD(STRING, platform), "OS/ARCH", "only this one of an index" },
	{ "insecure", 0, FIELD(FLAG, insecure), NULL, "http, or a certificate of anybody" },
	{ "attempts", 0, FIELD(UINT, attempts), "N", "of each request (default 5)" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	auto_session struct session session;
	struct push_request request = { .source = argv[0],
					.name = argc > 1 ? argv[1] : argv[0],
					.insecure = values->insecure,
					.attempts = (unsigned int)values->attempts };
	struct descriptor descriptor;
	struct platform platform;
	int result = session_open(&session, &values->session, SESSION_CHANGE);

	(void)context;
	if (values->attempts > 1000)
		return fail_as(ERROR_USAGE, EINVAL, "at most 1000 attempts");
	if (result == 0)
		result = session_platform(&session, values->platform, &platform, &request.platform);
	if (result == 0)
		result = registry_push(&session.arena, session.store, &session.settings, &request,
				       &descriptor);
	if (result == 0)
		result = audit_write(session.store,
				     &(struct audit_event){ .action = "push",
							    .name = request.name,
							    .manifest = &descriptor.digest });
	return result < 0 ? result : report_digest(&session, request.name, &descriptor);
}

const struct command command_push = {
	.name = "push",
	.arguments = "IMAGE [NAME]",
	.summary = "send an image of the store to a registry",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 2,
	.mixed = true,
	.run = run,
};
