/* SPDX-License-Identifier: Apache-2.0 */
/* cruet image sign */
#include <fcntl.h>
#include <stddef.h>

#include "image/cmd/session.h"
#include "image/trust/audit.h"
#include "lib/error.h"

struct options {
	struct session_options session;
	const char *key, *as, *output;
	uint64_t counter;
	struct args_list devices;
};

#define TEXT(field) ARGS_STRING, offsetof(struct options, field), ARGS_NO_SEEN

static const struct args_option sign_options[] = {
	{ "key", 'k', TEXT(key), "FILE", "minisign's secret key, or an EC P-256 key in PEM" },
	{ "counter", 'c', ARGS_UINT, offsetof(struct options, counter), ARGS_NO_SEEN, "N",
	  "devices that saw a larger one refuse the image" },
	{ "device", 'd', ARGS_LIST, offsetof(struct options, devices), ARGS_NO_SEEN, "NAME",
	  "only for devices that answer to it; may be given again" },
	{ "as", 0, TEXT(as), "NAME", "the name that devices know it by; '' for any" },
	{ "output", 'o', TEXT(output), "DIR", "write two files there, not into the store" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

static int audit_signed(struct session *session, const char *action, const char *name)
{
	struct descriptor descriptor;
	int result = store_resolve(&session->arena, session->store, name, &descriptor);

	return result < 0 ? result :
			    audit_write(session->store,
					&(struct audit_event){ .action = action,
							       .name = name,
							       .manifest = &descriptor.digest });
}

static int sign(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	auto_session struct session session;
	const struct sign_request request = {
		.name = argv[0],
		.as = values->as,
		.key = values->key,
		.folder = AT_FDCWD,
		.counter = values->counter,
		.devices = values->devices.items,
		.device_count = values->devices.count,
		.output = values->output,
	};
	int result = session_open(&session, &values->session, SESSION_CHANGE);

	(void)context;
	(void)argc;
	if (result == 0 && !values->key)
		result = fail_as(ERROR_USAGE, EINVAL, "--key FILE is missing");
	if (result == 0)
		result = trust_sign(session.store, &request);
	return result < 0 ? result : audit_signed(&session, "sign", argv[0]);
}

const struct command image_sign = {
	.name = "sign",
	.arguments = "IMAGE",
	.summary = "sign an image, for devices with a policy",
	.options = sign_options,
	.options_size = sizeof(struct options),
	.arguments_min = 1,
	.arguments_max = 1,
	.mixed = true,
	.run = sign,
};
