/* SPDX-License-Identifier: Apache-2.0 */
/* cruet pull */
#include <stddef.h>

#include "image/cmd/report.h"
#include "image/registry/registry.h"
#include "image/trust/trust.h"
#include "lib/error.h"

struct options {
	struct session_options session;
	const char *as, *platform;
	uint64_t attempts, stall;
	bool all, insecure;
};

#define FIELD(type, field) ARGS_##type, offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option options[] = {
	{ "as", 0, FIELD(STRING, as), "NAME", "what to call it here; else its full name" },
	{ "platform", 0, FIELD(STRING, platform), "OS/ARCH", "not this machine's" },
	{ "all-platforms", 0, FIELD(FLAG, all), NULL, "all that there are" },
	{ "insecure", 0, FIELD(FLAG, insecure), NULL, "http, or a certificate of anybody" },
	{ "attempts", 0, FIELD(UINT, attempts), "N", "of each request (default 5)" },
	{ "stall", 0, FIELD(UINT, stall), "SECONDS",
	  "give up a connection that sends nothing for so long (default 60)" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

/* The policy, before a layer is fetched. */
static int allow(void *data, const char *name, const struct descriptor *top,
		 const struct descriptor *manifest)
{
	const struct digest digests[] = { manifest->digest, top->digest };
	struct trust_decision decision;

	return report_policy(data, "pull", name, digests, 2, &decision);
}

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	auto_session struct session session;
	struct pull_request request = {
		.name = argv[0],
		.as = values->as,
		.all_platforms = values->all,
		.insecure = values->insecure,
		.attempts = (unsigned int)values->attempts,
		.stall_seconds = (unsigned int)values->stall,
		.allow = allow,
		.data = &session,
	};
	struct descriptor descriptor;
	struct platform platform;
	int result = session_open(&session, &values->session, SESSION_ADD);

	(void)context;
	(void)argc;
	if (values->attempts > 1000 || values->stall > 3600)
		return fail_as(ERROR_USAGE, EINVAL,
			       "at most 1000 attempts, and 3600 seconds of waiting");
	if (result == 0)
		result = session_platform(&session, values->platform, &platform, &request.platform);
	if (result == 0)
		result = registry_pull(&session.arena, session.store, &session.settings, &request,
				       &descriptor);
	return result < 0 ? result : report_digest(&session, argv[0], &descriptor);
}

const struct command command_pull = {
	.name = "pull",
	.arguments = "NAME",
	.summary = "fetch an image from a registry or a mirror into the store",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = run,
};
