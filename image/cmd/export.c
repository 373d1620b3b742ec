/* SPDX-License-Identifier: Apache-2.0 */
/* cruet export */
#include <fcntl.h>
#include <stddef.h>

#include "image/cmd/session.h"
#include "image/transfer/transfer.h"
#include "lib/error.h"

struct options {
	struct session_options session;
	const char *format, *name, *platform;
	bool folder, one;
};

#define TEXT(field) ARGS_STRING, offsetof(struct options, field), ARGS_NO_SEEN
#define FLAG(field) ARGS_FLAG, offsetof(struct options, field), ARGS_NO_SEEN, NULL

static const struct args_option options[] = {
	{ "format", 'f', TEXT(format), "FORMAT", "oci (default), docker-archive or aci" },
	{ "name", 'n', TEXT(name), "NAME", "the name inside; else the image's" },
	{ "folder", 0, FLAG(folder), "an OCI layout as a folder instead of a tar archive" },
	{ "platform", 0, TEXT(platform), "OS/ARCH", "only this one of several platforms" },
	{ "one", 0, FLAG(one), "of several platforms only this machine's" },
	SESSION_OPTION_ROWS,
	COMMAND_OPTIONS_END,
};

static int run(const struct container_context *context, void *given, int argc, char **argv)
{
	const struct options *values = given;
	struct export_request request = {
		.path = argv[1],
		.folder = AT_FDCWD,
		.format = values->format ? image_format_of(values->format) : FORMAT_OCI,
		.as_folder = values->folder,
		.name = values->name,
		.one = values->one || values->platform,
	};
	auto_session struct session session;
	struct platform platform;
	int result = session_open(&session, &values->session, SESSION_READ);

	(void)context;
	(void)argc;
	if (result == 0 && request.format != FORMAT_OCI && request.format != FORMAT_DOCKER &&
	    request.format != FORMAT_ACI)
		result = fail_as(ERROR_USAGE, EINVAL,
				 "--format %s: must be oci, docker-archive or aci", values->format);
	if (result == 0 && values->folder && request.format != FORMAT_OCI)
		result = fail_as(ERROR_USAGE, EINVAL, "--folder: only an OCI layout can be one");
	if (result == 0)
		result = session_platform(&session, values->platform, &platform, &request.platform);
	return result < 0 ? result :
			    image_export(session.store, &session.settings, argv[0], &request);
}

const struct command command_export = {
	.name = "export",
	.arguments = "IMAGE FILE|-",
	.summary = "write an image of the store into a file",
	.options = options,
	.options_size = sizeof(struct options),
	.arguments_min = 2,
	.arguments_max = 2,
	.mixed = true,
	.run = run,
};
